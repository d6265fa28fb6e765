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

    NOT_DUE = "not due yet"
    OVERTAKEN = "overtaken by a newer frame"
    DAMAGED = "damaged in decoding"
    PASSED_OVER = "passed over to catch up"
    LATE = "older than the limit for live use"
    UNSETTLED = "not known to be live yet"
    LEFT = "left over when the camera was stopped"


class LinkState(StrEnum):
    """How a live source is connected."""

    OPENING = "being opened"
    PLAYING = "delivering"
    LOST = "lost, and opened again in a moment"


class LossCause(StrEnum):
    """Why a live source was lost; each is counted, and it is opened again."""

    NOT_OPENED = "could not be opened"
    BROKEN = "stopped sending"
    BEHIND = "too far behind"
    STALLED = "delivered no picture"
    DIED = "its process died"
    SILENT = "its process no longer answered"


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
    NO_INDIVIDUAL_AUTHORITY = "an authority for this person is missing"
    NO_CONSENT = "a test subject's consent is missing"
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


class Role(StrEnum):
    """What a person is in deployments; the College of Policing's and the forces' own words."""

    APPLICANT = "applicant"
    AUTHORISING_OFFICER = "authorising-officer"
    COMMANDER = "commander"
    OPERATOR = "operator"
    ENGAGEMENT_OFFICER = "engagement-officer"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class DeploymentState(StrEnum):
    """Where a deployment stands in its life."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    URGENT = "urgent"
    AUTHORISED = "authorised"
    LIVE = "live"
    ENDED = "ended"
    CLOSED = "closed"
    REVIEWED = "reviewed"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class HandOverState(StrEnum):
    """What became of a request to hand a running deployment over to another one."""

    ASKED = "asked"
    DONE = "done"
    REFUSED = "refused"


class Act(StrEnum):
    """Everything a person may do, as `object.action`: what permissions are about."""

    ACCOUNT_ADD = "account.add"
    ACCOUNT_CHANGE = "account.change"
    ACCOUNT_DISABLE = "account.disable"
    ACCOUNT_LIST = "account.list"
    SESSION_REVOKE = "session.revoke"
    DEPLOYMENT_DRAFT = "deployment.draft"
    DEPLOYMENT_SUBMIT = "deployment.submit"
    DEPLOYMENT_AUTHORISE = "deployment.authorise"
    DEPLOYMENT_REFUSE = "deployment.refuse"
    DEPLOYMENT_AUTHORISE_URGENTLY = "deployment.authorise-urgently"
    DEPLOYMENT_START = "deployment.start"
    DEPLOYMENT_STOP = "deployment.stop"
    DEPLOYMENT_HAND_OVER = "deployment.hand-over"
    DEPLOYMENT_CANCEL = "deployment.cancel"
    DEPLOYMENT_CLOSE = "deployment.close"
    DEPLOYMENT_REVIEW = "deployment.review"
    DEPLOYMENT_SEE = "deployment.see"
    DEPLOYMENT_WATCH = "deployment.watch"
    WATCHLIST_APPROVE = "watchlist.approve"
    WATCHLIST_REVALIDATE = "watchlist.revalidate"
    WATCHLIST_WITHDRAW = "watchlist.withdraw"
    WATCHLIST_SEE = "watchlist.see"
    WATCHLIST_SEE_FACE = "watchlist.see-face"
    INCLUSION_ANSWER = "inclusion.answer"
    PASSAGE_NOTE = "passage.note"
    ALERT_LIST = "alert.list"
    ALERT_SEE_FACE = "alert.see-face"
    ALERT_CLAIM = "alert.claim"
    ALERT_ADJUDICATE = "alert.adjudicate"
    ALERT_ACKNOWLEDGE = "alert.acknowledge"
    ALERT_ENGAGE = "alert.engage"
    ALERT_CLOSE = "alert.close"
    HOLD_PLACE = "hold.place"
    HOLD_RELEASE = "hold.release"
    RETENTION_SEE = "retention.see"
    RETENTION_APPLY = "retention.apply"
    AUDIT_SEE = "audit.see"
    AUDIT_EXPORT = "audit.export"
    RECORD_BACK_UP = "record.back-up"
    RECORD_PUBLISH = "record.publish"


class AdjudicationDecision(StrEnum):
    """What an operator made of an alert: the Metropolitan Police's words, and none preselected."""

    VIABLE = "viable"
    NOT_VIABLE = "not viable"
    UNSURE = "unsure"


class AdjudicationFactor(StrEnum):
    """What an adjudication took into account: South Wales Police's three kinds of factor."""

    SUBJECT = "subject"
    SYSTEM = "system"
    ENVIRONMENT = "environment"


class Disposal(StrEnum):
    """How an alert closed: exclusive, so that every total adds up."""

    ARREST = "arrest"
    CONDITIONS_CHECKED = "conditions checked"
    SAFEGUARDED = "safeguarded"
    REFUSED_ENTRY = "refused entry"
    OTHER_ACTION = "other action taken"
    NO_ACTION = "no action"
    NOT_ENGAGED = "not engaged"


class AlertStage(StrEnum):
    """How far people are with an alert. Whether it is late stands beside its stage."""

    NEW = "new"
    CLAIMED = "claimed"
    WAITING = "waiting for a second person"
    DECIDED = "decided, not sent"
    SENT = "sent to officers"
    ACKNOWLEDGED = "acknowledged"
    ENGAGED = "engaged"
    CLOSED = "closed"


UNDECIDED = frozenset({AlertStage.NEW, AlertStage.CLAIMED, AlertStage.WAITING})
"""The stages in which an operator is still to decide."""


class OfficerDecision(StrEnum):
    """What an engagement officer decided on the street: their own decision, requirement R-45."""

    ENGAGE = "engage"
    DO_NOT_ENGAGE = "do not engage"
    NOT_FOUND = "person not found"


class IdentityCheck(StrEnum):
    """What an officer tried, to find out whom they had stopped: requirement R-50."""

    ASKED = "name and date of birth asked"
    DOCUMENT = "document shown"
    DATABASE = "database searched"
    FINGERPRINT = "fingerprint device"
    KNOWN = "known to the officer"


class Delivery(StrEnum):
    """What a row of the outbox tells of."""

    ALERT_RAISED = "alert.raised"
    ALERT_CHANGED = "alert.changed"
    ALERT_SENT = "alert.sent"
    ALERT_GONE = "alert.gone"
    DEPLOYMENT_CHANGED = "deployment.changed"
    STOP_OVERRAN = "stop.overran"
