"""A deployment's life, act by act: by whom, when, and what each act leaves behind."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from acts import END, HERE, START, THERE, Scene, a_policy, a_scene, an_alert_of, an_outcome, drafted
from overt.audit.events import AlertClosed
from overt.deployment import demands, expiry, lifecycle, recorded
from overt.deployment.policy import Policy
from overt.errors import AuthorityError, LifecycleError, PermissionDenied, SealingError
from overt.people.permissions import Person
from overt.retention import erasure
from overt.review import holds
from overt.storage import DeploymentRow
from overt.vocabulary import Act, DeploymentState, Role
from overt.watchlist import governance

WHY = "patrols have failed to find them"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with a_scene(tmp_path / "home") as opened:
        yield opened


def _officer(scene: Scene, rank: str = "superintendent", unit: str = HERE) -> Person:
    return scene.somebody(Role.AUTHORISING_OFFICER, rank=rank, unit=unit)


def _submitted(scene: Scene, policy: Policy | None = None, **changes: str) -> DeploymentRow:
    row = drafted(scene, None, policy=policy, watchlist=None, **changes)
    governance.approve(scene.office, scene.person(Role.COMMANDER), row)
    return lifecycle.submit(scene.office, scene.person(Role.APPLICANT), row)


def _authorised(scene: Scene, policy: Policy | None = None, **changes: str) -> DeploymentRow:
    row = _submitted(scene, policy, **changes)
    return lifecycle.authorise(scene.office, _officer(scene), row, WHY)


def _live(scene: Scene, policy: Policy | None = None, **changes: str) -> DeploymentRow:
    row = _authorised(scene, policy, **changes)
    scene.clock.now = row.window_start
    return lifecycle.start(scene.office, scene.person(Role.COMMANDER), row)


def _urgent(scene: Scene, policy: Policy | None = None) -> DeploymentRow:
    row = _submitted(scene, policy or a_policy(urgent_max_hours="4"))
    return lifecycle.authorise_urgently(scene.office, scene.person(Role.COMMANDER), row, WHY)


def _is_erased(scene: Scene, row: DeploymentRow) -> bool:
    record = scene.office.record
    return not record.alerts.places_of(row.deployment_id) and (
        record.watchlists.facts(row.watchlist_id) is None
    )


def _list_key(scene: Scene, row: DeploymentRow) -> str:
    facts = scene.office.record.watchlists.facts(row.watchlist_id)
    assert facts is not None
    return facts.key_id


def test_an_ordinary_life_leaves_an_act_and_an_entry_for_every_step(scene: Scene) -> None:
    """R-10: application, authority and review are on record, each once and with its terms."""
    row = _live(scene)
    row = lifecycle.end(scene.office, row.deployment_id, "done")
    row = lifecycle.close(scene.office, scene.person(Role.COMMANDER), row, "all is done")
    officer = _officer(scene)
    row = lifecycle.review(scene.office, officer, row, "it went as it should")
    acts = scene.office.record.deployments.acts(row.deployment_id)
    assert [(act.act, act.state) for act in acts] == [
        ("deployment.submit", "submitted"),
        ("deployment.authorise", "authorised"),
        ("deployment.start", "live"),
        ("deployment.end", "ended"),
        ("deployment.close", "closed"),
        ("deployment.review", "reviewed"),
    ]
    assert (acts[-1].by, acts[-1].rank) == (officer.account_id, "superintendent")
    moved = [each["data"] for each in scene.events("deployment.moved")]
    assert [(each["act"], each["after"]) for each in moved] == [
        (act.act, act.state) for act in acts
    ]
    assert {each["terms_sha256"] for each in moved} == {row.terms_sha256}
    assert WHY not in str(moved)


def test_who_asked_does_not_authorise_however_high_their_rank(scene: Scene) -> None:
    """R-2: self-approval is refused, urgent or not, and the attempt is on the log."""
    roles = (Role.APPLICANT, Role.AUTHORISING_OFFICER, Role.COMMANDER)
    both = scene.somebody(*roles, rank="chief constable")
    row = drafted(scene, both)
    with pytest.raises(PermissionDenied):
        governance.approve(scene.office, both, row)
    governance.approve(scene.office, scene.person(Role.COMMANDER), row)
    row = lifecycle.submit(scene.office, both, row)
    for act in (lifecycle.authorise, lifecycle.authorise_urgently, lifecycle.refuse):
        with pytest.raises(PermissionDenied, match="their own"):
            act(scene.office, both, row, WHY)
    assert scene.row(row).state is DeploymentState.SUBMITTED
    assert len(scene.events("act.refused")) == 4


@pytest.mark.parametrize(
    "rank", ["inspector", "chief inspector", "constable", "special superintendent"]
)
def test_a_rank_that_the_policy_does_not_name_authorises_nothing(scene: Scene, rank: str) -> None:
    """R-1: an authority names a rank that may give it."""
    row = _submitted(scene)
    with pytest.raises(PermissionDenied, match="rank"):
        lifecycle.authorise(scene.office, _officer(scene, rank), row, WHY)
    assert scene.row(row) == row


def test_another_unit_decides_nothing(scene: Scene) -> None:
    """R-62: officers act on their own unit's deployments only."""
    row = _submitted(scene)
    with pytest.raises(PermissionDenied, match="another unit's"):
        lifecycle.authorise(scene.office, _officer(scene, unit=THERE), row, WHY)


def test_a_list_that_nobody_approved_gets_no_authority(scene: Scene) -> None:
    """R-1: the list is part of what is authorised."""
    row = lifecycle.submit(scene.office, scene.person(Role.APPLICANT), drafted(scene))
    with pytest.raises(LifecycleError, match="approved the watchlist"):
        lifecycle.authorise(scene.office, _officer(scene), row, WHY)
    with pytest.raises(LifecycleError, match="approved the watchlist"):
        lifecycle.authorise_urgently(scene.office, scene.person(Role.COMMANDER), row, WHY)


@pytest.mark.parametrize("minutes", [-120, -1, 360, 361, 60 * 24 * 30])
def test_nothing_starts_outside_its_window(scene: Scene, minutes: int) -> None:
    """R-1, R-6: before its beginning and from its end on, an authority covers nothing."""
    row = _authorised(scene)
    scene.clock.now = START
    scene.clock.forward(minutes=minutes)
    with pytest.raises(AuthorityError, match=r"authority (begins|ended)"):
        lifecycle.start(scene.office, scene.person(Role.COMMANDER), row)
    assert scene.row(row).state is DeploymentState.AUTHORISED


@pytest.mark.parametrize("role", [Role.APPLICANT, Role.AUTHORISING_OFFICER, Role.AUDITOR])
def test_only_who_runs_it_starts_it(scene: Scene, role: Role) -> None:
    row = _authorised(scene)
    scene.clock.now = START
    with pytest.raises(PermissionDenied):
        lifecycle.start(scene.office, scene.person(role), row)


def test_nothing_starts_without_authority(scene: Scene) -> None:
    """R-1: neither a draft nor a submitted deployment can go live."""
    drafted_one, submitted = drafted(scene), _submitted(scene)
    scene.clock.now = START
    for row in (drafted_one, submitted):
        with pytest.raises(LifecycleError):
            lifecycle.start(scene.office, scene.person(Role.COMMANDER), row)


def test_what_is_live_at_the_end_of_its_window_ends_by_itself(scene: Scene) -> None:
    """R-6: matching stops at the authorised end, even where its process is gone."""
    row = _live(scene)
    scene.clock.now = END
    assert [each.state for each in expiry.expire(scene.office)] == [DeploymentState.ENDED]
    row = scene.row(row)
    assert row.ended_at == END
    assert row.review_due_at is not None
    assert expiry.expire(scene.office) == []


def test_an_authority_nobody_used_expires_with_its_list(scene: Scene) -> None:
    """R-6, R-22: what was never started is over at its window's end, its list gone."""
    row = _authorised(scene)
    scene.clock.now = END
    expiry.expire(scene.office)
    assert scene.row(row).state is DeploymentState.EXPIRED
    assert _is_erased(scene, row)
    with pytest.raises(LifecycleError):
        lifecycle.start(scene.office, scene.person(Role.COMMANDER), scene.row(row))


@pytest.mark.parametrize("reason", ["", "urgent", "   "])
def test_an_urgent_authority_needs_a_reason(scene: Scene, reason: str) -> None:
    """R-8: urgency is said in words, or there is none."""
    row = _submitted(scene)
    commander = scene.person(Role.COMMANDER)
    with pytest.raises(LifecycleError, match="why"):
        lifecycle.authorise_urgently(scene.office, commander, row, reason)
    assert scene.row(row) == row


def test_an_urgent_authority_has_the_policys_deadline(scene: Scene) -> None:
    """R-8: it ends by the deadline unless it is confirmed."""
    row = _urgent(scene)
    assert row.state is DeploymentState.URGENT
    assert row.urgent_deadline is not None
    assert (row.urgent_deadline - scene.clock.now).total_seconds() == 4 * 3600
    scene.clock.now = row.urgent_deadline
    with pytest.raises(AuthorityError):
        lifecycle.start(scene.office, scene.person(Role.COMMANDER), row)
    expiry.expire(scene.office)
    assert scene.row(row).state is DeploymentState.EXPIRED
    assert _is_erased(scene, row)


@pytest.mark.parametrize("ended", [False, True])
def test_an_urgent_one_nobody_confirmed_is_deleted_with_all_it_gathered(
    scene: Scene,
    ended: bool,  # noqa: FBT001
) -> None:
    """R-8: at its deadline list and alerts are erased, their keys destroyed."""
    row, key_id = _urgent(scene), ""
    scene.clock.now = START
    row = lifecycle.start(scene.office, scene.person(Role.COMMANDER), row)
    key_id = _list_key(scene, row)
    alert = an_alert_of(scene, row)
    place = scene.office.record.alerts.place(alert.alert.alert_id)
    if ended:
        row = lifecycle.end(scene.office, row.deployment_id, "enough for today")
    assert row.urgent_deadline is not None
    scene.clock.now = row.urgent_deadline
    officer = _officer(scene)
    with pytest.raises(LifecycleError, match="not confirmed in time"):
        lifecycle.authorise(scene.office, officer, row, WHY)
    expiry.expire(scene.office)
    assert scene.row(row).state is DeploymentState.REFUSED
    assert scene.row(row).sealed_file is None
    assert _is_erased(scene, row)
    for each in (key_id, place.key_id):
        with pytest.raises(SealingError):
            scene.office.keys.key(each)


def test_an_urgent_one_that_is_confirmed_goes_on(scene: Scene) -> None:
    """R-8: a full authority in time lifts the deadline, and nothing is deleted."""
    row = _urgent(scene)
    scene.clock.now = START
    row = lifecycle.start(scene.office, scene.person(Role.COMMANDER), row)
    an_alert_of(scene, row)
    row = lifecycle.authorise(scene.office, _officer(scene), row, WHY)
    assert (row.state, row.urgent_deadline) == (DeploymentState.LIVE, None)
    scene.clock.forward(hours=5)
    assert expiry.expire(scene.office) == []
    assert len(scene.office.record.alerts.places_of(row.deployment_id)) == 1
    with pytest.raises(LifecycleError, match="authority already"):
        lifecycle.authorise(scene.office, _officer(scene), row, WHY)
    with pytest.raises(LifecycleError, match="authority already"):
        lifecycle.refuse(scene.office, _officer(scene), row, WHY)


def test_what_was_confirmed_at_the_last_moment_is_not_deleted(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-8: a clock that read the deployment before it was confirmed looks again."""
    row = _urgent(scene)
    scene.clock.now = START
    row = lifecycle.start(scene.office, scene.person(Role.COMMANDER), row)
    an_alert_of(scene, row)
    ended = lifecycle.end(scene.office, row.deployment_id, "enough for today")
    lifecycle.authorise(scene.office, _officer(scene), ended, WHY)
    scene.clock.forward(hours=5)
    monkeypatch.setattr(scene.office.record.deployments, "all", lambda: [ended])
    assert expiry.expire(scene.office) == []
    assert scene.row(row).state is DeploymentState.ENDED
    assert len(scene.office.record.alerts.places_of(row.deployment_id)) == 1


def test_a_refused_urgent_one_stops_and_loses_what_it_gathered(scene: Scene) -> None:
    """R-8: refusal stops matching and deletes the run's data, held alerts too."""
    row = _urgent(scene)
    scene.clock.now = START
    row = lifecycle.start(scene.office, scene.person(Role.COMMANDER), row)
    alert = an_alert_of(scene, row)
    wanted = holds.HoldRequest(
        scene.office.record.alerts.place(alert.alert.alert_id), "C-1", "DC Kay", END
    )
    holds.place_hold(scene.office, _officer(scene), wanted)
    key_id = _list_key(scene, row)
    refused = lifecycle.refuse(scene.office, _officer(scene), row, "there was no such threat")
    assert refused.state is DeploymentState.REFUSED
    assert refused.stop_requested_at == scene.clock.now
    assert _is_erased(scene, row)
    with pytest.raises(SealingError):
        scene.office.keys.key(key_id)
    assert all(each.finished_at for each in scene.office.record.retention.receipts())


def test_a_refusal_cut_short_is_carried_out_later(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-8: a machine that fails between the refusal and the deletion leaves nothing in the end."""
    row = _urgent(scene)
    with monkeypatch.context() as broken:
        broken.setattr(lifecycle, "erase_alerts_of", _cut_short)
        with pytest.raises(OSError, match="cut short"):
            lifecycle.refuse(scene.office, _officer(scene), row, "there was no such threat")
    assert not _is_erased(scene, row)
    expiry.expire(scene.office)
    assert _is_erased(scene, row)
    assert erasure.finish_cut_short(scene.office) == []


def _cut_short(*_: object) -> None:
    raise OSError("cut short")


@pytest.mark.parametrize("flag", ["protest", "sensitive-site"])
def test_a_protest_needs_two_officers_of_a_high_rank(scene: Scene, flag: str) -> None:
    """R-9: one superintendent is not enough, nor one chief officer twice."""
    row = _submitted(scene, flags=f'"{flag}"')
    with pytest.raises(PermissionDenied, match="rank"):
        lifecycle.authorise(scene.office, _officer(scene), row, WHY)
    first, second = _officer(scene, "commander"), _officer(scene, "commissioner")
    for _ in range(2):
        row = lifecycle.authorise(scene.office, first, row, WHY)
        assert row.state is DeploymentState.SUBMITTED
    scene.clock.now = START
    with pytest.raises(LifecycleError):
        lifecycle.start(scene.office, scene.person(Role.COMMANDER), row)
    row = lifecycle.authorise(scene.office, second, row, WHY)
    assert row.state is DeploymentState.AUTHORISED


def test_no_urgency_lowers_the_rank_at_a_protest(scene: Scene) -> None:
    """R-9: urgent ranks do not authorise at a protest."""
    row = _submitted(scene, flags='"protest"')
    with pytest.raises(PermissionDenied, match="rank"):
        lifecycle.authorise_urgently(scene.office, scene.person(Role.COMMANDER), row, WHY)


def test_the_first_of_two_does_not_bring_back_what_was_cancelled(scene: Scene) -> None:
    """R-9, R-10: an act on what somebody else has ended meanwhile is refused."""
    row = _submitted(scene, flags='"protest"')
    lifecycle.cancel(scene.office, scene.person(Role.APPLICANT), row, "not needed any more")
    with pytest.raises(LifecycleError):
        lifecycle.authorise(scene.office, _officer(scene, "commander"), row, WHY)
    assert scene.row(row).state is DeploymentState.CANCELLED


def test_an_overdue_review_blocks_its_unit_and_no_other(scene: Scene) -> None:
    """R-63: unreviewed deployments block new ones at that unit."""
    row = _live(scene)
    other, waiting = drafted(scene, scene.person(Role.APPLICANT, THERE)), _submitted(scene)
    lifecycle.end(scene.office, row.deployment_id, "done")
    scene.clock.forward(days=14)
    draft = drafted(scene)
    lifecycle.submit(scene.office, scene.person(Role.APPLICANT), draft)  # due, and not over
    scene.clock.forward(seconds=1)
    assert demands.review_overdue(scene.row(row), scene.clock.now)
    with pytest.raises(LifecycleError, match="overdue for review"):
        lifecycle.authorise(scene.office, _officer(scene), waiting, WHY)
    with pytest.raises(LifecycleError, match="overdue for review"):
        lifecycle.submit(scene.office, scene.person(Role.APPLICANT), drafted(scene))
    lifecycle.submit(scene.office, scene.person(Role.APPLICANT, THERE), other)


def test_a_review_unblocks_the_unit_and_is_not_its_applicants(scene: Scene) -> None:
    """R-63: somebody else looks at it, and says what they found."""
    row = _live(scene)
    row = lifecycle.end(scene.office, row.deployment_id, "done")
    scene.clock.forward(days=15)
    row = lifecycle.close(scene.office, scene.person(Role.COMMANDER), row, "")
    with pytest.raises(LifecycleError, match="overdue"):
        lifecycle.submit(scene.office, scene.person(Role.APPLICANT), drafted(scene))
    with pytest.raises(LifecycleError, match="why"):
        lifecycle.review(scene.office, _officer(scene), row, "fine")
    with pytest.raises(PermissionDenied):
        lifecycle.review(scene.office, scene.person(Role.APPLICANT), row, "it went well")
    lifecycle.review(scene.office, _officer(scene), row, "it went well")
    lifecycle.submit(scene.office, scene.person(Role.APPLICANT), drafted(scene))


def test_an_overdue_review_keeps_the_authorised_from_starting(scene: Scene) -> None:
    """R-63: what was authorised before waits too."""
    first = _live(scene, a_policy(review_due_days="1"))
    lifecycle.end(scene.office, first.deployment_id, "done")
    start, end = START.replace(day=8), END.replace(day=8)
    later = _authorised(scene, start=start.isoformat(), end=end.isoformat())
    scene.clock.now = start
    with pytest.raises(LifecycleError, match="overdue"):
        lifecycle.start(scene.office, scene.person(Role.COMMANDER), later)


def test_a_deployment_closes_when_every_alert_has_its_outcome(scene: Scene) -> None:
    """R-49, R-22: no alert is left open, and the list goes with closing."""
    row = _live(scene)
    alert = an_alert_of(scene, row)
    row = lifecycle.end(scene.office, row.deployment_id, "done")
    commander = scene.person(Role.COMMANDER)
    with pytest.raises(LifecycleError, match="1 of 1 alerts"):
        lifecycle.close(scene.office, commander, row, "")
    record = scene.office.record
    with record.together():
        record.reviews.set_outcome(an_outcome(record.alerts.place(alert.alert.alert_id)))
        scene.office.log.write(AlertClosed(alert.alert.alert_id, True, True, True, "arrest"))
    row = lifecycle.close(scene.office, commander, row, "")
    assert row.state is DeploymentState.CLOSED
    assert row.sealed_file is None
    assert record.watchlists.facts(row.watchlist_id) is None
    with pytest.raises(LifecycleError, match="no longer kept"):
        recorded.opened(scene.office, row)


def test_an_unconfirmed_urgent_one_does_not_close(scene: Scene) -> None:
    """R-8: what was urgent is confirmed or refused before it is closed."""
    row = _urgent(scene)
    scene.clock.now = START
    lifecycle.start(scene.office, scene.person(Role.COMMANDER), row)
    row = lifecycle.end(scene.office, row.deployment_id, "done")
    with pytest.raises(LifecycleError, match="not been confirmed"):
        lifecycle.close(scene.office, scene.person(Role.COMMANDER), row, "")


@pytest.mark.parametrize("how_far", [drafted, _submitted, _urgent, _authorised])
def test_what_is_called_off_loses_its_list_and_says_who_when_and_why(
    scene: Scene, how_far: object
) -> None:
    """R-10, R-22: cancellation is on record with its reason, and the list is destroyed."""
    assert callable(how_far)
    row: DeploymentRow = how_far(scene)
    key_id, commander = _list_key(scene, row), scene.person(Role.COMMANDER)
    with pytest.raises(LifecycleError, match="why"):
        lifecycle.cancel(scene.office, commander, row, "")
    lifecycle.cancel(scene.office, commander, row, "the intelligence was wrong")
    act = scene.office.record.deployments.acts(row.deployment_id)[-1]
    assert (act.act, act.by, act.at, act.reason, act.state) == (
        Act.DEPLOYMENT_CANCEL,
        commander.account_id,
        scene.clock.now,
        "the intelligence was wrong",
        DeploymentState.CANCELLED,
    )
    assert _is_erased(scene, row)
    with pytest.raises(SealingError):
        scene.office.keys.key(key_id)


def test_what_has_started_is_stopped_and_not_cancelled(scene: Scene) -> None:
    """R-52: anybody of the unit who takes part can say stop; only what is live stops."""
    row = _live(scene)
    with pytest.raises(LifecycleError):
        lifecycle.cancel(scene.office, scene.person(Role.COMMANDER), row, WHY)
    lifecycle.request_stop(scene.office, scene.person(Role.ENGAGEMENT_OFFICER), row, "")
    assert scene.row(row).stop_requested_at == scene.clock.now
    assert scene.events()[-1]["event"] == "deployment.stop-requested"
    lifecycle.end(scene.office, row.deployment_id, "stopped")
    with pytest.raises(LifecycleError):
        lifecycle.request_stop(scene.office, scene.person(Role.COMMANDER), row, "")


def test_what_was_told_to_stop_does_not_start_again(scene: Scene) -> None:
    """R-52: a process that dies between the word and the end is no way round it."""
    row = _live(scene)
    lifecycle.request_stop(scene.office, scene.person(Role.ENGAGEMENT_OFFICER), row, "")
    with pytest.raises(LifecycleError, match="told the deployment to stop"):
        lifecycle.start(scene.office, scene.person(Role.COMMANDER), scene.row(row))
    assert scene.row(row).stop_requested_at == scene.clock.now


def test_an_end_brings_the_lists_deadline_forward_and_never_back(scene: Scene) -> None:
    """R-22: at most 24 hours from the end, and not later than it was to be."""
    early, late = _live(scene), _live(scene)
    planned = scene.office.record.watchlists.facts(early.watchlist_id)
    lifecycle.end(scene.office, early.deployment_id, "done")
    facts = scene.office.record.watchlists.facts(early.watchlist_id)
    assert facts is not None
    assert (facts.destroy_after - scene.clock.now).total_seconds() == 24 * 3600
    assert planned is not None
    scene.clock.now = planned.destroy_after
    scene.clock.forward(hours=-1)
    lifecycle.end(scene.office, late.deployment_id, "its process had died")
    facts = scene.office.record.watchlists.facts(late.watchlist_id)
    assert facts is not None
    assert facts.destroy_after == planned.destroy_after


def test_a_deployment_changed_by_somebody_else_is_looked_at_again(scene: Scene) -> None:
    """R-10: an act is judged by where the deployment stands, not by what was on a screen."""
    row = _submitted(scene)
    lifecycle.cancel(scene.office, scene.person(Role.COMMANDER), row, "not needed any more")
    with pytest.raises(LifecycleError):
        lifecycle.authorise(scene.office, _officer(scene), row, WHY)
    with pytest.raises(LifecycleError):
        lifecycle.refuse(scene.office, _officer(scene), row, "not needed any more")
    assert scene.row(row).state is DeploymentState.CANCELLED


def test_seeing_a_deployment_is_for_its_unit_and_for_auditors(scene: Scene) -> None:
    """R-61: an auditor sees every unit's authority; others their own unit's."""
    row = drafted(scene)
    for person in (scene.person(Role.OPERATOR), scene.person(Role.AUDITOR, THERE)):
        assert recorded.seen(scene.office, person, row.deployment_id[:12]) == row
    with pytest.raises(PermissionDenied):
        recorded.seen(scene.office, scene.person(Role.OPERATOR, THERE), row.deployment_id)


def test_a_file_is_kept_sealed_and_opens_in_its_place_only(scene: Scene) -> None:
    """R-39: cameras' passwords are not in the record as they are."""
    row, other = drafted(scene), drafted(scene, name="Another")
    assert recorded.opened(scene.office, row).text.count("hunter2") == 1
    assert "hunter2" not in row.deployment_text
    for file in scene.office.home.path.rglob("*"):
        assert not file.is_file() or b"hunter2" not in file.read_bytes()
    with pytest.raises(SealingError):
        recorded.opened(scene.office, replace(row, sealed_file=other.sealed_file))
