"""What stands beside the sign-off of a watchlist: what it is likely to do on the street.

It names ids, never a person's name, and holds no picture and no template, so it can be shown
to whoever signs and kept with the signature.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from overt.values import Watchlist
from overt.vision.manifest import FpirTarget
from overt.vision.store import Pack
from overt.watchlist.hubs import Hub, find_hubs
from overt.watchlist.lookalikes import Lookalike, alert_level, find_lookalikes
from overt.watchlist.neighbours import Neighbours
from overt.watchlist.prediction import OwnMeasurement, Prediction, predict_false_alerts


@dataclass(frozen=True, slots=True)
class Appraisal:
    """A list seen as a whole, before anybody answers for it.

    `references` and `subjects` count. `threshold` is what alerts would be decided by, None
    where neither the deployment nor the pack has one; then nothing is predicted either.
    `same_pictures` has groups of reference ids whose stored portraits are equal byte for byte.
    """

    watchlist_id: str
    pack_id: str
    references: int
    subjects: int
    threshold: float | None
    expected_faces: int
    prediction: Prediction | None
    lookalikes: tuple[Lookalike, ...]
    hubs: tuple[Hub, ...]
    same_pictures: tuple[tuple[str, ...], ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values, the prediction with its caveats."""
        plain = asdict(self)
        if self.prediction is not None:
            plain["prediction"]["caveats"] = list(self.prediction.caveats)
        return {
            **plain,
            "lookalikes": [_plain(pair) for pair in self.lookalikes],
            "hubs": [asdict(hub) for hub in self.hubs],
            "same_pictures": [list(group) for group in self.same_pictures],
        }


def appraise(
    watchlist: Watchlist,
    pack: Pack,
    threshold: float | None,
    target_fpir: FpirTarget,
    expected_faces: int,
    own: OwnMeasurement | None = None,
) -> Appraisal:
    """Look at an enrolled list as a whole, for whoever signs it.

    Without a `threshold` of the deployment's own the pack's is taken, for `target_fpir`.
    `expected_faces` is how many faces the cameras are expected to see. With `own`, thresholds of
    a validation report, the prediction rests on those and not on the pack's table. Comparing a list of
    20,000 with itself takes about eight seconds.

    Raises:
        ConfigurationError: the list has no subject, or `expected_faces` is negative.
    """
    subjects = len(watchlist.subjects)
    level = alert_level(pack, subjects, target_fpir) if threshold is None else threshold
    # Asked first: it refuses counts that cannot be.
    prediction = predict_false_alerts(
        (own or pack.manifest.thresholds) if level is not None else None,
        subjects=subjects,
        threshold=level or 0.0,
        expected_faces=expected_faces,
    )
    neighbours = Neighbours.among(watchlist.references)
    return Appraisal(
        watchlist_id=watchlist.watchlist_id,
        pack_id=watchlist.pack_id,
        references=len(watchlist.references),
        subjects=subjects,
        threshold=level,
        expected_faces=expected_faces,
        prediction=prediction,
        lookalikes=find_lookalikes(watchlist, level, neighbours),
        hubs=find_hubs(watchlist, level, neighbours),
        same_pictures=_same_portraits(watchlist),
    )


def old_pictures(watchlist: Watchlist, ages: Mapping[str, int], day: date) -> tuple[str, ...]:
    """Return the ids of references whose pictures are older on a day than their category may be.

    `ages` gives the most days by category; a category without one has no limit (R-17).
    """
    categories = {subject.subject_id: subject.category for subject in watchlist.subjects}
    return tuple(
        reference.reference_id
        for reference in watchlist.references
        if (most := ages.get(categories[reference.subject_id])) is not None
        and (day - reference.picture_date).days > most
    )


def _same_portraits(watchlist: Watchlist) -> tuple[tuple[str, ...], ...]:
    """Return the groups of references with one portrait; it is cut and encoded without chance."""
    groups: defaultdict[bytes, list[str]] = defaultdict(list)
    for reference in watchlist.references:
        if reference.picture_jpeg:
            digest = hashlib.sha256(reference.picture_jpeg).digest()
            groups[digest].append(reference.reference_id)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def _plain(pair: Lookalike) -> dict[str, Any]:
    return {
        **asdict(pair),
        "subjects": list(pair.subjects),
        "references": list(pair.references),
    }
