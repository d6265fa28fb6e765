"""`overt demo`: a rehearsal on a drawn street, from nothing, with nobody real in it."""

from pathlib import Path
from typing import Annotated

import typer

_DEPLOYMENT = """\
# Written by `overt demo`. Everybody in it is drawn, and so is the street.
name = "Drawn street"
kind = "rehearsal"
use_case = "intelligence-led"
location = "A street that does not exist"
start = {start:%Y-%m-%dT%H:%M:%S}Z
end = {end:%Y-%m-%dT%H:%M:%S}Z

[authority]
applicant = "Drawn Sergeant 1"
authorising_officer = "Drawn Superintendent 2"
rank = "superintendent"
why = "To show the whole way from a camera to an alert."
where = "No intelligence is needed for a place that does not exist."
who = "Drawn people, of whom a few walk down the street."
necessity = "A demonstration needs a street, and a real one would need a real reason."
proportionality = "Nobody is there to be intruded upon."
less_intrusive_alternatives = "Reading the documentation."

[watchlist]
csv = "watchlist.csv"
images = "."

# Drawn faces differ less from each other than real ones do, so the pack's thresholds, which were
# measured on photographs, lie too high for them. This one was chosen on the usual street itself:
# over their whole passages its strangers stayed below 0.016 and its listed people above 0.030.
# It says nothing about any other street.
[decision]
threshold = 0.022

[[camera]]
name = "street"
source = "{source}"
smallest_face_px = 40
"""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("demo")(demo)


def demo(
    source: Annotated[
        str, typer.Option(help="The drawn street: its seed, people, listed people and seconds.")
    ] = "drawn:street",
    *,
    pace: Annotated[bool, typer.Option("--pace", help="At its own pace, as a camera.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write the result as JSON, for programs.")
    ] = False,
) -> None:
    """Run a rehearsal on a drawn street: drawn people, some of them on the watchlist.

    It leaves an annotated video and a one-page summary, and says where they are.
    """
    from overt.cli.run import carry_out, finish
    from overt.deployment.file import Deployment
    from overt.home import Home
    from overt.runtime.run import RunOptions

    folder = Home.current().path / "demo"
    _write_watchlist(folder)
    path = _write_deployment(folder, source)
    finish(carry_out(Deployment.load(path), RunOptions(paced=pace, videos=True)), as_json=as_json)


def _write_watchlist(folder: Path) -> None:
    from rich.progress import Progress

    from overt.cli import screen
    from overt.synthetic.watchlist import listed_people, write_watchlist

    people = listed_people()
    with Progress(console=screen.err(), transient=True) as progress:
        task = progress.add_task("drawing the watchlist", total=len(people))
        write_watchlist(folder, people, progress=lambda done: progress.update(task, completed=done))


def _write_deployment(folder: Path, source: str) -> Path:
    from datetime import UTC, datetime, timedelta

    from overt.deployment.template import write_whole
    from overt.synthetic.source import parse_street

    parse_street(source)  # a mistake in it is better explained here than in a file
    now = datetime.now(UTC)
    text = _DEPLOYMENT.format(start=now, end=now + timedelta(hours=1), source=source)
    path = folder / "deployment.toml"
    write_whole(path, text, overwrite=True)
    return path
