"""The closed sets of words that rooms exchange.

Terms follow ISO/IEC 2382-37 (biometric vocabulary) and ISO/IEC 19795-1 (testing). What a
policy may choose, such as a watchlist's categories, is in the policy file and not here.
"""

from enum import StrEnum


class DeploymentKind(StrEnum):
    """Whether a deployment looks at the street or at recordings."""

    LIVE = "live"
    REHEARSAL = "rehearsal"


class NotSearchable(StrEnum):
    """Why a detected face was not turned into a probe; each is counted, none is stored."""

    OUTSIDE_ZONE = "outside the zone of recognition"
    CUT_OFF = "cut off by the edge of the picture"
    TOO_SMALL = "too small"
    LOW_DETECTION_SCORE = "uncertain detection"
    BLURRED = "blurred"
    TOO_DARK = "too dark"
    TOO_BRIGHT = "too bright"
    TURNED = "turned away"


class DropCause(StrEnum):
    """Why a frame that a source delivered was never looked at."""

    OVERTAKEN = "overtaken by a newer frame"
    DAMAGED = "damaged in decoding"
    LATE = "older than the limit for live use"


class RefusedRow(StrEnum):
    """Why a row of a watchlist import was refused."""

    NO_FACE = "no face found"
    SEVERAL_FACES = "several faces found"
    TOO_SMALL = "face too small"
    POOR_QUALITY = "face of too poor quality"
    UNDECODABLE = "picture cannot be decoded"
    MISSING_PICTURE = "picture file not found"
    OUTSIDE_FOLDER = "picture is outside the image folder"
    DUPLICATE_ID = "reference id used twice"
    MISSING_FIELD = "required field is empty"
    UNKNOWN_CATEGORY = "category is not in the policy"
    UNKNOWN_SOURCE = "picture source is not permitted by the policy"
    UNKNOWN_RESPONSE = "expected response is not in the policy"
    BAD_DATE = "date is not a past YYYY-MM-DD date"
    INCONSISTENT_SUBJECT = "rows of one subject disagree"
    MALFORMED = "row cannot be read"


class WhyNoAlert(StrEnum):
    """Why a track's evidence did not meet the decision policy."""

    NOTHING_SEARCHABLE = "no searchable shot yet"
    BELOW_THRESHOLD = "below the decision threshold"
    TOO_FEW_SHOTS = "too few shots"
    SHOTS_DISAGREE = "the shots disagree"
    ALREADY_ALERTED = "this track has alerted already"


class RunEnding(StrEnum):
    """How a run of a deployment came to its end."""

    COMPLETED = "completed"
    STOPPED = "stopped"
    FAILED = "failed"
