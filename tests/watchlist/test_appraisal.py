"""The appraisal: everything that stands beside a list's sign-off, plain, and without a name."""

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from test_hubs import averaged, usual_people
from test_lookalikes import a_list

from example_records import a_reference, a_subject
from overt.errors import ConfigurationError
from overt.values import Watchlist
from overt.vision.manifest import FpirTarget
from overt.vision.store import ModelStore, Pack
from overt.watchlist.appraisal import appraise, old_pictures

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def watchlist() -> Watchlist:
    """Two hundred people, the last of them an average; two share a picture."""
    templates = usual_people(200)
    templates[-1], templates[3] = averaged(templates), templates[2]
    listed = a_list(templates)
    pictures = [f"picture {max(at, 3)}".encode() for at in range(200)]
    references = zip(listed.references, pictures, strict=True)
    return replace(
        listed,
        references=tuple(replace(one, picture_jpeg=picture) for one, picture in references),
        subjects=tuple(replace(subject, name="Erika Musterfrau") for subject in listed.subjects),
    )


def test_size_prediction_lookalikes_and_hubs_stand_together(
    watchlist: Watchlist, pack: Pack
) -> None:
    """R-20: size and false alerts to be expected; R-18: one picture under two ids, and a hub."""
    found = appraise(watchlist, pack, None, FpirTarget.PERCENT_1, 8_000)

    assert (found.references, found.subjects) == (200, 200)
    assert found.prediction is not None
    assert found.prediction.expected == pytest.approx(80)
    assert found.threshold == found.prediction.threshold
    assert found.hubs[0].reference_id == "R-199"
    assert {"R-2", "R-3"} == set(found.lookalikes[0].references)
    assert found.same_pictures == (("R-0", "R-1", "R-2", "R-3"),)


def test_a_threshold_of_ones_own_is_the_one_appraised(watchlist: Watchlist, pack: Pack) -> None:
    stricter = appraise(watchlist, pack, 0.06, FpirTarget.PERCENT_3, 8_000)

    assert stricter.threshold == 0.06
    assert stricter.prediction is not None
    assert stricter.prediction.expected < 80


def test_a_pack_without_thresholds_predicts_nothing(
    watchlist: Watchlist, pack: Pack, store: ModelStore
) -> None:
    unmeasured = Pack(store, pack.manifest.model_copy(update={"thresholds": None}))

    found = appraise(watchlist, unmeasured, None, FpirTarget.PERCENT_1, 8_000)

    assert found.threshold is None
    assert found.prediction is None
    assert found.to_json()["prediction"] is None
    assert found.hubs


def test_it_is_plain_json_without_a_name(watchlist: Watchlist, pack: Pack) -> None:
    plain = appraise(watchlist, pack, None, FpirTarget.PERCENT_1, 8_000).to_json()

    text = json.dumps(plain)
    assert json.loads(text) == plain
    assert "Musterfrau" not in text
    assert len(plain["prediction"]["caveats"]) == 3


def test_one_person_can_be_appraised_and_nobody_cannot(pack: Pack) -> None:
    alone = appraise(a_list(usual_people(1)), pack, None, FpirTarget.PERCENT_1, 100)

    assert alone.prediction is not None
    assert alone.prediction.expected == pytest.approx(1)
    with pytest.raises(ConfigurationError):
        appraise(a_list(np.zeros((0, 64), np.float32)), pack, None, FpirTarget.PERCENT_1, 100)


def test_pictures_older_than_their_category_allows_are_named() -> None:
    """R-17: old pictures are flagged before anybody signs."""
    watchlist = Watchlist(
        "ab" * 32,
        "standard@1",
        (a_subject(1, category="missing"), a_subject(2, category="wanted")),
        (
            a_reference(1, 1, picture_date=date(2024, 1, 1)),
            a_reference(2, 1, picture_date=date(2024, 1, 31)),
            a_reference(3, 2, picture_date=date(1990, 1, 1)),
        ),
    )

    assert old_pictures(watchlist, {"missing": 30}, date(2024, 1, 31)) == ()
    assert old_pictures(watchlist, {"missing": 30}, date(2024, 2, 1)) == ("R-1",)
