"""What live screens say once another deployment has the cameras, and where they lead to."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_world import NOT_VIABLE, VIABLE, Duty, on_duty
from pages_world import Shown

from acts import ONE_PERSON, THERE, a_policy, a_scene, drafted, handed_over
from overt.deployment.handing_over import ask_to_hand_over
from overt.deployment.lifecycle import refuse_hand_over
from overt.storage import DeploymentRow
from overt.vocabulary import DeploymentState, Role

_ALERTING = re.compile(r'role="alert">(.*?)</div>', re.DOTALL)


@pytest.fixture
def duty(tmp_path: Path) -> Iterator[Duty]:
    """A live deployment whose policy lets one operator decide."""
    with a_scene(tmp_path) as scene:
        yield on_duty(scene, **ONE_PERSON)


def another(duty: Duty, name: str = "The new list") -> DeploymentRow:
    """A deployment that is authorised, and may take the cameras over."""
    row = drafted(duty.scene, policy=a_policy(**ONE_PERSON), name=name)
    with duty.changing():
        duty.scene.office.record.deployments.change(
            row.deployment_id,
            state=DeploymentState.AUTHORISED,
            authorised_terms_sha256=row.terms_sha256,
        )
    return duty.scene.row(row)


def screens(duty: Duty) -> dict[str, Shown]:
    """Every live screen of the deployment, and what scripts fetch of each."""
    here = f"/deployments/{duty.row.deployment_id}"
    found = {}
    for role, path in {
        (Role.OPERATOR, f"{here}/console"),
        (Role.OPERATOR, f"{here}/console/handed-over"),
        (Role.COMMANDER, f"{here}/command"),
        (Role.COMMANDER, f"{here}/command/state"),
        (Role.ENGAGEMENT_OFFICER, "/officer"),
        (Role.ENGAGEMENT_OFFICER, f"/officer/handed-over/{duty.row.deployment_id}"),
    }:
        found[path.removeprefix(here)] = duty.browser(duty.scene.person(role)).get(path)
    assert {each.status for each in found.values()} == {200}
    return found


def told(shown: Shown) -> str:
    """What a page says of the hand-over, in words, or nothing."""
    found = [each for each in _ALERTING.findall(shown.text) if "handed over" in each]
    return html.unescape(" ".join(re.sub(r"<[^>]*>", " ", "".join(found)).split()))


def still_open(shown: Shown) -> str:
    """How many alerts a page says are open still, or nothing where it does not."""
    found = re.search(r"<p data-open-here>[^<]*<strong[^>]*>(\d+)<", shown.text)
    return found[1] if found else ""


def test_every_live_screen_says_that_another_one_has_the_cameras_and_leads_there(
    duty: Duty,
) -> None:
    successor = another(duty)
    there = f"/deployments/{successor.deployment_id}"
    leads_to = {
        "/console": f"{there}/console",
        "/console/handed-over": f"{there}/console",
        "/command": f"{there}/command",
        "/command/state": f"{there}/command",
        "/officer": f"/officer#deployment-{successor.deployment_id}",
    }
    leads_to[f"/officer/handed-over/{duty.row.deployment_id}"] = leads_to["/officer"]
    assert not any(told(each) for each in screens(duty).values())

    handed_over(duty.scene, duty.row, successor)

    shown = screens(duty)
    assert shown.keys() == leads_to.keys()
    for name, each in shown.items():
        words = told(each)
        assert "The cameras of North End, Saturday were handed over to The new list" in words, name
        assert "on 4 July 2026, 10:05 UTC" in words, name
        assert "New alerts appear there, and no longer here." in words, name
        assert "What is still open of North End, Saturday stays here." in words, name
        assert f'href="{leads_to[name]}"' in each.text, name


def test_where_it_leads_can_be_opened(duty: Duty) -> None:
    successor = another(duty)
    handed_over(duty.scene, duty.row, successor)

    for path in ("console", "command"):
        browser = duty.browser(duty.scene.person(Role.COMMANDER))
        assert browser.get(f"/deployments/{successor.deployment_id}/{path}").status == 200
    phone = duty.browser(duty.scene.person(Role.ENGAGEMENT_OFFICER)).get("/officer").text
    assert f'id="deployment-{successor.deployment_id}"' in phone


def test_the_view_of_an_alert_says_so_too_and_the_alert_is_still_decided_on(duty: Duty) -> None:
    """An alert is its own deployment's, whoever has the cameras."""
    mine, sent = duty.alert(), duty.decide(duty.alert(), VIABLE)
    operator = duty.browser()
    officer = duty.browser(duty.scene.person(Role.ENGAGEMENT_OFFICER))
    views = ((operator, f"/alerts/{mine.alert_id}"), (officer, f"/officer/alerts/{sent.alert_id}"))
    assert not any(told(browser.get(path)) for browser, path in views)

    handed_over(duty.scene, duty.row, another(duty))

    for browser, path in views:
        assert "handed over to The new list" in told(browser.get(path))
    assert operator.post(f"/alerts/{mine.alert_id}/claim").status == 303
    decision = {"decision": "not viable", "factors": ["subject"]}
    decided = operator.post(f"/alerts/{mine.alert_id}/decide", decision)
    assert (decided.status, decided.headers["location"]) == (303, duty.console)
    assert duty.decided(mine) == [(duty.operator.account_id, "not viable")]


def test_what_is_still_open_is_counted_and_what_is_closed_is_not(duty: Duty) -> None:
    duty.close(duty.decide(duty.alert(), NOT_VIABLE))
    duty.alert()
    duty.decide(duty.alert(), VIABLE)
    assert not any(still_open(each) for each in screens(duty).values())

    handed_over(duty.scene, duty.row, another(duty))

    shown = screens(duty)
    assert still_open(shown["/console"]) == "2"
    assert still_open(shown["/command"]) == still_open(shown["/command/state"]) == "2"
    assert still_open(shown["/officer"]) == "1"  # the one that was sent


def test_a_screen_opened_when_nothing_is_open_any_more_says_it_and_leads_nobody_away(
    duty: Duty,
) -> None:
    handed_over(duty.scene, duty.row, another(duty))

    console = duty.browser().get(duty.console)
    assert console.status == 200
    assert "handed over to The new list" in told(console)
    assert still_open(console) == "0"


def test_each_of_a_chain_leads_to_the_next(duty: Duty) -> None:
    second, third = another(duty, "Second"), another(duty, "Third")
    handed_over(duty.scene, duty.row, second)
    handed_over(duty.scene, second, third)

    first = told(duty.browser().get(duty.console))
    assert "handed over to Second" in first
    assert "That deployment is ended now." in first
    assert "New alerts" not in first
    console = duty.browser().get(f"/deployments/{second.deployment_id}/console")
    assert "handed over to Third" in told(console)
    assert f'href="/deployments/{third.deployment_id}/console"' in console.text


def test_whoever_may_not_see_the_other_one_is_told_whom_to_ask_and_led_nowhere(
    duty: Duty,
) -> None:
    """Another unit's deployment is not named, and no link fails."""
    successor = another(duty)
    handed_over(duty.scene, duty.row, successor)
    with duty.changing():
        duty.scene.office.record.deployments.change(successor.deployment_id, unit=THERE)

    for name, each in screens(duty).items():
        words = told(each)
        assert "handed over to a deployment of brixton" in words, name
        assert "You may not see that deployment. Ask a commander of brixton." in words, name
        assert "The new list" not in each.text, name
        assert successor.deployment_id not in each.text, name


def test_what_is_over_has_no_screen_to_lead_to(duty: Duty) -> None:
    successor = another(duty)
    handed_over(duty.scene, duty.row, successor)
    with duty.changing():
        duty.scene.office.record.deployments.change(
            successor.deployment_id, state=DeploymentState.CLOSED
        )

    for name, each in screens(duty).items():
        assert "That deployment is closed now." in told(each), name
        assert successor.deployment_id not in each.text, name


def test_one_of_the_same_name_is_said_to_be_another(duty: Duty) -> None:
    handed_over(duty.scene, duty.row, another(duty, duty.row.name))

    assert "to another deployment, which is also called North End, Saturday," in told(
        duty.browser().get(duty.console)
    )


def test_a_hand_over_that_is_asked_for_or_refused_is_none(duty: Duty) -> None:
    office, commander = duty.scene.office, duty.scene.person(Role.COMMANDER)
    asked = ask_to_hand_over(office, commander, duty.row, another(duty), "")
    assert not any(told(each) for each in screens(duty).values())

    refuse_hand_over(office, asked, "Its list is stale.", "it was refused")

    assert not any(told(each) for each in screens(duty).values())


def test_the_notice_is_for_whoever_may_open_the_screen(duty: Duty) -> None:
    handed_over(duty.scene, duty.row, another(duty))
    here = duty.row.deployment_id
    console, phone = f"/deployments/{here}/console/handed-over", f"/officer/handed-over/{here}"

    for role in Role:
        watches, answers = {Role.OPERATOR, Role.COMMANDER}, {Role.ENGAGEMENT_OFFICER}
        for path, allowed in ((console, watches), (phone, answers)):
            shown = duty.browser(duty.scene.person(role)).get(path)
            assert shown.status == (200 if role in allowed else 403), (role, path)
            stranger = duty.browser(duty.scene.person(role, THERE)).get(path)
            assert stranger.status == 403, (role, path)


def test_the_command_page_does_not_say_that_nothing_is_searched(duty: Duty) -> None:
    """The street is still searched: by another deployment, with the same cameras."""
    handed_over(duty.scene, duty.row, another(duty))

    command = screens(duty)["/command"].text
    assert "This deployment searches no more." in command
    assert "Nothing is searched." not in command
