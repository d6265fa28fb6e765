"""The forms of an officer's steps, and the outcome that the last of them says."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, BeforeValidator

from overt.people.office import Office
from overt.people.permissions import Person
from overt.storage import AlertPlace, Outcome
from overt.vocabulary import Disposal, IdentityCheck, OfficerDecision
from overt.web.pages.officer_words import MISSING, ONLY_ENGAGED, ONLY_NO_ACTION, Code


class Timed(BaseModel):
    """What an act says besides: when it happened, where it was kept on the phone meanwhile."""

    at: Annotated[AwareDatetime | None, BeforeValidator(lambda given: given or None)] = None


class Decided(Timed):
    """An officer's own decision; nothing is preselected."""

    decision: OfficerDecision


class Ended(Timed):
    """The end of a stop, and how the officer tried to find out who it was."""

    checks: tuple[IdentityCheck, ...] = ()


class Closing(Timed):
    """An alert's outcome; who was engaged has a disposal as well."""

    code: Code
    disposal: Annotated[Disposal | None, BeforeValidator(lambda given: given or None)] = None


class MistakesError(Exception):
    """A combination that cannot be: what is wrong, by field."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(errors)
        self.errors = errors


def outcome_of(office: Office, person: Person, place: AlertPlace, given: Closing) -> Outcome:
    """Return an outcome that does not contradict what was done, or say beside which field it does.

    Whether anybody was engaged is not asked again: the officer's decision says it.
    """
    done = office.record.handling.engagement(place.alert_id)
    engaged = done is not None and done.engaged_at is not None
    wrong = _contradiction(given, engaged=engaged)
    if wrong:
        raise MistakesError(wrong)
    return Outcome(
        alert_id=place.alert_id,
        entry=place.entry,
        by=person.account_id,
        at=office.now(),
        true_alert=given.code.true_alert,
        confirmed=given.code.confirmed,
        engaged=engaged,
        disposal=given.disposal if engaged and given.disposal else Disposal.NOT_ENGAGED,
    )


def _contradiction(given: Closing, *, engaged: bool) -> dict[str, str]:
    if not engaged:
        if given.code is Code.TRUE_CONFIRMED:
            return {"code": ONLY_ENGAGED}
        return {}
    if given.disposal in {None, Disposal.NOT_ENGAGED}:
        return {"disposal": MISSING["disposal"]}
    if not given.code.true_alert and given.disposal is not Disposal.NO_ACTION:
        return {"disposal": ONLY_NO_ACTION}
    return {}
