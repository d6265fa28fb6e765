"""`overt deployment`: write a file, explain one, and take a deployment through its life."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from overt.cli import deployment_acts, deployment_shown
from overt.vocabulary import DeploymentKind


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    group = typer.Typer(
        no_args_is_help=True,
        help="Write, check, authorise, start and stop deployments.",
    )
    group.command("new")(new)
    group.command("check")(check)
    deployment_acts.add_to(group)
    deployment_shown.add_to(group)
    app.add_typer(group, name="deployment")


def new(
    path: Annotated[Path, typer.Argument(help="The file to write.")] = Path("deployment.toml"),
    kind: Annotated[
        DeploymentKind, typer.Option(help="Cameras on the street, or recordings only.")
    ] = DeploymentKind.REHEARSAL,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Write over a file that is there already.")
    ] = False,
) -> None:
    """Write a deployment file to fill in, with notes."""
    from overt.cli.screen import say
    from overt.deployment.template import template, write_whole

    write_whole(path, template(kind, datetime.now().astimezone()), overwrite=force)
    say(f"Wrote {path}, for a {kind} deployment.")
    say(f"Fill it in, then run: overt deployment check {path}")


def check(
    path: Annotated[Path, typer.Argument(help="The deployment file.")] = Path("deployment.toml"),
    *,
    json: Annotated[
        bool, typer.Option("--json", help="Write what was found as JSON, for programs.")
    ] = False,
) -> None:
    """Explain a file, and everything that is wrong in it."""
    from overt.cli.examination import as_json, show
    from overt.cli.screen import print_json
    from overt.deployment.file import examine

    found = examine(path)
    if json:
        print_json(as_json(path, found))
    else:
        show(path, found)
    if found.problems:
        raise typer.Exit(1)
