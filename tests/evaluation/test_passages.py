"""Every passage has one outcome and every alert is one of somebody, whatever was seen."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overt.errors import OvertError
from overt.evaluation.clip_summary import Times, over_subjects, sum_up, told
from overt.evaluation.clips import AnnotatedPassage, TimedBox
from overt.evaluation.passage_results import AlertKind, CameraResult, Outcome, PassageResult
from overt.evaluation.passages import PairingRules, pair
from overt.evaluation.watching import Box, Look, Search, SeenFace, Watched
from overt.rates import Rate
from overt.runtime.counts import Counts
from overt.vocabulary import NotSearchable, WhyNoAlert

LEFT, RIGHT = (0.0, 0.0, 40.0, 50.0), (200.0, 0.0, 240.0, 50.0)
SMALL = (NotSearchable.TOO_SMALL,)


def passage(
    name: str, subject: str = "", box: Box | None = LEFT, **times: float
) -> AnnotatedPassage:
    """Return a passage from second 0 to 10, standing in one place if it has one."""
    first_s = times.get("first_s", 0.0)
    boxes = () if box is None else (TimedBox(first_s, box),)
    return AnnotatedPassage(name, subject, "gate", first_s, times.get("last_s", 10.0), boxes)


def search(
    time_s: float,
    best: str = "S-1",
    track: int = 1,
    why_not: WhyNoAlert | None = None,
    *,
    raised: bool | None = None,
) -> Search:
    """Return a search in which S-1 has rank 1, or is second to somebody else."""
    return Search(
        time_s=time_s,
        track_id=track,
        best_subject=best,
        best_score=0.05,
        rank={"S-1": 1 if best == "S-1" else 2},
        score={"S-1": 0.05 if best == "S-1" else 0.01},
        why_not=why_not,
        raised=why_not is None if raised is None else raised,
    )


def watched(faces: dict[float, list[SeenFace]], *searches: Search) -> Watched:
    """Return what a pipeline did, with the counts that it would have."""
    looks = tuple(Look(time_s, tuple(seen)) for time_s, seen in sorted(faces.items()))
    lengths = Counter(face.track_id for look in looks for face in look.faces)
    alerted = {each.track_id for each in searches if each.why_not is None}
    tracks = {track for track, length in lengths.items() if length >= 3} | alerted
    counts = Counts(
        frames=len(looks),
        faces_seen=len(tracks - {None}),
        faces_searched=len({each.track_id for each in searches} & tracks),
        alerts=sum(each.raised for each in searches),
        repeats=sum(each.why_not is None and not each.raised for each in searches),
    )
    return Watched("gate", 0.02, looks, searches, counts, frozenset({"S-1"}))


def seen(
    box: Box = LEFT, track: int | None = 1, seconds: int = 5, **of: object
) -> dict[float, list[SeenFace]]:
    """Return a face that stays in its place, looked at once a second."""
    why_not = of.get("why_not", ())
    assert isinstance(why_not, tuple)
    return {float(second): [SeenFace(box, track, why_not)] for second in range(seconds)}


def only(result: CameraResult) -> PassageResult:
    """Return the one passage there is, of a result that reconciles."""
    assert list(result.contradictions()) == []
    (one,) = result.passages
    return one


# --- what came of somebody listed -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (watched({}), Outcome.NOT_DETECTED),
        (watched(seen(RIGHT)), Outcome.NOT_DETECTED),
        (watched(seen(track=None)), Outcome.NOT_TRACKED),
        (watched(seen(seconds=2)), Outcome.NOT_TRACKED),
        (watched(seen(why_not=SMALL)), Outcome.NOT_SEARCHABLE),
        (watched(seen()), Outcome.NOT_SEARCHED),
        (watched(seen(), search(2, "S-9", why_not=WhyNoAlert.BELOW_THRESHOLD)), Outcome.WRONG_RANK),
        (watched(seen(), search(2, "S-9")), Outcome.WRONG_RANK),
        (
            watched(seen(), search(2, why_not=WhyNoAlert.BELOW_THRESHOLD)),
            Outcome.BELOW_THRESHOLD,
        ),
        (watched(seen(), search(2, why_not=WhyNoAlert.TOO_FEW_SHOTS)), Outcome.TOO_FEW_SHOTS),
        (watched(seen(), search(2, why_not=WhyNoAlert.SHOTS_DISAGREE)), Outcome.SHOTS_DISAGREE),
        (watched(seen(), search(2, raised=False)), Outcome.REPEATED),
        (watched(seen(seconds=15), search(12)), Outcome.LATE),
        (watched(seen(), search(2)), Outcome.ALERTED),
    ],
)
def test_a_listed_passage_ends_as_far_as_it_came(found: Watched, outcome: Outcome) -> None:
    assert only(pair(found, [passage("1", "S-1")])).outcome is outcome


def test_the_search_that_came_nearest_says_why_a_passage_was_missed() -> None:
    found = watched(
        seen(),
        search(1, "S-9", why_not=WhyNoAlert.BELOW_THRESHOLD),
        search(2, why_not=WhyNoAlert.SHOTS_DISAGREE),
        search(3, why_not=WhyNoAlert.BELOW_THRESHOLD),
    )

    one = only(pair(found, [passage("1", "S-1")]))

    assert one.outcome is Outcome.SHOTS_DISAGREE
    assert (one.best_subject, one.score, one.rank) == ("S-1", 0.05, 1)


def test_the_reason_that_most_detections_have_is_the_main_one() -> None:
    faces = seen(why_not=SMALL) | {5.0: [SeenFace(LEFT, 1, (NotSearchable.BLURRED,))]}

    one = only(pair(watched(faces), [passage("1", "S-1")]))

    assert one.main_reason is NotSearchable.TOO_SMALL
    assert one.not_searchable == {NotSearchable.TOO_SMALL: 5, NotSearchable.BLURRED: 1}


def test_somebody_who_could_not_be_enrolled_is_a_miss_of_its_own() -> None:
    one = only(pair(watched(seen(), search(2, "S-1")), [passage("1", "S-2")]))

    assert one.outcome is Outcome.NOT_ENROLLED
    assert one.seen


def test_time_to_alert_counts_from_when_the_face_could_be_seen_and_be_searched() -> None:
    faces = seen(why_not=SMALL, seconds=3) | {3.0: [SeenFace(LEFT, 1)], 4.0: [SeenFace(LEFT, 1)]}

    one = only(pair(watched(faces, search(4)), [passage("1", "S-1", first_s=0.5)]))

    assert one.first_detected_s == 1
    assert one.since_visible_s == 3.5
    assert one.since_searchable_s == 1


def test_an_alert_may_be_late_before_the_passage_ends() -> None:
    found = watched(seen(), search(4))

    one = only(pair(found, [passage("1", "S-1")], PairingRules(late_after_s=3)))

    assert one.outcome is Outcome.LATE
    assert one.alerted_s == 4


# --- what came of others, and of alerts -----------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (watched(seen(), search(2)), Outcome.FALSE_ALERT),
        (watched(seen(), search(2, why_not=WhyNoAlert.BELOW_THRESHOLD)), Outcome.NO_ALERT),
        (watched(seen(why_not=SMALL)), Outcome.NOT_SEARCHABLE),
        (watched({}), Outcome.NOT_DETECTED),
    ],
)
def test_an_unlisted_passage_alerts_falsely_or_not(found: Watched, outcome: Outcome) -> None:
    assert only(pair(found, [passage("1")])).outcome is outcome


def test_every_alert_is_of_one_kind() -> None:
    two = {float(s): [SeenFace(LEFT, 1), SeenFace(RIGHT, 2)] for s in range(9)}
    far = (400.0, 0.0, 440.0, 50.0)
    for second in range(9):
        two[float(second)].append(SeenFace(far, 3))
    found = watched(two, search(1), search(2, track=3), search(3, track=2), search(4, track=1))

    result = pair(found, [passage("1", "S-1"), passage("2", box=RIGHT)])

    assert [(each.kind, each.passage_id) for each in result.alerts] == [
        (AlertKind.TRUE, "1"),
        (AlertKind.OF_NOBODY, ""),
        (AlertKind.FALSE, "2"),
        (AlertKind.AGAIN, "1"),
    ]
    assert list(result.contradictions()) == []
    assert (result.faces_of_passages, result.faces_of_nobody) == (2, 1)


def test_a_track_that_slips_from_one_face_to_another_is_whose_it_was_last() -> None:
    faces = seen(LEFT, seconds=4) | {float(s): [SeenFace(RIGHT, 1)] for s in range(4, 9)}
    found = watched(faces, search(6))

    result = pair(found, [passage("1", "S-1"), passage("2", box=RIGHT)])

    assert [each.outcome for each in result.passages] == [
        Outcome.NOT_SEARCHED,
        Outcome.FALSE_ALERT,
    ]
    assert result.fused_tracks == 1


def test_a_face_that_goes_on_in_another_track_is_a_switch() -> None:
    faces = seen(LEFT, seconds=4) | {float(s): [SeenFace(LEFT, 2)] for s in range(4, 9)}

    one = only(pair(watched(faces), [passage("1", "S-1")]))

    assert (one.tracks, one.switches) == (2, 1)


def test_two_faces_close_together_are_paired_so_that_both_fit() -> None:
    near = (10.0, 0.0, 50.0, 50.0)
    faces = {float(s): [SeenFace(near, 2), SeenFace(LEFT, 1)] for s in range(4)}

    result = pair(
        watched(faces, search(2, track=2)), [passage("1", "S-1", near), passage("2", box=LEFT)]
    )

    assert [each.outcome for each in result.passages] == [Outcome.ALERTED, Outcome.NOT_SEARCHED]


def test_passages_of_other_cameras_are_left_out() -> None:
    assert pair(watched(seen()), [replace(passage("1"), camera="yard")]).passages == ()


# --- without boxes --------------------------------------------------------------------------------


def test_without_boxes_an_alert_as_somebody_in_view_is_taken_to_be_theirs() -> None:
    passages = [passage("1", "S-1", None), passage("2", box=None)]
    found = watched(seen(), search(2), search(3, "S-9"), search(4, "S-9"))

    result = pair(found, passages)

    assert [each.kind for each in result.alerts] == [
        AlertKind.TRUE,
        AlertKind.FALSE,
        AlertKind.OF_NOBODY,
    ]
    assert [each.outcome for each in result.passages] == [Outcome.ALERTED, Outcome.FALSE_ALERT]
    assert list(result.contradictions()) == []


def test_without_boxes_an_alert_a_moment_after_is_late_and_long_after_of_nobody() -> None:
    for time_s, kind in ((10.5, AlertKind.LATE), (12.0, AlertKind.OF_NOBODY)):
        result = pair(watched(seen(seconds=13), search(time_s)), [passage("1", "S-1", None)])

        assert [each.kind for each in result.alerts] == [kind]


def test_without_boxes_faces_of_somebody_with_boxes_do_not_count() -> None:
    found = watched(seen(), search(2, "S-9", why_not=WhyNoAlert.BELOW_THRESHOLD))

    result = pair(found, [passage("1", "S-1", None), passage("2", box=LEFT)])

    assert [each.outcome for each in result.passages] == [Outcome.NOT_DETECTED, Outcome.NO_ALERT]


# --- whatever was seen ----------------------------------------------------------------------------

_BOXES = st.sampled_from([LEFT, RIGHT, (30.0, 0.0, 70.0, 50.0), (35.0, 5.0, 75.0, 55.0)])
_FACES = st.builds(
    SeenFace,
    _BOXES,
    st.one_of(st.none(), st.integers(1, 4)),
    st.sampled_from([(), SMALL, (*SMALL, NotSearchable.BLURRED)]),
)


@st.composite
def _scenes(draw: st.DrawFn) -> tuple[Watched, list[AnnotatedPassage]]:
    faces: dict[float, list[SeenFace]] = {}
    for second in range(draw(st.integers(1, 12))):
        drawn = draw(st.lists(_FACES, max_size=4))
        faces[float(second)] = list({each.track_id: each for each in drawn}.values())
    tracks = sorted({f.track_id for s in faces.values() for f in s if f.track_id is not None})
    searches = [
        search(
            draw(st.integers(0, 12)),
            draw(st.sampled_from(["S-1", "S-9"])),
            draw(st.sampled_from(tracks)),
            draw(st.sampled_from([None, WhyNoAlert.BELOW_THRESHOLD, WhyNoAlert.SHOTS_DISAGREE])),
            raised=None,
        )
        for _ in range(draw(st.integers(0, 5)) if tracks else 0)
    ]
    passages = [
        passage(
            str(number),
            draw(st.sampled_from(["", "S-1", "S-2"])),
            draw(st.one_of(st.none(), _BOXES)),
            first_s=float(draw(st.integers(0, 5))),
            last_s=float(draw(st.integers(5, 12))),
        )
        for number in range(draw(st.integers(0, 4)))
    ]
    return watched(faces, *sorted(searches, key=lambda each: each.time_s)), passages


@given(_scenes())
def test_whatever_was_seen_all_is_accounted_for(
    scene: tuple[Watched, list[AnnotatedPassage]],
) -> None:
    found, passages = scene

    result = pair(found, passages)
    summary = sum_up([result])

    assert [each.passage for each in result.passages] == passages
    assert len(result.alerts) == found.counts.alerts
    assert sum(summary.listed.values()) + sum(summary.unlisted.values()) == len(passages)
    assert sum(summary.alerts.values()) == found.counts.alerts
    assert summary.tpir.of + summary.fpir.of == len(passages)
    assert result == pair(found, passages)
    for each in result.passages:
        assert (each.alerted_s is not None) == (each.outcome in {Outcome.ALERTED, Outcome.LATE})


# --- figures --------------------------------------------------------------------------------------


def _result(subject: str, outcome: Outcome) -> PassageResult:
    return PassageResult(passage("1", subject), outcome)


def test_figures_are_those_of_the_passages_by_hand() -> None:
    found = watched(
        {float(s): [SeenFace(LEFT, 1), SeenFace(RIGHT, 2)] for s in range(5)},
        search(2),
        search(3, "S-1", track=2),
    )
    result = pair(found, [passage("1", "S-1"), passage("2", box=RIGHT), passage("3", first_s=6)])

    summary = sum_up([result])

    assert (summary.tpir, summary.fpir) == (Rate(1, 1), Rate(1, 2))
    assert summary.fpir_of_searched == Rate(1, 1)
    assert summary.seen == Rate(2, 3)
    assert summary.false_a_thousand[0] == 500  # one of two faces seen
    assert summary.since_visible == Times(1, 2.0, 2.0, 2.0)
    assert summary.tpir_over_subjects is None
    figures = told([result], summary)["summary"]
    assert isinstance(figures, dict)
    assert figures["tpir"]["count"] == 1


def test_the_interval_over_subjects_is_as_wide_as_they_differ() -> None:
    alike = [_result(f"S-{n}", o) for n in range(20) for o in (Outcome.ALERTED, Outcome.LATE)]
    apart = [
        _result(f"S-{n}", Outcome.ALERTED if n < 10 else Outcome.NOT_DETECTED)
        for n in range(20)
        for _ in range(2)
    ]

    assert over_subjects(alike) == (0.5, 0.5)
    low, high = over_subjects(apart) or (0, 0)
    assert 0.25 <= low <= 0.35
    assert 0.65 <= high <= 0.75


def test_totals_that_contradict_each_other_give_no_figures() -> None:
    found = watched(seen(), search(2))
    found.counts.faces_seen += 1

    with pytest.raises(OvertError, match="does not reconcile"):
        sum_up([pair(found, [passage("1", "S-1")])])
