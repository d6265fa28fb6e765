"""How soon cameras look no more once a stop is on record, told by another process.

    python -m bench.stops HOME

Two cameras play a recording at its own pace under an authority. Another process puts the stop on
record, as anybody's screen would, and says when that commit returned. Cameras say when they last
looked at a frame. Both go by the system's one monotonic clock.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import numpy as np

from bench.context import Context
from bench.deployments import Scene, write_deployment
from bench.lists import ListFiles
from bench.office import KEPT, live_deployment, open_office, person
from bench.results import Claim, Grid
from overt.deployment import lifecycle
from overt.deployment.file import Deployment
from overt.matching.decision import DecisionPolicy
from overt.matching.gallery import Gallery
from overt.people.office import Office
from overt.runtime.jobs import Matching
from overt.runtime.messages import CameraState, Ended
from overt.runtime.preparation import Prepared
from overt.runtime.run import Ledger, Mandate, Running, RunOptions
from overt.runtime.standing import Authorised
from overt.runtime.views import Listed
from overt.storage import AlertRecord
from overt.vision.store import ModelStore, Pack
from overt.vocabulary import Role, RunEnding

_MOST_S = 1.0
_LISTED = 2_000
_SECOND_CAMERA = '\n[[camera]]\nname = "second"\nsource = "{source}"\nsmallest_face_px = 20\n'


@dataclass(frozen=True, slots=True)
class Stops:
    """Seconds from each stop's commit to the last look of the slower camera."""

    seconds: tuple[float, ...]

    def claims(self) -> Iterator[Claim]:
        """Return how long a stop may take."""
        slowest = max(self.seconds)
        yield Claim(
            "stop: from its commit to the last camera's last frame",
            f"≤ {_MOST_S:g} s",
            f"{slowest:.2f} s, the slowest of {len(self.seconds)}",
            slowest <= _MOST_S,
        )

    def grids(self) -> Iterator[Grid]:
        """Return every stop."""
        rows = tuple((str(n), f"{each:.2f}") for n, each in enumerate(self.seconds, 1))
        yield Grid(
            "stop: two cameras, told by another process",
            ("stop", "seconds"),
            rows,
            "Below 0: its last frame was looked at before the commit had returned.",
        )


@dataclass(slots=True)
class _Presser:
    """A view that has the stop put on record once every camera looks, and notes who looked when."""

    cameras: int
    presser: subprocess.Popen[str]
    deployment_id: str
    looking: set[str] = field(default_factory=set)
    last_looks_s: dict[str, float] = field(default_factory=dict)

    def enrolling(self, done: int, entries: int) -> None:
        """Take no notice."""

    def listed(self, listed: Listed) -> None:
        """Take no notice."""

    def alert(self, record: AlertRecord) -> None:
        """Take no notice."""

    def state(self, state: CameraState) -> None:
        """Press the button when the last camera has begun to look."""
        if state.counts.frames >= 3 and state.camera not in self.looking:
            self.looking.add(state.camera)
            if len(self.looking) == self.cameras:
                assert self.presser.stdin is not None
                self.presser.stdin.write(self.deployment_id + "\n")
                self.presser.stdin.flush()

    def ended(self, ended: Ended) -> None:
        """Note when a camera last looked."""
        self.last_looks_s[ended.state.camera] = monotonic() - ended.state.waiting_s


def stop_times(home: Path, path: Path, pack: Pack, times: int) -> Stops:
    """Run a deployment's cameras so many times, and have another process stop each run.

    Raises:
        OvertError: a camera failed.
    """
    deployment = Deployment.load(path)
    with open_office(home) as office, _another_process(home) as presser:
        return Stops(tuple(_stopped(office, deployment, pack, presser) for _ in range(times)))


def _stopped(
    office: Office, deployment: Deployment, pack: Pack, presser: subprocess.Popen[str]
) -> float:
    row = live_deployment(office)
    view = _Presser(len(deployment.cameras), presser, row.deployment_id)
    mandate = Mandate(row.deployment_id, Authorised(office, row), KEPT)
    ledger = Ledger(deployment, office, _prepared(pack, row.watchlist_id), mandate, view)
    options = RunOptions(paced=True, threads=1)
    result = Running(office, ledger, options, lambda: False).carry_out()
    if result.ending is not RunEnding.STOPPED or len(view.last_looks_s) != view.cameras:
        raise RuntimeError(f"It was not stopped: {result.ending} {result.reason}")
    assert presser.stdout is not None
    committed_s = float(presser.stdout.readline())
    return max(view.last_looks_s.values()) - committed_s


def _prepared(pack: Pack, watchlist_id: str) -> Prepared:
    noise = np.random.default_rng(0).normal(size=(_LISTED, 128)).astype(np.float32)
    listed = noise / np.linalg.norm(noise, axis=1, keepdims=True)
    gallery = Gallery([f"S-{number}" for number in range(_LISTED)], listed, pack.id)
    policy = DecisionPolicy(threshold=0.95, version="nobody's")
    found = Listed(_LISTED, _LISTED, 0, policy.threshold, beyond_measured=False)
    return Prepared(pack, watchlist_id, found, gallery, Matching(pack, policy))


@contextmanager
def _another_process(home: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "bench.stops", str(home)]
    root = Path(__file__).parents[1]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it is ready
        yield process
        process.kill()


def _press(home: Path) -> None:
    """Stop every deployment whose id comes in, and say when that was on record."""
    commander = person("commander", Role.COMMANDER)
    with open_office(home) as office:
        print("ready", flush=True)
        for line in sys.stdin:
            row = office.record.deployments.find(line.strip())
            lifecycle.request_stop(office, commander, row, "a measurement")
            print(monotonic(), flush=True)


def measure(context: Context) -> Stops:
    """Stop two cameras that watch the crowd clip, again and again."""
    clip = context.need("video/street-crowd-1080p.mp4")
    people = context.need("references")
    rows = context.cache / "nobody.csv"
    rows.write_text("reference_id\n", encoding="utf-8")
    path = write_deployment(context, Scene("stops", str(clip), ListFiles(rows, people)))
    with path.open("a", encoding="utf-8") as file:
        file.write(_SECOND_CAMERA.format(source=clip))
    models = context.home.models
    with TemporaryDirectory(dir=context.cache) as folder, context.progress("stopping"):
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        (home / "models").symlink_to(models.absolute())
        pack = ModelStore(models).load("standard")
        return stop_times(home, path, pack, 3 if context.quick else 10)


if __name__ == "__main__":
    _press(Path(sys.argv[1]))
