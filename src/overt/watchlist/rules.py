"""What a list must keep to: the part of a deployment's policy that this room applies.

The policy file itself is read elsewhere; whoever runs a deployment fills these in from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from overt.vision.quality import QualityLimits

ALWAYS_REQUIRED = frozenset(
    {
        "reference_id",
        "subject_id",
        "picture",
        "category",
        "reason",
        "lawful_basis",
        "picture_source",
        "picture_date",
        "added_by",
    }
)
"""What every row must say, whatever the policy (principle 6)."""


def _reference_quality() -> QualityLimits:
    # The list is small and chosen, and a person looks at every refusal, so these refuse what
    # is hopeless; size is judged by the distance between the eyes instead.
    return QualityLimits(
        smallest_face_px=0.0,
        smallest_detection_score=0.3,
        largest_cut_off=0.25,
    )


@dataclass(frozen=True, slots=True)
class ListRules:
    """A policy's say on a list.

    `responses` gives each permitted category the expected responses its rows may ask for; the
    first is used where a row leaves it open. `sources` gives each permitted picture source
    the categories it may be used for, none meaning all. `required` is added to
    `ALWAYS_REQUIRED`; `most_references` caps the rows of a list. `smallest_inter_eye_px` is in
    pixels of the decoded picture, and `quality` is the least that a reference's face offers.
    """

    responses: Mapping[str, tuple[str, ...]]
    sources: Mapping[str, frozenset[str]]
    most_references: int
    required: frozenset[str] = frozenset()
    smallest_inter_eye_px: float = 24.0
    quality: QualityLimits = field(default_factory=_reference_quality)
