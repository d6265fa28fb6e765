"""The sections of a policy that say how people decide, and how long anything is kept.

Every figure that a court, a regulator or a force has published is a bound here, so that a
policy may be stricter and never looser. Articles are of Regulation (EU) 2024/1689, the AI Act:
no law in the United Kingdom, but the benchmark that others are held to.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from overt.deployment.schema import Line, Section, Slug, wrong
from overt.vocabulary import Role

_FACELESS = (Role.AUDITOR, Role.ADMINISTRATOR)
"""Who sees settings, counts and deletions, and never a face or a name: requirement R-61."""


class AuthorityRules(Section):
    """Who may authorise what is out of the ordinary, and what is due afterwards."""

    urgent_ranks: tuple[Line, ...] = Field(
        default=(),
        strict=False,
        max_length=50,
        description="The ranks that may authorise where it cannot wait, in small letters; left "
        "out, nobody below authorising_ranks may.",
    )
    urgent_max_hours: float = Field(
        default=24.0,
        gt=0,
        le=24,
        description="Within how many hours a full authority must follow an urgent one, at most "
        "24 (AI Act, Article 5(3)); refused, everything the run gathered is deleted.",
    )
    sensitive_ranks: tuple[Line, ...] = Field(
        default=(),
        strict=False,
        max_length=50,
        description="The ranks that may authorise a deployment at a protest or a sensitive "
        "site, in small letters; left out, nobody may.",
    )
    sensitive_second_authoriser: bool = Field(
        default=True,
        description="Whether such a deployment needs a second authorising officer, with an "
        "account of their own.",
    )
    review_due_days: int = Field(
        default=14,
        ge=1,
        le=90,
        description="Within how many days of its end a deployment is reviewed; until then, a "
        "late one blocks its unit's next.",
    )
    training_valid_days: int = Field(
        default=365,
        ge=1,
        le=1095,
        description="For how many days training counts; beyond, its account cannot sign in.",
    )


class AssessmentRule(Section):
    """An impact assessment that every live deployment must attach, in date."""

    id: Slug = Field(description="The word a deployment file uses for it.")
    wording: Line = Field(description="What is assessed, and under which duty.")


class WatchlistRules(Section):
    """What is asked of a watchlist beyond its rows."""

    revalidation_hours: float = Field(
        default=24.0,
        gt=0,
        le=168,
        description="How long before start the list may last have been held against its "
        "sources, in hours; with a staler one nothing starts.",
    )
    withdrawal_s: int = Field(
        default=60,
        ge=1,
        le=60,
        description="Within how many seconds a withdrawn entry stops raising alerts "
        "everywhere, at most 60.",
    )
    reference_min_inter_eye_px: float = Field(
        default=24.0,
        ge=16,
        le=500,
        description="The smallest distance between the eyes in a reference picture, in pixels "
        "of the picture.",
    )
    reference_max_yaw_deg: float = Field(
        default=60.0,
        gt=0,
        le=75,
        description="How far to a side a face in a reference picture may be turned, in degrees.",
    )
    reference_max_pitch_deg: float = Field(
        default=45.0,
        gt=0,
        le=60,
        description="How far up or down a face in a reference picture may be turned, in degrees.",
    )
    max_predicted_false_alerts: float | None = Field(
        default=None,
        gt=0,
        le=10_000,
        description="The most false alerts that may be predicted for a whole deployment, from "
        "its list's size, threshold and expected_faces; left out, the prediction is shown and "
        "limits nothing.",
    )


class ReviewSettings(Section):
    """How alerts are looked at before anybody is spoken to."""

    two_person: bool = Field(
        default=True,
        description="Whether two people must each find an alert viable before officers act on "
        "it (AI Act, Article 14(5)).",
    )
    late_after_s: int = Field(
        default=30,
        ge=5,
        le=3600,
        description="After how many seconds an open alert is shown as late, from 5 to 3600.",
    )
    unanswered_after_s: int = Field(
        default=120,
        ge=5,
        le=3600,
        description="After how many seconds an open alert closes as unanswered: the person has "
        "long passed. From 5 to 3600, and not before it is late.",
    )
    adjudicated_only_to_officers: bool = Field(
        default=True,
        description="Whether officers' devices receive only alerts that were found viable.",
    )
    longest_stop_min: int = Field(
        default=15,
        ge=1,
        le=240,
        description="After how many minutes a stop that still goes on is told to supervisors, "
        "from 1 to 240.",
    )


class CoverageSettings(Section):
    """How often and how closely a camera must look to count as covering its zone.

    A machine that cannot hold this says so, on every screen and in the run's record, and goes on.
    """

    min_frames_per_second: float = Field(
        default=6.0,
        ge=1,
        le=60,
        description="The fewest frames a second in which each camera must look for faces, from 1 "
        "to 60. Below it, pictures are reduced further; what still falls short is shown and "
        "counted.",
    )
    max_frames_per_second: float = Field(
        default=12.0,
        ge=1,
        le=60,
        description="The most frames a second in which a camera looks for faces, from 1 to 60, so "
        "that one leaves the others their share of the processor.",
    )
    min_detection_width_px: int = Field(
        default=640,
        ge=160,
        le=7680,
        description="The smallest width, in pixels, to which pictures may be reduced to keep up; "
        "smaller faces are missed in smaller pictures.",
    )


class NoticeSettings(Section):
    """What is written on an information slip and on the public notice: whom to turn to."""

    controller: Line = Field(
        default="",
        description="Who is responsible for what is recorded: the controller, as data "
        "protection law calls it.",
    )
    contact: Line = Field(
        default="", description="How to reach them: an address, a number or a web page."
    )
    complaints: Line = Field(
        default="", description="Where somebody complains who was stopped or is listed."
    )
    privacy_notice: Line = Field(default="", description="Where the privacy notice is to be read.")


class RetentionSettings(Section):
    """How long each thing is kept; then it is deleted by itself, with a receipt.

    Faces without an alert are not here: they are never kept, and no policy can have it
    otherwise.
    """

    list_hours: float = Field(
        default=24.0,
        gt=0,
        le=24,
        description="How long after the end the list and its templates are kept, in hours, at "
        "most 24.",
    )
    alerts_days: float = Field(
        gt=0,
        le=31,
        description="How long alerts are kept after the end, in days, at most 31.",
    )
    false_alerts_hours: float = Field(
        default=0.0,
        ge=0,
        le=744,
        description="How long alerts that were found false are kept once their figures are "
        "saved, in hours; left out, not at all. Never longer than other alerts.",
    )
    log_months: int = Field(
        default=6,
        ge=6,
        le=120,
        description="How long the audit log is kept, in months, at least 6 (AI Act, Article 19).",
    )
    hold_max_days: int = Field(
        default=90,
        ge=1,
        le=1095,
        description="The longest time an evidence hold may run before somebody has to renew "
        "it, in days.",
    )


def _as_role(written: object) -> object:
    """Return the role of this name, and anything else as it is, to be refused as no role."""
    role = Role(written) if isinstance(written, str) and written in set(Role) else written
    if role in _FACELESS:
        raise wrong(
            "may not see names or faces.",
            "Leave it out: auditors and administrators see authority, settings, counts and "
            "deletions without seeing anybody (R-61).",
        )
    return role


SeeingRole: TypeAlias = Annotated[
    Literal[
        Role.OPERATOR,
        Role.ENGAGEMENT_OFFICER,
        Role.COMMANDER,
        Role.APPLICANT,
        Role.AUTHORISING_OFFICER,
    ],
    BeforeValidator(_as_role),
]
"""A role that may be shown a name or a face."""


class AccessSettings(Section):
    """Which roles may see names and faces; the software asks for one of them each time."""

    faces: tuple[SeeingRole, ...] = Field(
        strict=False,
        min_length=1,
        max_length=len(Role),
        description="The roles that may see faces, of alerts and of the list.",
    )
    watchlist_names: tuple[SeeingRole, ...] = Field(
        default=(),
        strict=False,
        max_length=len(Role),
        description="The roles that may see the names of people listed; left out, none.",
    )
