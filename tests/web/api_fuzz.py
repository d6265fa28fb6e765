"""Sends the API what Schemathesis and Hypothesis think of, and holds each answer to the table."""

import json
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import quote

import schemathesis
from api_calls import Answer
from api_world import Errand, World, errand, owners
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode

from acts import HERE
from overt.people.permissions import MATRIX, Person, why_not
from overt.vocabulary import Act, Role
from overt.web.app import described
from overt.web.paths import is_api

_EVERY_HEADER = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}
_WHOSE = ("their own", "their unit's", "another unit's")
_UNREADABLE = {400, 413, 422}  # before anybody is asked, a body has to be short and JSON


@dataclass(slots=True)
class Findings:
    """What was sent and what came of it."""

    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)

    @property
    def cases(self) -> int:
        """How many cases were sent."""
        return self.statuses.total()

    def add(self, answer: Answer | None, told: str, *, of_api: bool = True) -> None:
        """Count an answer, or a fault where there is none; outside the API it may be a page."""
        self.statuses[answer.status if answer else 500] += 1
        if answer is None or answer.status >= 500:
            self.faults.append(told if answer is None else f"{told}: {answer}")
        if answer and (why := oddity(answer, of_api=of_api)):
            self.odd.append(f"{why}: {told}: {answer}")

    def told(self) -> str:
        """All of it in one line."""
        counted = ", ".join(f"{status}: {n}" for status, n in sorted(self.statuses.items()))
        return (
            f"{self.cases} cases; {counted}; {len(self.faults)} faults; "
            f"{len(self.wrong)} wrong permissions; {len(self.odd)} odd answers"
        )


def oddity(answer: Answer, *, of_api: bool = True) -> str:
    """Why an answer is not in the API's shape, or a page's; empty if it is."""
    if any(answer.headers.get(name) != value for name, value in _EVERY_HEADER.items()):
        return "a header is missing"
    if answer.status >= 400 and not of_api:
        page = answer.headers.get("content-type", "").startswith("text/html")
        return "" if page else "an error outside the API that is no page"
    if answer.status >= 400:
        try:
            said = answer.json()
        except ValueError:
            return "an error that is not JSON"
        if not isinstance(said, dict) or set(said) != {"message", "remedy"}:
            return "an error without message and remedy"
    return ""


@dataclass(slots=True)
class Fuzz:
    """Callers of every role, the things they meet, and what was found."""

    world: World
    found: Findings
    callers: dict[Role, Person] = field(default_factory=dict)
    made: dict[tuple[Act, str], Errand] = field(default_factory=dict)
    chance: Random = field(default_factory=lambda: Random(62))

    def __post_init__(self) -> None:
        for role in Role:
            rank = self.world.scene.person(role).rank
            self.callers[role] = self.world.scene.somebody(role, unit=HERE, rank=rank)

    def errand(self, act: Act, owner: Person) -> Errand:
        """A thing of this owner's in the state that the act needs; made anew once used up."""
        key = (act, owner.account_id)
        if key not in self.made:
            self.made[key] = errand(self.world, act, owner)
        return self.made[key]

    def drawn(self, operation: Any) -> tuple[Role | None, str, tuple[bool, bool]]:
        """Who sends a case, whose thing it is about, and what of a real errand it keeps.

        Evenly drawn, where Hypothesis would rather have nobody ask; as often as anybody at all
        it is somebody whose role has the act.
        """
        anybody: Sequence[Role | None] = [None, *Role]
        act = operation.definition.raw.get("x-overt-act")
        if act and self.chance.random() < 0.5:
            anybody = sorted(MATRIX[Act(act)].roles)
        keep = (self.chance.random() < 0.7, self.chance.random() < 0.4)
        return self.chance.choice(anybody), self.chance.choice(_WHOSE), keep

    def try_case(
        self, case: Case[Any], role: Role | None, whose: str, keep: tuple[bool, bool]
    ) -> None:
        """Send one case as somebody; `keep` is whether path and body of a real errand are used."""
        operation = case.operation.definition.raw
        act = Act(operation["x-overt-act"]) if "x-overt-act" in operation else None
        person = self.callers[role] if role else None
        real = None
        if act and person:
            real = self.errand(act, owners(self.world, person)[whose])
        elif act:
            real = self.errand(act, self.callers[Role.APPLICANT])
        path = real.path if real and keep[0] else _path(case)
        body = real.body if real and keep[1] else _body(case)
        told = f"{role} {case.method} {path} {case.query} {body!r:.300}"
        answer = self._sent(person, case, path, body, told)
        self.found.add(answer, told)
        if answer is None:
            return
        if answer.status < 300 and case.method != "GET" and act and person:
            self.made.pop((act, owners(self.world, person)[whose].account_id), None)
        why = _wrong(act, person, real, keep, answer.status, body)
        if why and answer.status < 500:
            self.found.wrong.append(f"{why}: {told}: {answer}")

    def _sent(
        self, person: Person | None, case: Case[Any], path: str, body: object, told: str
    ) -> Answer | None:
        query = "&".join(f"{quote(str(k))}={quote(str(v))}" for k, v in (case.query or {}).items())
        try:
            caller = self.world.as_(person) if person else self.world.anybody
            answer = caller.call(case.method, path, body, query)
            if answer.status == 401 and person:  # a case before ended the session
                self.world.tokens.pop(person.account_id)
                answer = self.world.as_(person).call(case.method, path, body, query)
        except Exception:  # noqa: BLE001  whatever a server would log as a fault
            self.found.faults.append(f"{told}\n{traceback.format_exc()[-1500:]}")
            return None
        return answer


def _wrong(
    act: Act | None,
    person: Person | None,
    real: Errand | None,
    keep: tuple[bool, bool],
    status: int,
    body: object,
) -> str:
    """Why a status is not what the table says; empty if it is."""
    if act is None:
        return ""
    if person is None:
        return "" if status == 401 else "answered to nobody"
    if not person.roles & MATRIX[act].roles:
        fine = {403} | (_UNREADABLE if isinstance(body, bytes) else set())
        fine |= set() if keep[0] else {404, 405}  # a made-up path may be another one
        return "" if status in fine else "the role does not have the act"
    known = real is not None and keep[0] and (keep[1] or act is not Act.HOLD_PLACE)
    if not known or real is None:
        return ""
    if why_not(person, act, real.about):
        fine = {403} | (set() if keep[1] else _UNREADABLE)
        return "" if status in fine else "the table refuses it"
    return "the table allows it" if status in {401, 403} else ""


def _path(case: Case[Any]) -> str:
    path = case.path
    for name, value in (case.path_parameters or {}).items():
        path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
    return path


def _body(case: Case[Any]) -> bytes | None:
    """The body as bytes; None where the case has none."""
    if isinstance(case.body, bytes):
        return case.body
    if not isinstance(case.body, str | int | float | list | dict | None):
        return None  # Schemathesis' mark of no body
    try:
        return json.dumps(case.body).encode()
    except (TypeError, ValueError):
        return repr(case.body).encode()


def operations(tag: str) -> list[Any]:
    """The API's operations of a room, as Schemathesis reads its document."""
    schema = schemathesis.openapi.from_dict(described().openapi())
    every: list[Any] = [each.ok() for each in schema.get_all_operations()]  # type: ignore[union-attr]
    return [each for each in every if tag in each.definition.raw["tags"]]


def quickly(cases: int) -> Callable[[Any], Any]:
    """Settings of a fuzzing test: so many cases, drawn anew each time, none shrunk."""
    return settings(
        max_examples=max(1, cases),
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def fuzz_operation(fuzz: Fuzz, operation: Any, cases: int) -> None:
    """Send so many cases of an operation, half of which break its schema."""
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    for mode in modes:
        strategy = operation.as_strategy(generation_mode=mode)

        @quickly(cases // len(modes))
        @given(
            strategy,
            st.integers(),  # or Hypothesis would stop once an operation without fields is through
        )
        def tried(case: Case[Any], _more: int) -> None:
            fuzz.try_case(case, *fuzz.drawn(operation))

        with suppress(Unsatisfiable):  # nothing can be wrong with what takes nothing
            tried()


_NASTY: Sequence[bytes] = (
    b"",
    b"{",
    b"null",
    b"[]",
    b'"\\ud800"',
    b'{"\\ud800": 1}',
    b'{"reason": "\\ud800"}',
    b'{"reason": NaN}',
    b'{"reason": 1e999}',
    b'{"reason": "' + b"a" * 5000 + b'"}',
    b'{"reason": "\\u0000"}',
    b'{"subject_id": "\\u202e"}',
    b"\xff\xfe",
    b"9" * 5000,
    b"[" * 60_000,
    b'{"a":' * 10_000,
    b"x" * 70_000,
)
_HEADER_NAMES = (
    b"authorization",
    b"content-type",
    b"content-length",
    b"accept",
    b"host",
    b"x-forwarded-for",
    b"transfer-encoding",
    b"content-encoding",
    b"expect",
    b"range",
    b"origin",
)
_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW")


def fuzz_raw(fuzz: Fuzz, cases: int) -> None:
    """Send so many requests of any bytes at all."""
    document = described().openapi()
    paths = [path.encode() for path in document["paths"]]
    segment = st.one_of(
        st.binary(max_size=40),
        st.sampled_from(
            [b"0" * 32, b"..", b"%00", b"%ff", b"\xff", b"{deployment_id}", b"a" * 9000]
        ),
    )
    path = st.one_of(
        st.sampled_from(paths),
        st.builds(
            lambda whole, part: b"/".join([*whole.split(b"/")[:-1], part]),
            st.sampled_from(paths),
            segment,
        ),
        st.binary(max_size=60),
    )
    header = st.tuples(
        st.sampled_from(_HEADER_NAMES),
        st.one_of(
            st.binary(max_size=60),
            st.sampled_from(
                [
                    b"Bearer ",
                    b"Bearer \xff",
                    b"99999999999999999999999",
                    b"-1",
                    b"application/json",
                    b"text/plain",
                    b"multipart/form-data",
                ]
            ),
        ),
    )
    chunks = st.lists(st.one_of(st.sampled_from(_NASTY), st.binary(max_size=200)), max_size=3)

    @quickly(cases)
    @given(
        st.sampled_from(_METHODS),
        path,
        st.binary(max_size=60),
        st.lists(header, max_size=4),
        chunks,
    )
    def tried(
        method: str,
        where: bytes,
        query: bytes,
        headers: list[tuple[bytes, bytes]],
        sent: list[bytes],
    ) -> None:
        role = fuzz.chance.choice([None, *Role])
        told = f"{role} {method} {where!r:.200} {query!r} {headers} {[s[:80] for s in sent]}"
        try:
            token = [] if role is None else [fuzz.world.as_(fuzz.callers[role]).token]
            bearer = [(b"authorization", b"Bearer " + each.encode()) for each in token]
            answer = fuzz.world.anybody.raw(method, where, query, [*bearer, *headers], sent)
        except Exception:  # noqa: BLE001  whatever a server would log as a fault
            fuzz.found.add(None, f"{told}\n{traceback.format_exc()[-1500:]}")
            return
        if method == "HEAD":  # a server sends no body then
            answer = Answer(answer.status, answer.headers, b'{"message": "", "remedy": ""}')
        fuzz.found.add(answer, told, of_api=is_api(where.decode("utf-8", "replace")))
        open_to_all = where.endswith((b"/health", b"/session"))
        if role is None and not open_to_all and answer.status not in {401, 413}:
            fuzz.found.wrong.append(f"answered to nobody: {told}: {answer}")

    tried()
