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
    # A person looks at every refusal, so these refuse what is hopeless. They are stricter than
    # for probes in size and pose: a passage gives many shots, and a list often one picture.
    return QualityLimits(
        smallest_face_px=0.0,
        smallest_inter_eye_px=24.0,
        smallest_detection_score=0.3,
        largest_yaw_deg=60.0,
        largest_pitch_deg=45.0,
        largest_cut_off=0.25,
    )


@dataclass(frozen=True, slots=True)
class ListRules:
    """A policy's say on a list.

    `responses` gives each permitted category the expected responses its rows may ask for; the
    first is used where a row leaves it open. `sources` gives each permitted picture source
    the categories it may be used for, none meaning all. `required` is added to
    `ALWAYS_REQUIRED`; `most_references` caps the rows of a list; `quality` is the least that a
    reference's face offers, in pixels of the decoded picture.
    """

    responses: Mapping[str, tuple[str, ...]]
    sources: Mapping[str, frozenset[str]]
    most_references: int
    required: frozenset[str] = frozenset()
    quality: QualityLimits = field(default_factory=_reference_quality)
