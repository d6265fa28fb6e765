"""People, deployments, decisions, holds and receipts are read back as they were stored."""

from dataclasses import replace
from datetime import timedelta

import pytest
from example_rows import (
    a_deployment,
    a_hold,
    a_receipt,
    a_session,
    an_account,
    an_act,
    an_adjudication,
    an_outcome,
)

from example_records import NOON, begun, raised, recorded
from overt.errors import StorageError
from overt.storage import Record
from overt.vocabulary import AdjudicationDecision, DeploymentState, Role

# --- people ---------------------------------------------------------------------------------


def test_an_account_is_read_back_by_name_and_id_and_changed(own_record: Record) -> None:
    account, other = an_account(name="b"), an_account(name="a", trained_until=None)
    with recorded(own_record):
        own_record.accounts.add(account)
        own_record.accounts.add(other)
    assert own_record.accounts.named("b") == own_record.accounts.of_id(account.account_id)
    assert own_record.accounts.named("b") == account
    assert own_record.accounts.all() == [other, account]
    assert own_record.accounts.count() == 2
    assert own_record.accounts.named("none-such") is None
    changes = {"roles": frozenset({Role.COMMANDER}), "failures": 2, "locked_until": NOON}
    with recorded(own_record):
        own_record.accounts.change(account.account_id, **changes)
    assert own_record.accounts.named("b") == replace(account, **changes)  # type: ignore[arg-type]
    assert own_record.accounts.named("a") == other


def test_two_accounts_of_one_name_are_refused(own_record: Record) -> None:
    with recorded(own_record):
        own_record.accounts.add(an_account(name="a"))
    with pytest.raises(StorageError, match="refused"), recorded(own_record):
        own_record.accounts.add(an_account(name="a"))
    assert own_record.accounts.count() == 1


def test_sessions_are_ended_one_by_one_or_all_at_once(own_record: Record) -> None:
    account = an_account()
    sessions = [a_session(account) for _ in range(3)]
    with recorded(own_record):
        own_record.accounts.add(account)
        for session in sessions:
            own_record.accounts.open_session(session)
    assert own_record.accounts.session(sessions[0].token_sha256) == sessions[0]
    assert own_record.accounts.session("none-such") is None
    with recorded(own_record):
        revoke = own_record.accounts.revoke_sessions
        assert revoke(account.account_id, NOON, sessions[0].token_sha256) == 1
        assert revoke(account.account_id, NOON + timedelta(hours=1)) == 2
        assert revoke(account.account_id, NOON + timedelta(hours=2)) == 0
    ended = [own_record.accounts.session(each.token_sha256) for each in sessions]
    hour = timedelta(hours=1)
    expected = zip(sessions, (NOON, NOON + hour, NOON + hour), strict=True)
    assert ended == [replace(session, revoked_at=at) for session, at in expected]


# --- deployments ----------------------------------------------------------------------------


def test_a_deployment_is_read_back_and_changed(own_record: Record) -> None:
    late = a_deployment(created_at=NOON + timedelta(days=1))
    early = a_deployment(flags=(), urgent_deadline=NOON + timedelta(hours=2))
    with recorded(own_record):
        own_record.deployments.add(late)
        own_record.deployments.add(early)
    assert own_record.deployments.all() == [early, late]
    assert own_record.deployments.find(late.deployment_id[:12]) == late
    with recorded(own_record):
        own_record.deployments.change(
            late.deployment_id, state=DeploymentState.LIVE, sealed_file=None
        )
    live = replace(late, state=DeploymentState.LIVE, sealed_file=None)
    assert own_record.deployments.find(late.deployment_id) == live
    with pytest.raises(StorageError, match="no deployment whose id begins"):
        own_record.deployments.find("none-such")


def test_where_a_deployment_stands_is_told_with_its_earliest_end(own_record: Record) -> None:
    urgent = a_deployment(
        urgent_deadline=NOON + timedelta(hours=2), stop_requested_at=NOON + timedelta(hours=1)
    )
    plain = a_deployment()
    with recorded(own_record):
        own_record.deployments.add(urgent)
        own_record.deployments.add(plain)
    standing = own_record.deployments.standing
    hour = timedelta(hours=1)
    assert standing(urgent.deployment_id) == (urgent.state, NOON + 2 * hour, NOON + hour)
    assert standing(plain.deployment_id) == (plain.state, plain.window_end, None)
    with pytest.raises(StorageError, match="no such deployment"):
        standing("none-such")


def test_acts_are_read_back_in_their_order(own_record: Record) -> None:
    deployment = a_deployment()
    acts = [an_act(deployment.deployment_id, reason=str(number)) for number in range(3)]
    with recorded(own_record):
        own_record.deployments.add(deployment)
        for act in acts:
            own_record.deployments.add_act(act)
    assert own_record.deployments.acts(deployment.deployment_id) == acts
    with pytest.raises(StorageError, match="refused"), recorded(own_record):
        own_record.deployments.add_act(an_act("none-such"))


# --- alerts and decisions -------------------------------------------------------------------


def test_alerts_are_found_by_their_deadline_and_their_deployment(own_record: Record) -> None:
    deployment = a_deployment()
    with recorded(own_record):
        own_record.deployments.add(deployment)
    run = begun(own_record, deployment_id=deployment.deployment_id)
    alert, other = raised(own_record, run), raised(own_record, begun(own_record))
    places = own_record.alerts.places_of(deployment.deployment_id)
    assert [place.alert_id for place in places] == [alert.alert.alert_id]
    assert places[0].deployment_id == deployment.deployment_id
    assert own_record.alerts.due(NOON + timedelta(days=30)) == []
    with recorded(own_record):
        own_record.alerts.set_deadline(other.alert.alert_id, NOON + timedelta(days=1))
    due = own_record.alerts.due(NOON + timedelta(days=1))
    assert [place.alert_id for place in due] == [other.alert.alert_id]
    assert len(own_record.alerts.due(NOON + timedelta(days=31))) == 2


def test_an_erased_alert_stays_counted_and_its_number_is_not_given_again(
    own_record: Record,
) -> None:
    run = begun(own_record)
    stored = [raised(own_record, run) for _ in range(3)]
    for alert, true in ((stored[2], False), (stored[0], None)):
        with recorded(own_record):
            place = own_record.alerts.place(alert.alert.alert_id)
            own_record.alerts.erase(place, true_alert=true, at=NOON)
    assert own_record.alerts.of_run(run.run_id) == [stored[1]]
    assert own_record.alerts.count(run.run_id) == 3
    assert own_record.alerts.standing(stored[0].alert.alert_id) is None
    assert raised(own_record, run).number == 4


def test_decisions_are_read_back_in_their_order(own_record: Record) -> None:
    made = [
        an_adjudication("one"),
        an_adjudication("one", decision=AdjudicationDecision.VIABLE, factors=()),
    ]
    with recorded(own_record):
        numbers = [own_record.reviews.add_adjudication(each) for each in made]
        own_record.reviews.add_adjudication(an_adjudication("other"))
    assert numbers == [1, 2]
    assert own_record.reviews.adjudications("one") == made
    with recorded(own_record):
        own_record.reviews.erase("one")
    assert own_record.reviews.adjudications("one") == []
    assert len(own_record.reviews.adjudications("other")) == 1


def test_an_alert_closes_once_and_false_ones_are_counted_against_their_subject(
    own_record: Record,
) -> None:
    """R-19: how many alerts against a subject were false is known when alert and list are gone."""
    run = begun(own_record)
    alerts = [raised(own_record, run) for _ in range(3)]
    outcomes = [
        an_outcome(alert, true_alert=true)
        for alert, true in zip(alerts, (False, True, False), strict=True)
    ]
    with recorded(own_record):
        for outcome in outcomes:
            own_record.reviews.set_outcome(outcome)
    assert own_record.reviews.outcome(alerts[0].alert.alert_id) == outcomes[0]
    assert own_record.reviews.outcome("none-such") is None
    with pytest.raises(StorageError, match="refused"), recorded(own_record):
        own_record.reviews.set_outcome(replace(outcomes[0], true_alert=True))
    with recorded(own_record):
        own_record.reviews.erase(alerts[0].alert.alert_id)
        place = own_record.alerts.place(alerts[0].alert.alert_id)
        own_record.alerts.erase(place, true_alert=False, at=NOON)
    entry = own_record.watchlists.pseudonym("S-1")
    assert own_record.reviews.false_alerts_against(entry) == 2
    assert own_record.reviews.false_alerts_against("none-such") == 0


# --- retention ------------------------------------------------------------------------------


def test_a_hold_stands_until_it_is_released_or_expires(own_record: Record) -> None:
    hold, other = a_hold("one"), a_hold("other", placed_at=NOON - timedelta(days=1))
    with recorded(own_record):
        own_record.retention.place_hold(hold)
        own_record.retention.place_hold(other)
    assert own_record.retention.find_hold(hold.hold_id[:12]) == hold
    assert own_record.retention.holds() == [other, hold]
    assert own_record.retention.holds("one") == [hold]
    assert hold.stands(NOON)
    assert not hold.stands(hold.expires_at)
    with recorded(own_record):
        assert own_record.retention.release_hold(hold.hold_id, NOON)
        assert not own_record.retention.release_hold(hold.hold_id, NOON + timedelta(hours=1))
    (released,) = own_record.retention.holds("one")
    assert released == replace(hold, released_at=NOON)
    assert not released.stands(NOON)


def test_a_deletion_cut_short_is_found_by_its_receipt(own_record: Record) -> None:
    done, cut_short = a_receipt(), a_receipt(key_ids=(), begun_at=NOON)
    with recorded(own_record):
        own_record.retention.begin_receipt(done)
        own_record.retention.begin_receipt(cut_short)
        own_record.retention.finish_receipt(done.receipt_id, NOON)
    assert own_record.retention.receipts(unfinished=True) == [cut_short]
    assert own_record.retention.receipts() == [cut_short, replace(done, finished_at=NOON)]
