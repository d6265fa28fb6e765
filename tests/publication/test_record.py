"""The deployment record: made of what was done, and what it counts (R-54, R-59)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from bench.drawn_day import CROYDON, Day
from hypothesis import given
from hypothesis import strategies as st
from published import SHORT, SPLIT, a_day, rows_of

from acts import Scene, entries
from overt.audit.figures import LogFigures
from overt.deployment import lifecycle
from overt.errors import LifecycleError, PermissionDenied
from overt.publication.columns import (
    COLUMNS,
    Row,
    Standing,
    interval_percent,
    percent,
    rounded,
    row_of,
    values_of,
)
from overt.publication.layouts import Layout
from overt.publication.logged import LogSoFar
from overt.publication.publishing import publish
from overt.publication.record import record_of
from overt.rates import Rate
from overt.retention import clocks
from overt.storage import DeploymentRow
from overt.storage.journal import Journal
from overt.vocabulary import DeploymentKind, DeploymentState, Disposal, Role
from overt.watchlist import governance

_FACES = ("Drawn Person", "S-1", "R-1", "Drawn Superintendent", "Drawn Inspector", "10.0.0.5")


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Scene, Day, DeploymentRow]]:
    """A deployment that was held and closed, in an office where little is changed."""
    with a_day(tmp_path_factory.mktemp("office")) as (scene, day):
        yield scene, day, day.hold(SHORT)


@pytest.fixture(scope="module")
def row(held: tuple[Scene, Day, DeploymentRow]) -> Row:
    return rows_of(*held)[0]


def test_every_alert_is_in_exactly_one_outcome(row: Row) -> None:
    """R-49, R-59: true or false, engaged or not, and each disposal add up to all alerts."""
    of = row.alerts

    assert (of.alerts, of.alerts_decided, of.alerts_open, of.erased_without_outcome) == (4, 4, 0, 0)
    assert (of.true_confirmed, of.true_unconfirmed) == (2, 1)
    assert (of.false_confirmed, of.false_unconfirmed) == (1, 0)
    assert (of.engaged, of.not_engaged) == (3, 1)
    assert (of.arrest, of.conditions_checked, of.no_action, of.not_engaged_disposal) == (1, 1, 1, 1)
    assert sum(count for _, count in of.outcomes) == of.alerts


def test_the_rate_is_given_of_faces_and_of_alerts_and_not_cut_off(row: Row) -> None:
    """R-54: 1 of 1,123 faces is 0.089 %, which the published record prints as 0.08 %."""
    of = row.rates

    assert (of.false_alerts, of.false_per_face_of, of.false_per_alert_of) == (1, 1123, 4)
    assert of.false_per_face_percent == Decimal("0.089047")
    assert of.false_per_alert_percent == Decimal("25.000000")
    low, high = Rate(1, 1123).interval()
    assert float(of.false_per_face_low) == pytest.approx(100 * low, abs=5.1e-7)
    assert float(of.false_per_face_high) == pytest.approx(100 * high, abs=5.1e-7)


def test_it_says_what_was_authorised_and_what_was_searched(row: Row) -> None:
    authorised, searched = row.authorised, row.searched

    assert authorised.use_case == "crime-hotspot"
    assert authorised.authority == "full"
    assert authorised.authority_rank == "superintendent"
    assert (authorised.approved_subjects, searched.listed_subjects) == (3, 3)
    assert (authorised.authorised_threshold, searched.threshold) == (0.04, 0.04)
    assert searched.searched_from == SHORT.begins
    assert searched.searched_minutes == 378
    assert (searched.cameras, searched.camera_names, searched.runs) == (1, "mast", 1)
    assert row.faces.frames_dropped > 0
    assert row.faces.coverage_percent is not None
    assert row.faces.minutes_without_pictures == Decimal("1.5")
    assert row.faces.minutes_below_floor == Decimal("2.0")
    assert row.faces.losses == 3
    assert row.faces.losses_by_cause == "2 stopped sending; 1 delivered no picture"
    assert row.afterwards.stops == 3
    assert row.afterwards.minutes_held == 18
    assert row.afterwards.longest_stop_minutes == 6
    assert row.afterwards.list_erased_at is not None


def test_nobody_is_named_in_it(held: tuple[Scene, Day, DeploymentRow]) -> None:
    """R-61: numbers only, in every layout."""
    scene, day, deployment = held

    for layout in Layout:
        issued = publish(scene.office, day.person(Role.COMMANDER), [deployment], layout)

        assert [word for word in _FACES if word.encode() in issued.data] == []


def test_the_same_is_counted_once_everything_is_erased(tmp_path: Path) -> None:
    """R-36, R-59: alerts and list are gone, and the record says the same of them."""
    with a_day(tmp_path) as (scene, day):
        deployment = day.hold(SHORT)
        before = rows_of(scene, day, deployment)[0]
        scene.clock.forward(days=40)
        clocks.apply(scene.office)

        after = rows_of(scene, day, deployment)[0]

    assert after.alerts == before.alerts
    assert after.rates == before.rates
    assert after.afterwards.alerts_kept == 0
    assert after.afterwards.alerts_erased == 4
    assert (after.afterwards.stops, after.afterwards.minutes_held) == (3, Decimal(18))


def test_a_changed_threshold_splits_the_figures(tmp_path: Path) -> None:
    """R-25: one row a threshold, each with its own time, faces and alerts."""
    with a_day(tmp_path) as (scene, day):
        first, second = rows_of(scene, day, day.hold(SPLIT))

    assert [each.searched.threshold for each in (first, second)] == [0.04, 0.05]
    assert [each.which.period for each in (first, second)] == [1, 2]
    assert [each.faces.faces_seen for each in (first, second)] == [400, 400]
    assert [each.alerts.alerts for each in (first, second)] == [1, 1]
    assert first.searched.searched_until == second.searched.searched_from
    assert second.searched.searched_until == SPLIT.begins + timedelta(minutes=120)


def test_what_goes_on_is_provisional_and_says_so(tmp_path: Path) -> None:
    with a_day(tmp_path) as (scene, day):
        live = day.begin(SHORT)
        day.search(live, SHORT)
        issued = publish(scene.office, day.person(Role.COMMANDER), [live], Layout.HTML)
        day.finish(live)
        final = rows_of(scene, day, scene.row(live))[0]

    assert issued.standing is Standing.PROVISIONAL
    assert issued.data.count(b"PROVISIONAL") == 2
    assert issued.data.count(b"(provisional)") == 8
    assert final.which.standing is Standing.FINAL
    assert final.which.state is DeploymentState.CLOSED


def test_what_an_urgent_authority_gathered_stays_counted_when_it_was_refused(
    tmp_path: Path,
) -> None:
    """R-8: the alert is erased before anybody could decide on it, and is not forgotten."""
    with a_day(tmp_path) as (scene, day):
        urgent = day.begin(SHORT, urgently=True)
        run = day.begin_run(urgent, 0.04)
        day.raise_alert(urgent, run, 0.04, "S-1")
        provisional = rows_of(scene, day, scene.row(urgent))[0]
        officer = day.person(Role.AUTHORISING_OFFICER)
        lifecycle.refuse(scene.office, officer, scene.row(urgent), "it was not necessary")
        row = rows_of(scene, day, scene.row(urgent))[0]

    assert (provisional.alerts.alerts_open, provisional.authorised.authority) == (1, "urgent")
    assert row.which.standing is Standing.FINAL
    assert (row.alerts.alerts, row.alerts.erased_without_outcome) == (1, 1)
    assert (row.afterwards.alerts_kept, row.afterwards.alerts_erased) == (0, 1)
    assert row.faces.runs_without_figures == 1, "its run never ended"
    assert row.rates.false_per_alert_percent is None


def test_people_withdrawn_before_it_began_are_not_missing_from_the_list(tmp_path: Path) -> None:
    with a_day(tmp_path) as (scene, day):
        live = day.begin(SHORT)
        governance.withdraw(scene.office, day.person(Role.APPLICANT), live, "S-3", "found today")
        scene.clock.forward(minutes=1)
        day.begin_run(live, 0.04)
        row = rows_of(scene, day, scene.row(live))[0]

    assert row.authorised.approved_subjects == 3
    assert (row.searched.listed_subjects, row.searched.withdrawn_subjects) == (2, 1)


def test_a_rehearsal_has_no_public_record(held: tuple[Scene, Day, DeploymentRow]) -> None:
    scene, _, deployment = held

    with pytest.raises(LifecycleError, match="A rehearsal has no public record"):
        record_of(scene.office, replace(deployment, kind=DeploymentKind.REHEARSAL))


def test_what_never_searched_has_no_record(tmp_path: Path) -> None:
    with a_day(tmp_path) as (scene, day):
        draft = day.draft(SHORT)

        with pytest.raises(LifecycleError, match="nothing has been searched"):
            record_of(scene.office, draft)


def test_seeded_alerts_are_in_no_public_figure(tmp_path: Path) -> None:
    """R-53: whoever consented to be listed for testing is counted apart."""
    with a_day(tmp_path) as (scene, day):
        row = rows_of(scene, day, day.hold(replace(SHORT, false=0, seeded=2)))[0]

    assert (row.alerts.alerts, row.alerts.seeded_alerts) == (3, 2)
    assert row.alerts.true_unconfirmed == 1
    assert row.rates.false_per_alert_of == 3
    assert row.afterwards.alerts_kept == 5


def test_it_is_on_the_log_with_its_hash_and_tied_to_the_log_before_it(
    held: tuple[Scene, Day, DeploymentRow],
) -> None:
    scene, day, deployment = held
    issued = publish(scene.office, day.person(Role.AUDITOR), [deployment], Layout.CSV)

    entry = entries(scene.office)[-1]

    tied = issued.rows[0].tied
    assert entry["event"] == "record.published"
    assert entry["data"] == {
        "deployment": deployment.deployment_id,
        "layout": "csv",
        "standing": "final",
        "sha256": issued.sha256,
        "log_size": tied.log_size,
    }
    assert tied.log_size == entry["index"]
    assert tied.log_key == scene.office.log.verifier


def test_who_may_not_publish_gets_nothing(held: tuple[Scene, Day, DeploymentRow]) -> None:
    scene, day, deployment = held

    with pytest.raises(PermissionDenied):
        publish(scene.office, day.person(Role.OPERATOR), [deployment], Layout.CSV)

    assert entries(scene.office)[-1]["event"] == "act.refused"


def test_the_drawn_day_has_the_published_figures() -> None:
    """Croydon in January 2024: 66 alerts, 65 true, 1 false, 29 arrests, 8,726 faces."""
    endings = [outcome for shift in CROYDON for outcome in shift.endings]

    assert len(endings) == 66
    assert sum(each.true_alert for each in endings) == 65
    assert sum(each.disposal is Disposal.ARREST for each in endings) == 29
    assert sum(shift.faces for shift in CROYDON) == 8_726


def test_values_by_column_make_the_row_again(row: Row) -> None:
    values = values_of(row)

    assert list(values) == [column.name for column in COLUMNS]
    assert row_of(values) == row


@given(st.integers(0, 10**6), st.integers(1, 10**7))
def test_a_percentage_is_the_nearest_and_half_goes_up(count: int, of: int) -> None:
    """R-54: no digit is cut off."""
    shown = percent(count, of)

    assert shown is not None
    off = shown * of - 100 * count  # exact
    assert abs(off) * 2 <= Decimal("0.000001") * of
    assert rounded(2 * Fraction("0.0000005"), Decimal("0.000001")) == Decimal("0.000001")
    assert rounded(Fraction("0.0000005"), Decimal("0.000001")) == Decimal("0.000001")


@given(st.integers(0, 500), st.integers(0, 500))
def test_an_interval_holds_its_rate(count: int, more: int) -> None:
    low, high = interval_percent(count, count + more)
    shown = percent(count, count + more)

    assert shown is None or low <= shown <= high


def test_what_was_read_of_the_log_is_not_read_again(
    held: tuple[Scene, Day, DeploymentRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, _, deployment = held
    journal, begun = scene.office.record.journal, list[int]()
    log = LogSoFar(journal, LogFigures(journal))
    afresh, size = record_of(scene.office, deployment), journal.tree().size
    entries = Journal.entries

    def entries_from(
        self: Journal, start: int = 0, end: int | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        begun.append(start)
        return entries(self, start, end)

    monkeypatch.setattr(Journal, "entries", entries_from)
    first, again = (record_of(scene.office, deployment, log) for _ in range(2))

    assert first == again == afresh
    assert begun == [0, 0, size]  # the deployment's own, the figures', and nothing more
