"""What every answer carries, and what no request may be."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from api_calls import Caller
from api_world import World

from overt.deployment.policy import Policy
from overt.storage import Record
from overt.vocabulary import DeploymentState, Role
from overt.web.app import guarded, let_time_act
from overt.web.guard import MOST_BYTES
from overt.web.paths import ROOT


@pytest.mark.parametrize(
    ("path", "status"), [("/health", 200), ("/me", 401), ("/nothing", 401), ("/session", 401)]
)
def test_every_answer_forbids_keeping_sniffing_and_framing(
    world: World, path: str, status: int
) -> None:
    answer = world.anybody.call("GET", ROOT + path)

    assert answer.status == status
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"


def test_health_says_no_more_than_that_it_is_ready(world: World) -> None:
    assert world.anybody.call("GET", f"{ROOT}/health").json() == {"state": "ready"}


def test_a_body_beyond_the_limit_is_refused_announced_or_not(world: World) -> None:
    path, long = f"{ROOT}/session".encode(), b"x" * (MOST_BYTES + 1)
    announced = [(b"content-length", str(len(long)).encode())]

    assert world.anybody.raw("POST", path, b"", announced, [b""]).status == 413
    assert world.anybody.raw("POST", path, b"", (), [long[:40_000], long[40_000:]]).status == 413


def test_a_body_that_does_not_come_is_not_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("overt.web.guard._BODY_S", 0.05)
    sent = []

    async def receive() -> dict[str, object]:
        await asyncio.sleep(3600)
        return {}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": f"{ROOT}/session", "headers": []}
    app = guarded(world.scene.office)
    world.loop.run_until_complete(app(scope, receive, send))  # type: ignore[arg-type]

    assert sent[0]["status"] == 408


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b'{"name": NaN}',
        b'{"\\ud800": 1}',
        b'{"name": "\\ud800", "password": "p", "code": "000000"}',
        b'{"name": "ada", "password": "p", "code": "\xd9\xa0\xd9\xa0\xd9\xa0\xd9\xa0\xd9\xa0\xd9\xa0"}',
        b'{"name": "ada", "password": "secret words", "code": "000000", "more": 1}',
        b"[" * 60_000,
        b"9" * 5_000,
    ],
)
def test_what_cannot_be_read_is_refused_without_being_quoted(world: World, body: bytes) -> None:
    answer = world.anybody.call("POST", f"{ROOT}/session", body)

    assert answer.status in {400, 422}
    assert set(answer.json()) == {"message", "remedy"}
    assert b"secret" not in answer.body


@pytest.mark.parametrize("text", ["a\x00b", "a\x1b[2Jb", "a\u202eb", "a" * 4001, "\x85"])
def test_reasons_hold_no_steering_characters(world: World, text: str) -> None:
    applicant = world.scene.person(Role.APPLICANT)
    row = world.deployment(applicant)
    path = f"{ROOT}/deployments/{row.deployment_id}/cancel"

    assert world.as_(applicant).call("POST", path, {"reason": text}).status == 422


def test_an_unknown_route_and_a_wrong_method_are_told_in_our_words(world: World) -> None:
    operator = world.as_(world.scene.person(Role.OPERATOR))

    assert operator.call("GET", f"{ROOT}/nothing").status == 404
    wrong = operator.call("PUT", f"{ROOT}/me")
    assert wrong.status == 405
    assert set(wrong.json()) == {"message", "remedy"}


@contextmanager
def _locked(record: Record) -> Iterator[None]:
    with closing(sqlite3.connect(record.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_a_locked_record_refuses_acts_and_changes_nothing(world: World) -> None:
    applicant = world.scene.person(Role.APPLICANT)
    row = world.deployment(applicant)
    caller: Caller = world.as_(applicant)
    path = f"{ROOT}/deployments/{row.deployment_id}/submit"

    with _locked(world.scene.office.record):
        answer = caller.call("POST", path, {})

    assert answer.status == 503
    assert answer.json()["remedy"]
    assert world.scene.row(row).state is DeploymentState.DRAFT


def test_the_clock_acts_beside_the_api(world: World) -> None:
    """R-6, R-22: windows pass and deadlines come while only the API runs."""
    row = world.deployment(world.scene.person(Role.APPLICANT), DeploymentState.SUBMITTED)
    world.scene.clock.forward(days=3)

    let_time_act(world.scene.office)

    assert world.scene.row(row).state is DeploymentState.EXPIRED
    assert world.scene.office.record.watchlists.facts(row.watchlist_id) is None


def test_one_operator_who_asks_twice_at_once_is_not_two(world: World) -> None:
    """R-45: where two people must decide, nobody counts twice."""
    world.policy = Policy.shipped()
    alert_id = world.alert(world.scene.person(Role.APPLICANT))
    operator = world.as_(world.scene.person(Role.OPERATOR))
    body = {"decision": "viable", "factors": ["subject"]}
    path = f"{ROOT}/alerts/{alert_id}/adjudicate"

    answers = operator.at_once(6, "POST", path, body)

    assert min(each.status for each in answers) == 201
    assert {each.status for each in answers[1:]} <= {201, 403, 409}
    assert [each.status for each in answers].count(201) == 1
    assert len(world.scene.office.record.reviews.adjudications(alert_id)) == 1


def test_requests_at_once_are_all_answered(world: World) -> None:
    rows = [world.deployment(world.scene.person(Role.APPLICANT)) for _ in range(3)]
    applicant = world.as_(world.scene.person(Role.APPLICANT))
    path = f"{ROOT}/deployments/{rows[0].deployment_id}"

    answers = applicant.at_once(60, "GET", path)

    assert {each.status for each in answers} == {200}
