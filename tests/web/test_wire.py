"""The wire: who is told of what, from where on, for how long, and at what cost."""

import asyncio
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from time import monotonic
from uuid import uuid4

import pytest
from bench.streams import Page
from bench.wired import Service, serving
from pages_world import signed_in

from acts import (
    HERE,
    ONE_PERSON,
    THERE,
    Scene,
    a_policy,
    a_scene,
    an_alert_of,
    change_behind,
    drafted,
    place_of,
)
from overt.people.permissions import Person
from overt.review.adjudication import adjudicate
from overt.review.claims import claim
from overt.storage import AlertRecord, DeploymentRow, Session
from overt.vocabulary import (
    AdjudicationDecision,
    AdjudicationFactor,
    Delivery,
    DeploymentState,
    Role,
)
from overt.web import events, listeners, wire
from overt.web.cookies import COOKIE
from overt.web.telling import FRESH_S
from overt.web.wire import snapshot_position

_SOON_S = 20.0  # machines that run tests are busy; what is due comes in a tenth of a second
_PIECE = 8192  # bytes that the system keeps of what a slow client does not take


@dataclass(slots=True)
class Wired:
    """An office, its service, and a live deployment of each of two units."""

    scene: Scene
    listening: socket.socket
    stack: ExitStack
    service: Service
    rows: dict[str, DeploymentRow] = field(default_factory=dict)

    @property
    def port(self) -> int:
        """Where the service listens."""
        return int(self.listening.getsockname()[1])

    def page(self, person: Person, after: int | None = None, token: str = "") -> Page:
        """A page of somebody's, in a session of its own unless one is given."""
        token = token or signed_in(self.scene, person)
        return Page(self.port, f"{COOKIE}={token}", after)

    def row(self, unit: str = HERE) -> DeploymentRow:
        """The live deployment of a unit; one operator's decision is enough there."""
        if unit not in self.rows:
            applicant = self.scene.person(Role.APPLICANT, unit)
            row = drafted(self.scene, applicant, policy=a_policy(**ONE_PERSON))
            with self.scene.changing():
                live = DeploymentState.LIVE
                self.scene.office.record.deployments.change(row.deployment_id, state=live)
            self.rows[unit] = self.scene.row(row)
        return self.rows[unit]

    def alert(self, unit: str = HERE) -> AlertRecord:
        """An alert that was raised just now."""
        now = self.scene.clock.now
        return an_alert_of(self.scene, self.row(unit), captured_at=now)

    def decide(self, alert: AlertRecord, decision: AdjudicationDecision) -> None:
        """Have an operator decide."""
        operator = self.scene.person(Role.OPERATOR)
        factors = [AdjudicationFactor.SUBJECT]
        adjudicate(self.scene.office, operator, place_of(self.scene, alert), decision, factors)

    def position(self) -> int:
        """Where the outbox has come."""
        return snapshot_position(self.scene.office)


@pytest.fixture
def wired(tmp_path: Path) -> Iterator[Wired]:
    with ExitStack() as stack:
        scene = stack.enter_context(a_scene(tmp_path))
        listening = stack.enter_context(_listening())
        running = stack.enter_context(ExitStack())
        service = running.enter_context(serving(scene.office, listening))
        yield Wired(scene, listening, running, service)


def _listening(port: int = 0) -> socket.socket:
    made = socket.create_server(("127.0.0.1", port), backlog=100)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _PIECE)
    return made


@contextmanager
def _open(*pages: Page) -> Iterator[list["asyncio.Task[None]"]]:
    tasks = [asyncio.ensure_future(page.stay()) for page in pages]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()


async def _until(holds: Callable[[], bool], most_s: float = _SOON_S) -> None:
    begun_s = monotonic()
    for _ in iter(holds, True):
        assert monotonic() - begun_s < most_s, "it did not come"
        await asyncio.sleep(0.01)


async def _refused(page: Page) -> tuple[int, dict[str, str]]:
    body = await page.refused()
    return page.status, json.loads(body)


def test_an_operator_is_told_how_an_alert_stands(wired: Wired) -> None:
    async def story() -> None:
        page = wired.page(wired.scene.person(Role.OPERATOR))
        with _open(page):
            await _until(lambda: page.beats > 0)
            alert = wired.alert()
            await _until(lambda: len(page.events) == 1)
            claim(
                wired.scene.office, wired.scene.person(Role.OPERATOR), place_of(wired.scene, alert)
            )
            await _until(lambda: len(page.events) == 2)

        raised, claimed = page.events
        assert (raised.kind, claimed.kind) == (Delivery.ALERT_RAISED, Delivery.ALERT_CHANGED)
        assert raised.data["alert"] == alert.alert.alert_id
        assert raised.data["deployment"] == wired.row().deployment_id
        assert (raised.data["stage"], claimed.data["stage"]) == ("new", "claimed")
        assert (raised.data["late"], raised.data["unanswered"]) == (False, False)
        assert raised.data["camera"] == alert.alert.camera
        assert raised.data["number"] == 1
        assert (raised.data["claimed_by"], claimed.data["claimed_by"]) == ("", "Example operator")
        assert page.retry_ms == 1000

    wired.row()
    asyncio.run(story())


def test_no_name_of_anybody_listed_no_face_and_no_score_is_told(wired: Wired) -> None:
    async def story() -> str:
        page = wired.page(wired.scene.person(Role.OPERATOR))
        with _open(page):
            await _until(lambda: page.beats > 0)
            wired.decide(wired.alert(), AdjudicationDecision.VIABLE)
            await _until(lambda: len(page.events) == 2)
        return json.dumps([each.data for each in page.events])

    wired.row()
    heard = asyncio.run(story())
    for secret in ("Example Person", "S-1", "R-1", "0.947", "0.043", "/9j/"):
        assert secret not in heard


def test_officers_are_told_of_an_alert_from_when_it_is_sent_on(wired: Wired) -> None:
    """R-46: what was not found viable never reaches them."""

    async def story() -> None:
        officer = wired.page(wired.scene.person(Role.ENGAGEMENT_OFFICER))
        commander = wired.page(wired.scene.person(Role.COMMANDER))
        with _open(officer, commander):
            await _until(lambda: officer.beats > 0 and commander.beats > 0)
            wired.decide(wired.alert(), AdjudicationDecision.NOT_VIABLE)
            viable = wired.alert()
            wired.decide(viable, AdjudicationDecision.VIABLE)
            await _until(lambda: len(commander.events) == 4 and len(officer.events) == 1)

        sent = officer.events[0]
        assert (sent.kind, sent.data["alert"]) == (Delivery.ALERT_SENT, viable.alert.alert_id)
        assert sent.position == commander.events[-1].position

    wired.row()
    asyncio.run(story())


def test_nobody_is_told_of_another_units_alerts_nor_those_who_take_no_part(wired: Wired) -> None:
    async def story() -> None:
        others = [
            wired.page(wired.scene.person(role, unit))
            for role, unit in (
                (Role.OPERATOR, THERE),
                (Role.ENGAGEMENT_OFFICER, THERE),
                (Role.AUDITOR, HERE),
                (Role.ADMINISTRATOR, HERE),
                (Role.APPLICANT, HERE),
            )
        ]
        own = wired.page(wired.scene.person(Role.OPERATOR))
        with _open(own, *others):
            await _until(lambda: all(each.beats for each in (own, *others)))
            wired.decide(wired.alert(), AdjudicationDecision.VIABLE)
            await _until(lambda: len(own.events) == 2)
            await asyncio.sleep(0.3)
        assert [each.events for each in others] == [[]] * len(others)

    wired.row()
    asyncio.run(story())


def test_everybody_who_may_see_a_deployment_is_told_that_it_changed(wired: Wired) -> None:
    row = wired.row()

    async def story() -> None:
        auditor = wired.page(wired.scene.person(Role.AUDITOR))
        officer = wired.page(wired.scene.person(Role.ENGAGEMENT_OFFICER))
        other = wired.page(wired.scene.person(Role.COMMANDER, THERE))
        with _open(auditor, officer, other):
            await _until(lambda: all(each.beats for each in (auditor, officer, other)))
            with wired.scene.changing():
                wired.scene.office.record.outbox.add(
                    Delivery.DEPLOYMENT_CHANGED,
                    deployment_id=row.deployment_id,
                    alert_id=None,
                    at=wired.scene.clock.now,
                )
            await _until(lambda: bool(auditor.events and officer.events))
            await asyncio.sleep(0.2)
        told = {"deployment": row.deployment_id, "state": "live"}
        assert auditor.events[0].data == officer.events[0].data == told
        assert not other.events

    asyncio.run(story())


def test_what_happened_between_a_page_and_its_stream_is_told_once(wired: Wired) -> None:
    wired.row()
    before = wired.position()
    first, second = wired.alert(), wired.alert()

    async def story() -> None:
        page = wired.page(wired.scene.person(Role.OPERATOR), after=before)
        with _open(page):
            await _until(lambda: len(page.events) == 2)
            third = wired.alert()
            await _until(lambda: len(page.events) == 3)
        told = [each.data["alert"] for each in page.events]
        assert told == [each.alert.alert_id for each in (first, second, third)]

    asyncio.run(story())


def test_the_last_event_that_a_browser_had_wins_over_where_its_page_began(wired: Wired) -> None:
    wired.row()
    before = wired.position()
    wired.alert()
    between = wired.position()
    later = wired.alert()

    async def story() -> None:
        page = wired.page(wired.scene.person(Role.OPERATOR), after=before)
        page.last = str(between)
        with _open(page):
            await _until(lambda: bool(page.events))
        assert [each.data["alert"] for each in page.events] == [later.alert.alert_id]

    asyncio.run(story())


@pytest.mark.parametrize(
    ("query", "last"),
    [
        ("after=-1", ""),
        ("after=", ""),
        ("after=1.5", ""),
        ("after=%D9%A3", ""),  # a digit, and not one of ours
        ("after=" + "9" * 400, ""),
        ("after=0&after=0", ""),
        ("after=0", "nonsense"),
        ("after=nonsense", "0"),
        ("", "0, 0"),
        ("after=1000000", ""),  # not reached: a record put back from a backup
        ("", "1000000"),
    ],
)
def test_a_position_that_is_none_is_refused_with_a_remedy(
    wired: Wired, query: str, last: str
) -> None:
    page = wired.page(wired.scene.person(Role.OPERATOR))
    page.query, page.last = query, last

    status, said = asyncio.run(_refused(page))

    assert status == 422
    assert said["message"]
    assert said["remedy"]


@pytest.mark.parametrize("cookie", ["", f"{COOKIE}=nobody"])
def test_nobody_listens_who_is_not_signed_in(wired: Wired, cookie: str) -> None:
    page = Page(wired.port, cookie)

    asyncio.run(page.refused())

    assert page.status == 401


def test_the_stream_is_one_that_nothing_on_the_way_keeps_or_holds_back(wired: Wired) -> None:
    async def story() -> dict[str, str]:
        page = wired.page(wired.scene.person(Role.OPERATOR))
        with _open(page):
            await _until(lambda: page.beats > 0)
        return page.headers

    headers = asyncio.run(story())

    assert headers["content-type"].startswith("text/event-stream")
    assert headers["cache-control"] == "no-store"
    assert headers["x-accel-buffering"] == "no"


def test_who_is_not_reached_comes_back_after_what_was_skipped(
    wired: Wired, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "BEAT_S", 0.2)
    wired.row()

    async def story() -> None:
        auditor = wired.page(wired.scene.person(Role.AUDITOR))
        with _open(auditor):
            await _until(lambda: auditor.beats > 0)
            wired.alert()
            await _until(lambda: int(auditor.last) == wired.position())
        assert not auditor.events

    asyncio.run(story())


def test_a_stream_ends_with_its_session(wired: Wired) -> None:
    """Revoked, expired, account closed: each within five seconds, and the page is told why."""
    assert wire.LOOKED_AGAIN_S < 5
    scene, office = wired.scene, wired.scene.office
    revoked, closed = scene.somebody(Role.OPERATOR), scene.somebody(Role.OPERATOR)
    kept, expired = scene.somebody(Role.OPERATOR), scene.somebody(Role.OPERATOR)

    async def story() -> None:
        short = _session(wired, expired, timedelta(minutes=1))
        pages = [wired.page(each) for each in (revoked, closed, kept)]
        pages.append(wired.page(expired, token=short))
        with _open(*pages) as tasks:
            await _until(lambda: all(each.beats for each in pages))
            with wired.scene.changing():
                office.record.accounts.revoke_sessions(revoked.account_id, office.now())
                office.record.accounts.change(closed.account_id, disabled_at=office.now())
            scene.clock.forward(minutes=2)
            ended = [tasks[0], tasks[1], tasks[3]]
            await _until(lambda: all(each.done() for each in ended))
            assert [each.status for each in pages] == [401, 401, 200, 401]
            assert [each.ended for each in pages] == [1, 1, 0, 1]
            assert not tasks[2].done()

    asyncio.run(story())


def _session(wired: Wired, person: Person, life: timedelta) -> str:
    token, now = uuid4().hex, wired.scene.clock.now
    digest = sha256(token.encode()).hexdigest()
    with wired.scene.changing():
        session = Session(digest, person.account_id, now, now + life)
        wired.scene.office.record.accounts.open_session(session)
    return token


def test_the_oldest_stream_of_a_session_gives_way(wired: Wired) -> None:
    person = wired.scene.person(Role.OPERATOR)
    token = signed_in(wired.scene, person)

    async def story() -> None:
        pages = [wired.page(person, token=token) for _ in range(listeners.MOST_OF_SESSION + 1)]
        tasks = []
        for page in pages:
            tasks.append(asyncio.ensure_future(page.listen()))
            await _until(lambda page=page: page.beats > 0)  # type: ignore[misc]
        await _until(tasks[0].done)
        assert pages[0].retry_ms > 1000
        assert not any(each.done() for each in tasks[1:])
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(story())


def test_an_alert_that_is_late_by_the_time_it_is_sent_says_so(wired: Wired) -> None:
    """R-48, R-47: nothing that has waited is shown to anybody as if it were new."""
    scene = wired.scene
    wired.row()
    before = wired.position()
    waiting, sent = wired.alert(), wired.alert()
    wired.decide(sent, AdjudicationDecision.VIABLE)
    scene.clock.forward(minutes=5)

    async def story() -> None:
        page = wired.page(scene.person(Role.OPERATOR), after=before)
        with _open(page):
            await _until(lambda: len(page.events) == 3)
        of = {each.data["alert"]: each.data for each in page.events}
        assert of[waiting.alert.alert_id]["late"]
        assert of[sent.alert.alert_id]["unanswered"]

    asyncio.run(story())


def test_an_alert_that_was_erased_is_gone_for_who_had_it(wired: Wired) -> None:
    async def story() -> None:
        operator = wired.page(wired.scene.person(Role.OPERATOR))
        officer = wired.page(wired.scene.person(Role.ENGAGEMENT_OFFICER))
        late = wired.page(wired.scene.person(Role.OPERATOR), after=wired.position())
        with _open(operator, officer):
            await _until(lambda: bool(operator.beats and officer.beats))
            place = place_of(wired.scene, wired.alert())
            await _until(lambda: len(operator.events) == 1)
            with wired.scene.changing():
                at = wired.scene.clock.now
                wired.scene.office.record.alerts.erase(place, true_alert=None, at=at)
            await _until(lambda: len(operator.events) == 2)
        gone = operator.events[-1]
        assert (gone.kind, gone.data["alert"]) == (Delivery.ALERT_GONE, place.alert_id)
        assert not officer.events
        await asyncio.sleep(FRESH_S)
        with _open(late):
            await _until(lambda: bool(late.events))
        assert [each.kind for each in late.events] == [Delivery.ALERT_GONE]

    wired.row()
    asyncio.run(story())


def test_a_page_goes_on_where_it_was_when_the_service_comes_back(wired: Wired) -> None:
    wired.row()

    async def story() -> None:
        page = wired.page(wired.scene.person(Role.OPERATOR))
        with _open(page):
            await _until(lambda: page.beats > 0)
            before = wired.alert()
            await _until(lambda: len(page.events) == 1)
            begun_s = monotonic()
            await asyncio.to_thread(wired.stack.close)  # its socket is closed with it
            assert monotonic() - begun_s < _SOON_S  # it does not wait for streams to end
            between = wired.alert()
            with _listening(page.port) as again, serving(wired.scene.office, again):
                after = wired.alert()
                await _until(lambda: len(page.events) == 3)
        told = [each.data["alert"] for each in page.events]
        assert told == [each.alert.alert_id for each in (before, between, after)]

    asyncio.run(story())


def test_an_alert_that_cannot_be_opened_keeps_no_other_one_back(wired: Wired) -> None:
    wired.row()
    before = wired.position()
    broken, whole = wired.alert(), wired.alert()
    statement = "UPDATE alerts SET sealed_candidates = x'00' WHERE alert_id = ?"
    change_behind(wired.scene.office, statement, broken.alert.alert_id)

    async def story() -> None:
        page = wired.page(wired.scene.person(Role.OPERATOR), after=before)
        with _open(page):
            await _until(lambda: len(page.events) == 2)
        deployment = wired.row().deployment_id
        assert page.events[0].data == {"alert": broken.alert.alert_id, "deployment": deployment}
        assert page.events[1].data["alert"] == whole.alert.alert_id
        assert page.events[1].data["stage"] == "new"

    asyncio.run(story())


def test_no_screen_looks_live_while_the_record_cannot_be_read(wired: Wired) -> None:
    wired.row()
    office = wired.scene.office

    async def story() -> None:
        page = wired.page(wired.scene.person(Role.OPERATOR))
        with _open(page):
            await _until(lambda: page.beats > 0)
            change_behind(office, "ALTER TABLE outbox RENAME TO away")
            await _until(lambda: page.status == 503)
            change_behind(office, "ALTER TABLE away RENAME TO outbox")
        alert = wired.alert()
        page.status = 0
        with _open(page):
            await _until(lambda: bool(page.events))
        assert [each.data["alert"] for each in page.events] == [alert.alert.alert_id]

    asyncio.run(story())


def test_a_commit_in_the_same_process_is_told_at_once(wired: Wired) -> None:
    wired.row()
    wired.service.wire._poll_s = 60.0

    async def story() -> None:
        page = wired.page(wired.scene.person(Role.OPERATOR))
        with _open(page):
            await _until(lambda: page.beats > 0)
            await asyncio.sleep(0.3)  # the reader waits by now
            wired.alert()
            wired.service.wire.wake()
            await _until(lambda: bool(page.events))

    asyncio.run(story())


def test_nothing_is_read_while_nobody_listens(wired: Wired) -> None:
    wired.row()

    async def story() -> None:
        page = wired.page(wired.scene.person(Role.OPERATOR))
        with _open(page):
            await _until(lambda: wired.service.wire._head is not None)
        await _until(lambda: wired.service.wire._head is None)

    asyncio.run(story())


def test_a_slow_page_costs_little_memory_and_misses_nothing(wired: Wired) -> None:
    alert, many = wired.alert(), 1200
    place = place_of(wired.scene, alert)

    async def story() -> None:
        slow, quick = (wired.page(wired.scene.person(Role.OPERATOR)) for _ in range(2))
        slow.takes.clear()
        with _open(slow, quick):
            await _until(lambda: quick.beats > 0 and slow.opened > 0)
            with wired.scene.changing():
                for _ in range(many):
                    wired.scene.office.record.outbox.add(
                        Delivery.ALERT_CHANGED,
                        deployment_id=place.deployment_id,
                        alert_id=place.alert_id,
                        at=wired.scene.clock.now,
                    )
            await _until(lambda: len(quick.events) == many)
            waiting = [each.transport for each in wired.service.server_state.connections]
            kept = [each.get_write_buffer_size() for each in waiting if each is not None]
            assert max(kept) > 0
            assert max(kept) < 256 * 1024
            assert len(wired.service.wire._ring) <= 1000
            slow.takes.set()
            await _until(lambda: len(slow.events) == many)
        assert slow.positions == quick.positions == sorted(set(quick.positions))

    asyncio.run(story())


def test_a_page_that_takes_nothing_at_all_is_let_go(
    wired: Wired, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "STALLED_S", 0.5)
    place = place_of(wired.scene, wired.alert())

    async def story() -> None:
        stuck = wired.page(wired.scene.person(Role.OPERATOR))
        stuck.takes.clear()
        with _open(stuck):
            await _until(lambda: stuck.opened > 0)
            with wired.scene.changing():
                for _ in range(1000):
                    wired.scene.office.record.outbox.add(
                        Delivery.ALERT_CHANGED,
                        deployment_id=place.deployment_id,
                        alert_id=place.alert_id,
                        at=wired.scene.clock.now,
                    )
            await _until(lambda: not wired.service.wire._listeners._all)

    asyncio.run(story())
