"""What a camera's process tells its parent: alerts, counts and its end; never a passer-by."""

from collections import Counter
from dataclasses import dataclass, field
from typing import TypeAlias

from overt.errors import OvertError
from overt.runtime.counts import Counts
from overt.values import Alert, StageTime
from overt.vocabulary import DropCause


@dataclass(frozen=True, slots=True)
class CameraState:
    """How one camera is doing.

    `frames_per_second` is the pace of detection over the last few seconds, `waiting_s` the
    time since a frame was last looked at. `film_s` says how far into a recording it is, and
    `film_length_s` how long the recording says it is. `stage_times` are given at the end only.
    """

    camera: str
    counts: Counts = field(default_factory=Counts)
    dropped: Counter[DropCause] = field(default_factory=Counter)
    frames_per_second: float = 0.0
    waiting_s: float = 0.0
    film_s: float = 0.0
    film_length_s: float | None = None
    peak_memory_mb: float = 0.0
    stage_times: tuple[StageTime, ...] = ()


@dataclass(frozen=True, slots=True)
class Raised:
    """An alert, to be stored before anybody sees it.

    `decoded_s` is the monotonic time at which the frame that met the policy was decoded; the
    clock is one for all processes of a machine.
    """

    alert: Alert
    decoded_s: float


@dataclass(frozen=True, slots=True)
class Beat:
    """A sign of life, a few times a second."""

    state: CameraState


@dataclass(frozen=True, slots=True)
class Ended:
    """The last word: `error` is None when the source came to its end or was told to stop."""

    state: CameraState
    note: str = ""
    error: OvertError | None = None


Message: TypeAlias = Raised | Beat | Ended
