"""What stands beside an alert before anybody decides on it."""

from acts import Scene, an_alert_of, an_outcome, drafted, place_of
from overt.audit.events import StopRequested
from overt.deployment.appraised import appraisal_of, seal_appraisal
from overt.retention.erasure import destroy_list
from overt.review.known import known_against


def test_earlier_false_alerts_and_look_alikes_are_told_while_the_list_lives(scene: Scene) -> None:
    """R-19: each alert shows earlier false alerts against its entry, and known look-alikes."""
    office, row = scene.office, drafted(scene)
    facts = office.record.watchlists.facts(row.watchlist_id)
    assert facts is not None
    pair = {"subjects": ["S-1", "S-2"]}
    sealed = seal_appraisal(office, facts, {**row.appraisal, "lookalikes": [pair]})
    first = place_of(scene, an_alert_of(scene, row))
    second = place_of(scene, an_alert_of(scene, row))
    with office.record.together():
        office.record.deployments.change(row.deployment_id, sealed_appraisal=sealed)
        office.record.reviews.set_outcome(an_outcome(first, true_alert=False, engaged=False))
        office.log.write(StopRequested(row.deployment_id, "a test"))

    known = known_against(office, second, "S-1")

    assert (known.false_alerts, known.lookalikes) == (1, ("S-2",))
    assert known_against(office, second, "S-3").lookalikes == ()
    assert b"S-2" not in sealed
    destroy_list(office, row.watchlist_id, "the deadline")
    assert known_against(office, second, "S-1").lookalikes == ()
    assert known_against(office, second, "S-1").false_alerts == 1
    assert "subjects" not in str(appraisal_of(office, scene.row(row)).get("lookalikes"))
