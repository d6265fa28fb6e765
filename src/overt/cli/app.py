"""The command line put together.

To add a command, write `overt/cli/<name>.py` with a function `register(app)` that adds it,
and its name to `COMMANDS`. Import whatever is heavy (models, arrays, databases) inside the
command's own function.
"""

from importlib import import_module
from typing import Annotated

import typer

from overt import __version__

COMMANDS = (
    "demo",
    "run",
    "login",
    "user",
    "deployment",
    "watchlist",
    "alerts",
    "seeded",
    "retention",
    "audit",
    "record",
    "publish",
    "evaluate",
    "calibrate",
    "serve",
    "models",
    "doctor",
)
"""The modules of `overt.cli` that add commands, in the order that help lists them."""

app = typer.Typer(
    name="overt",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # Typer's boxes import half of Rich: 0.3 s before the first line
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(asked: bool) -> None:  # noqa: FBT001  Typer calls it with the option's value
    if asked:
        typer.echo(f"overt {__version__}")
        raise typer.Exit


@app.callback()
def overt(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Run an overt, authorised live facial recognition deployment, end to end.

    It shows possible matches; people decide. Someone who raises no alert leaves nothing behind.
    """


for _name in COMMANDS:
    import_module(f"overt.cli.{_name}").register(app)
