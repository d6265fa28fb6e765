"""One camera's pipeline: one track, at most one alert, and nothing of anybody else."""

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from painted_people import (
    HEIGHT,
    WIDTH,
    Seen,
    Street,
    face_of,
    film,
    resembling_person_1,
    stay,
    who_is_on,
)

from overt.capture import Zone
from overt.matching.decision import DecisionPolicy, Evidence, weigh
from overt.matching.gallery import Gallery
from overt.runtime.passages import AlertedBefore
from overt.runtime.pipeline import PipelineResult
from overt.values import Alert, Frame, Probe, RGBImage
from overt.vocabulary import NotSearchable

Watched = list[tuple[Frame, PipelineResult]]
LISTED, STRANGER = 1, 7
LEFT_HALF = Zone(((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))


def _alerts(watched: Watched) -> list[Alert]:
    return [alert for _, result in watched for alert in result.alerts]


def _people_marked(watched: Watched) -> set[int]:
    """Return who stands where a face was marked as alerted."""
    marked = set()
    for frame, result in watched:
        for index in result.alerted:
            x1, y1, x2, y2 = result.boxes_px[index].astype(int)
            marked.add(who_is_on(frame.image[y1:y2, x1:x2]))
    return marked


def test_a_passage_of_somebody_listed_raises_one_alert() -> None:
    street = Street()

    watched = street.watch(stay(LISTED, 6.0))

    (alert,) = _alerts(watched)
    assert alert.candidate.subject_id == "P-1"
    assert alert.runner_up is not None
    assert alert.threshold == 0.5
    assert alert.policy_version == "test 1"
    assert alert.latency_s > 0
    assert list(alert.zone_px) == [(0, 0), (WIDTH, 0), (WIDTH, HEIGHT), (0, HEIGHT)]
    assert street.pipeline.counts.alerts == street.pipeline.counts.faces_searched == 1


def test_a_passage_of_somebody_unlisted_raises_none() -> None:
    street = Street()

    assert not _alerts(street.watch(stay(STRANGER, 6.0)))
    assert street.pipeline.counts.faces_searched == 1


def test_one_shot_is_not_enough() -> None:
    street = Street()  # a second shot would come a quarter of a second later

    assert not _alerts(street.watch(stay(LISTED, 0.2)))
    assert street.extractor.templated == [LISTED]


def _people(draw: st.DrawFn) -> list[Seen]:
    return [
        Seen(
            who=draw(st.sampled_from([1, 2, 3, 7, 8, 9])),
            x=draw(st.integers(0, WIDTH)),
            y=draw(st.sampled_from([60.0, 170.0])),
            size=draw(st.integers(24, 80)),
            score=draw(st.sampled_from([0.35, 0.6, 0.9])),
        )
        for _ in range(draw(st.integers(0, 5)))
    ]


@st.composite
def _scenes(draw: st.DrawFn) -> list[list[Seen]]:
    """Cuts from scene to scene, each of people who drift about for a while."""
    sights: list[list[Seen]] = []
    for _ in range(draw(st.integers(1, 3))):
        people, drift = _people(draw), draw(st.integers(-6, 6))
        steps = range(draw(st.integers(1, 12)))
        sights += [[replace(p, x=p.x + step * drift) for p in people] for step in steps]
    return sights


@settings(max_examples=25)
@given(_scenes(), st.sampled_from([Zone.whole(), LEFT_HALF]))
def test_whatever_passes_no_track_alerts_twice_and_no_stranger_is_shown(
    scenes: list[list[Seen]], zone: Zone
) -> None:
    street = Street(zone=zone)

    watched = street.watch(scenes)

    alerts = _alerts(watched)
    counts = street.pipeline.counts
    assert len({alert.track_id for alert in alerts}) == len(alerts) == counts.alerts
    assert counts.alerts <= counts.faces_searched <= counts.faces_seen
    for alert in alerts:
        assert alert.candidate.normalised_score >= 0.5
        assert alert.shots >= 2
        assert 2 * alert.agreeing > alert.shots
    assert _people_marked(watched) <= {int(a.candidate.subject_id[2:]) for a in alerts}


@settings(max_examples=25)
@given(_scenes())
def test_a_view_is_told_of_every_face_that_was_detected(scenes: list[list[Seen]]) -> None:
    street, eyes = Street(), Street().detector

    for frame, result in street.watch(scenes):
        told = {tuple(box) for box in result.boxes_px.tolist()}
        assert told >= {tuple(face.box_px.tolist()) for face in eyes.detect(frame.image)}
        assert result.alerted <= set(range(len(result.boxes_px)))


def test_a_face_outside_the_zone_is_counted_and_never_templated() -> None:
    street = Street(zone=LEFT_HALF)
    beyond = WIDTH / 2 + 10  # within the margin in which faces are detected

    watched = street.watch(stay(LISTED, 3.0, x=beyond))

    assert street.extractor.templated == []
    assert not _alerts(watched)
    assert street.pipeline.counts.not_searchable == {NotSearchable.OUTSIDE_ZONE: 30}
    assert all(len(result.boxes_px) == 1 for _, result in watched)


def test_what_is_far_outside_the_zone_is_not_even_looked_at() -> None:
    street = Street(zone=LEFT_HALF)

    ((_, result),) = street.watch([[Seen(LISTED, WIDTH - 60)]])

    margin = 2 * 20
    assert street.detector.shown == [(HEIGHT, WIDTH // 2 + margin, 3)]
    assert result.looked_at_px == (0, 0, WIDTH // 2 + margin, HEIGHT)
    assert len(result.boxes_px) == 0


def test_boxes_are_in_the_whole_picture_s_pixels_when_only_a_part_is_looked_at() -> None:
    right = Zone(((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)))
    street = Street(zone=right)

    watched = street.watch(stay(LISTED, 1.0, x=500))

    assert watched[0][1].boxes_px.tolist() == [[470, 90, 530, 150]]
    (alert,) = _alerts(watched)
    assert alert.box_px == (470, 90, 530, 150)


def test_the_zone_is_a_share_of_the_picture_whatever_size_it_has_by_now() -> None:
    street = Street(zone=LEFT_HALF)
    sights = [[Seen(LISTED, 200.0), Seen(STRANGER, WIDTH - 60.0)]] * 10
    larger = [
        replace(frame, image=frame.image.repeat(2, axis=0).repeat(2, axis=1))
        for frame in film(sights, start_s=1.0)
    ]

    results = [street.pipeline.process(frame) for frame in [*film(sights), *larger]]

    margin = 2 * 20
    assert street.detector.shown[0] == (HEIGHT, WIDTH // 2 + margin, 3)
    assert street.detector.shown[-1] == (2 * HEIGHT, WIDTH + margin, 3)
    assert set(street.extractor.templated) == {LISTED}
    assert [340, 180, 460, 300] in results[-1].boxes_px.tolist()
    assert sum(len(result.alerts) for result in results) == 1, "it is one passage"


def test_the_same_face_a_moment_later_raises_no_second_alert() -> None:
    street = Street(repeat_s=5.0)

    first = street.watch(stay(LISTED, 2.0, x=100))
    again = street.watch(stay(LISTED, 2.0, x=500), start_s=4.0)

    assert len(_alerts(first)) == 1
    assert not _alerts(again)
    assert street.pipeline.counts.repeats == 1
    assert _people_marked(again) == {LISTED}


def test_the_same_face_much_later_does() -> None:
    street = Street(repeat_s=5.0)

    for start_s in (0.0, 8.0):
        assert len(_alerts(street.watch(stay(LISTED, 2.0), start_s=start_s))) == 1


def test_a_stranger_s_false_alert_does_not_keep_the_true_one_from_being_raised() -> None:
    street = Street(look=resembling_person_1)

    stranger = _alerts(street.watch(stay(STRANGER, 2.0, x=100)))
    somebody_else = _alerts(street.watch(stay(8, 2.0, x=500), start_s=4.0))

    assert [a.candidate.subject_id for a in stranger + somebody_else] == ["P-1", "P-1"]


def test_a_track_that_slips_onto_another_face_is_cut_and_takes_no_evidence_along() -> None:
    street = Street()

    watched = street.watch(stay(LISTED, 0.2) + stay(STRANGER, 3.0) + stay(8, 1.0))

    assert street.pipeline.counts.tracks_cut == 2
    assert not _alerts(watched)


@pytest.mark.parametrize("score", [0.9, 0.35])
def test_a_track_that_slips_after_its_alert_shows_nobody_else(score: float) -> None:
    street = Street()
    stranger = [[Seen(STRANGER, 300.0, score=score)]] * 10

    before = street.watch(stay(LISTED, 2.0))
    after = street.watch(stranger, start_s=2.0)

    assert before[-1][1].alerted
    assert not any(result.alerted for _, result in after)
    assert all(len(result.boxes_px) == 1 for _, result in after)  # no face goes untold


def test_a_slip_is_noticed_before_two_people_s_shots_meet() -> None:
    probes: list[Probe] = []

    def listen(probe: Probe, gallery: Gallery, policy: DecisionPolicy) -> Evidence:
        probes.append(probe)
        return weigh(probe, gallery, policy)

    street = Street(weigh=listen)
    street.watch(stay(2, 0.4) + stay(STRANGER, 0.4) + stay(8, 2.0))

    assert probes
    for probe in probes:
        assert len({who_is_on(shot.crop) for shot in probe.shots}) == 1


def test_nothing_of_a_face_is_held_once_its_track_has_ended() -> None:
    crops: list[weakref.ref[RGBImage]] = []

    def listen(probe: Probe, gallery: Gallery, policy: DecisionPolicy) -> Evidence:
        crops.extend(weakref.ref(shot.crop) for shot in probe.shots)
        return weigh(probe, gallery, policy)

    street = Street(weigh=listen)
    pictures = []
    for frame in film(stay(LISTED, 2.0, x=100) + stay(STRANGER, 2.0) + [[]] * 15):
        street.pipeline.process(frame)
        pictures.append(weakref.ref(frame.image))
    del frame
    gc.collect()

    assert crops
    assert not [crop for crop in crops if crop() is not None]
    assert not [picture for picture in pictures if picture() is not None]


@pytest.mark.parametrize("score", [0.9, 0.35])
def test_an_alert_s_crop_hides_whoever_stands_beside_even_if_hardly_detected(score: float) -> None:
    crops: list[RGBImage] = []

    def listen(probe: Probe, gallery: Gallery, policy: DecisionPolicy) -> Evidence:
        crops.extend(shot.crop for shot in probe.shots if shot.detection.width_px == 80)
        return weigh(probe, gallery, policy)

    street = Street(weigh=listen)
    pair = [Seen(LISTED, 300.0, size=80), Seen(STRANGER, 366.0, size=44, score=score)]

    assert len(_alerts(street.watch([pair] * 20))) == 1
    assert crops
    for crop in crops:
        own, beside = crop[40:-40, 40:100], crop[40:-40, -24:]
        assert _detail(own) > 50
        assert _detail(beside) < 10


def _detail(image: RGBImage) -> float:
    """Return how much neighbouring pixels differ: much in the noise that stands for features."""
    return float(np.diff(image[..., 2].astype(int), axis=0).std())


def test_shots_that_disagree_raise_no_alert() -> None:
    street = Street(weigh=_disagree)

    assert not _alerts(street.watch(stay(LISTED, 3.0)))
    assert street.pipeline.counts.faces_searched == 1


def _disagree(probe: Probe, gallery: Gallery, policy: DecisionPolicy) -> Evidence:
    """Weigh as always, with all shots but the first those of somebody else on the list."""
    first, *others = probe.shots
    changed = (replace(shot, template=face_of(2)) for shot in others)
    return weigh(replace(probe, shots=(first, *changed)), gallery, policy)


def test_who_alerted_in_the_process_before_does_not_alert_again_at_once() -> None:
    """R-29: one passage gives one alert, also where the camera's process dies in the middle."""
    first = Street()
    first.watch(stay(LISTED, 3.0))
    template = first.pipeline.template_of("P-1")
    ((subject, ago_s),) = first.pipeline.alerted_ago_s(2.9).items()

    second, much_later = Street(), Street()
    second.pipeline.remember([AlertedBefore(subject, template, ago_s)])
    much_later.pipeline.remember([AlertedBefore(subject, template, 40.0)])

    assert subject == "P-1"
    assert ago_s == pytest.approx(0.0, abs=0.6)
    assert not _alerts(second.watch(stay(LISTED, 3.0)))
    assert second.pipeline.counts.repeats == 1
    assert len(_alerts(much_later.watch(stay(LISTED, 3.0)))) == 1
    assert first.pipeline.alerted_ago_s(60.0) == {}


def test_a_flicker_is_neither_seen_nor_searched() -> None:
    """R-54: the faces searched are among the faces seen, whatever their tracks were like."""
    flicker = Street()
    flicker.watch(stay(STRANGER, 0.2))
    assert flicker.extractor.templated == [STRANGER]
    assert flicker.pipeline.counts.faces_seen == flicker.pipeline.counts.faces_searched == 0

    passage = Street()
    passage.watch(stay(STRANGER, 0.3))
    assert passage.pipeline.counts.faces_seen == passage.pipeline.counts.faces_searched == 1
