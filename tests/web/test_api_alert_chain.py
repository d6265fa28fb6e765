"""An alert from the queue to its outcome through the API, each act sent twice."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from api_calls import Caller
from api_world import World

from acts import a_policy, an_alert_of
from overt.vocabulary import DeploymentState, Role
from overt.web.paths import ROOT

_ARREST = {"true_alert": True, "confirmed": True, "engaged": True, "disposal": "arrest"}
_VIABLE = {"decision": "viable", "factors": ["subject"]}


def _post(caller: Caller, path: str, body: object = None) -> Any:
    """Send a request twice, as a device whose network failed does; return the second answer."""
    first = caller.call("POST", f"{ROOT}{path}", body)
    again = caller.call("POST", f"{ROOT}{path}", body)
    assert first.status < 300, first.body
    assert (again.status, again.body) == (first.status, first.body)
    return again.json() if again.body else None


def test_an_alert_goes_from_the_queue_to_its_outcome_and_counts_once(world: World) -> None:
    """R-45, R-50: nothing is doubled, and the device's times are believed where they can be."""
    row = world.deployment(world.scene.person(Role.APPLICANT), DeploymentState.LIVE)
    alert_id = an_alert_of(world.scene, row).alert.alert_id
    operator = world.as_(world.scene.person(Role.OPERATOR))
    officer = world.as_(world.scene.person(Role.ENGAGEMENT_OFFICER))
    queue, alert = f"{ROOT}/deployments/{row.deployment_id}/queue", f"/alerts/{alert_id}"

    assert officer.call("GET", queue).json() == []
    assert officer.call("GET", f"{ROOT}{alert}").status == 403
    assert officer.call("GET", f"{ROOT}/deployments/{row.deployment_id}/alerts").json() == []
    (waiting,) = operator.call("GET", queue).json()
    assert (waiting["stage"], waiting["priority"]) == ("new", "green")
    _post(operator, f"{alert}/claim")
    _post(operator, f"{alert}/give-back")
    _post(operator, f"{alert}/claim")
    assert operator.call("POST", f"{ROOT}{alert}/adjudicate", _VIABLE).status == 201
    (waiting,) = officer.call("GET", queue).json()
    assert (waiting["stage"], waiting["claimed_by"]) == ("sent to officers", "")

    sent = world.scene.clock.now
    world.scene.clock.forward(minutes=30)
    seen, met, gone = (sent + timedelta(seconds=each) for each in (20, 60, 360))
    _post(officer, f"{alert}/acknowledge", {"at": seen.isoformat()})
    decided = {"decision": "engage", "at": met.isoformat()}
    _post(officer, f"{alert}/engage", decided)
    ended = {"checks": ["document shown"], "at": gone.isoformat()}
    handled = _post(officer, f"{alert}/end-stop", ended)
    assert (handled["minutes_held"], handled["checks"]) == (5.0, ["document shown"])
    _post(officer, f"{alert}/close", _ARREST)
    (waiting,) = officer.call("GET", queue).json()
    assert waiting["stage"] == "closed"
    for tag in ("alert.acknowledged", "alert.officer-decided", "stop.ended", "alert.closed"):
        assert len(world.scene.events(tag)) == 1, tag


def test_the_second_person_does_not_learn_what_the_first_chose(world: World) -> None:
    """R-45: who is still to decide sees that others did, and not what."""
    world = replace(world, policy=a_policy(two_person="true"))
    row = world.deployment(world.scene.person(Role.APPLICANT), DeploymentState.LIVE)
    path = f"{ROOT}/alerts/{an_alert_of(world.scene, row).alert.alert_id}"
    first, second = (world.as_(world.scene.somebody(Role.OPERATOR)) for _ in range(2))
    assert first.call("POST", f"{path}/adjudicate", _VIABLE).status == 201

    (hidden,) = second.call("GET", path).json()["adjudications"]
    (own,) = first.call("GET", path).json()["adjudications"]

    assert (hidden["decision"], hidden["factors"]) == (None, [])
    assert (own["decision"], own["factors"]) == ("viable", ["subject"])
    assert second.call("POST", f"{path}/adjudicate", _VIABLE).status == 201
    assert all(each["decision"] for each in second.call("GET", path).json()["adjudications"])


def test_what_was_decided_otherwise_is_refused_and_stays(world: World) -> None:
    """R-45: another value is a conflict, and a time that says nothing of where it holds is none."""
    row = world.deployment(world.scene.person(Role.APPLICANT), DeploymentState.LIVE)
    alert_id = an_alert_of(world.scene, row).alert.alert_id
    operator = world.as_(world.scene.person(Role.OPERATOR))
    officer = world.as_(world.scene.person(Role.ENGAGEMENT_OFFICER))
    path = f"{ROOT}/alerts/{alert_id}"

    assert officer.call("POST", f"{path}/acknowledge", {}).status == 409
    assert operator.call("POST", f"{path}/adjudicate", _VIABLE).status == 201
    assert officer.call("POST", f"{path}/acknowledge", {"at": "2026-07-04T08:00:00"}).status == 422
    assert officer.call("POST", f"{path}/engage", {"decision": "not sure"}).status == 422
    assert officer.call("POST", f"{path}/engage", {"decision": "engage"}).status == 200
    assert officer.call("POST", f"{path}/engage", {"decision": "do not engage"}).status == 409
    assert officer.call("POST", f"{path}/close", _ARREST).status == 409
    made = world.scene.office.record.handling.engagement(alert_id)
    assert made is not None
    assert made.decision == "engage"
