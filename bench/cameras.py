"""Live cameras as a run has them, listened to: for sections on what becomes of those that fail."""

import multiprocessing
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Self

from overt.capture import CaptureSettings, Zone
from overt.errors import OvertError
from overt.matching.decision import DecisionPolicy
from overt.matching.gallery import Gallery
from overt.runtime.jobs import _LIVE_READ_S
from overt.runtime.messages import CameraState, Ended, Message, Picture, Raised
from overt.runtime.pipeline import CameraSettings
from overt.runtime.supervisor import Patience, Supervisor
from overt.runtime.worker import CameraJob
from overt.vision.detection import DetectorSettings
from overt.vision.quality import QualityLimits
from overt.vision.store import Pack
from overt.vocabulary import DeploymentKind

LONGEST_S = 180.0


class StuckError(OvertError):
    """What was waited for did not come."""


def live_job(
    name: str, url: str, pack: Pack, models: Path, *, threshold: float = 0.95, working_px: int = 640
) -> CameraJob:
    """Return what a live camera's process is told, as a run would: see `overt.runtime.jobs`."""
    settings = CameraSettings(
        camera=name,
        kind=DeploymentKind.LIVE,
        zone=Zone.whole(),
        limits=QualityLimits(smallest_face_px=20),
        policy=DecisionPolicy(threshold=threshold, version="a benchmark's"),
        pack_id=pack.id,
        watched=False,
    )
    return CameraJob(
        settings=settings,
        source=url,
        capture=CaptureSettings(camera=name, read_timeout_s=_LIVE_READ_S),
        detector=DetectorSettings(working_px=working_px),
        store=models,
        pack=pack.manifest.name,
        threads=1,
        newest_only=True,
        lasting=True,
    )


@dataclass(slots=True)
class Watch:
    """Cameras that are listened to; each one's last state is kept, and `notice` told of all."""

    jobs: list[CameraJob]
    gallery: Gallery
    patience: Patience | None = None
    notice: Callable[[Message], None] = lambda _message: None
    states: dict[str, CameraState] = field(default_factory=dict)
    ended: dict[str, Ended] = field(default_factory=dict)
    _stopped: bool = False
    _supervisor: Supervisor = field(init=False)
    _heard: Iterator[Message | None] = field(init=False)

    def __post_init__(self) -> None:
        self._supervisor = Supervisor(self.jobs, self.gallery, self.patience)
        self._heard = self._supervisor.listen(lambda: self._stopped)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._supervisor.close()

    def until(self, what: Callable[[], bool], longest_s: float = LONGEST_S) -> float:
        """Listen until it is so, and return when that was heard (monotonic).

        Raises:
            StuckError: it took too long.
        """
        until_s = monotonic() + longest_s
        while not what():
            if monotonic() > until_s:
                raise StuckError(f"Nothing came of it: {self.states}")
            self.hear()
        return monotonic()

    def for_s(self, seconds: float) -> None:
        """Listen for a while."""
        until_s = monotonic() + seconds
        while monotonic() < until_s:
            self.hear()

    def hear(self) -> None:
        """Hear one message, or a moment's silence."""
        self._take(next(self._heard))

    def _take(self, message: Message | None) -> None:
        if message is None:
            return
        if not isinstance(message, Raised | Picture):
            self.states[message.state.camera] = message.state
        if isinstance(message, Ended):
            self.ended[message.state.camera] = message
            if message.error is not None:
                raise message.error
        self.notice(message)

    def frames(self, camera: str) -> int:
        """Return how many frames a camera has looked at, in all its processes."""
        return self.states[camera].counts.frames if camera in self.states else 0

    def looking(self, cameras: list[str]) -> None:
        """Listen until each of these has looked at frames since now."""
        before = {each: self.frames(each) for each in cameras}
        self.until(lambda: all(self.frames(each) > before[each] for each in cameras))

    def over(self) -> None:
        """Stop all cameras and hear their last words."""
        self._stopped = True
        for message in self._heard:
            self._take(message)


def pid_of(camera: str) -> int | None:
    """Return the process of a camera of this process, where it has one now."""
    for process in multiprocessing.active_children():
        if process.name == f"camera {camera}":
            return process.pid
    return None


def hurried(job: CameraJob, longest_wait_s: float) -> CameraJob:
    """Return a job whose camera is opened again after so long at most."""
    return replace(job, longest_wait_s=longest_wait_s)
