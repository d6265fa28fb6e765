"""A pipeline that is given another list and zone between two frames: who passes goes on passing."""

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from painted_people import PACK, WIDTH, Seen, Street, face_of, stay

from overt.capture import Zone
from overt.matching.gallery import Gallery
from overt.runtime.counts import Counts, since, total
from overt.runtime.pipeline import PipelineResult
from overt.values import Alert
from overt.vocabulary import NotSearchable

LISTED, STRANGER, OTHER = 1, 7, 8
LEFT_HALF = Zone(((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))
ADDED_UP = ("frames", "detections", "tracks_cut", "not_searchable")


def _gallery(*people: int) -> Gallery:
    return Gallery([f"P-{n}" for n in people], np.stack([face_of(n) for n in people]), PACK)


def _change(street: Street, *people: int, zone: Zone | None = None) -> Counts:
    """Give a street another list, and return what had been counted before."""
    before = total([street.pipeline.counts])
    changed = replace(street.pipeline._settings, zone=zone or Zone.whole())
    street.pipeline.change(changed, street.detector, _gallery(*people))
    return before


def _watch(street: Street, sights: Sequence[Sequence[Seen]], frame: int) -> list[PipelineResult]:
    """Watch what is seen from this frame on."""
    return [result for _, result in street.watch(sights, start_s=frame / 10)]


def _alerted(results: Sequence[PipelineResult]) -> list[Alert]:
    return [alert for result in results for alert in result.alerts]


def test_who_was_passing_is_searched_against_the_new_list_with_the_next_frame() -> None:
    street, standing = Street(), stay(STRANGER, 3.0)
    assert not _alerted(_watch(street, standing, 0))
    templated = len(street.extractor.templated)

    before = _change(street, STRANGER, OTHER)
    street.pipeline.watched = False
    first, *_ = _watch(street, standing[:1], len(standing))

    (alert,) = first.alerts
    assert alert.candidate.subject_id == f"P-{STRANGER}"
    assert alert.shots >= 2
    assert len(street.extractor.templated) <= templated + 1  # those shots were taken before
    counted = since(street.pipeline.counts, before)
    assert (counted.faces_seen, counted.faces_searched, counted.alerts) == (1, 1, 1)
    assert counted.carried == 1


def test_who_alerted_as_somebody_on_both_lists_does_not_alert_again_and_stays_shown() -> None:
    street, standing = Street(), stay(LISTED, 3.0)
    assert len(_alerted(_watch(street, standing, 0))) == 1

    _change(street, LISTED, OTHER)
    again = _watch(street, standing, len(standing))
    gone = _watch(street, [[] for _ in range(20)], 2 * len(standing))
    back = _watch(street, standing, 2 * len(standing) + 20)

    assert not _alerted([*again, *gone, *back])
    assert all(result.alerted for result in again)
    assert street.pipeline.counts.repeats == 1  # as another track, within half a minute


def test_who_alerted_as_somebody_who_is_listed_no_more_is_hidden_and_searched_anew() -> None:
    street, standing = Street(), stay(LISTED, 3.0)
    assert _watch(street, standing, 0)[-1].alerted

    _change(street, STRANGER, OTHER)
    hidden = _watch(street, standing, len(standing))
    assert not any(result.alerted for result in hidden)
    assert not _alerted(hidden)

    _change(street, LISTED)
    (alert,) = _alerted(_watch(street, standing, 2 * len(standing)))
    assert alert.candidate.subject_id == f"P-{LISTED}"


def test_shots_from_outside_the_new_zone_are_searched_no_more() -> None:
    """R-1: what the other authority does not cover is not compared with its list."""
    beyond = WIDTH * 3 / 4
    street, standing = Street(), stay(STRANGER, 3.0, x=beyond)
    assert not _alerted(_watch(street, standing, 0))
    templated = len(street.extractor.templated)

    before = _change(street, STRANGER, OTHER, zone=LEFT_HALF)
    after = _watch(street, standing, len(standing))

    assert not _alerted(after)
    assert len(street.extractor.templated) == templated
    assert all(result.looked_at_px[2] < WIDTH for result in after)
    assert since(street.pipeline.counts, before).faces_searched == 0


def test_an_alert_that_was_not_put_on_record_is_none() -> None:
    street, standing = Street(), stay(LISTED, 3.0)
    assert len(_alerted(_watch(street, standing, 0))) == 1

    _change(street, LISTED, OTHER)
    street.pipeline.forget(frozenset({f"P-{LISTED}"}))
    assert len(_alerted(_watch(street, standing, len(standing)))) == 1


@st.composite
def _walks(draw: st.DrawFn) -> list[list[Seen]]:
    """People who come and go, each at a place of their own."""
    seconds = draw(st.integers(5, 25))
    people = draw(st.lists(st.sampled_from([1, 2, 7, 8]), min_size=1, max_size=4, unique=True))
    stays = [
        (who, 90.0 + 150.0 * place, draw(st.integers(0, seconds)), draw(st.integers(1, seconds)))
        for place, who in enumerate(people)
    ]
    return [
        [Seen(who, x) for who, x, start, length in stays if start <= frame < start + length]
        for frame in range(seconds)
    ]


@settings(max_examples=15)
@given(_walks(), st.data())
def test_both_runs_figures_add_up_wherever_the_change_falls(
    walk: list[list[Seen]], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(walk)))
    whole, street = Street(), Street()
    whole.watch(walk)

    first = _watch(street, walk[:at], 0)
    before = _change(street, 1, 2, 3)  # the same list, so that all else is equal
    second = _watch(street, walk[at:], at)

    after, one = since(street.pipeline.counts, before), whole.pipeline.counts
    for name in ADDED_UP:
        assert getattr(before, name) + getattr(after, name) == getattr(one, name)
    for counted, results in ((before, first), (after, second)):
        assert counted.alerts == len(_alerted(results))
        assert counted.alerts <= counted.faces_searched <= counted.faces_seen
        assert counted.carried <= counted.faces_seen
    assert before.faces_seen + after.faces_seen - after.carried == one.faces_seen
    assert before.alerts + after.alerts == one.alerts
    assert before.carried == 0


_NUMBERS = {
    each.name: st.integers(0, 1000) for each in fields(Counts) if each.name != "not_searchable"
}
_COUNTS = st.builds(
    Counts,
    **_NUMBERS,
    not_searchable=st.dictionaries(st.sampled_from(NotSearchable), st.integers(1, 50)).map(
        lambda found: Counts().not_searchable + type(Counts().not_searchable)(found)
    ),
)


@given(_COUNTS, _COUNTS)
def test_what_was_counted_since_is_the_rest(before: Counts, after: Counts) -> None:
    assert since(total([before, after]), before) == after
