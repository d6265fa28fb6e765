"""The files of a deployment on a drawn street: its list of drawn people, and the file itself."""

from datetime import datetime
from pathlib import Path

_TEXT = """\
# Written by `overt demo`. Everybody in it is drawn, and so is the street.
name = "Drawn street"
kind = "rehearsal"
use_case = "intelligence-led"
location = "A street that does not exist"
start = {start:%Y-%m-%dT%H:%M:%S}Z
end = {end:%Y-%m-%dT%H:%M:%S}Z
{more}
[authority]
applicant = "Drawn Sergeant 1"
authorising_officer = "Drawn Superintendent 3"
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
{zone}"""


def write_watchlist(folder: Path, street: str, size: int = 200) -> None:
    """Draw the people of the list, and write it: those of a street, and others up to a size.

    Raises:
        ConfigurationError: there is no such street.
    """
    from rich.progress import Progress

    from overt.cli import screen
    from overt.synthetic import watchlist
    from overt.synthetic.source import street_from_source

    passing = {each.person_seed for each in street_from_source(street).passages if each.listed}
    everybody = watchlist.listed_people()
    others = [each.seed for each in everybody if each.seed not in passing]
    wanted = passing | set(others[: max(0, size - len(passing))])
    people = [each for each in everybody if each.seed in wanted]
    with Progress(console=screen.err(), transient=True) as progress:
        task = progress.add_task("drawing the watchlist", total=len(people))
        watchlist.write_watchlist(
            folder, people, progress=lambda done: progress.update(task, completed=done)
        )


def write_deployment(
    folder: Path, source: str, window: tuple[datetime, datetime], *, more: str = "", zone: str = ""
) -> Path:
    """Write the deployment file of a drawn street and return its path.

    `more` are settings of the deployment besides, and `zone` those of its camera.

    Raises:
        ConfigurationError: there is no such street.
    """
    from overt.deployment.template import write_whole
    from overt.synthetic.source import parse_street

    parse_street(source)  # a mistake in it is better explained here than in a file
    start, end = window
    text = _TEXT.format(start=start, end=end, source=source, more=more, zone=zone)
    path = folder / "deployment.toml"
    write_whole(path, text, overwrite=True)
    return path
