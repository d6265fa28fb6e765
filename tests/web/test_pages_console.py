"""The operator's console: every alert in its place, the cameras' health, and nobody's face."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_world import NOT_VIABLE, UNSURE, VIABLE, Duty, on_duty
from pages_world import HOST, Browser
from starlette.types import Message

from acts import ONE_PERSON, THERE, a_scene
from overt.people.permissions import MATRIX
from overt.review import claims
from overt.runtime.counts import Counts
from overt.runtime.messages import CameraState
from overt.runtime.pace import Kept
from overt.storage import AlertPlace
from overt.vocabulary import Act, DeploymentState, Role
from overt.web.app import make_app
from overt.web.cookies import COOKIE
from overt.web.guard import Guard

OTHERS = sorted(set(Role) - MATRIX[Act.DEPLOYMENT_WATCH].roles)


@pytest.fixture
def duty(tmp_path: Path) -> Iterator[Duty]:
    with a_scene(tmp_path) as scene:
        yield on_duty(scene)


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Duty]:
    """One under a policy by which one person decides."""
    with a_scene(tmp_path) as scene:
        yield on_duty(scene, **ONE_PERSON)


def group_of(text: str, place: AlertPlace) -> str:
    """The group of the queue that an alert's card stands in."""
    before = text[: text.index(f'data-alert="{place.alert_id}"')]
    return str(re.findall(r'id="group-([a-z]+)"', before)[-1])


def card_of(text: str, place: AlertPlace) -> str:
    """The text of one card."""
    return text[text.index(f'data-alert="{place.alert_id}"') :].partition("</li>")[0]


def test_an_alert_s_card_says_what_it_is_and_shows_nobody(duty: Duty) -> None:
    """R-41, R-48: priority, category, camera and time, as a possible match; no face, no name."""
    place = duty.alert()

    shown = duty.browser().get(duty.console)

    assert shown.status == 200
    card = card_of(shown.text, place)
    for words in ("Green: when able", "wanted on warrant", "north-end", "10:04:59", "New"):
        assert words in card
    assert "possible match" in shown.text
    for secret in ("Example Person", "S-1", "warrant 0001/26", "0.947", "/crop", "%"):
        assert secret not in shown.text


def test_no_alert_is_lost_whatever_was_decided(duty: Duty) -> None:
    """R-44, R-45: unsure and not viable have their place in the queue as viable has."""
    office = duty.scene.office
    new, claimed, waiting, unsure, refused, sent, closed = (duty.alert() for _ in range(7))
    claims.claim(office, duty.second, claimed)
    duty.decide(waiting, UNSURE)
    duty.decide(unsure, VIABLE, UNSURE)
    duty.decide(refused, NOT_VIABLE, NOT_VIABLE)
    duty.decide(sent, VIABLE, VIABLE)
    duty.close(duty.decide(closed, NOT_VIABLE, UNSURE))

    text = duty.browser().get(duty.console).text

    assert group_of(text, new) == group_of(text, claimed) == "decide"
    assert group_of(text, waiting) == "second"
    assert group_of(text, unsure) == group_of(text, refused) == "close"
    assert group_of(text, sent) == "officers"
    assert group_of(text, closed) == "closed"


def test_a_card_says_who_has_claimed_it_and_offers_it_to_nobody_else(duty: Duty) -> None:
    place = duty.alert()
    claims.claim(duty.scene.office, duty.second, place)
    with duty.changing():
        duty.scene.office.record.accounts.change(duty.second.account_id, full_name="Alan Turing")

    other = card_of(duty.browser().get(duty.console).text, place)
    own = card_of(duty.browser(duty.second).get(duty.console).text, place)

    assert "Alan Turing" in other
    assert 'data-part="claim" hidden' in other
    assert 'data-part="claim" hidden' not in own


def test_a_late_alert_is_marked(alone: Duty) -> None:
    """R-48: after the policy's time an alert is late, and said to be."""
    place = alone.alert()
    before = card_of(alone.browser().get(alone.console).text, place)
    alone.scene.clock.forward(seconds=31)
    after = card_of(alone.browser().get(alone.console).text, place)

    assert 'data-part="late" hidden' in before
    assert 'data-part="late">Late' in after


def test_it_begins_where_the_events_stand(duty: Duty) -> None:
    duty.alert()
    latest = duty.scene.office.record.outbox.latest()

    assert f'data-position="{latest}"' in duty.browser().get(duty.console).text


def test_commanders_look_on_and_are_offered_no_decision(duty: Duty) -> None:
    place = duty.alert()

    text = duty.browser(duty.scene.person(Role.COMMANDER)).get(duty.console).text

    assert "/claim" not in text
    assert f'href="/alerts/{place.alert_id}"' in card_of(text, place)


def test_nobody_else_watches(duty: Duty) -> None:
    """R-34, R-61, R-62: an auditor sees no street, and an administrator decides nothing."""
    for role in OTHERS:
        browser = duty.browser(duty.scene.person(role))
        for page in ("console", "live"):
            path = f"/deployments/{duty.row.deployment_id}/{page}"
            assert browser.get(path).status == 403, role
    assert not duty.scene.events("deployment.live-view-opened")


@pytest.mark.parametrize("page", ["console", "live", "health"])
def test_another_unit_s_deployment_is_not_shown_and_nobody_s_to_strangers(
    duty: Duty, page: str
) -> None:
    path = f"/deployments/{duty.row.deployment_id}/{page}"
    stranger = duty.browser(duty.scene.person(Role.OPERATOR, THERE)).get(path)
    nobody = Browser(duty.app).get(path)

    assert (stranger.status, nobody.status) == (403, 401)
    assert duty.row.name not in stranger.text + nobody.text


def test_health_is_numbers_about_cameras(duty: Duty) -> None:
    answer = duty.browser().get(f"/deployments/{duty.row.deployment_id}/health")

    told = json.loads(answer.text)
    assert (told["state"], told["here"], told["failure"]) == ("live", False, "")
    assert [each["camera"] for each in told["cameras"]] == ["north-end"]
    assert "hunter2" not in answer.text
    assert "no-store" in answer.headers["cache-control"]


def test_a_camera_below_the_policy_s_floor_is_said_in_words(duty: Duty) -> None:
    """Promise R10: which camera looks too rarely, and how large a face it still finds."""
    app = make_app(duty.scene.office)
    duty.app = Guard(app, duty.scene.office)
    live = app.state.operations.hub.begin(duty.row.deployment_id, ["north-end", "south-end"])
    short = Kept(3.14, 640, 42, 6.0, below_floor=True, below_floor_s=44.0)
    live.state(CameraState("north-end", Counts(frames=9), kept=short))
    live.state(CameraState("south-end", Counts(frames=9), kept=Kept(11.9, 960, 28, 6.0)))
    here = f"/deployments/{duty.row.deployment_id}"

    north, south = duty.browser().get(duty.console).text.split("data-camera=")[1:]
    told = json.loads(duty.browser().get(f"{here}/health").text)["cameras"]
    command = duty.browser(duty.scene.person(Role.COMMANDER)).get(f"{here}/command").text

    assert "floor:</strong>" in north
    assert re.search(r'data-part="short-of">3\.1 of 6</span> frames a second', north)
    assert re.search(
        r"reduced to <span[^>]*>640</span> px: finds faces from about <span[^>]*>42", north
    )
    assert re.search(r'data-part="short"\s+hidden', south)
    assert (told[0]["below_floor"], told[1]["below_floor"]) == (True, False)
    assert (told[0]["below_floor_s"], told[0]["floor_per_second"]) == (44.0, 6.0)
    assert len(re.findall(r"Below the policy.s floor: 3.1 of 6 frames a second", command)) == 1


def test_before_it_is_live_there_are_no_pictures(duty: Duty) -> None:
    duty.change(state=DeploymentState.AUTHORISED)

    shown = duty.browser().get(duty.console)
    live = duty.browser().get(f"/deployments/{duty.row.deployment_id}/live")

    assert "This deployment is authorised" in shown.text
    assert live.status == 409
    assert not duty.scene.events("deployment.live-view-opened")


async def _opened(duty: Duty, browser: Browser) -> list[Message]:
    """Open the live pictures, and leave after the first part of them."""
    begun, sent = asyncio.Event(), []
    asked = False

    async def receive() -> Message:
        nonlocal asked
        if asked:
            await begun.wait()
            return {"type": "http.disconnect"}
        asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)
        if message.get("body"):
            begun.set()

    path = f"/deployments/{duty.row.deployment_id}/live"
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", HOST.encode()), (b"cookie", f"{COOKIE}={browser.token}".encode())],
        "client": ("127.0.0.1", 1),
        "server": (HOST, 443),
    }
    await asyncio.wait_for(duty.app(scope, receive, send), 30)
    return sent


def test_each_opening_of_the_live_pictures_is_on_the_log_once(duty: Duty) -> None:
    """R-34, R-57: who looked at the street, and when, can be told afterwards."""
    browser = duty.browser()

    start, first, *_ = asyncio.run(_opened(duty, browser))
    asyncio.run(_opened(duty, browser))

    assert start["status"] == 200
    assert (b"cache-control", b"no-store") in start["headers"]
    assert json.loads(first["body"][4:])["bytes"] == 0
    opened = duty.scene.events("deployment.live-view-opened")
    assert [each["data"]["deployment"] for each in opened] == [duty.row.deployment_id] * 2
