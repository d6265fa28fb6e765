"""What a pipeline knows of the faces it follows, in memory only and for as long as it must."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from overt.values import Alert, Quality, Shot, Template
from overt.vision.shots import BestShots

_SAME_FACE_CHECK_S = 0.5
"""How often, at least, a searchable face is compared with its own track."""


@dataclass(slots=True, eq=False)
class Passage:
    """What is known of one track while it lasts.

    `confirmed_in` is the sequence of the last frame in which a template showed the face to be
    the track's own. `carried` says that it was seen before the list was changed.
    """

    first_seen_at: datetime
    shots: BestShots
    detections: int = 0
    templated_s: float = 0.0
    alert: Alert | None = None
    seen: bool = False
    searched: bool = False
    confirmed_in: int = -1
    carried: bool = False

    @property
    def open(self) -> bool:
        """Whether it has shots to be searched, and has not alerted."""
        return self.alert is None and len(self.shots) > 0

    def carry(self, listed: Collection[str], wanted: Callable[[Shot], bool]) -> None:
        """Go on under another list, with those shots that are wanted there too.

        What was counted of it is counted again there, if it goes on. An alert as somebody whom
        the other list does not hold is no alert of that list's.
        """
        if self.alert is not None and self.alert.candidate.subject_id not in listed:
            self.alert = None
        self.carried = self.carried or self.seen
        self.seen = self.searched = False
        self.shots.keep(wanted)

    def wants(self, quality: Quality, presentation_s: float, *, watched: bool) -> bool:
        """Tell whether a face is worth a template: as a better shot, or to see who it is still.

        A tracker that slips from one face to another must not take the first one's evidence
        along; so every track is looked at again now and then. One that has alerted is looked at
        in every frame that somebody watches, because its face is shown there.
        """
        due = presentation_s - self.templated_s >= _SAME_FACE_CHECK_S
        shown = watched and self.alert is not None
        return shown or due or self.shots.wants(quality, presentation_s)


@dataclass(slots=True, eq=False)
class Alerted:
    """Who alerted lately as one subject: template, and when last seen (presentation time)."""

    template: Template
    seen_s: float


@dataclass(frozen=True, slots=True, eq=False)
class AlertedBefore:
    """Who alerted as which subject in an earlier process of the camera, and how long ago."""

    subject_id: str
    template: Template
    ago_s: float
