"""`overt alerts queue` and `overt alerts claim`: what waits for a decision, and who takes it."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from overt.people.office import Office
    from overt.review.queue import Queued

_HEADINGS = (
    *("id", "no.", "priority", "stands", "camera", "captured (UTC)", "category"),
    *("expected response", "decided", "with"),
)

_FIELDS = (
    *("deployment_id", "stage", "late", "unanswered", "camera", "category", "category_wording"),
    *("priority", "expected_response", "claimed_by", "decisions", "needed", "acknowledged_by"),
    "earlier_false_alerts",
)
_TIMES = ("captured_at", "claimed_until", "sent_at", "engaged_at", "released_at")


def add_to(group: typer.Typer) -> None:
    """Add the commands to the group `overt alerts`."""
    group.command("queue")(show_queue)
    group.command("claim")(claim)


def show_queue(
    deployment: Annotated[str, typer.Argument(help="The deployment's id, or how it begins.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Show what waits: open alerts first, the most urgent and the oldest on top.

    LATE is said of an alert that nobody has finished deciding on in time, and EXPIRED of one
    that no officer answered in time. Officers are shown what was sent to them.
    """
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.review.queue import queue

    with signed_in() as (office, person):
        found = queue(office, person, deployment)
        rows = [_cells(office, each) for each in found]
    if as_json:
        screen.print_json([_as_json(each) for each in found])
        return
    if not rows:
        screen.say("No alert waits.")
        return
    screen.out().print(screen.columns(_HEADINGS, rows))
    screen.say("Each is a possible match, for a person to decide.")


def claim(
    alert_id: Annotated[
        str, typer.Argument(metavar="ALERT", help="The alert's id, or how it begins.")
    ],
    *,
    give_back: Annotated[
        bool, typer.Option("--give-back", help="Give it back without a decision instead.")
    ] = False,
) -> None:
    """Take an alert to decide on, so that nobody else does at the same time.

    It is yours for two minutes; take it again to keep it for longer.
    """
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.review import claims

    with signed_in() as (office, person):
        place = office.record.alerts.place(alert_id)
        if give_back:
            claims.release(office, person, place)
            said = f"Alert {place.alert_id[:8]} is free for another operator."
        else:
            taken = claims.claim(office, person, place)
            said = f"Alert {place.alert_id[:8]} is yours until {taken.until:%H:%M:%S} UTC."
    screen.say(said)


def _cells(office: "Office", queued: "Queued") -> tuple[str, ...]:
    flag = " (LATE)" if queued.late else " (EXPIRED)" if queued.unanswered else ""
    with_whom = queued.claimed_by or queued.stopped_by or queued.acknowledged_by
    account = office.record.accounts.of_id(with_whom) if with_whom else None
    return (
        queued.place.alert_id[:8],
        str(queued.place.number),
        queued.priority.upper(),
        f"{queued.stage}{flag}",
        queued.camera,
        f"{queued.captured_at:%Y-%m-%d %H:%M:%S}",
        queued.category_wording,
        queued.expected_response or "-",
        f"{queued.decisions} of {queued.needed}",
        account.full_name if account else "-",
    )


def _as_json(queued: "Queued") -> dict[str, object]:
    shown = {name: getattr(queued, name) for name in _FIELDS}
    times = {name: getattr(queued, name) for name in _TIMES}
    written = {name: at.isoformat() if at else None for name, at in times.items()}
    return {
        "alert_id": queued.place.alert_id,
        "number": queued.place.number,
        **shown,
        **written,
    }
