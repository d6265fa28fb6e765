"""Running totals of a camera: numbers only, none of them about one person."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from overt.vocabulary import NotSearchable


@dataclass(slots=True)
class Counts:
    """What a pipeline has counted, as `overt.values.RunStatistics` defines the counts.

    `repeats` are passages of a subject who had just alerted, whose track was broken; they raise
    no second alert. `tracks_cut` are tracks that turned out to be of two people. `carried` are
    those of the faces seen that another deployment, which handed its cameras over, has seen too.
    """

    frames: int = 0
    detections: int = 0
    faces_seen: int = 0
    faces_searched: int = 0
    alerts: int = 0
    repeats: int = 0
    tracks_cut: int = 0
    carried: int = 0
    not_searchable: Counter[NotSearchable] = field(default_factory=Counter)


def total(counts: Iterable[Counts]) -> Counts:
    """Add up the counts of several cameras."""
    summed = Counts()
    for one in counts:
        for name in Counts.__slots__:
            setattr(summed, name, getattr(summed, name) + getattr(one, name))
    return summed


def since(whole: Counts, before: Counts) -> Counts:
    """Return what was counted after `before`, which is what `whole` had come to at some moment."""
    left = Counts()
    for name in Counts.__slots__:
        setattr(left, name, getattr(whole, name) - getattr(before, name))
    return left
