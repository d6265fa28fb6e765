"""Tells the log of a run's cameras: from what they say of themselves, only what has changed."""

from collections import Counter
from time import monotonic

from overt.capture import FROZEN_S
from overt.logs import tell
from overt.logs.events import (
    CameraAtFloor,
    CameraBack,
    CameraBelowFloor,
    CameraEnded,
    CameraFrozen,
    CameraLost,
    CameraOpened,
    CameraUnfrozen,
)
from overt.runtime.messages import Beat, CameraState, Ended, Message
from overt.vocabulary import LinkState

_MOST_TOLD = 10
"""Between two beats a camera is lost once, or twice. More is no news, whatever it says."""


class CameraLog:
    """Follows the cameras of one run. For use by one thread."""

    def __init__(self) -> None:
        self._known: dict[str, CameraState] = {}
        self._lost_at_s: dict[str, float] = {}
        self._frozen: set[str] = set()

    def see(self, message: Message) -> None:
        """Take in what a camera says, and tell of what is new in it."""
        if not isinstance(message, Beat | Ended):
            return
        state = message.state
        before = self._known.get(state.camera, CameraState(state.camera))
        self._known[state.camera] = state
        if state.counts.frames and not before.counts.frames:
            tell(CameraOpened(state.camera))
        self._follow_link(before, state)
        self._follow_picture(state)
        _follow_pace(before, state)
        if isinstance(message, Ended):
            error = type(message.error).__name__ if message.error else None
            tell(CameraEnded(state.camera, error, state.counts.frames))

    def _follow_link(self, before: CameraState, state: CameraState) -> None:
        new = Counter(state.link.losses)
        new.subtract(before.link.losses)
        for cause, times in new.items():
            for _ in range(min(times, _MOST_TOLD)):
                tell(CameraLost(state.camera, cause))
                self._lost_at_s.setdefault(state.camera, monotonic())
        looks = state.counts.frames > before.counts.frames
        if looks and state.link.state is LinkState.PLAYING and state.camera in self._lost_at_s:
            after_s = monotonic() - self._lost_at_s.pop(state.camera)
            tell(CameraBack(state.camera, after_s))

    def _follow_picture(self, state: CameraState) -> None:
        frozen, was = state.link.still_s >= FROZEN_S, state.camera in self._frozen
        if frozen and not was:
            self._frozen.add(state.camera)
            tell(CameraFrozen(state.camera, state.link.still_s))
        # While it is lost there is no picture that could have changed.
        elif was and not frozen and state.link.state is LinkState.PLAYING:
            self._frozen.remove(state.camera)
            tell(CameraUnfrozen(state.camera))


def _follow_pace(before: CameraState, state: CameraState) -> None:
    kept = state.kept
    if kept.below_floor and not before.kept.below_floor:
        tell(CameraBelowFloor(state.camera, kept.frames_per_second, kept.floor_per_second))
    if before.kept.below_floor and not kept.below_floor:
        tell(CameraAtFloor(state.camera, kept.below_floor_s))
