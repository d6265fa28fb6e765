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


def reference_quality(
    smallest_inter_eye_px: float = 24.0,
    largest_yaw_deg: float = 60.0,
    largest_pitch_deg: float = 45.0,
) -> QualityLimits:
    """Return what a reference's face must offer; a policy may ask for more or less of some.

    A person looks at every refusal, so these refuse what is hopeless. They are stricter than for
    probes in size and pose: a passage gives many shots, and a list often one picture.
    """
    return QualityLimits(
        smallest_face_px=0.0,
        smallest_inter_eye_px=smallest_inter_eye_px,
        smallest_detection_score=0.3,
        largest_yaw_deg=largest_yaw_deg,
        largest_pitch_deg=largest_pitch_deg,
        largest_cut_off=0.25,
    )


@dataclass(frozen=True, slots=True)
class ListRules:
    """A policy's say on a list.

    `responses` gives each permitted category the expected responses its rows may ask for; the
    first is used where a row leaves it open. `sources` gives each permitted picture source
    the categories it may be used for, none meaning all. `required` is added to
    `ALWAYS_REQUIRED`; `most_references` caps the rows of a list; `quality` is the least that a
    reference's face offers, in pixels of the decoded picture. Rows of the categories in
    `individual_authority` must name an authority of their own (R-16); pictures older than
    `picture_ages` gives for their category, in days, are flagged (R-17). Rows of the `seeded`
    categories are of people who consented to be test subjects, and their pictures come from
    `consented_sources` only (R-53).
    """

    responses: Mapping[str, tuple[str, ...]]
    sources: Mapping[str, frozenset[str]]
    most_references: int
    required: frozenset[str] = frozenset()
    quality: QualityLimits = field(default_factory=reference_quality)
    individual_authority: frozenset[str] = frozenset()
    picture_ages: Mapping[str, int] = field(default_factory=dict)
    seeded: frozenset[str] = frozenset()
    consented_sources: frozenset[str] = frozenset()
