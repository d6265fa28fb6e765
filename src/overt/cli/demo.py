"""`overt demo`: the whole of Overt on a drawn street, from nothing, with nobody real in it."""

from typing import TYPE_CHECKING, Annotated

import typer

from overt.cli.log_options import of_run

if TYPE_CHECKING:
    from overt.cli.demonstration import Prepared

_RECORDED = "drawn:street"


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("demo")(demo)


def demo(
    source: Annotated[
        str, typer.Option(help="The drawn street: its seed, people, listed people and seconds.")
    ] = "",
    *,
    console: Annotated[
        bool,
        typer.Option(
            "--console/--no-console",
            help="Serve the pages, or only run a rehearsal and leave a video and a summary.",
        ),
    ] = True,
    ready: Annotated[
        bool,
        typer.Option(
            "--ready", help="With the authority given already: it only has to be started."
        ),
    ] = False,
    port: Annotated[
        int, typer.Option(help="The port to listen on; 0 for any that is free.", min=0, max=65535)
    ] = 8420,
    pace: Annotated[
        bool, typer.Option("--pace", help="Without the pages: at its own pace, as a camera.")
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Say where the pages are, or the result, as JSON."),
    ] = False,
) -> None:
    """Play every part in a deployment on a drawn street, with drawn people, until Ctrl-C.

    Some of them are on the watchlist. Nobody needs a password: the first page asks who you are
    today. Everything lies in a folder of its own, which is deleted at the end.

    With --no-console it runs a rehearsal instead, leaves an annotated video and a one-page
    summary, and says where they are.
    """
    if not console:
        _rehearse(source or _RECORDED, pace=pace, as_json=as_json)
        return
    from overt.cli.demonstration import prepared
    from overt.cli.serving import (
        address_of,
        listening,
        serve_until_stopped,
        stopped_as_by_ctrl_c,
    )

    with (
        of_run(None, None),
        stopped_as_by_ctrl_c(),
        listening("127.0.0.1", port) as listener,
        prepared(source, ready=ready) as made,
    ):
        address = address_of(listener)

        def began() -> None:
            _say_where(made, address, as_json=as_json)
            if not as_json:
                _open_browser(address)

        serve_until_stopped(made.app, made.service, listener, began)


def _say_where(made: "Prepared", address: str, *, as_json: bool) -> None:
    import json

    from overt.cli.screen import say

    if as_json:  # on one line, for whoever reads until it comes
        cast = {each.name: each.full_name for each in made.cast}
        said = {
            "address": address,
            "deployment": made.deployment_id,
            "home": str(made.home),
            "cast": cast,
        }
        say(json.dumps(said))
        return
    say(f"The demonstration is at {address}. Stop with Ctrl-C, and all of it is deleted.")


def _open_browser(address: str) -> None:
    import os
    import webbrowser

    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return  # or a browser in the terminal would open, in the way of what is said there
    try:
        webbrowser.open(address)
    except (webbrowser.Error, OSError):
        return  # the address has been said


def _rehearse(source: str, *, pace: bool, as_json: bool) -> None:
    from datetime import UTC, datetime, timedelta

    from overt.cli.drawn_deployment import write_deployment, write_watchlist
    from overt.cli.run import carry_out, finish
    from overt.deployment.file import Deployment
    from overt.home import Home
    from overt.runtime.run import RunOptions

    folder = Home.current().path / "demo"
    write_watchlist(folder, source)
    now = datetime.now(UTC)
    path = write_deployment(folder, source, (now, now + timedelta(hours=1)))
    with of_run(None, None):
        result = carry_out(Deployment.load(path), RunOptions(paced=pace, videos=True))
    finish(result, as_json=as_json)
