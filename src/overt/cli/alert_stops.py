"""`overt alerts acknowledge`, `engage` and `end-stop`: what engagement officers do."""

from enum import StrEnum
from typing import Annotated

import typer

from overt.vocabulary import IdentityCheck, OfficerDecision


class OnTheStreet(StrEnum):
    """`OfficerDecision`, as words without blanks."""

    ENGAGE = "engage"
    DO_NOT_ENGAGE = "do-not-engage"
    NOT_FOUND = "not-found"


class Check(StrEnum):
    """`IdentityCheck`, as words without blanks."""

    ASKED = "asked"
    DOCUMENT = "document"
    DATABASE = "database"
    FINGERPRINT = "fingerprint"
    KNOWN = "known"


_Id = Annotated[str, typer.Argument(metavar="ALERT", help="The alert's id, or how it begins.")]


def add_to(group: typer.Typer) -> None:
    """Add the officers' commands to the group `overt alerts`."""
    group.command("acknowledge")(acknowledge)
    group.command("engage")(engage)
    group.command("end-stop")(end_stop)


def acknowledge(alert_id: _Id) -> None:
    """Say that you have taken notice of an alert that was sent to officers, before it expires."""
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.review import engagement

    with signed_in() as (office, person):
        place = office.record.alerts.place(alert_id)
        engagement.acknowledge(office, person, place)
    screen.say(f"Acknowledged {place.alert_id[:8]}: a possible match. Decide for yourself.")


def engage(
    alert_id: _Id,
    *,
    decision: Annotated[
        OnTheStreet,
        typer.Option(help="What you decide, having seen the person, or having looked for them."),
    ],
) -> None:
    """Record your own decision on the street. To engage starts the timer of the stop."""
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.review import engagement

    meant = OfficerDecision[decision.name]
    with signed_in() as (office, person):
        place = office.record.alerts.place(alert_id)
        made = engagement.decide(office, person, place, meant)
    timer = f"; the stop began at {made.engaged_at:%H:%M:%S} UTC" if made.engaged_at else ""
    screen.say(f"Decided on {place.alert_id[:8]}: {meant}{timer}.")


def end_stop(
    alert_id: _Id,
    *,
    check: Annotated[
        list[Check] | None,
        typer.Option(
            help="What you tried, to find out who it is: name and date of birth asked, a document "
            "shown, a database searched, a fingerprint device, or known to you; may be given "
            "several times, or not at all."
        ),
    ] = None,
) -> None:
    """Record that the stop has ended, and which identity checks you tried."""
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.review import engagement

    tried = [IdentityCheck[each.name] for each in check or ()]
    with signed_in() as (office, person):
        place = office.record.alerts.place(alert_id)
        made = engagement.end_stop(office, person, place, tried)
    screen.say(f"The stop has ended after {made.minutes_held or 0:.1f} minutes.")
