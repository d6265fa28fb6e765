"""What a camera's process and its parent tell each other.

A camera tells of alerts, counts and its end, and shows pictures in which nobody without an alert
can be made out; never a passer-by. The parent says who has been withdrawn, whether anybody
watches, that it has taken a picture, and by what else to look and whom else to search from the
next frame on.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from overt.capture import Link
from overt.runtime.counts import Counts
from overt.runtime.pace import Kept, Sparing
from overt.runtime.pipeline import CameraSettings
from overt.runtime.sent_values import SentAlert, SentError, SentTemplate, SentWords
from overt.runtime.timing import Spread
from overt.vocabulary import DropCause


@dataclass(frozen=True, slots=True)
class CameraState:
    """How one camera is doing.

    `kept` says how it keeps up: frames looked at a second, how closely, and whether that is what
    the policy asks. `waiting_s` is the time since a frame was last looked at, and `silent_s` that
    since the source last gave a picture, though it was late or not due. `film_s` says how far into
    a recording it is, and `film_length_s` how long the recording says it is. `link` says how a live
    source is connected, and how often it was lost and why. `alerted_ago_s` says how long ago the
    face of each subject's last alert was seen, where it would be the same passage still. `ages`
    counts how old frames were when they were decided on; `stages` says how long each stage took,
    at the end only.
    """

    camera: str
    counts: Counts = field(default_factory=Counts)
    dropped: Counter[DropCause] = field(default_factory=Counter)
    kept: Kept = field(default_factory=Kept)
    waiting_s: float = 0.0
    silent_s: float = 0.0
    link: Link = field(default_factory=Link)
    alerted_ago_s: Mapping[str, float] = field(default_factory=dict, repr=False)
    film_s: float = 0.0
    film_length_s: float | None = None
    peak_memory_mb: float = 0.0
    ages: Spread = field(default_factory=Spread)
    stages: Mapping[str, Spread] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Raised:
    """An alert, to be stored before anybody sees it.

    `decoded_s` is the monotonic time at which the frame that met the policy was decoded; the
    clock is one for all processes of a machine. `template` is the track's: the parent keeps it in
    memory, as long as the camera would, for the process that takes this one's place if it dies.
    """

    alert: SentAlert
    decoded_s: float
    template: SentTemplate = field(repr=False)

    @property
    def camera(self) -> str:
        """Whose it is."""
        return self.alert.camera


@dataclass(frozen=True, slots=True)
class Beat:
    """A sign of life, a few times a second."""

    state: CameraState

    @property
    def camera(self) -> str:
        """Whose it is."""
        return self.state.camera


@dataclass(frozen=True, slots=True)
class Ended:
    """The last word: `error` is None when the source came to its end or was told to stop."""

    state: CameraState
    note: SentWords = ""
    error: SentError = None

    @property
    def camera(self) -> str:
        """Whose it is."""
        return self.state.camera


@dataclass(frozen=True, slots=True)
class Changed:
    """The camera has changed as it was told to: what it says next is of what it was given then.

    `state` is what it had come to before that.
    """

    state: CameraState

    @property
    def camera(self) -> str:
        """Whose it is."""
        return self.state.camera


@dataclass(frozen=True, slots=True)
class Picture:
    """A frame as people may see it, as JPEG: everybody without an alert is hidden.

    `sequence` grows by one a picture; `captured_s` is the monotonic time at which the frame was
    decoded. The camera sends no other before the parent has said `Taken`.
    """

    camera: str
    sequence: int
    captured_s: float
    jpeg: bytes = field(repr=False)


Message: TypeAlias = Raised | Beat | Ended | Changed | Picture


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Subjects whose entries were withdrawn: they are not searched for any more."""

    subject_ids: frozenset[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Watched:
    """Whether anybody watches: pictures are made while somebody does, and at no other time."""

    on: bool


@dataclass(frozen=True, slots=True)
class Spare:
    """What to leave to other cameras, from now on."""

    what: Sparing


@dataclass(frozen=True, slots=True)
class Taken:
    """The parent has taken the last picture, and another may follow."""


@dataclass(frozen=True, slots=True)
class NotRaised:
    """An alert as these subjects was not put on record: whoever raised it has not alerted."""

    subject_ids: frozenset[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Change:
    """Other settings from the next frame on. The gallery that goes with them comes right after."""

    settings: CameraSettings


Order: TypeAlias = Withdrawn | Watched | Spare | Taken | NotRaised | Change
"""What a parent tells a camera."""
