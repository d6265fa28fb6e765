"""A deployment file's settings as it writes them: the sections, their descriptions and bounds.

What concerns one setting is checked here; what concerns several, the policy or the disk is in
`checks.py`. A setting's description is what its author is told who leaves it out.
"""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

from overt.deployment.policy import DEFAULT_POLICY
from overt.deployment.policy_sections import FpirTarget
from overt.deployment.schema import Address, Line, Section, Slug, Text, wrong
from overt.vocabulary import DeploymentKind

_SMALLEST_AREA = 1e-4
"""A zone of less than a hundredth of the width by a hundredth of the height is a slip."""

_FEWEST_CORNERS, _MOST_CORNERS = 3, 100

Point = list[float]


def _polygon(points: list[Point]) -> list[Point]:
    if not _FEWEST_CORNERS <= len(points) <= _MOST_CORNERS:
        raise wrong(f"needs from {_FEWEST_CORNERS} to {_MOST_CORNERS} corners.")
    if any(len(point) != 2 for point in points):
        raise wrong("has a point that is not a pair.", "Write each point as [across, down].")
    if any(not 0 <= number <= 1 for point in points for number in point):
        raise wrong(
            "reaches outside the picture.",
            "Write fractions of the picture from 0 to 1, not pixels: [0.5, 0.5] is its middle.",
        )
    if area(points) < _SMALLEST_AREA:
        raise wrong("encloses next to nothing.", "List its corners in order around the zone.")
    return points


def area(points: Sequence[Sequence[float]]) -> float:
    """Return a polygon's area by the shoelace formula, as a fraction of the picture."""
    following = [*points[1:], points[0]]
    pairs = zip(points, following, strict=True)
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)) / 2


def _filled(value: object) -> object:
    """Tell a blank of the template from a slip."""
    if isinstance(value, str) and not value.strip():
        raise wrong("is empty.")
    return value


def _a_day(value: object) -> object:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise wrong(
        "must be a date without a time.", "Write it without quotation marks, like 2024-01-19."
    )


Day = Annotated[date, BeforeValidator(_a_day), BeforeValidator(_filled)]
"""A day of the calendar, as TOML writes it: `2024-01-19`."""


class Flag(StrEnum):
    """What makes a deployment need more authority than others: requirement R-9."""

    PROTEST = "protest"
    SENSITIVE_SITE = "sensitive-site"


class Authority(Section):
    """Who asked, who agreed and why: the text of the written authority."""

    applicant: Line = Field(repr=False, description="Who asks for the deployment: name and number.")
    authorising_officer: Line = Field(
        repr=False,
        description="Who authorises it: name and number, and not the applicant.",
    )
    rank: Line = Field(description="The authorising officer's rank.")
    why: Text = Field(repr=False, description="What the deployment is to achieve.")
    where: Text = Field(
        repr=False,
        description="Why here: the intelligence that the people listed may pass this place.",
    )
    who: Text = Field(repr=False, description="Who is listed, and why these people.")
    necessity: Text = Field(
        repr=False, description="Why the aim cannot be reached without facial recognition."
    )
    proportionality: Text = Field(
        repr=False,
        description="Why the aim outweighs the intrusion on everyone who passes, and how that "
        "is kept small.",
    )
    less_intrusive_alternatives: Text = Field(
        repr=False, description="What else was considered, and why it would not do."
    )
    urgent_reason: Text | None = Field(
        default=None,
        repr=False,
        description="Why it cannot wait for an officer of the policy's authorising ranks. Given, "
        "an officer of its urgent ranks may authorise, and a full authority must follow.",
    )


class Intelligence(Section):
    """What "where" in the authority rests on: Bridges, paragraph 130, found that nothing did."""

    reference: Line = Field(description="The reference of the intelligence record.")
    assessed_on: Day = Field(
        description="The day it was last assessed, like 2024-01-19, before the start."
    )
    recorded_by: Line = Field(repr=False, description="Who recorded it: name and number.")


class AssessmentFile(Section):
    """An impact assessment, as a file beside the deployment file."""

    id: Annotated[Slug, BeforeValidator(_filled)] = Field(
        description="Which of the policy's assessments it is, by its id."
    )
    file: Address = Field(
        description="The document. Its hash is taken when the deployment file is read, and "
        "stands in the authority."
    )
    version: Line = Field(description="The document's version, as its owner numbers it.")
    review_date: Day = Field(
        description="The day it is to be reviewed, like 2024-12-31; past, it no longer counts."
    )


class WatchlistFiles(Section):
    """Where the list and its pictures are."""

    csv: Address | None = Field(
        default=None, description="The list as a CSV file. Give this or json, not both."
    )
    json_file: Address | None = Field(
        default=None, alias="json", description="The list as a JSON file. Give this or csv."
    )
    images: Address = Field(description="The folder that the list's pictures are in.")


class PolicyChoice(Section):
    """Which policy governs the deployment."""

    name: Line | None = Field(
        default=None,
        description=f"A policy that comes with Overt; {DEFAULT_POLICY} when nothing is given.",
    )
    file: Address | None = Field(
        default=None, description="A policy file of your own. Give this or name, not both."
    )


class ModelChoice(Section):
    """Which models are used."""

    pack: Slug = Field(
        default="standard", description="The model pack; `overt models list` names them."
    )
    report: Line | None = Field(
        default=None,
        description="The file of the pack's validation report, which a live deployment attaches "
        "where its policy has a [[threshold_floor]] for the pack.",
    )


class DecisionOverrides(Section):
    """What this deployment decides otherwise than its policy; a live one may only be stricter."""

    fpir: FpirTarget | None = Field(
        default=None,
        description="Which of the pack's measured thresholds is used: fpir_3_percent, "
        "fpir_1_percent or fpir_0_3_percent.",
    )
    threshold: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="A decision threshold on the normalised comparison score, above 0 and at "
        "most 1, instead of the pack's table.",
    )
    min_agreeing_shots: int | None = Field(
        default=None, ge=1, le=20, description="How many shots must agree, from 1 to 20."
    )
    min_inter_eye_px: float | None = Field(
        default=None,
        ge=4,
        le=500,
        description="The smallest distance between the eyes that is searched, in pixels.",
    )


class CameraSettings(Section):
    """One camera: where its pictures come from and where in them faces are looked for."""

    name: Slug = Field(description="The camera's name: small letters, digits and hyphens.")
    source: Address = Field(
        repr=False,
        description="Where the pictures come from. Live: an rtsp:// or rtsps:// address, or a "
        "webcam such as webcam:/dev/video0. Rehearsal: a recorded file, a folder of pictures, or "
        "drawn:street.",
    )
    zone: Annotated[list[Point], AfterValidator(_polygon)] | None = Field(
        default=None,
        description="The zone of recognition: three or more corners [across, down], in order, "
        "as fractions of the picture from its top left. Left out, the whole picture.",
    )
    smallest_face_px: int = Field(
        default=40,
        ge=12,
        le=2000,
        description="The narrowest face that is searched, in pixels of the camera's picture.",
    )
    detection_width_px: int | None = Field(
        default=None,
        ge=160,
        le=7680,
        description="What the longer side of the zone's part of the picture is reduced to before "
        "faces are looked for, in pixels; left out, 960. Cameras go below it, as far as the policy "
        "lets them, where the machine cannot keep up.",
    )
    transport: Literal["tcp", "udp"] | None = Field(
        default=None,
        description="How a network camera sends its pictures: tcp, where nothing gets lost and "
        "nobody else can send any, or udp, for a camera that knows nothing else; left out, tcp.",
    )


class DeploymentSettings(Section):
    """Everything a deployment file may say."""

    name: Line = Field(description="What the deployment is called in every record.")
    kind: DeploymentKind = Field(
        strict=False,
        description="live, for cameras on the street within the authorised window, or "
        "rehearsal, for recordings and drawn streets at any time.",
    )
    use_case: Line = Field(description="One use case of the policy, by its id.")
    location: Line = Field(description="Where the cameras stand.")
    start: AwareDatetime = Field(
        description="When the authority begins, with its time zone, like 2024-01-19T10:00:00+00:00."
    )
    end: AwareDatetime = Field(description="When the authority ends, written like start.")
    unit: Annotated[Slug, BeforeValidator(_filled)] | None = Field(
        default=None,
        description="The unit that runs it, in small letters: its late reviews block its next "
        "deployments. A live deployment needs it.",
    )
    flags: tuple[Annotated[Flag, Field(strict=False)], ...] = Field(
        default=(),
        strict=False,
        max_length=10,
        description="protest, for a protest or an assembly, and sensitive-site, such as a place "
        "of worship, a school or a hospital; the policy then asks for more authority.",
    )
    expected_faces: Annotated[int, BeforeValidator(_filled)] | None = Field(
        default=None,
        ge=1,
        le=100_000_000,
        description="How many faces the whole deployment is expected to see, from which false "
        "alerts are predicted. A live deployment needs it.",
    )
    authority: Authority = Field(description="The text of the written authority.")
    # None where it is left out; `schema.py` takes a section that is optional for a repeated one.
    intelligence: Intelligence = Field(  # type: ignore[assignment]
        default=None,
        description="The recorded intelligence that the place rests on, which a live deployment "
        "needs.",
    )
    assessment: tuple[AssessmentFile, ...] = Field(
        default=(),
        strict=False,
        max_length=20,
        description="One section for each impact assessment; a live deployment needs all that "
        "its policy asks for.",
    )
    watchlist: WatchlistFiles = Field(description="The list made for this deployment.")
    policy: PolicyChoice = Field(default=PolicyChoice(), description="The policy it is under.")
    models: ModelChoice = Field(default=ModelChoice(), description="The models it uses.")
    decision: DecisionOverrides = Field(
        default=DecisionOverrides(), description="Where it is stricter than its policy."
    )
    camera: list[CameraSettings] = Field(
        min_length=1, max_length=64, description="One section for each camera."
    )
