"""What is to be seen of one deployment while it runs, and of how it ended: in memory only."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from time import monotonic

from overt.capture import FROZEN_S
from overt.runtime.messages import CameraState, Ended, Picture
from overt.runtime.minutes import Minute, Minutes
from overt.runtime.timing import Spread
from overt.runtime.views import Listed
from overt.storage import AlertRecord
from overt.vocabulary import LinkState, LossCause

_STALLED_S = 3.0
"""Without a frame for so long a camera is called stalled: principle 9 allows seconds."""

_LINGER_S = 2.0
"""A screen that leaves and comes back, as when a page is loaded anew, keeps pictures coming."""


class Health(StrEnum):
    """How a camera is."""

    STARTING = "starting"
    RUNNING = "running"
    STALLED = "stalled"
    FROZEN = "frozen"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class CameraLive:
    """How one camera is doing now.

    `frames_per_second` is how many frames were looked at a second over the last few, reduced to
    `width_px`, in which faces from `finds_px` of the camera's picture are found as good as always;
    `floor_per_second` is what the policy asks, `below_floor` says that it is not held
    now, and `below_floor_s` for how long it was not. `last_frame_age_s` is the time since a frame
    was last looked at, None before the first. `dropped`
    counts frames by cause, and `frames` those looked at. `link` says how a live source is connected,
    and `losses` how often it was lost, by cause. `faces_seen` and `searched` count passages, `alerts` those on record.
    `ages` counts how old frames were when they were decided on.
    `error` says in plain words how it ended, if not simply, why it is lost and being opened
    again, or that its picture is always the same; no source's password is in it.
    """

    camera: str
    state: Health
    frames_per_second: float = 0.0
    width_px: int = 0
    finds_px: int = 0
    floor_per_second: float = 0.0
    below_floor: bool = False
    below_floor_s: float = 0.0
    dropped: dict[str, int] = field(default_factory=dict)
    last_frame_age_s: float | None = None
    reconnects: int = 0
    error: str = ""
    faces_seen: int = 0
    searched: int = 0
    alerts: int = 0
    frames: int = 0
    link: LinkState = LinkState.PLAYING
    losses: dict[LossCause, int] = field(default_factory=dict)
    ages: Spread = field(default_factory=Spread)


@dataclass(frozen=True, slots=True)
class LivePicture:
    """The newest picture of a camera, as JPEG: everybody without an alert is hidden.

    `captured_s` is the monotonic time at which its frame was decoded, and `age_s` how long ago
    that was when the picture was asked for.
    """

    sequence: int
    captured_s: float
    age_s: float
    jpeg: bytes = field(repr=False)


@dataclass(slots=True, eq=False)
class _Camera:
    state: CameraState
    heard_s: float = field(default_factory=monotonic)
    alerts: int = 0
    ended: bool = False
    error: str = ""
    picture: Picture | None = None

    def end(self, error: str) -> None:
        self.ended, self.picture, self.error = True, None, error

    def told(self) -> CameraLive:
        state, counts = self.state, self.state.counts
        age_s = state.waiting_s + monotonic() - self.heard_s if counts.frames else None
        return CameraLive(
            camera=state.camera,
            state=self._health(age_s),
            frames_per_second=0.0 if self.ended else state.kept.frames_per_second,
            width_px=state.kept.width_px,
            finds_px=state.kept.finds_px,
            floor_per_second=state.kept.floor_per_second,
            below_floor=state.kept.below_floor and not self.ended,
            below_floor_s=state.kept.below_floor_s,
            dropped={str(cause): count for cause, count in state.dropped.items()},
            last_frame_age_s=age_s,
            reconnects=state.link.reconnects,
            error=self.error or self._trouble(),
            faces_seen=counts.faces_seen,
            searched=counts.faces_searched,
            alerts=self.alerts,
            frames=counts.frames,
            link=state.link.state,
            losses=dict(state.link.losses),
            ages=state.ages,
        )

    def _trouble(self) -> str:
        if self._is_lost():
            return self.state.link.why
        return _unchanged(self.state.link.still_s) if self._is_frozen() else ""

    def _is_lost(self) -> bool:
        return self.state.link.state is LinkState.LOST

    def _is_frozen(self) -> bool:
        link = self.state.link
        return link.state is LinkState.PLAYING and link.still_s >= FROZEN_S

    def _health(self, age_s: float | None) -> Health:
        if self.ended:
            return Health.ENDED
        if self._is_lost():
            return Health.STALLED
        if age_s is None:
            return Health.STARTING
        if age_s > _STALLED_S:
            return Health.STALLED
        return Health.FROZEN if self._is_frozen() else Health.RUNNING


def _unchanged(still_s: float) -> str:
    long = f"{still_s:.0f} s" if still_s < 120 else f"{still_s / 60:.0f} min"
    return (
        f"The picture has not changed for {long}; look whether the camera still shows the street."
    )


class LiveDeployment:
    """A run tells it, as its `PictureView`; screens ask it. Any thread may do either."""

    def __init__(
        self, clock: Callable[[], datetime], at_alert: Callable[[], None] = lambda: None
    ) -> None:
        self._clock = clock
        self._at_alert = at_alert
        self._changed = threading.Condition()
        self._cameras: dict[str, _Camera] = {}
        self._minutes = Minutes()
        self._watchers = 0
        self._watched_until_s = monotonic()
        self._runs = False
        self._note = ""

    # --- what a run tells -------------------------------------------------------------------

    def begin(self, cameras: Sequence[str]) -> None:
        """A run begins, with cameras of these names; what is known of one before is let go."""
        with self._changed:
            self._runs, self._note = True, ""
            self._cameras = {name: _Camera(CameraState(name)) for name in cameras}

    def enrolling(self, done: int, entries: int) -> None:
        """Pass over it: an authorised list was enrolled when it was drafted."""

    def listed(self, listed: Listed) -> None:
        """Pass over it: it is on record."""

    def alert(self, record: AlertRecord) -> None:
        """Count an alert; what it shows is asked of the record."""
        with self._changed:
            self._camera(record.alert.camera).alerts += 1
            self._minutes.count(self._clock(), alerts=1)
        self._at_alert()

    def state(self, state: CameraState) -> None:
        """Keep how a camera does."""
        with self._changed:
            camera = self._camera(state.camera)
            new = state.counts.faces_seen - camera.state.counts.faces_seen
            camera.state, camera.heard_s = state, monotonic()
            self._minutes.count(self._clock(), faces_seen=new)

    def ended(self, ended: Ended) -> None:
        """Keep how a camera ended."""
        with self._changed:
            self._camera(ended.state.camera).end(str(ended.error or ended.note))

    def watched(self) -> bool:
        """Tell whether anybody watches; where nobody does any more, pictures are let go."""
        with self._changed:
            watched = self._is_watched()
            if not watched:
                for camera in self._cameras.values():
                    camera.picture = None
            return watched

    def picture(self, picture: Picture) -> None:
        """Keep a picture in place of the one before, if anybody watches."""
        with self._changed:
            if self._is_watched():
                self._camera(picture.camera).picture = picture
                self._changed.notify_all()

    def noted(self, words: str) -> None:
        """Keep what concerns the whole run, until it begins anew."""
        with self._changed:
            self._note = words

    def over(self, error: str) -> None:
        """The run is over, whatever its cameras said last."""
        with self._changed:
            self._runs = False
            for camera in self._cameras.values():
                if not camera.ended:
                    camera.end(error)

    # --- what screens ask -------------------------------------------------------------------

    def note(self) -> str:
        """Return what concerns the whole run, in plain words; or nothing."""
        with self._changed:
            return self._note

    def cameras(self) -> list[CameraLive]:
        """Return how each camera does."""
        with self._changed:
            return [camera.told() for camera in self._cameras.values()]

    def newest(self, camera: str, newer_than: int, wait_s: float) -> LivePicture | None:
        """Return a camera's newest picture unless it is the one at hand; see `LiveHub.picture`."""

        def other() -> Picture | None:
            known = self._cameras.get(camera)
            found = known.picture if known else None
            return found if found and found.sequence != newer_than else None

        with self._changed:
            found = self._changed.wait_for(other, wait_s)
        if not found:
            return None
        age_s = monotonic() - found.captured_s
        return LivePicture(found.sequence, found.captured_s, age_s, found.jpeg)

    def enter(self) -> None:
        """One more screen watches."""
        with self._changed:
            self._watchers += 1

    def leave(self) -> None:
        """One that watched watches no more."""
        with self._changed:
            self._watchers -= 1
            self._watched_until_s = monotonic() + _LINGER_S

    def minutes(self) -> list[Minute]:
        """Return what was counted, minute by minute."""
        with self._changed:
            return self._minutes.until(self._clock() if self._runs else None)

    def idle(self) -> bool:
        """Tell whether it neither runs nor is watched."""
        with self._changed:
            return not self._runs and not self._is_watched()

    def _is_watched(self) -> bool:
        return self._watchers > 0 or monotonic() < self._watched_until_s

    def _camera(self, name: str) -> _Camera:
        return self._cameras.setdefault(name, _Camera(CameraState(name)))
