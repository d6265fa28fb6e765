"""`overt alerts`: list the alerts on record, and show one with its two pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from overt.storage import AlertRecord, Record


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    group = typer.Typer(no_args_is_help=True, help="List alerts, and show one.")
    group.command("list")(list_alerts)
    group.command("show")(show)
    app.add_typer(group, name="alerts")


def list_alerts(
    *,
    run: Annotated[str, typer.Option(help="Only of this run: its id, or how the id begins.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """List the alerts on record, in the order they were stored."""
    from rich.table import Table
    from rich.text import Text

    from overt.cli import screen

    with _record() as record:
        found = record.alerts(record.find_run(run).run_id if run else None)
    if as_json:
        screen.print_json([_as_json(each) for each in found])
        return
    if not found:
        screen.say("There are no alerts on record.")
        return
    table = Table(
        "id", "no.", "kind", "deployment", "camera", "captured (UTC)", "against", box=None
    )
    for each in found:
        alert = each.alert
        cells = (
            alert.alert_id[:8],
            str(each.number),
            alert.kind.upper(),
            each.deployment,
            alert.camera,
            f"{alert.captured_at:%Y-%m-%d %H:%M:%S}",
            alert.candidate.subject_id,
        )
        table.add_row(*(Text(screen.printable(cell)) for cell in cells))
    screen.out().print(table)
    screen.say("Each is a possible match, for a person to decide.")


def show(
    alert_id: Annotated[str, typer.Argument(help="The alert's id, or how the id begins.")],
    *,
    picture: Annotated[
        Path | None,
        typer.Option(help="Where the side-by-side picture goes (.png or .jpg)."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Show one alert, and write its side-by-side picture: the camera's crop and the reference."""
    from overt.cli import screen
    from overt.reporting.side_by_side import write_side_by_side

    with _record() as record:
        found = record.find_alert(alert_id)
        run = record.find_run(found.run_id)
        enrolled = record.enrolled(run.watchlist_id, found.alert.candidate.reference_id)
    path = picture or Path(f"alert-{found.alert.alert_id[:8]}.png")
    write_side_by_side(path, found, enrolled)
    if as_json:
        screen.print_json({**_as_json(found), "picture": str(path)})
        return
    alert, candidate = found.alert, found.alert.candidate
    facts = {
        "what": f"{alert.kind.upper()}: a possible match, for a person to decide",
        "deployment": f"{found.deployment}, alert {found.number}",
        "camera": f"{alert.camera}, {alert.captured_at:%Y-%m-%d %H:%M:%S} UTC",
        "against": f"{candidate.subject_id}, reference {candidate.reference_id}",
        "evidence": f"{alert.agreeing} of {alert.shots} shots agree",
        "technical": f"comparison score {candidate.comparison_score:.4f}, normalised "
        f"{candidate.normalised_score:.4f}, threshold {alert.threshold:.4f}; not a probability",
        "models": alert.pack_id,
        "policy": alert.policy_version,
        "pictures": str(path),
    }
    screen.out().print(screen.facts(facts))


def _as_json(found: "AlertRecord") -> dict[str, object]:
    """Return everything on record about an alert but its picture."""
    from dataclasses import asdict

    fields = asdict(found.alert)
    del fields["crop_jpeg"]
    for name in ("first_seen_at", "captured_at", "raised_at"):
        fields[name] = fields[name].isoformat()
    return {
        "run_id": found.run_id,
        "deployment": found.deployment,
        "number": found.number,
        **fields,
    }


def _record() -> "Record":
    from overt.home import Home
    from overt.storage import Record

    return Record.open(Home.current().database)
