"""What is stored is read back exactly."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from example_records import (
    NOON,
    a_reference,
    a_run,
    a_subject,
    a_watchlist,
    alerts,
    an_alert,
    begun,
    moments,
    qualities,
    raised,
    reals,
    recorded,
    saved,
    some_statistics,
    statistics,
    texts,
)
from overt.errors import StorageError
from overt.storage import End, Record
from overt.values import Alert, Quality, Reference, RunStatistics, Watchlist
from overt.vocabulary import DeploymentKind, RunEnding

few = settings(max_examples=40, deadline=None)


@few
@given(alert=alerts)
def test_an_alert_is_read_back_exactly_as_it_was_raised(record: Record, alert: Alert) -> None:
    run, alert = begun(record), replace(alert, alert_id=uuid4().hex)
    stored = raised(record, run, alert)
    assert stored == record.alerts.find(alert.alert_id)
    assert stored.erase_after == NOON + timedelta(days=31)
    assert stored.entry == record.watchlists.pseudonym(alert.candidate.subject_id)
    assert stored.alert == alert
    assert (stored.run_id, stored.deployment, stored.number) == (run.run_id, run.deployment, 1)


@few
@given(score=reals, low=st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_score_keeps_every_bit_whatever_float_it_came_as(
    record: Record, score: float, low: float
) -> None:
    run = begun(record)
    scores: dict[str, Any] = {
        "comparison_score": np.float64(score),
        "normalised_score": np.float32(low),
    }
    candidate = replace(an_alert().candidate, **scores)
    stored = raised(record, run, an_alert(candidate=candidate)).alert.candidate
    assert stored.comparison_score == score
    assert np.float32(stored.normalised_score) == np.float32(low)
    assert type(stored.normalised_score) is float


def test_an_alert_given_twice_is_stored_once(record: Record) -> None:
    run, alert = begun(record), an_alert()
    first = raised(record, run, alert)
    assert raised(record, run, alert) == first
    assert record.alerts.of_run(run.run_id) == [first]


def test_two_different_alerts_of_one_id_are_refused_and_the_first_is_kept(record: Record) -> None:
    run, alert = begun(record), an_alert()
    first = raised(record, run, alert)
    with pytest.raises(StorageError, match="same id"):
        raised(record, run, replace(alert, camera="another"))
    assert record.alerts.of_run(run.run_id) == [first]


def test_alerts_are_numbered_within_their_run_in_the_order_they_were_stored(
    record: Record,
) -> None:
    one, other = begun(record), begun(record)
    given_in_order = [an_alert() for _ in range(4)]
    for alert, run in zip(given_in_order, (one, other, one, one), strict=True):
        raised(record, run, alert)
    listed = record.alerts.of_run(one.run_id)
    assert [stored.number for stored in listed] == [1, 2, 3]
    assert [stored.alert for stored in listed] == [given_in_order[at] for at in (0, 2, 3)]
    assert {stored.run_id for stored in record.alerts.of_run()} >= {one.run_id, other.run_id}


def test_an_alert_needs_a_run_of_its_own_kind(record: Record) -> None:
    with pytest.raises(StorageError, match="no rehearsal run"):
        raised(record, a_run(), an_alert())
    run = begun(record)
    with pytest.raises(StorageError, match="no live run"):
        raised(record, run, an_alert(kind=DeploymentKind.LIVE))


def test_an_alert_is_found_by_the_beginning_of_its_id(record: Record) -> None:
    run = begun(record)
    for alert_id in ("zq-1", "zq-12", "zq-2", "zq%3"):
        raised(record, run, an_alert(alert_id=alert_id))
    assert record.alerts.find("zq-2").alert.alert_id == "zq-2"
    assert record.alerts.find("zq-1").alert.alert_id == "zq-1", "a whole id is never ambiguous"
    assert record.alerts.find("zq%").alert.alert_id == "zq%3", "no character is a wildcard"
    with pytest.raises(StorageError, match="4 ids begin with"):
        record.alerts.find("zq")
    for nothing in ("", "none-such", "ZQ-2", "z_-2"):
        with pytest.raises(StorageError, match="no alert whose id begins"):
            record.alerts.find(nothing)


@few
@given(
    text=texts,
    moment=moments,
    counted=statistics,
    authority=st.dictionaries(texts, texts, max_size=3),
)
def test_a_run_is_read_back_exactly_from_beginning_to_end(
    record: Record, text: str, moment: object, counted: RunStatistics, authority: dict[str, str]
) -> None:
    run = begun(record, deployment_text=text, started_at=moment, authority=authority)
    assert record.runs.find(run.run_id) == run
    end = End(NOON, RunEnding.STOPPED, text, counted)
    with recorded(record):
        record.runs.end(run.run_id, end)
    assert record.runs.find(run.run_id[:16]) == replace(
        run, ended_at=NOON, ending=RunEnding.STOPPED, ending_reason=text, statistics=counted
    )


def test_a_run_begins_once_and_ends_once(record: Record) -> None:
    run = begun(record)
    with pytest.raises(StorageError, match="recorded before"), recorded(record):
        record.runs.begin(run)
    end = End(NOON, RunEnding.COMPLETED, statistics=some_statistics())
    with recorded(record):
        record.runs.end(run.run_id, end)
    for run_id in (run.run_id, "none-such"):
        with pytest.raises(StorageError, match="still open"), recorded(record):
            record.runs.end(run_id, end)


def test_runs_are_listed_from_the_earliest(record: Record) -> None:
    late = begun(record, started_at=NOON + timedelta(days=9))
    early = begun(record, started_at=NOON - timedelta(days=9))
    ids = [run.run_id for run in record.runs.all()]
    assert ids.index(early.run_id) < ids.index(late.run_id)


def same_reference(one: Reference, other: Reference) -> bool:
    plain = [replace(reference, template=np.zeros(1, np.float32)) for reference in (one, other)]
    fields = [
        {name: getattr(reference, name) for name in Reference.__slots__ if name != "template"}
        for reference in plain
    ]
    return fields[0] == fields[1] and one.template.tobytes() == other.template.tobytes()


def assert_same(one: Watchlist, other: Watchlist) -> None:
    assert (one.watchlist_id, one.pack_id) == (other.watchlist_id, other.pack_id)
    assert one.subjects == other.subjects
    assert all(map(same_reference, one.references, other.references))
    assert len(one.references) == len(other.references)


@few
@given(
    words=texts,
    template=arrays.arrays(np.float32, st.integers(0, 64)),
    quality=qualities,
    when=st.dates(),
    picture=st.binary(max_size=50),
)
def test_a_watchlist_is_read_back_bit_for_bit_and_in_its_order(
    record: Record,
    words: str,
    template: np.ndarray[tuple[int], np.dtype[np.float32]],
    quality: Quality,
    when: object,
    picture: bytes,
) -> None:
    subjects = (a_subject(2, name=words), a_subject(1, reason=words))
    references = (
        a_reference(9, 1, template=template, quality=quality),
        a_reference(3, 2, picture_date=when, picture_jpeg=picture, picture_source=words),
    )
    watchlist = Watchlist(uuid4().hex, words, subjects, references)
    saved(record, watchlist)
    saved(record, watchlist)
    loaded = record.watchlists.load(watchlist.watchlist_id)
    assert loaded is not None
    assert_same(watchlist, loaded)


def test_an_empty_watchlist_is_still_a_watchlist(record: Record) -> None:
    saved(record, Watchlist("empty", "standard@1", (), ()))
    loaded = record.watchlists.load("empty")
    assert loaded is not None
    assert (loaded.subjects, loaded.references) == ((), ())


def test_a_watchlist_that_was_never_saved_is_none(record: Record) -> None:
    assert record.watchlists.load("none-such") is None
    assert record.watchlists.enrolled("none-such", "R-1") is None


def test_one_reference_is_found_with_its_subject(record: Record) -> None:
    watchlist = a_watchlist("found")
    saved(record, watchlist)
    found = record.watchlists.enrolled("found", "R-3")
    assert found is not None
    assert found.subject == watchlist.subjects[1]
    assert same_reference(found.reference, watchlist.references[2])
    assert record.watchlists.enrolled("found", "R-99") is None


def test_templates_are_stored_little_endian_whatever_they_came_as(record: Record) -> None:
    big_endian = np.array([1.5, -2.25], ">f4")
    reference = a_reference(1, 1, template=big_endian)
    saved(record, Watchlist("endian", "p", (a_subject(1),), (reference,)))
    loaded = record.watchlists.load("endian")
    assert loaded is not None
    assert loaded.references[0].template.dtype == np.float32
    assert loaded.references[0].template.tolist() == [1.5, -2.25]


def test_a_reference_without_its_subject_is_refused_whole(record: Record) -> None:
    orphan = Watchlist("orphan", "p", (a_subject(1),), (a_reference(1, 2),))
    with pytest.raises(StorageError, match="refused"):
        saved(record, orphan)
    assert record.watchlists.load("orphan") is None
