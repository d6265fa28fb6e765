"""Cameras watched by the product in a process of its own, which tells how they do while they run.

    python -m bench.watching PLAN.json

The supervisor, its cameras' processes, the list, the policy and the record are the real ones, as
`overt run` has them; only the sources are put in afterwards, since a rehearsal may have no network
camera. The list is that of the drawn street, filled up to 12,000 references with random templates.
The process says every state of every camera on its standard output, and ends when its standard
input does.
"""

import hashlib
import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from bench.console_scene import filled_up
from bench.context import BenchHome, Context
from bench.deployments import Scene, write_deployment
from bench.drawn import drawn_scene
from bench.films import CROWD
from bench.lists import enrolled, keep_for_bench, kept_by_bench
from overt.deployment.file import Deployment
from overt.deployment.policy import Policy
from overt.deployment.source import Source
from overt.errors import OvertError
from overt.matching.gallery import Gallery
from overt.people.office import Office
from overt.retention.erasure import REHEARSAL_KEPT
from overt.runtime.jobs import Matching, decision_policy
from overt.runtime.messages import CameraState, Ended
from overt.runtime.preparation import Prepared
from overt.runtime.run import Ledger, Mandate, Running, RunOptions
from overt.runtime.standing import Rehearsed
from overt.runtime.timing import Spread
from overt.runtime.views import Listed
from overt.storage import AlertRecord
from overt.vision.store import ModelStore
from overt.vocabulary import LinkState

_LONGEST_S = 300.0  # on a busy machine a camera's process takes a while to start


@dataclass(frozen=True, slots=True)
class Watched:
    """One camera: its address, and the width in which faces are looked for."""

    name: str
    source: str
    detection_width_px: int
    smallest_face_px: int = 40


@dataclass(frozen=True, slots=True)
class Plan:
    """What is watched, and with what threshold.

    `coverage` has what differs from the shipped policy's section of this name, where it has one.
    """

    cameras: tuple[Watched, ...]
    deployment: str
    watchlist_id: str
    cache: str
    threshold: float
    coverage: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """What a camera had counted at a moment of the system's monotonic clock."""

    at_s: float
    frames: int
    detections: int
    dropped: int
    reconnects: int
    losses: dict[str, int]
    lost_s: float
    state: str
    ages: Spread = field(repr=False)


@dataclass(frozen=True, slots=True)
class Finished:
    """What a run came to: how the times of each stage are spread, and what went wrong."""

    stages: dict[str, Spread]
    ending: str


class Cameras:
    """The parent's side of cameras that are watched: what each has told, in order."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.told: dict[str, list[Told]] = {}
        self.alerts: list[tuple[float, str, float]] = []
        """When, of which camera, and how many seconds after its frame each alert was committed."""
        self._finished: Finished | None = None
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def last(self, camera: str) -> Told | None:
        """Return what a camera told last."""
        known = self.told.get(camera)
        return known[-1] if known else None

    def frames(self, camera: str) -> int:
        """Return how many frames a camera has looked at."""
        last = self.last(camera)
        return last.frames if last else 0

    def plays(self, camera: str) -> bool:
        """Tell whether a camera's stream stands."""
        last = self.last(camera)
        return last is not None and last.state == LinkState.PLAYING.name

    def until(self, what: Callable[[], bool], longest_s: float = _LONGEST_S) -> bool:
        """Wait until it is so, and tell whether it came to be in time.

        Raises:
            OvertError: the process has ended.
        """
        until_s = monotonic() + longest_s
        while not what():
            if self.process.poll() is not None:
                raise OvertError("The process that watches cameras has ended by itself.")
            if monotonic() > until_s:
                return False
            sleep(0.05)
        return True

    def until_all_look(self, cameras: Iterable[str], frames: int = 10) -> None:
        """Wait until every camera has looked at so many frames.

        Raises:
            OvertError: one does not within five minutes.
        """
        names = list(cameras)
        if not self.until(lambda: all(self.frames(each) >= frames for each in names)):
            slow = [each for each in names if self.frames(each) < frames]
            raise OvertError(f"Cameras that do not come to look: {', '.join(slow)}.")

    def finish(self) -> Finished:
        """Have it end, and return what it says at the end."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self._reader.join(60)
        self.process.wait(60)
        if self._finished is None:
            raise OvertError("The process that watches cameras did not say how it ended.")
        return self._finished

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            said = json.loads(line)
            if "alert" in said:
                self.alerts.append((said["at_s"], said["alert"], said["latency_s"]))
            elif "stages" in said:
                stages = {name: _spread(each) for name, each in said["stages"].items()}
                self._finished = Finished(stages, said["ending"])
            else:
                camera = said.pop("camera")
                told = Told(**{**said, "ages": _spread(said["ages"])})
                self.told.setdefault(camera, []).append(told)


@contextmanager
def watching(
    context: Context, cameras: Iterable[Watched], threshold: float, **coverage: float
) -> Iterator[Cameras]:
    """Watch cameras in a process of its own while the block runs.

    `coverage` is put in place of the shipped policy's words on how often and how closely to look.
    """
    scene = Scene("watching", str(context.need(f"video/{CROWD}")), drawn_scene(context).files)
    path = write_deployment(context, scene)
    listed = large_list(context)
    plan = Plan(tuple(cameras), str(path), listed, str(context.cache), threshold, coverage)
    file = context.cache / "watching.json"
    file.write_text(json.dumps(asdict(plan)), encoding="utf-8")
    command = [sys.executable, "-m", "bench.watching", str(file)]
    root = Path(__file__).parents[1]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
    ) as process:
        try:
            yield Cameras(process)
        finally:
            if process.stdin and not process.stdin.closed:
                process.stdin.close()
            try:
                process.wait(30)
            finally:
                process.kill()


def large_list(context: Context) -> str:
    """Return the id of a list of 12,000, which is made and kept where there is none."""
    base = enrolled(context, drawn_scene(context).files)
    list_id = hashlib.sha256(f"{base.watchlist_id} filled up".encode()).hexdigest()
    if kept_by_bench(context, list_id) is None:
        keep_for_bench(context, replace(filled_up(base), watchlist_id=list_id))
    return list_id


# --- the process ------------------------------------------------------------------------------


class _Teller:
    """A view that tells everything on standard output."""

    def enrolling(self, done: int, entries: int) -> None:
        """Take no notice: the list is there."""

    def listed(self, listed: Listed) -> None:
        """Take no notice."""

    def alert(self, record: AlertRecord) -> None:
        """Tell how long after its frame an alert is on record."""
        alert = record.alert
        since_s = (datetime.now(UTC) - alert.raised_at).total_seconds()
        _say(at_s=monotonic(), alert=alert.camera, latency_s=alert.latency_s + since_s)

    def state(self, state: CameraState) -> None:
        """Tell how a camera does."""
        _say(
            at_s=monotonic(),
            camera=state.camera,
            frames=state.counts.frames,
            detections=state.counts.detections,
            dropped=state.dropped.total(),
            reconnects=state.link.reconnects,
            losses={cause.name: count for cause, count in state.link.losses.items()},
            lost_s=state.link.lost_s,
            state=state.link.state.name,
            ages=_flat(state.ages),
        )

    def ended(self, ended: Ended) -> None:
        """Take no notice: it was a state as well."""


def _say(**said: Any) -> None:
    print(json.dumps(said), flush=True)


def _flat(spread: Spread) -> dict[str, Any]:
    return {"counts": dict(spread.counts), "total_s": spread.total_s}


def _spread(flat: Mapping[str, Any]) -> Spread:
    counts = Counter({int(bucket): count for bucket, count in flat["counts"].items()})
    return Spread(counts, flat["total_s"])


def _watch(plan: Plan) -> None:
    deployment = _deployment(plan)
    home = BenchHome(Path(plan.cache))
    pack = ModelStore(home.models).load(deployment.pack)
    stop = threading.Event()
    with Office.open(home) as office:
        watchlist = office.record.watchlists.load(plan.watchlist_id, pictures=False)
        assert watchlist is not None
        gallery = Gallery.of(watchlist)
        policy = replace(decision_policy(deployment, pack, gallery), threshold=plan.threshold)
        listed = Listed(
            len(watchlist.subjects),
            len(watchlist.references),
            0,
            policy.threshold,
            beyond_measured=False,
        )
        prepared = Prepared(pack, plan.watchlist_id, listed, gallery, Matching(pack, policy))
        mandate = Mandate(None, Rehearsed(), REHEARSAL_KEPT)
        ledger = Ledger(deployment, office, prepared, mandate, _Teller())
        threading.Thread(target=_heed, args=(stop,), daemon=True).start()
        done = Running(office, ledger, RunOptions(paced=True), stop.is_set).carry_out()
    _say(
        stages={name: _flat(spread) for name, spread in done.stages.items()},
        ending=f"{done.ending} {done.reason}".strip(),
    )


def _heed(stop: threading.Event) -> None:
    sys.stdin.read()
    stop.set()


def _deployment(plan: Plan) -> Deployment:
    path = Path(plan.deployment)
    written = Deployment.load(path)
    cameras = tuple(
        replace(
            written.cameras[0],
            name=each.name,
            source=Source.of(each.source, path.parent),
            smallest_face_px=each.smallest_face_px,
            detection_width_px=each.detection_width_px,
        )
        for each in plan.cameras
    )
    return replace(written, cameras=cameras, policy=_policy(written.policy, plan.coverage))


def _policy(policy: Policy, coverage: Mapping[str, float]) -> Policy:
    if not has_coverage() or not coverage:
        return policy
    section: Any = policy.coverage  # type: ignore[attr-defined, unused-ignore]  # it may not be
    return policy.model_copy(update={"coverage": section.model_copy(update=dict(coverage))})


def has_coverage() -> bool:
    """Tell whether policies say how often and how closely cameras must look."""
    return "coverage" in Policy.model_fields


def main() -> None:
    """Watch what a plan says until standard input ends."""
    said = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    cameras = tuple(Watched(**each) for each in said.pop("cameras"))
    _watch(Plan(cameras, **said))


if __name__ == "__main__":
    main()
