"""The commander's page: what it counts, what it never shows, and the one press that stops."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from console_world import NOT_VIABLE, VIABLE, Duty
from desk_world import LISTED
from pages_world import Shown

from acts import ONE_PERSON, THERE, a_policy, a_scene, drafted
from overt.deployment import lifecycle
from overt.review import engagement
from overt.vocabulary import DeploymentState, OfficerDecision, Role
from overt.web.pages.charts import chart


@pytest.fixture
def duty(tmp_path: Path) -> Iterator[Duty]:
    """A live deployment whose policy lets one operator decide."""
    with a_scene(tmp_path) as scene:
        row = drafted(scene, policy=a_policy(**ONE_PERSON))
        scene.clock.now = row.window_start + timedelta(hours=1)
        with scene.changing():
            scene.office.record.deployments.change(row.deployment_id, state=DeploymentState.LIVE)
        yield Duty(scene, scene.row(row))


def command(duty: Duty, role: Role = Role.COMMANDER, after: str = "") -> Shown:
    browser = duty.browser(duty.scene.person(role))
    return browser.get(f"/deployments/{duty.row.deployment_id}/command{after}")


def part(shown: Shown, name: str) -> str:
    """The words of one part of the page."""
    inside = shown.text.split(f'data-part="{name}">')[1].split("data-part=")[0]
    inside = inside.split("<figure")[0].split("</tbody>")[0]
    return " ".join(re.sub(r"<[^>]*>", " ", inside).split())


def test_commanders_command_and_authorising_officers_look(duty: Duty) -> None:
    """R-62: whoever else takes part has pages of their own."""
    for role in Role:
        allowed = role in {Role.COMMANDER, Role.AUTHORISING_OFFICER}
        for after in ("", "/state"):
            assert command(duty, role, after).status == (200 if allowed else 403), role
    stranger = duty.browser(duty.scene.person(Role.COMMANDER, THERE))
    assert stranger.get(f"/deployments/{duty.row.deployment_id}/command").status == 403


def test_the_time_that_is_left_ends_with_the_window_or_the_urgent_deadline(duty: Duty) -> None:
    """R-6, R-8: whichever comes first."""
    end = f'data-until="{duty.row.window_end.isoformat(timespec="milliseconds")}"'
    assert end in command(duty).text
    deadline = duty.scene.clock.now + timedelta(minutes=30)
    duty.change(urgent_deadline=deadline)
    assert f'data-until="{deadline.isoformat(timespec="milliseconds")}"' in command(duty).text


def test_the_queue_is_counted_by_where_each_alert_stands(duty: Duty) -> None:
    first, second = duty.alert(), duty.alert()
    duty.scene.clock.forward(seconds=9)
    duty.decide(first, VIABLE)  # ten seconds after it was captured
    duty.decide(second, NOT_VIABLE)
    duty.alert()
    queue = part(command(duty), "queue")
    assert "Undecided 1 Longest" in queue
    assert "Median time to decision 10 s" in queue
    assert "With officers 1" in queue
    assert "To be closed 1" in queue
    duty.scene.clock.forward(minutes=5)
    queue = part(command(duty), "queue")
    assert "1 late" in queue
    assert "Unanswered 1" in queue
    assert part(command(duty), "decisions").split() == [
        *("viable", "1", "not", "viable", "1", "unsure", "0")
    ]


def test_a_stop_that_lasts_too_long_is_marked(duty: Duty) -> None:
    """R-50: minutes held, and the overrun where its commander sees it."""
    place = duty.decide(duty.alert(), VIABLE)
    officer = duty.scene.person(Role.ENGAGEMENT_OFFICER)
    assert "Nobody is stopped" in command(duty).text
    engagement.decide(duty.scene.office, officer, place, OfficerDecision.ENGAGE)
    held = command(duty)
    assert "data-since=" in held.text.split('data-part="held"')[1]
    assert "over 15 minutes" not in held.text
    duty.scene.clock.forward(minutes=16)
    overran = command(duty)
    assert "over 15 minutes" in overran.text
    assert "lasts more than 15 minutes" in part(overran, "said")
    engagement.end_stop(duty.scene.office, officer, place, [])
    assert "Nobody is stopped" in command(duty).text


def test_outcomes_are_counted(duty: Duty) -> None:
    duty.close(duty.decide(duty.alert(), NOT_VIABLE))
    duty.alert()
    shown = command(duty)
    assert part(shown, "alerts").split() == [
        *("on", "record", "2", "not", "closed", "yet", "1", "true", "0", "false", "1")
    ]
    assert "not engaged 1" in part(shown, "disposals")


def test_nobodys_face_name_or_score_is_on_the_page(duty: Duty) -> None:
    duty.decide(duty.alert(), VIABLE)
    for after in ("", "/state"):
        shown = command(duty, after=after)
        for word in (*LISTED, "crop", "score", "<img"):
            assert word not in shown.text


def test_one_press_stops_with_no_further_question(duty: Duty) -> None:
    """R-52: the button is the whole form, and its result is on the page it leads to."""
    shown = command(duty)
    form = re.search(r"<form[^>]*data-stop>.*?</form>", shown.text, re.DOTALL)
    assert form
    assert re.findall(r'name="(\w+)"', form[0]) == ["csrf", "onward"]
    browser = duty.browser(duty.scene.person(Role.COMMANDER))
    path = f"/deployments/{duty.row.deployment_id}"
    sent = browser.post(f"{path}/stop", {"onward": "command"})
    assert (sent.status, sent.headers["location"]) == (303, f"{path}/command")
    assert duty.scene.row(duty.row).state is DeploymentState.ENDED  # nothing runs it here
    after = browser.get(f"{path}/command")
    assert "Nothing is searched." in after.text
    assert "data-stop" not in after.text
    assert "Nothing is searched." in browser.get(f"{path}/command/state").text


def test_pressing_stop_twice_is_no_mistake(duty: Duty) -> None:
    browser = duty.browser(duty.scene.person(Role.COMMANDER))
    path = f"/deployments/{duty.row.deployment_id}"
    for _ in range(2):
        sent = browser.post(f"{path}/stop", {"onward": "command"})
        assert (sent.status, sent.headers["location"]) == (303, f"{path}/command")


def test_what_the_page_holds_is_what_its_script_fetches(duty: Duty) -> None:
    whole, state = command(duty), command(duty, after="/state")
    assert set(re.findall(r'data-part="([\w-]+)"', whole.text)) == set(
        re.findall(r'data-part="([\w-]+)"', state.text)
    )


def test_other_terms_need_a_new_application(duty: Duty) -> None:
    """R-25: a commander cannot change the threshold, and is told whose it is."""
    both = duty.scene.somebody(Role.COMMANDER, Role.APPLICANT)
    path = f"/deployments/{duty.row.deployment_id}/command"
    link = f'href="/deployments/new?from={duty.row.deployment_id}"'
    assert link in duty.browser(both).get(path).text
    assert link not in command(duty).text


def test_a_deployment_that_ended_says_so(duty: Duty) -> None:
    lifecycle.end(duty.scene.office, duty.row.deployment_id, "its window ended")
    assert "Nothing is searched." in command(duty).text


def test_a_chart_marks_what_is_over_its_limit_and_keeps_its_numbers() -> None:
    drawn = chart([("Alert 1", 12.0), ("Alert 2", 45.5)], limit=30)
    assert [(bar.number, bar.marked) for bar in drawn.bars] == [("12", False), ("46", True)]
    assert float(drawn.bars[1].y) < float(drawn.bars[0].y)
    assert chart([]).most == "1"
