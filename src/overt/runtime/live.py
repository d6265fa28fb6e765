"""What is to be seen of running deployments, for any number of screens.

A run tells the hub how its cameras do, and shows pictures while somebody watches; screens ask.
Nothing here is ever written down, and pictures are let go when nobody looks at them any more.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from overt.runtime.live_deployment import CameraLive, Health, LiveDeployment, LivePicture
from overt.runtime.minutes import Minute

__all__ = ["CameraLive", "Health", "LiveDeployment", "LiveHub", "LivePicture", "Minute"]

_KEPT = 50
"""Deployments whose end is remembered, a few kilobytes each."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class LiveHub:
    """Between runs and screens, each in any thread."""

    def __init__(
        self,
        clock: Callable[[], datetime] = _utc_now,
        at_alert: Callable[[], None] = lambda: None,
    ) -> None:
        """`at_alert` is called after each alert's commit, in the thread of its run."""
        self.ending = False
        self._clock = clock
        self._at_alert = at_alert
        self._lock = threading.Lock()
        self._deployments: dict[str, LiveDeployment] = {}

    def begin(self, deployment_id: str, cameras: Sequence[str]) -> LiveDeployment:
        """Return the view of a run that begins now, with cameras of these names."""
        with self._lock:
            live = self._made(deployment_id)
            live.begin(cameras)
        return live

    def end(self) -> None:
        """Have whoever watches stop watching, as the service stops."""
        self.ending = True

    def cameras(self, deployment_id: str) -> list[CameraLive]:
        """Return how each camera of a deployment does; none where it has not run here."""
        live = self._known(deployment_id)
        return live.cameras() if live else []

    def note(self, deployment_id: str) -> str:
        """Return what people should know of a whole run, in plain words; or nothing."""
        live = self._known(deployment_id)
        return live.note() if live else ""

    def picture(
        self, deployment_id: str, camera: str, newer_than: int = 0, wait_s: float = 0.0
    ) -> LivePicture | None:
        """Return a camera's newest picture; None where there is none but the one of that sequence.

        With `wait_s` one is waited for that long. There are pictures only while somebody
        `watch`es.
        """
        live = self._known(deployment_id)
        return live.newest(camera, newer_than, wait_s) if live else None

    @contextmanager
    def watch(self, deployment_id: str) -> Iterator[None]:
        """Have pictures made of a deployment's cameras while the block runs, and shortly after."""
        with self._lock:
            live = self._made(deployment_id)
            live.enter()
        try:
            yield
        finally:
            live.leave()

    def minutes(self, deployment_id: str) -> list[Minute]:
        """Return what was counted in each minute of at most a day, oldest first, none left out."""
        live = self._known(deployment_id)
        return live.minutes() if live else []

    def _known(self, deployment_id: str) -> LiveDeployment | None:
        with self._lock:
            return self._deployments.get(deployment_id)

    def _made(self, deployment_id: str) -> LiveDeployment:
        """Return what is known of a deployment; the lock is held."""
        if deployment_id not in self._deployments:
            idle = [name for name, live in self._deployments.items() if live.idle()]
            for name in idle[: max(0, len(self._deployments) - _KEPT + 1)]:
                del self._deployments[name]
            self._deployments[deployment_id] = LiveDeployment(self._clock, self._at_alert)
        return self._deployments[deployment_id]
