"""Runs of a deployment as the product runs them, in a process of their own.

    python -m bench.runs DEPLOYMENT.toml CACHE [--paced]

Its own process, so that peak memory is the run's and not the benchmark's; it tells what it saw
as JSON, and the parent watches its memory meanwhile.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from bench.context import BenchHome, Context
from bench.deployments import Scene, write_deployment
from bench.memory import Memory, memory_of
from overt.deployment.file import Deployment
from overt.errors import OvertError
from overt.people.office import Office
from overt.runtime.messages import CameraState, Ended
from overt.runtime.run import RunOptions, rehearse
from overt.runtime.views import Listed
from overt.storage import AlertRecord
from overt.values import StageTime

_SAMPLE_S = 0.1


@dataclass(frozen=True, slots=True)
class RaisedAlert:
    """One committed alert, as far as a benchmark needs it."""

    subject_id: str
    comparison_score: float
    normalised_score: float
    threshold: float
    shots: int
    agreeing: int
    presentation_s: float


@dataclass(frozen=True, slots=True)
class RunReport:
    """What one run gave.

    `loading_s` is from the call to the list being ready, `starting_s` from there to the
    camera's first word, which follows its first frame, and `watching_s` from there to its last.
    `film_s` is how far the recording went.
    """

    subjects: int
    threshold: float
    loading_s: float
    starting_s: float
    watching_s: float
    film_s: float
    frames: int
    dropped: dict[str, int]
    detections: int
    faces_seen: int
    faces_searched: int
    alerts: tuple[RaisedAlert, ...]
    stage_times: tuple[StageTime, ...]
    ending: str
    memory: Memory = field(default_factory=Memory)

    @property
    def frames_per_second(self) -> float:
        """Frames looked at a second of watching."""
        return self.frames / max(self.watching_s, 1e-9)


def run_apart(context: Context, scene: Scene, *, paced: bool) -> RunReport:
    """Run a scene's deployment in a process of its own and return what it told.

    Raises:
        OvertError: the run failed.
    """
    path = write_deployment(context, scene)
    command = [sys.executable, "-m", "bench.runs", str(path), str(context.cache)]
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(
            [*command, *(["--paced"] if paced else [])], stdout=out, stderr=err
        )
        memory = Memory()
        while process.poll() is None:
            memory = memory.higher_of(memory_of(process.pid))
            sleep(_SAMPLE_S)
        out.seek(0)
        err.seek(0)
        if process.returncode:
            raise OvertError(
                f"The run of {scene.name} failed: {err.read().strip()[-300:] or 'no reason given'}"
            )
        return _report(json.loads(out.read()), memory)


def _report(told: dict[str, Any], memory: Memory) -> RunReport:
    alerts = tuple(RaisedAlert(**alert) for alert in told.pop("alerts"))
    stages = tuple(StageTime(**stage) for stage in told.pop("stage_times"))
    return RunReport(**{**told, "alerts": alerts, "stage_times": stages, "memory": memory})


class _Listener:
    """Notes when what happened."""

    def __init__(self) -> None:
        self.alerts: list[RaisedAlert] = []
        self.subjects, self.threshold, self.film_s = 0, 0.0, 0.0
        self.called_s = self.ready_s = self.first_s = self.last_s = monotonic()

    def enrolling(self, done: int, entries: int) -> None:
        """Take no notice: lists are enrolled before."""

    def listed(self, listed: Listed) -> None:
        """Note when the list was ready."""
        self.subjects, self.threshold = listed.subjects, listed.threshold
        self.ready_s = self.first_s = monotonic()

    def alert(self, record: AlertRecord) -> None:
        """Keep what an alert says."""
        alert, candidate = record.alert, record.alert.candidate
        self.alerts.append(
            RaisedAlert(
                candidate.subject_id,
                candidate.comparison_score,
                candidate.normalised_score,
                alert.threshold,
                alert.shots,
                alert.agreeing,
                alert.presentation_s,
            )
        )

    def state(self, state: CameraState) -> None:
        """Note the first word and the last."""
        self.last_s, self.film_s = monotonic(), state.film_s
        if self.first_s == self.ready_s:
            self.first_s = self.last_s

    def ended(self, ended: Ended) -> None:
        """Take no notice: it was a state as well."""


def _run(path: Path, cache: Path, *, paced: bool) -> dict[str, Any]:
    view = _Listener()
    options = RunOptions(paced=paced)
    with Office.open(BenchHome(cache)) as office:
        done = rehearse(Deployment.load(path), office, view, options, lambda: False)
    counted = done.statistics
    report = RunReport(
        subjects=view.subjects,
        threshold=view.threshold,
        loading_s=view.ready_s - view.called_s,
        starting_s=view.first_s - view.ready_s,
        watching_s=view.last_s - view.first_s,
        film_s=view.film_s,
        frames=counted.frames,
        dropped={str(cause): count for cause, count in counted.frames_dropped.items()},
        detections=counted.detections,
        faces_seen=counted.faces_seen,
        faces_searched=counted.faces_searched,
        alerts=tuple(view.alerts),
        stage_times=counted.stage_times,
        ending=f"{done.ending} {done.reason}".strip(),
    )
    told = asdict(report)
    del told["memory"]
    return told


def main() -> None:
    """Run one deployment and write what was seen to standard output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("deployment", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--paced", action="store_true")
    given = parser.parse_args()
    try:
        print(json.dumps(_run(given.deployment, given.cache, paced=given.paced)))
    except OvertError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
