"""What a deployment's forms do: what is wrong with one as it was sent, and the act it stands for."""

from collections.abc import Callable
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from overt.deployment import lifecycle
from overt.people.office import Office
from overt.people.permissions import Person, Thing
from overt.runtime.operation import hand_over, stop
from overt.storage import DeploymentRow
from overt.vocabulary import Act
from overt.watchlist import governance
from overt.watchlist.rows import read_rows
from overt.web.api.texts import SubjectId, Words
from overt.web.pages.deployment_offers import Offer
from overt.web.pages.forms import Form
from overt.web.pages.incoming import Incoming

_WORDS = TypeAdapter(Words)
_SUBJECT = TypeAdapter(SubjectId)
_ID: TypeAdapter[str] = TypeAdapter(Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")])


def mistakes(offer: Offer, sent: Form, incoming: Incoming) -> dict[str, str]:
    """Return what is wrong with an act's form, by field."""
    wrong: dict[str, str] = {}
    reason = sent.value(f"{offer.word}-reason")
    if not _is(_WORDS, reason):
        wrong[f"{offer.word}-reason"] = "Write at most 4,000 characters, none of them hidden."
    elif offer.reason and not offer.optional and len(reason.split()) < 2:
        wrong[f"{offer.word}-reason"] = (
            f"Say it in words: {offer.reason[0].lower()}{offer.reason[1:]}."
        )
    if offer.sure and not sent.value(f"{offer.word}-sure"):
        wrong[f"{offer.word}-sure"] = "Tick this to go on; what is deleted cannot be had back."
    if offer.word == "withdraw" and not _is(_SUBJECT, sent.value("withdraw-subject").strip()):
        wrong["withdraw-subject"] = "Give the id that the person has on the list."
    if offer.word == "hand-over" and not _is(_ID, sent.value("hand-over-successor")):
        wrong["hand-over-successor"] = "Choose the deployment that takes over."
    if offer.word == "revalidate" and sent.value("revalidate-list") not in incoming.lists:
        wrong["revalidate-list"] = "Choose the list as its sources have it now."
    return wrong


def _is(kind: TypeAdapter[str], text: str) -> bool:
    try:
        kind.validate_python(text)
    except ValidationError:
        return False
    return True


def _submit(office: Office, person: Person, row: DeploymentRow, _sent: Form) -> None:
    lifecycle.submit(office, person, row)


def _approve(office: Office, person: Person, row: DeploymentRow, sent: Form) -> None:
    governance.approve(office, person, row, sent.value("approve-manifest"))


def _withdraw(office: Office, person: Person, row: DeploymentRow, sent: Form) -> None:
    subject_id, reason = sent.value("withdraw-subject").strip(), sent.value("withdraw-reason")
    governance.withdraw(office, person, row, subject_id, reason)


def _revalidate(office: Office, person: Person, row: DeploymentRow, sent: Form) -> None:
    office.demand(person, Act.WATCHLIST_REVALIDATE, Thing("watchlist", row.watchlist_id, row.unit))
    read = read_rows(Incoming.of(office.home).folder / sent.value("revalidate-list"))
    still_listed = {each.subject_id for each in read.rows if not each.problem}
    governance.revalidate(office, person, row, still_listed)


def _hand_over(office: Office, person: Person, row: DeploymentRow, sent: Form) -> None:
    successor = office.record.deployments.find(sent.value("hand-over-successor"))
    hand_over(office, person, row, successor, sent.value("hand-over-reason").strip())


_With = Callable[[Office, Person, DeploymentRow, str], object]


def _with_reason(word: str, act: _With) -> "_Doing":
    def doing(office: Office, person: Person, row: DeploymentRow, sent: Form) -> None:
        act(office, person, row, sent.value(f"{word}-reason").strip())

    return doing


_Doing = Callable[[Office, Person, DeploymentRow, Form], None]

DOINGS: dict[str, _Doing] = {
    "submit": _submit,
    "approve": _approve,
    "authorise": _with_reason("authorise", lifecycle.authorise),
    "authorise-urgently": _with_reason("authorise-urgently", lifecycle.authorise_urgently),
    "refuse": _with_reason("refuse", lifecycle.refuse),
    "stop": _with_reason("stop", stop),
    "hand-over": _hand_over,
    "cancel": _with_reason("cancel", lifecycle.cancel),
    "close": _with_reason("close", lifecycle.close),
    "review": _with_reason("review", lifecycle.review),
    "revalidate": _revalidate,
    "withdraw": _withdraw,
}
"""What each act does, by its path; a start is the service's own."""
