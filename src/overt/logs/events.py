"""Every event of the log of what the program does: one small dataclass each.

A field says in its type what may stand in it (`overt.logs.allowed`); there is no field for a
person, a subject, a reference, a picture, an address or anybody's words. `docs/reference/logs.md`
is written from this module.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from overt.logs.allowed import Id, Kind, Line, Named, Route, Sentence
from overt.vocabulary import DeploymentKind, LossCause, RunEnding


@dataclass(frozen=True, slots=True)
class LogEvent:
    """Something that happened."""

    name: ClassVar[str] = ""
    level: ClassVar[int] = logging.INFO


def every_event() -> Iterator[type[LogEvent]]:
    """Yield every event there is, in the order of this module."""
    # A slotted dataclass replaces the class it is written as, which stays a subclass for a while.
    yield from (kind for kind in LogEvent.__subclasses__() if globals().get(kind.__name__) is kind)


# --- the service ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ServiceStarted(LogEvent):
    """The service listens."""

    name: ClassVar[str] = "service.started"
    port: int


@dataclass(frozen=True, slots=True)
class ServiceStopping(LogEvent):
    """The service was told to stop: open streams end, and runs are put on record."""

    name: ClassVar[str] = "service.stopping"


@dataclass(frozen=True, slots=True)
class ServiceStopped(LogEvent):
    """The service has stopped."""

    name: ClassVar[str] = "service.stopped"


@dataclass(frozen=True, slots=True)
class ServiceReady(LogEvent):
    """The service can do its work, after a time in which it could not, or for the first time."""

    name: ClassVar[str] = "service.ready"


@dataclass(frozen=True, slots=True)
class ServiceNotReady(LogEvent):
    """The service cannot do its work now, for reasons that `/api/v1/ready` gives too."""

    name: ClassVar[str] = "service.not-ready"
    level: ClassVar[int] = logging.WARNING
    reasons: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class DiskLow(LogEvent):
    """The disk that holds the record is nearly full; told once, until there is room again."""

    name: ClassVar[str] = "disk.low"
    level: ClassVar[int] = logging.WARNING
    free_mb: int


@dataclass(frozen=True, slots=True)
class RequestFailed(LogEvent):
    """A request was answered with a status from 500 on; whoever asked was given the id.

    There is a trace only where it was a fault in Overt.
    """

    name: ClassVar[str] = "request.failed"
    level: ClassVar[int] = logging.ERROR
    request: Id
    method: Kind
    route: Route | None
    status: int
    error: tuple[Kind, ...]
    trace: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryFailed(LogEvent):
    """Open pages could not be told of changes; they ask again and miss nothing."""

    name: ClassVar[str] = "delivery.failed"
    level: ClassVar[int] = logging.WARNING
    error: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class SignInRefused(LogEvent):
    """Somebody could not sign in; the audit log has it too, with a salted reference to the name."""

    name: ClassVar[str] = "sign-in.refused"
    level: ClassVar[int] = logging.WARNING
    why: Sentence


# --- runs and their cameras -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RunBegan(LogEvent):
    """Searching began: with so many cameras, against so many references."""

    name: ClassVar[str] = "run.began"
    run: Id
    kind: DeploymentKind
    deployment: Id | None
    cameras: int
    references: int


@dataclass(frozen=True, slots=True)
class RunEnded(LogEvent):
    """Searching ended."""

    name: ClassVar[str] = "run.ended"
    run: Id
    ending: RunEnding
    after_s: float
    alerts: int


@dataclass(frozen=True, slots=True)
class CameraOpened(LogEvent):
    """A camera's first picture was looked at."""

    name: ClassVar[str] = "camera.opened"
    camera: Named


@dataclass(frozen=True, slots=True)
class CameraLost(LogEvent):
    """A live camera was lost, and is opened again for as long as the run lasts."""

    name: ClassVar[str] = "camera.lost"
    level: ClassVar[int] = logging.WARNING
    camera: Named
    cause: LossCause


@dataclass(frozen=True, slots=True)
class CameraBack(LogEvent):
    """A camera that was lost delivers pictures again, after so many seconds without."""

    name: ClassVar[str] = "camera.back"
    camera: Named
    after_s: float


@dataclass(frozen=True, slots=True)
class CameraProcessEnded(LogEvent):
    """A camera's process was ended from outside or died; a live camera is given another.

    It had said nothing for so many seconds before.
    """

    name: ClassVar[str] = "camera.process-ended"
    level: ClassVar[int] = logging.WARNING
    camera: Named
    cause: LossCause
    silent_s: float


@dataclass(frozen=True, slots=True)
class CameraBelowFloor(LogEvent):
    """A camera is looked at less often than the policy asks; told once, until it is again."""

    name: ClassVar[str] = "camera.below-floor"
    level: ClassVar[int] = logging.WARNING
    camera: Named
    frames_per_second: float
    floor_per_second: float


@dataclass(frozen=True, slots=True)
class CameraAtFloor(LogEvent):
    """A camera is looked at as often as the policy asks again; below, it was for so long in all."""

    name: ClassVar[str] = "camera.at-floor"
    camera: Named
    below_floor_s: float


@dataclass(frozen=True, slots=True)
class CameraFrozen(LogEvent):
    """A camera has sent the same picture, to the last bit, for so long: it sees nothing."""

    name: ClassVar[str] = "camera.frozen"
    level: ClassVar[int] = logging.WARNING
    camera: Named
    for_s: float


@dataclass(frozen=True, slots=True)
class CameraUnfrozen(LogEvent):
    """The picture of a camera that was frozen changes again."""

    name: ClassVar[str] = "camera.unfrozen"
    camera: Named


@dataclass(frozen=True, slots=True)
class ClockMoved(LogEvent):
    """The machine's clock was moved while searching went on; the audit log has it too."""

    name: ClassVar[str] = "clock.moved"
    level: ClassVar[int] = logging.WARNING
    seconds: float


@dataclass(frozen=True, slots=True)
class CameraEnded(LogEvent):
    """A camera came to its end: of its recording, of the run, or by an error of this class."""

    name: ClassVar[str] = "camera.ended"
    camera: Named
    error: Kind | None
    frames: int


@dataclass(frozen=True, slots=True)
class AlertCommitted(LogEvent):
    """An alert is on record, so long after its frame; who it may be is on no line of this log."""

    name: ClassVar[str] = "alert.committed"
    alert: Id
    camera: Named
    latency_s: float


@dataclass(frozen=True, slots=True)
class AlertNotRaised(LogEvent):
    """What would have been an alert was not raised; the audit log has it too."""

    name: ClassVar[str] = "alert.not-raised"
    level: ClassVar[int] = logging.WARNING
    camera: Named
    why: Sentence


@dataclass(frozen=True, slots=True)
class WithdrawalTaken(LogEvent):
    """Entries of the list were withdrawn, and no camera searches for them from its next frame on."""

    name: ClassVar[str] = "withdrawal.taken"
    run: Id
    entries: int


@dataclass(frozen=True, slots=True)
class CamerasHandedOver(LogEvent):
    """One run's cameras are another's now, and none of them was closed for it."""

    name: ClassVar[str] = "cameras.handed-over"
    run: Id
    to: Id


# --- the log of acts, and deletion ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CheckpointSigned(LogEvent):
    """The audit log was signed at this size."""

    name: ClassVar[str] = "checkpoint.signed"
    entries: int


@dataclass(frozen=True, slots=True)
class WitnessAway(LogEvent):
    """The witness did not take a checkpoint; told once, until it is back."""

    name: ClassVar[str] = "witness.away"
    level: ClassVar[int] = logging.WARNING


@dataclass(frozen=True, slots=True)
class WitnessBack(LogEvent):
    """The witness takes checkpoints again, those it missed included."""

    name: ClassVar[str] = "witness.back"


@dataclass(frozen=True, slots=True)
class RetentionRan(LogEvent):
    """What was due was deleted, so many of each; receipts and the audit log say which."""

    name: ClassVar[str] = "retention.ran"
    lists: int
    alerts: int
    outputs: int


@dataclass(frozen=True, slots=True)
class RetentionWaits(LogEvent):
    """What is due could not all be deleted now, and is tried again within a minute."""

    name: ClassVar[str] = "retention.waits"
    level: ClassVar[int] = logging.WARNING
    error: Kind


# --- faults ---------------------------------------------------------------------------------


class Part(StrEnum):
    """Where a fault was caught."""

    COMMAND = "command"
    RUN = "run"
    DRAFT = "draft"
    CAMERA = "camera"
    DECODING = "decoding"
    CLOCK = "clock"
    WIRE = "wire"
    THREAD = "thread"
    CLEANING_UP = "cleaning up"


@dataclass(frozen=True, slots=True)
class Fault(LogEvent):
    """Something failed that should not have: please report it.

    `error` is its class and those of its causes, and `trace` the lines of the program that it
    passed; neither its words nor any value is told.
    """

    name: ClassVar[str] = "fault"
    level: ClassVar[int] = logging.ERROR
    part: Part
    error: tuple[Kind, ...]
    trace: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class LibraryWarned(LogEvent):
    """A library warned; its words are told only where they are known to hold nothing else."""

    name: ClassVar[str] = "library.warned"
    level: ClassVar[int] = logging.WARNING
    library: Kind
    line: Line
    words: Sentence | None = None
    error: tuple[Kind, ...] = ()
    trace: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class LibraryFailed(LogEvent):
    """A library said that something failed."""

    name: ClassVar[str] = "library.failed"
    level: ClassVar[int] = logging.ERROR
    library: Kind
    line: Line
    words: Sentence | None = None
    error: tuple[Kind, ...] = ()
    trace: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class LinesLost(LogEvent):
    """So many lines of this log could not be written, or came faster than they could be."""

    name: ClassVar[str] = "lines.lost"
    level: ClassVar[int] = logging.WARNING
    count: int


@dataclass(frozen=True, slots=True)
class LineWithheld(LogEvent):
    """Something was told that is not one of these events, and is kept back: a fault in Overt."""

    name: ClassVar[str] = "line.withheld"
    level: ClassVar[int] = logging.ERROR
