"""`overt retention`: what is deleted when, holds on evidence, and the receipts of deletions."""

from datetime import UTC, datetime
from typing import Annotated

import typer

_Json = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    group = typer.Typer(no_args_is_help=True, help="What is deleted when; holds and receipts.")
    group.command("list")(list_due)
    group.command("apply")(apply)
    group.command("receipts")(receipts)
    group.command("hold")(hold)
    group.command("holds")(holds)
    group.command("release")(release)
    app.add_typer(group, name="retention")


def list_due(*, as_json: _Json = False) -> None:
    """List everything that has a deadline, the next one first."""
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.retention import clocks

    with signed_in(clocks=True) as (office, person):
        found = clocks.due(office, person)
    if as_json:
        screen.print_json(
            [
                {
                    "what": each.what,
                    "id": each.thing_id,
                    "due_at": each.due_at.isoformat(),
                    "held": each.held,
                }
                for each in found
            ]
        )
        return
    rows = (
        (each.what, each.thing_id[:12], screen.moment(each.due_at), "held" if each.held else "")
        for each in found
    )
    screen.out().print(screen.columns(("what", "id", "to be deleted", ""), rows))


def apply() -> None:
    """Delete now what is due. It happens by itself as well, whenever Overt is used."""
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.retention import clocks

    with signed_in() as (office, person):
        done = clocks.apply(office, person)
    names = ", ".join(f"{each.what} {each.thing_id[:12]}" for each in done)
    screen.say(f"Deleted: {names}." if done else "Nothing is due.")


def receipts(*, as_json: _Json = False) -> None:
    """List what was deleted, when and why.

    With --json it lists the keys that were destroyed as well.
    """
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.retention import clocks

    with signed_in(clocks=True) as (office, person):
        found = clocks.receipts(office, person)
    if as_json:
        screen.print_json(
            [
                {
                    "receipt_id": each.receipt_id,
                    "what": each.what,
                    "id": each.thing_id,
                    "count": each.count,
                    "reason": each.reason,
                    "due_at": each.due_at.isoformat(),
                    "begun_at": each.begun_at.isoformat(),
                    "finished_at": each.finished_at.isoformat() if each.finished_at else None,
                    "key_ids": list(each.key_ids),
                }
                for each in found
            ]
        )
        return
    headings = ("receipt", "what", "id", "how many", "why", "deleted")
    rows = (
        (
            each.receipt_id[:12],
            each.what,
            each.thing_id[:12],
            str(each.count),
            each.reason,
            screen.moment(each.finished_at) if each.finished_at else "NOT FINISHED",
        )
        for each in found
    )
    screen.out().print(screen.columns(headings, rows))


def hold(
    alert_id: Annotated[
        str, typer.Argument(metavar="ALERT", help="The alert's id, or how it begins.")
    ],
    *,
    case: Annotated[str, typer.Option(help="The number of the case it is evidence in.")],
    asked_by: Annotated[
        str, typer.Option(help="Who asks for it: an account, or name and number; not your own.")
    ],
    until: Annotated[
        datetime,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="When the hold ends by itself, in UTC."
        ),
    ],
) -> None:
    """Keep an alert as evidence beyond its deadline. Whoever does so is not who asks."""
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.review.holds import HoldRequest, place_hold

    with signed_in(clocks=True) as (office, person):
        place = office.record.alerts.place(alert_id)
        wanted = HoldRequest(place, case, asked_by, until.replace(tzinfo=UTC))
        placed = place_hold(office, person, wanted)
    screen.say(
        f"Hold {placed.hold_id[:12]} keeps alert {placed.alert_id[:8]} until "
        f"{screen.moment(placed.expires_at)}."
    )


def holds(*, as_json: _Json = False) -> None:
    """List the holds: on what, for which case, and until when."""
    from overt.cli import screen
    from overt.cli.signed_in import account_name, signed_in
    from overt.people.permissions import Thing
    from overt.vocabulary import Act

    with signed_in(clocks=True) as (office, person):
        office.demand(person, Act.RETENTION_SEE, Thing("retention"))
        now = office.now()
        found = [
            {
                "hold_id": each.hold_id,
                "alert_id": each.alert_id,
                "case_number": each.case_number,
                "asked_by": each.asked_by,
                "authorised_by": account_name(office, each.authorised_by),
                "expires_at": each.expires_at.isoformat(timespec="minutes"),
                "stands": "yes" if each.stands(now) else "ended",
            }
            for each in office.record.retention.holds()
        ]
    if as_json:
        screen.print_json(found)
        return
    headings = ("hold", "alert", "case", "asked by", "authorised by", "until", "stands")
    rows = (
        [
            each["hold_id"][:12],
            each["alert_id"][:8],
            each["case_number"],
            each["asked_by"],
            each["authorised_by"],
            screen.moment(datetime.fromisoformat(each["expires_at"])),
            each["stands"],
        ]
        for each in found
    )
    screen.out().print(screen.columns(headings, rows))


def release(
    hold_id: Annotated[
        str, typer.Argument(metavar="HOLD", help="The hold's id, or how it begins.")
    ],
) -> None:
    """End a hold. Its alert is deleted when it is due, at once if that has passed."""
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.retention.clocks import apply_quietly
    from overt.review.holds import release_hold

    with signed_in() as (office, person):
        found = office.record.retention.find_hold(hold_id)
        release_hold(office, person, found)
        apply_quietly(office)
    screen.say(f"Released {found.hold_id[:12]}.")
