"""`overt alerts adjudicate` and `overt alerts close`: people decide, and nothing is preselected."""

from enum import StrEnum
from typing import Annotated

import typer

from overt.vocabulary import AdjudicationDecision, AdjudicationFactor, Disposal


class Decision(StrEnum):
    """`AdjudicationDecision`, as words without blanks."""

    VIABLE = "viable"
    NOT_VIABLE = "not-viable"
    UNSURE = "unsure"


class Closing(StrEnum):
    """`Disposal`, as words without blanks."""

    ARREST = "arrest"
    CONDITIONS_CHECKED = "conditions-checked"
    SAFEGUARDED = "safeguarded"
    REFUSED_ENTRY = "refused-entry"
    OTHER_ACTION = "other-action"
    NO_ACTION = "no-action"
    NOT_ENGAGED = "not-engaged"


_Id = Annotated[str, typer.Argument(metavar="ALERT", help="The alert's id, or how it begins.")]


def add_to(group: typer.Typer) -> None:
    """Add the operators' command to the group `overt alerts`."""
    group.command("adjudicate")(adjudicate)


def adjudicate(
    alert_id: _Id,
    *,
    decision: Annotated[
        Decision, typer.Option(help="What you make of it, having compared the two faces yourself.")
    ],
    factor: Annotated[
        list[AdjudicationFactor],
        typer.Option(help="What your decision takes into account; may be given several times."),
    ],
) -> None:
    """Decide on an alert. Nobody's decision can be written over.

    Once everybody who must decide has found it viable, it is sent to the officers.
    """
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.review.adjudication import adjudicate as decide

    meant = AdjudicationDecision[decision.name]
    with signed_in() as (office, person):
        place = office.record.alerts.place(alert_id)
        number = decide(office, person, place, meant, factor)
    screen.say(f"Decided on {place.alert_id[:8]}: {meant} (decision {number}).")


def close(
    alert_id: _Id,
    *,
    true_alert: Annotated[
        bool, typer.Option("--true/--false", help="Whether it was who is listed.")
    ],
    confirmed: Annotated[
        bool, typer.Option("--confirmed/--unconfirmed", help="Whether that has been established.")
    ],
    engaged: Annotated[
        bool, typer.Option("--engaged/--not-engaged", help="Whether officers spoke to the person.")
    ],
    disposal: Annotated[Closing, typer.Option(help="What was done.")],
) -> None:
    """Close an alert with its one outcome. A false one is deleted first.

    An officer does so; an operator, where it was decided on and sent to no officer. Who was
    engaged was stopped by an officer's decision, and the stop has ended.
    """
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.review.adjudication import close as close_it
    from overt.storage import Outcome

    with signed_in() as (office, person):
        place = office.record.alerts.place(alert_id)
        outcome = Outcome(
            alert_id=place.alert_id,
            entry=place.entry,
            by=person.account_id,
            at=office.now(),
            true_alert=true_alert,
            confirmed=confirmed,
            engaged=engaged,
            disposal=Disposal[disposal.name],
        )
        close_it(office, person, outcome)
    kind = "true" if true_alert else "false"
    screen.say(f"Closed {place.alert_id[:8]}: {kind}, {outcome.disposal}.")
