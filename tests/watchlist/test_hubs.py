"""Hubs: what resembles many people is flagged, what resembles few is not."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_lookalikes import a_list, near, strangers

from overt.values import RGBImage, Templates, Watchlist
from overt.vision.manifest import FpirTarget
from overt.vision.store import Pack
from overt.watchlist import neighbours
from overt.watchlist.faces import FaceFinder, main_face
from overt.watchlist.hubs import HUB_SCORE, SMALLEST_LIST, find_hubs
from overt.watchlist.lookalikes import alert_level, find_lookalikes
from overt.watchlist.pictures import decode_picture


def averaged(templates: Templates) -> Templates:
    total = templates.sum(axis=0)
    return np.asarray(total / np.linalg.norm(total), np.float32)


def usual_people(count: int, seed: int = 0) -> Templates:
    """Templates that share a direction, as those of real faces do: cosines of about 0.8."""
    rows = strangers(count, seed)
    middle = strangers(1, 99)[0]
    mixed = 2 * middle + rows
    return np.asarray(mixed / np.linalg.norm(mixed, axis=1, keepdims=True), np.float32)


def flagged(watchlist: Watchlist, level: float | None = None) -> list[str]:
    return [hub.reference_id for hub in find_hubs(watchlist, level)]


@pytest.mark.parametrize("count", [2, 5, 20])
@pytest.mark.parametrize("size", [60, 1_500])
def test_an_average_over_people_is_the_worst_hub(count: int, size: int) -> None:
    """R-18: a planted reference that is alike to many people is found at enrolment."""
    templates = usual_people(size)
    templates[-1] = averaged(templates[:count])

    assert flagged(a_list(templates))[0] == f"R-{size - 1}"


def test_among_ordinary_people_hardly_anybody_is_a_hub() -> None:
    assert len(flagged(a_list(usual_people(2_000)))) <= 20


def test_a_hub_says_what_makes_it_one() -> None:
    templates = usual_people(200)
    templates[7] = averaged(templates)

    hub = find_hubs(a_list(templates))[0]

    assert (hub.subject_id, hub.reference_id) == ("7", "R-7")
    assert hub.hub_score > HUB_SCORE
    others = np.delete(templates, 7, axis=0)
    assert hub.mean_score == pytest.approx(float((others @ templates[7]).mean()), abs=1e-5)
    assert hub.nearest_to == 199
    assert hub.alert_subjects == 0


def test_a_reference_that_would_alert_for_two_others_is_a_hub_whatever_its_score() -> None:
    templates = strangers(100)
    templates[0] = averaged(templates[1:3])

    (hub,) = (hub for hub in find_hubs(a_list(templates), 0.3) if hub.reference_id == "R-0")

    assert hub.alert_subjects == 2


def test_one_look_alike_makes_no_hub() -> None:
    """That is what look-alikes are for: one person under two ids, or two who are alike."""
    templates = usual_people(300)
    templates[0] = near(templates[1])
    watchlist = a_list(templates)

    assert {"R-0", "R-1"}.isdisjoint(flagged(watchlist, 0.1))
    assert {"R-0", "R-1"} == set(find_lookalikes(watchlist, 0.1)[0].references)


def test_references_of_ones_own_do_not_make_a_hub() -> None:
    templates = usual_people(60)
    subjects = [0] * 8 + list(range(8, 60))
    for at in range(1, 8):
        templates[at] = near(templates[0], at)

    assert not {f"R-{at}" for at in range(8)} & set(flagged(a_list(templates, subjects), 0.35))


@pytest.mark.parametrize("count", range(1, SMALLEST_LIST))
def test_the_shortest_lists_have_no_hubs(count: int) -> None:
    assert find_hubs(a_list(usual_people(count))) == ()


def test_a_list_of_one_face_over_and_over_is_no_error() -> None:
    find_hubs(a_list(np.repeat(strangers(1), 20, axis=0)), 0.3)


@given(st.integers(SMALLEST_LIST, 80), st.integers(0, 10), st.integers(1, 90))
def test_blocks_make_no_difference(count: int, seed: int, block: int) -> None:
    watchlist = a_list(usual_people(count, seed))
    whole = flagged(watchlist)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbours, "_BLOCK", block)
        assert flagged(watchlist) == whole


def test_long_lists_are_compared_in_shorter_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    templates = usual_people(300)
    whole = flagged(a_list(templates))

    monkeypatch.setattr(neighbours, "_SCORES", 1_000)

    assert flagged(a_list(templates)) == whole


@pytest.mark.data
@pytest.mark.models
def test_what_is_planted_among_real_people_is_flagged(pack: Pack, data_dir: Path) -> None:
    """R-18: averages are hubs, and one person under two ids is a look-alike, on real faces."""
    firsts, seconds = _two_photographs_each(pack, data_dir / "lfw-dev", 120)
    averages = [averaged(firsts[start : start + 5]) for start in (0, 5, 10)]
    watchlist = a_list(np.vstack([firsts, averages, seconds[:20]]))
    level = alert_level(pack, len(watchlist.subjects), FpirTarget.PERCENT_1)

    hubs = flagged(watchlist, level)
    alike = {frozenset(p.subjects) for p in find_lookalikes(watchlist, level) if p.would_alert}

    assert {"R-120", "R-121", "R-122"} <= set(hubs)
    assert len(hubs) <= 3 + 2
    duplicates = {frozenset((str(at), str(123 + at))) for at in range(20)}
    assert len(duplicates & alike) >= 10  # two pictures of one person are not always alike


def _two_photographs_each(pack: Pack, folder: Path, people: int) -> tuple[Templates, Templates]:
    finder, extractor = FaceFinder(pack), pack.extractor()
    chips: list[RGBImage] = []
    for person in sorted(folder.iterdir()):
        pictures = [decode_picture(path.read_bytes()) for path in sorted(person.iterdir())[:2]]
        faces = [main_face(finder.find(picture), picture) for picture in pictures]
        if len(pictures) == 2 and None not in faces:
            for picture, face in zip(pictures, faces, strict=True):
                assert face is not None
                chips.extend(extractor.align(picture, [face]))
        if len(chips) == 2 * people:
            break
    rows = np.concatenate(
        [extractor.extract(chips[at : at + 16]) for at in range(0, len(chips), 16)]
    )
    return rows[::2], rows[1::2]
