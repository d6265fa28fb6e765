"""Faces: shown to whom they may be, logged before, and gone when they are erased."""

import pytest
from api_world import World

from example_records import jpeg
from overt.retention.erasure import destroy_list, erase_alert
from overt.vocabulary import AdjudicationDecision, Role
from overt.web.paths import ROOT


@pytest.mark.parametrize("which", ["crop", "reference"])
def test_a_face_is_sent_as_a_picture_and_the_look_is_logged(world: World, which: str) -> None:
    """R-57: each view of a face is on the log."""
    alert_id = world.alert(world.scene.person(Role.APPLICANT))

    answer = world.as_(world.scene.person(Role.OPERATOR)).call(
        "GET", f"{ROOT}/alerts/{alert_id}/{which}"
    )

    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.body == (jpeg() if which == "crop" else jpeg(hue=10))
    assert [each["data"]["alert"] for each in world.scene.events("alert.face-seen")] == [alert_id]


def test_no_face_and_no_name_stand_in_what_counts_alerts(world: World) -> None:
    """R-61: auditors see no face."""
    alert_id = world.alert(world.scene.person(Role.APPLICANT), AdjudicationDecision.VIABLE)

    answer = world.as_(world.scene.person(Role.AUDITOR)).call("GET", f"{ROOT}/alerts/{alert_id}")

    assert answer.status == 200
    assert answer.json()["decisions"] == 1
    for secret in (b"S-1", b"R-1", b"Example Person 1", b"jpeg"):
        assert secret not in answer.body


@pytest.mark.parametrize("which", ["", "/crop", "/reference"])
def test_an_erased_alert_is_gone(world: World, which: str) -> None:
    """R-36: nothing of an alert can be had once it is erased."""
    alert_id = world.alert(world.scene.person(Role.APPLICANT))
    office = world.scene.office
    erase_alert(office, office.record.alerts.place(alert_id), "a test")

    answer = world.as_(world.scene.person(Role.OPERATOR)).call(
        "GET", f"{ROOT}/alerts/{alert_id}{which}"
    )

    assert answer.status == 404


def test_a_reference_is_gone_with_its_list_and_the_crop_stays(world: World) -> None:
    alert_id = world.alert(world.scene.person(Role.APPLICANT))
    office = world.scene.office
    place = office.record.alerts.place(alert_id)
    row = office.record.deployments.find(str(place.deployment_id))
    destroy_list(office, row.watchlist_id, "a test")
    operator = world.as_(world.scene.person(Role.OPERATOR))

    assert operator.call("GET", f"{ROOT}/alerts/{alert_id}/reference").status == 404
    assert operator.call("GET", f"{ROOT}/alerts/{alert_id}/crop").status == 200


def test_a_face_whose_key_alone_is_destroyed_is_gone(world: World) -> None:
    alert_id = world.alert(world.scene.person(Role.APPLICANT))
    office = world.scene.office
    office.keys.destroy([office.record.alerts.place(alert_id).key_id])

    answer = world.as_(world.scene.person(Role.OPERATOR)).call(
        "GET", f"{ROOT}/alerts/{alert_id}/crop"
    )

    assert answer.status == 410
