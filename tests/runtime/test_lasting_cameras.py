"""Live cameras come back, whatever happens to their network or their process; others go on."""

import multiprocessing
import os
import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic

import numpy as np
import pytest
from bench.hostile_rtsp import hostile_camera
from camera_jobs import a_gallery, a_job

from network import Doing, Network, between
from overt.capture import Zone
from overt.runtime.memory_limit import MOST_BYTES
from overt.runtime.messages import CameraState, Ended, Message
from overt.runtime.supervisor import Patience, Supervisor
from overt.runtime.worker import CameraJob
from overt.vision.store import ModelStore, Pack
from overt.vocabulary import LinkState, LossCause
from rehearsals import write_clip
from rtsp import SECRET, serving

pytestmark = pytest.mark.models

_LONGEST_S = 240.0
"""Generous: on a machine that does much else, loading a process's models alone takes a while."""


@pytest.fixture(scope="module")
def models(store: ModelStore, pack: Pack) -> Path:
    """The store that cameras load the standard pack from."""
    return store.folder


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten minutes of nobody, five pictures a second."""
    picture = np.full((120, 160, 3), 90, np.uint8)
    return write_clip(tmp_path_factory.mktemp("clip") / "street.mp4", [picture] * 3000)


@dataclass(slots=True)
class Watch:
    """A supervisor that is listened to until something is so; keeps each camera's last state."""

    supervisor: Supervisor
    states: dict[str, CameraState] = field(default_factory=dict)
    ended: dict[str, Ended] = field(default_factory=dict)
    stop: bool = False

    def __post_init__(self) -> None:
        self._heard: Iterator[Message | None] = self.supervisor.listen(lambda: self.stop)

    _heard: Iterator[Message | None] = field(init=False, repr=False)

    def until(self, what: Callable[[], bool]) -> None:
        """Listen until it is so."""
        until_s = monotonic() + _LONGEST_S
        while not what():
            assert monotonic() < until_s, self.states
            message = next(self._heard)
            if message is not None and not hasattr(message, "alert"):
                state = getattr(message, "state", None)
                if state is not None:
                    self.states[state.camera] = state
            if isinstance(message, Ended):
                self.ended[message.state.camera] = message

    def frames(self, camera: str = "gate") -> int:
        """How many frames a camera has looked at, in all its processes."""
        return self.states[camera].counts.frames if camera in self.states else 0

    def more(self, camera: str = "gate") -> None:
        """Listen until a camera has looked at ten frames more."""
        before = self.frames(camera)
        self.until(lambda: self.frames(camera) >= before + 10)

    def losses(self, cause: LossCause, camera: str = "gate") -> int:
        """How often a camera was lost for this cause."""
        return self.states[camera].link.losses[cause] if camera in self.states else 0

    def over(self) -> None:
        """Stop all cameras."""
        self.stop = True
        self.until(lambda: set(self.ended) == set(self.states))


def watching(jobs: list[CameraJob], patience: Patience) -> Watch:
    """Start cameras that last."""
    lasting = [replace(job, lasting=True) for job in jobs]
    return Watch(Supervisor(lasting, a_gallery(), patience))


def _pid_of(camera: str) -> int:
    (process,) = (p for p in multiprocessing.active_children() if p.name == f"camera {camera}")
    assert process.pid is not None
    return process.pid


def test_a_process_that_is_killed_or_hangs_is_replaced_and_the_other_goes_on(
    models: Path, clip: Path
) -> None:
    """Promise R3: no camera is given up, and no other one is disturbed."""
    jobs = [a_job(name, clip, models, paced=True) for name in ("gate", "mast")]
    # So patient with a busy process that only what it does can give a stopped one away.
    watch = watching(jobs, Patience(starting_s=600.0, silence_s=600.0, stall_s=60.0))
    try:
        watch.until(lambda: min(watch.frames("gate"), watch.frames("mast")) > 0)
        mast = _pid_of("mast")
        first = _pid_of("gate")
        os.kill(first, signal.SIGKILL)
        watch.until(lambda: watch.losses(LossCause.DIED) == 1)
        assert watch.states["gate"].link.state is LinkState.LOST
        lost_s = monotonic()
        watch.until(lambda: watch.states["gate"].link.state is LinkState.PLAYING)
        away_s = monotonic() - lost_s
        watch.more()
        assert watch.states["gate"].link.lost_s >= away_s - 1.0, "also while a process starts"
        second = _pid_of("gate")
        os.kill(second, signal.SIGSTOP)
        watch.until(lambda: watch.losses(LossCause.SILENT) == 1)
        watch.more()

        assert len({first, second, _pid_of("gate")}) == 3
        assert _pid_of("mast") == mast
        assert watch.states["gate"].link.reconnects == 2
        assert not watch.states["mast"].link.losses
        watch.over()
        assert watch.ended["gate"].error is None
    finally:
        watch.supervisor.close()
    assert not multiprocessing.active_children()


def test_a_stream_that_is_cut_silent_or_refused_comes_back(models: Path, clip: Path) -> None:
    """Promises R2 and R3, over a real RTSP server and a network that fails."""
    with serving(clip) as url:
        port = int(re.findall(r":(\d+)/", url)[0])
        with between(port) as network:
            _watch_a_failing_network(models, url.replace(str(port), str(network.port)), network)


def _watch_a_failing_network(models: Path, url: str, network: Network) -> None:
    job = a_job("gate", url, models, paced=True)
    watch = watching([job], Patience(starting_s=120.0, stall_s=20.0, opening_s=60.0))
    try:
        watch.more()
        process = _pid_of("gate")

        before = watch.losses(LossCause.BROKEN)  # a pause of the machine may break it as well
        network.cut()
        watch.until(lambda: watch.losses(LossCause.BROKEN) > before)
        watch.more()
        before = watch.losses(LossCause.BROKEN)
        network.doing = Doing.SILENT
        watch.until(lambda: watch.losses(LossCause.BROKEN) > before)
        network.doing = Doing.PASSING
        watch.more()
        network.refusing = True
        network.cut()
        watch.until(lambda: watch.losses(LossCause.NOT_OPENED) >= 2)
        network.refusing = False
        watch.more()

        link = watch.states["gate"].link
        assert link.state is LinkState.PLAYING
        assert link.reconnects >= 3
        assert link.lost_s > 0
        assert SECRET not in link.why
        assert _pid_of("gate") == process, "opened anew in the same process"
        watch.over()
        assert watch.ended["gate"].error is None
    finally:
        watch.supervisor.close()


def test_a_stream_that_only_trickles_costs_its_process_and_comes_back(
    models: Path, clip: Path
) -> None:
    """What FFmpeg's own limits never end, the supervisor ends."""
    with serving(clip) as url:
        port = int(re.findall(r":(\d+)/", url)[0])
        with between(port) as network:
            behind = url.replace(str(port), str(network.port))
            job = a_job("gate", behind, models, paced=True)
            watch = watching([job], Patience(starting_s=120.0, stall_s=3.0, opening_s=60.0))
            try:
                watch.more()
                network.doing = Doing.TRICKLING
                watch.until(
                    lambda: watch.losses(LossCause.STALLED) + watch.losses(LossCause.BROKEN) > 0
                )
                network.doing = Doing.PASSING
                watch.more()
                watch.over()
            finally:
                watch.supervisor.close()


def test_a_camera_whose_every_stream_is_hostile_disturbs_nobody(models: Path, clip: Path) -> None:
    """Promise R3: what decodes nonsense is one process, and the others never hear of it."""
    with hostile_camera() as camera:
        gate = a_job("gate", camera.address("next"), models, paced=True)
        jobs = [gate, a_job("mast", clip, models, paced=True)]
        watch = watching(jobs, Patience(starting_s=120.0, silence_s=60.0, opening_s=60.0))
        try:
            watch.until(lambda: watch.frames("mast") > 0)
            mast = _pid_of("mast")
            watch.until(lambda: camera.served >= 5)
            watch.more("mast")

            link = watch.states["gate"].link
            assert link.losses.total() >= 4
            assert link.why
            assert _pid_of("mast") == mast
            assert not watch.states["mast"].link.losses
            limits = Path(f"/proc/{mast}/limits").read_text()
            assert re.search(rf"Max data size +{MOST_BYTES} +{MOST_BYTES}", limits)
            watch.over()
            assert watch.ended["mast"].error is None
        finally:
            watch.supervisor.close()


def test_pictures_that_change_their_size_are_looked_at_in_the_same_process(
    models: Path, tmp_path: Path
) -> None:
    """The zone is a share of the picture, and the models are fitted to its new size."""
    parts = []
    for width, height in ((160, 120), (640, 360)):
        picture = np.full((height, width, 3), 90, np.uint8)
        parts.append(write_clip(tmp_path / f"{width}.h264", [picture] * 20).read_bytes())
    both = tmp_path / "both.h264"
    both.write_bytes(b"".join(parts))
    with serving(both, "--raw") as url:
        job = a_job("gate", url, models, paced=True)
        corner = Zone.from_points([(0.5, 0.5), (1.0, 0.5), (1.0, 1.0), (0.5, 1.0)])
        job = replace(job, settings=replace(job.settings, zone=corner))
        watch = watching([job], Patience(starting_s=120.0, stall_s=60.0, opening_s=60.0))
        try:
            watch.until(lambda: watch.losses(LossCause.BROKEN) > 0)
            watch.more()
            assert watch.states["gate"].link.losses.total() == watch.losses(LossCause.BROKEN)
            watch.over()
            assert watch.ended["gate"].error is None
        finally:
            watch.supervisor.close()
