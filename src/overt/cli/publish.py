"""`overt publish`: hand a deployment's public record out, and hold any record against itself."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from overt.cli import publish_imported, publish_notice
from overt.publication.layouts import Layout

if TYPE_CHECKING:
    from overt.publication.publishing import Issued
    from overt.publication.reconcile import Contradiction

_Json = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    group = typer.Typer(
        no_args_is_help=True,
        help="Publish what deployments did, and check published records.",
    )
    group.command("record")(record)
    group.command("check")(check)
    publish_notice.add(group)
    publish_imported.add(group)
    app.add_typer(group, name="publish")


def record(
    deployment_ids: Annotated[
        list[str],
        typer.Argument(metavar="DEPLOYMENT...", help="Deployments, by id or how it begins."),
    ],
    layout: Annotated[Layout, typer.Option("--format", help="The layout.")] = Layout.CSV,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", help="A new file; else on standard output."),
    ] = None,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Say as JSON what was written; needs --output.")
    ] = False,
) -> None:
    """Write the public record of deployments, in numbers only.

    It is refused if it contradicts itself, the authority or the audit log.
    A deployment that is not closed yet gives a provisional record, marked as such.
    That it was written is put on the log, with the file's hash.
    """
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.publication.publishing import publish
    from overt.reporting.files import write_whole

    _demand_place(output, as_json=as_json)
    with signed_in(clocks=True) as (office, person):
        rows = [office.record.deployments.find(each) for each in dict.fromkeys(deployment_ids)]
        issued = publish(office, person, rows, layout)
    if output is None:
        typer.echo(issued.data.decode(), nl=False)
        return
    write_whole(output.absolute(), issued.data)
    if as_json:
        screen.print_json(_written(output, issued))
        return
    screen.say(f"Wrote {output}: {len(issued.rows)} rows, {issued.standing}.")
    screen.say(f"SHA-256 {issued.sha256}, which is on the log.")


def check(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A record that Overt wrote, or one in the Metropolitan Police's columns.",
        ),
    ],
    *,
    as_json: _Json = False,
) -> None:
    """Hold a published record against itself, and name each contradiction with its row.

    Ends with status 1 if there are any.
    Nobody needs to be signed in.
    """
    from overt.cli import screen
    from overt.publication.checking import checked

    found = checked(path)
    if as_json:
        screen.print_json(
            {
                "file": path.name,
                "sha256": found.sha256,
                "format": found.layout.value,
                "rows": found.rows,
                "contradictions": [_said(each) for each in found.contradictions],
            }
        )
    elif found.contradictions:
        screen.say(f"{path} has {len(found.contradictions)} contradictions in {found.rows} rows:")
        for each in found.contradictions:
            screen.say(f"  {each.check}: {each}")
    else:
        screen.say(f"{path}: {found.rows} rows, and nothing in them contradicts itself.")
    if found.contradictions:
        raise typer.Exit(1)


def _demand_place(output: Path | None, *, as_json: bool) -> None:
    from overt.errors import ConfigurationError, StorageError

    if output is None and as_json:
        raise ConfigurationError(
            "What was written can be said as JSON only where it is written to a file.",
            remedy="Add --output FILE; for the record itself as JSON, choose --format json.",
        )
    if output is not None and output.exists():  # before the log says that it was done
        raise StorageError(f"{output} is there already.", remedy="Choose another name.")


def _written(output: Path, issued: "Issued") -> dict[str, Any]:
    return {
        "file": str(output),
        "format": issued.layout.value,
        "standing": issued.standing.value,
        "rows": len(issued.rows),
        "sha256": issued.sha256,
    }


def _said(found: "Contradiction") -> dict[str, Any]:
    return {"check": found.check, "row": found.row or None, "words": found.words}
