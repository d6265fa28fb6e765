"""A record that does not add up is refused, with the contradiction named (R-59)."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from bench.drawn_day import Day
from hypothesis import given, settings
from hypothesis import strategies as st
from published import SHORT, SPLIT, a_day, drawn_rows, spoilt

from acts import Scene, change_behind
from overt.audit.events import AlertClosed
from overt.errors import PublicationError
from overt.publication.columns import COLUMNS, Outcome, Row, Standing
from overt.publication.layouts import Layout
from overt.publication.publishing import publish
from overt.publication.reconcile import CHECKS, COUNTED_TWICE, contradictions
from overt.storage import DeploymentRow
from overt.vocabulary import DeploymentState, Disposal, Role


@pytest.fixture(scope="module")
def rows() -> tuple[Row, ...]:
    """The rows of a deployment with two thresholds, and then of one with one."""
    return drawn_rows()


@pytest.fixture(scope="module")
def row(rows: tuple[Row, ...]) -> Row:
    return rows[-1]


def _found(*rows: Row) -> list[tuple[str, int]]:
    return [(each.check, each.row) for each in contradictions([*enumerate(rows, 2)])]


def test_what_was_done_adds_up(rows: tuple[Row, ...]) -> None:
    assert _found(*rows) == []


_BEGUN = SHORT.begins
_LATER = _BEGUN + timedelta(days=9)
_TWO_ARRESTS = (
    (Outcome(False, True, True, "no action"), 1),
    (Outcome(True, False, False, "not engaged"), 1),
    (Outcome(True, True, True, "arrest"), 2),
    (Outcome(True, True, True, "conditions checked"), 1),
)

SPOILT: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("an outcome is missing", "every-alert-has-one-outcome", {"alerts": 5}),
    (
        "an alert has two outcomes",
        "every-alert-has-one-outcome",
        {
            "outcomes": _TWO_ARRESTS,
            "arrest": 2,
            "engaged": 4,
            "true_confirmed": 3,
            "alerts_decided": 5,
        },
    ),
    (
        "categories are not exclusive",
        "outcomes-are-exclusive",
        {"conditions_checked": 2},
    ),
    (
        "true and false do not make all",
        "true-and-false-make-all",
        {"true_unconfirmed": 2},
    ),
    (
        "the rate is cut off",
        "rates-are-their-arithmetic",
        {"false_per_face_percent": Decimal("0.089046")},
    ),
    (
        "the date is outside the authority",
        "inside-the-authority",
        {
            "searched_from": _BEGUN - timedelta(days=365),
            "searched_until": _BEGUN - timedelta(days=364),
        },
    ),
    (
        "it went on after the authority",
        "inside-the-authority",
        {"searched_until": _BEGUN + timedelta(hours=8, minutes=3)},
    ),
    ("nobody had given authority", "inside-the-authority", {"authority_given_at": None}),
    ("the list has another size", "list-as-approved", {"listed_subjects": 19_199}),
    ("the list has lost somebody", "list-as-approved", {"listed_subjects": 2}),
    ("the list has another picture", "list-as-approved", {"listed_references": 2}),
    (
        "the threshold is below the floor",
        "threshold-not-below-the-floor",
        {"threshold_floor": 0.05},
    ),
    (
        "the threshold is below the authorised one",
        "threshold-as-authorised",
        {"threshold": 0.03},
    ),
    (
        "fewer faces were searched than alerted",
        "alerts-were-searched",
        {"faces_searched": 3},
    ),
    (
        "more faces were searched than seen",
        "faces-searched-were-seen",
        {"faces_searched": 1_124},
    ),
    ("an alert has vanished", "erased-and-kept-make-all", {"alerts_kept": 3}),
    ("the purpose is one string for all", "one-use-case", {"use_case": "1,2,3,4"}),
    ("the purpose is a number", "one-use-case", {"use_case": "1"}),
    ("the purpose is not in the policy", "one-use-case", {"use_case_wording": ""}),
    (
        "what goes on is called final",
        "final-means-over",
        {"state": DeploymentState.LIVE},
    ),
    (
        "what is over is called provisional",
        "final-means-over",
        {"standing": Standing.PROVISIONAL},
    ),
    (
        "a final record has an open alert",
        "final-means-over",
        {"alerts": 5, "alerts_open": 1},
    ),
    ("it was searched without authority", "final-means-over", {"authority": "none"}),
    ("somebody engaged was never stopped", "stops-fit-engagements", {"stops": 2}),
    (
        "one stop lasted longer than all",
        "stops-fit-engagements",
        {"longest_stop_minutes": Decimal("19.0")},
    ),
    (
        "the runs lasted too long",
        "time-searched-fits",
        {"searched_minutes": Decimal(400)},
    ),
    ("there was no run", "time-searched-fits", {"runs": 0}),
    ("the coverage is cut off", "coverage-is-its-arithmetic", {"frames_dropped": 0}),
    ("a camera's loss is forgotten", "losses-are-their-causes", {"losses": 2}),
    ("a cause is forgotten", "losses-are-their-causes", {"losses_by_cause": "2 stopped sending"}),
    (
        "it was reviewed before it ended",
        "reviewed-after-the-end",
        {"state": DeploymentState.REVIEWED, "reviewed_at": _BEGUN},
    ),
    ("it was reviewed and is not", "reviewed-after-the-end", {"reviewed_at": _LATER}),
    ("it belongs to no log", "tied-to-the-log", {"log_root": ""}),
    ("its definitions are unknown", "known-definitions", {"layout_version": 2}),
    ("its faces are counted otherwise", "known-definitions", {"faces_definition": "x"}),
    ("a figure is below nothing", "counts-are-counts", {"deletions_done": -1}),
    (
        "a true alert was confirmed unseen",
        "outcomes-make-sense",
        {"outcomes": ((Outcome(True, True, False, "not engaged"), 4),)},
    ),
    (
        "a false alert led to an arrest",
        "outcomes-make-sense",
        {"outcomes": ((Outcome(False, True, True, "arrest"), 4),)},
    ),
    (
        "somebody not engaged was arrested",
        "outcomes-make-sense",
        {"outcomes": ((Outcome(True, False, False, "arrest"), 4),)},
    ),
    (
        "a disposal is nobody's word",
        "outcomes-make-sense",
        {"outcomes": ((Outcome(True, True, True, "other"), 4),)},
    ),
    ("a period is missing", "every-period-once", {"periods": 2}),
)
"""What is wrong, which check names it, and what is changed for it."""


@pytest.mark.parametrize(
    ("check", "changes"), [each[1:] for each in SPOILT], ids=[each[0] for each in SPOILT]
)
def test_every_contradiction_is_named_with_its_row(
    rows: tuple[Row, ...], row: Row, check: str, changes: dict[str, Any]
) -> None:
    bad = spoilt(row, **changes)

    assert (check, 4) in _found(*rows[:-1], bad)
    assert {number for _, number in _found(*rows[:-1], bad)} == {4}


def test_periods_that_overlap_or_are_twice_or_differ_are_named(rows: tuple[Row, ...]) -> None:
    first, second, _ = rows
    early = spoilt(second, searched_from=SPLIT.begins + timedelta(minutes=30))
    elsewhere = spoilt(second, location="Brixton")
    before = spoilt(second, standing=Standing.PROVISIONAL, state=DeploymentState.LIVE)

    assert ("periods-follow-one-another", 3) in _found(first, early)
    assert ("every-period-once", 2) in _found(first, first)
    assert ("the-same-throughout", 3) in _found(first, elsewhere)
    assert ("the-same-throughout", 3) in _found(first, before)


def test_every_check_is_tried_here_and_says_what_it_holds() -> None:
    tried = {check for _, check, _ in SPOILT} | {COUNTED_TWICE}
    tried |= {"periods-follow-one-another", "the-same-throughout"}

    assert tried == set(CHECKS)
    assert all(words.endswith(".") for words in CHECKS.values())


_FIGURES = [each for each in COLUMNS if each.kind is int and each.part in {"alerts", "rates"}]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(_FIGURES), st.integers(-3, 5000))
def test_no_figure_of_alerts_or_rates_can_change_alone(
    rows: tuple[Row, ...], column: Any, value: int
) -> None:
    """Every such figure is held by another one."""
    row = rows[-1]
    if value == column.of(row):
        return

    assert _found(spoilt(row, **{column.name: value})) != []


# --- records that were changed behind Overt's back ----------------------------------------------


def _without_an_outcome(scene: Scene, row: DeploymentRow) -> None:
    change_behind(scene.office, "DELETE FROM outcomes WHERE alert_id = ?", _alert(scene, row))


def _with_another_outcome(scene: Scene, row: DeploymentRow) -> None:
    statement = "UPDATE outcomes SET disposal = 'CONDITIONS_CHECKED' WHERE alert_id = ?"
    change_behind(scene.office, statement, _alert(scene, row))


def _with_two_outcomes(scene: Scene, row: DeploymentRow) -> None:
    event = AlertClosed(_alert(scene, row), True, True, True, "safeguarded")
    scene.office.note(event)


def _with_an_alert_less(scene: Scene, row: DeploymentRow) -> None:
    change_behind(scene.office, "DELETE FROM alerts WHERE alert_id = ?", _alert(scene, row))


def _before_its_window(scene: Scene, row: DeploymentRow) -> None:
    change_behind(scene.office, "UPDATE runs SET started_at = '2023-01-23 10:00:00.000000'")


def _with_a_longer_list(scene: Scene, row: DeploymentRow) -> None:
    change_behind(scene.office, "UPDATE runs SET watchlist_subjects = 19199")


def _with_fewer_faces(scene: Scene, row: DeploymentRow) -> None:
    statement = "UPDATE runs SET statistics = json_set(statistics, '$.faces_seen', 2)"
    change_behind(scene.office, statement)


def _with_a_lower_threshold(scene: Scene, row: DeploymentRow) -> None:
    terms = json.dumps({**row.terms, "threshold": 0.05})
    change_behind(scene.office, "UPDATE deployments SET terms = ?", terms)


def _without_a_run(scene: Scene, row: DeploymentRow) -> None:
    change_behind(scene.office, "UPDATE runs SET deployment_id = NULL")


def _alert(scene: Scene, row: DeploymentRow) -> str:
    places = scene.office.record.alerts.places_of(row.deployment_id)
    found = [scene.office.record.reviews.outcome(each.alert_id) for each in places]
    return next(it.alert_id for it in found if it and it.disposal is Disposal.ARREST)


_BEHIND: dict[Callable[[Scene, DeploymentRow], None], tuple[str, str]] = {
    _without_an_outcome: (COUNTED_TWICE, "the record says nothing, the log true / confirmed"),
    _with_another_outcome: (COUNTED_TWICE, "alerts closed as “arrest”"),
    _with_two_outcomes: (COUNTED_TWICE, "arrest and true / confirmed / engaged / safeguarded"),
    _with_an_alert_less: (COUNTED_TWICE, "the record says 3, the log 4"),
    _before_its_window: ("inside-the-authority", "before its authority began"),
    _with_a_longer_list: ("list-as-approved", "19,199 people were listed, but 3 were approved"),
    _with_fewer_faces: ("faces-searched-were-seen", "only 2 seen"),
    _with_a_lower_threshold: ("threshold-as-authorised", "0.04 is below the 0.05"),
    _without_a_run: (COUNTED_TWICE, "runs: the record says 0, the log 1"),
}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Scene, Day, DeploymentRow]]:
    with a_day(tmp_path_factory.mktemp("office")) as (scene, day):
        yield scene, day, day.hold(SHORT)


@pytest.mark.parametrize("change", _BEHIND, ids=lambda each: each.__name__.strip("_"))
def test_a_record_that_was_changed_is_not_published(
    office: tuple[Scene, Day, DeploymentRow],
    tmp_path: Path,
    change: Callable[[Scene, DeploymentRow], None],
) -> None:
    """R-59: the export fails, and says which figure contradicts which."""
    scene, day, deployment = office
    person, before = day.person(Role.COMMANDER), tmp_path / "before.sqlite3"
    scene.office.record.back_up(before)
    check, words = _BEHIND[change]
    change(scene, deployment)
    size = scene.office.record.journal.tree().size

    with pytest.raises(PublicationError) as refused:
        publish(scene.office, person, [scene.row(deployment)], Layout.CSV)

    assert check in refused.value.message
    assert words in refused.value.message
    assert scene.office.record.journal.tree().size == size, "nothing was published"
    _put_back(scene, before)


def _put_back(scene: Scene, before: Path) -> None:
    """Leave the record as it was, for the next change."""
    with (
        closing(sqlite3.connect(before)) as whole,
        closing(sqlite3.connect(scene.office.home.database)) as record,
    ):
        whole.backup(record)
