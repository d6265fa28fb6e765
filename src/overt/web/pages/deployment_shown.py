"""A deployment as its page shows it: what is asked, what was found, what was done, what is next."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from overt.audit.log import SYSTEM
from overt.deployment.file import WHOLE_PICTURE
from overt.people.office import Office
from overt.storage import ActRow, DeploymentRow
from overt.vocabulary import DeploymentState, HandOverState
from overt.web.pages.deployment_acts import Case
from overt.web.pages.refusals import without_commands
from overt.web.pages.zones import points

_S = DeploymentState

_QUESTIONS = {
    "applicant": "Who asks",
    "authorising_officer": "Who is to authorise it",
    "rank": "Their rank",
    "why": "Why",
    "where": "Why here",
    "who": "Who is listed",
    "necessity": "Necessity",
    "proportionality": "Proportionality",
    "less_intrusive_alternatives": "What would intrude less",
    "urgent_reason": "Why it cannot wait",
}


@dataclass(frozen=True, slots=True)
class CameraTerm:
    """A camera as it is authorised; `zone` is drawn, and `source` holds no password."""

    name: str
    source: str
    zone: str
    corners: int
    smallest_face_px: int
    detection_width_px: int


@dataclass(frozen=True, slots=True)
class Assessed:
    """An impact assessment that is attached, by its hash."""

    id: str
    version: str
    sha256: str
    review_date: date


@dataclass(frozen=True, slots=True)
class Terms:
    """What an authority binds, as people read it."""

    written: list[tuple[str, str]]
    intelligence: list[tuple[str, str]]
    assessments: list[Assessed]
    cameras: list[CameraTerm]
    threshold: float | None
    agreeing_shots: int
    smallest_eyes_px: float
    expected_faces: int


@dataclass(frozen=True, slots=True)
class Done:
    """One act in a deployment's life."""

    at: datetime
    who: str
    rank: str
    what: str
    then: str
    why: str


@dataclass(frozen=True, slots=True)
class Step:
    """What happens next, and who may do it."""

    what: str
    who: str


def terms_of(row: DeploymentRow) -> Terms:
    """Return what a deployment's authority binds."""
    terms = row.terms
    return Terms(
        written=_answers(terms.get("written authority"), _QUESTIONS),
        intelligence=_answers(
            terms.get("intelligence"),
            {
                "reference": "Reference",
                "assessed_on": "Last assessed on",
                "recorded_by": "Recorded by",
            },
        ),
        assessments=[
            Assessed(name, version, sha256, date.fromisoformat(day))
            for name, version, sha256, day in terms.get("assessments", ())
        ],
        cameras=[_camera(*each) for each in terms.get("cameras", ())],
        threshold=terms.get("threshold"),
        agreeing_shots=terms.get("agreeing shots", 1),
        smallest_eyes_px=terms.get("smallest eye distance", 0.0),
        expected_faces=terms.get("expected faces", 0),
    )


def _answers(given: Any, questions: Mapping[str, str]) -> list[tuple[str, str]]:
    answers: Mapping[str, Any] = given or {}
    return [(words, str(answers[key])) for key, words in questions.items() if answers.get(key)]


def _camera(
    name: str, source: str, zone: Sequence[Sequence[float]], smallest: int, width: int
) -> CameraTerm:
    whole = [tuple(each) for each in zone] == list(WHOLE_PICTURE)
    return CameraTerm(name, source, points(zone), 0 if whole else len(zone), smallest, width)


def acts_of(case: Case) -> list[Done]:
    """Return everything that was done to a deployment and its list, in order."""
    office, row, facts = case.office, case.row, case.facts
    done = [_done(office, each) for each in office.record.deployments.acts(row.deployment_id)]
    done.append(Done(row.created_at, who(office, row.applicant), "", "draft", "draft", ""))
    if facts is not None and facts.approved_by and facts.approved_at:
        by = who(office, facts.approved_by)
        done.append(Done(facts.approved_at, by, "", "approve the list", "", ""))
    return sorted(done, key=lambda each: each.at)


def _done(office: Office, act: ActRow) -> Done:
    what = act.act.partition(".")[2].replace("-", " ")
    return Done(act.at, who(office, act.by), act.rank, what, act.state.value, act.reason)


def who(office: Office, account_id: str) -> str:
    """Return what an account is called; time itself acts as well."""
    if account_id == SYSTEM:
        return "the service"
    account = office.record.accounts.of_id(account_id)
    return f"{account.full_name} ({account.name})" if account else "somebody whose account is gone"


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What became of the last request to hand a deployment's cameras over, and to which."""

    state: HandOverState
    to: str
    to_id: str
    answer: str


def handed_over(case: Case) -> HandedOver | None:
    """Return what became of the last request to hand a deployment's cameras over."""
    last = case.office.record.hand_overs.last(case.row.deployment_id)
    if last is None:
        return None
    name = case.office.record.deployments.find(last.successor_id).name
    return HandedOver(last.state, name, last.successor_id, without_commands(last.answer))


def next_steps(case: Case) -> list[Step]:
    """Return what has to happen next to a deployment, and who may do it."""
    return list(_steps(case))


def _steps(case: Case) -> Iterable[Step]:
    row, state = case.row, case.row.state
    if state is _S.DRAFT:
        yield Step("It is submitted", f"its applicant, {who(case.office, row.applicant)}")
    if state in {_S.DRAFT, _S.SUBMITTED} and not case.approved:
        yield Step(
            "Its list is approved",
            "a commander or an authorising officer of the unit who did not import it",
        )
    if state in {_S.DRAFT, _S.SUBMITTED}:
        yield Step("Authority is given or refused", _authorisers(case))
    if row.urgent_deadline is not None and state in {_S.URGENT, _S.LIVE, _S.ENDED}:
        yield Step("The urgent authority is confirmed or refused", _authorisers(case))
    if state in {_S.URGENT, _S.AUTHORISED}:
        yield Step("It is started, inside its window", "a commander or an operator of the unit")
    if state is _S.LIVE:
        yield Step("It ends with its window, or is stopped", "anybody who takes part in it")
        yield Step(
            "What is to change needs another authorised deployment, which takes its cameras over",
            "a commander or an operator of the unit",
        )
    if state is _S.ENDED:
        yield Step("Each alert is closed", "operators and engagement officers of the unit")
        yield Step("It is closed, and its list deleted", "a commander of the unit")
    if state is _S.CLOSED:
        yield Step("It is reviewed", "an authorising officer of the unit who did not ask for it")


def _authorisers(case: Case) -> str:
    rules = case.policy
    ranks = rules.authority.sensitive_ranks if case.row.flags else rules.authorising_ranks
    two = bool(case.row.flags) and rules.authority.sensitive_second_authoriser
    officers = "two authorising officers" if two else "an authorising officer"
    rank = f", {ranks[0]} or above" if ranks else ""
    return f"{officers} of the unit{rank}, never who asked"
