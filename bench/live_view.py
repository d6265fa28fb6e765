"""How far behind the pictures of a live view are, and whether they hold up anything.

The drawn street, scaled to 1080p, plays at its own pace before one camera, which is watched and
then not. A screen asks the hub for each picture as soon as there is one, and takes down its age:
from the decoding of its frame to its being at hand, hidden, scaled and encoded.
"""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from bench.context import Context
from bench.deployments import Scene, write_deployment
from bench.drawn import drawn_scene
from bench.results import Claim, Grid
from overt.deployment.file import Deployment
from overt.people.office import Office
from overt.runtime.live import LiveHub, LivePicture
from overt.runtime.live_pictures import MOST_A_SECOND
from overt.runtime.run import RunOptions, rehearse
from overt.values import RunStatistics, StageTime

_SIZE = (1920, 1080)
_MOST_AGE_S = 0.3
_RUN = "live-view"
_STAGES = ("detection", "after detection", "age at decision", "live picture")


@dataclass(frozen=True, slots=True)
class LiveView:
    """The same street watched and not: ages and sizes of pictures, and what each run counted."""

    ages_s: tuple[float, ...]
    kilobytes: tuple[float, ...]
    watched: RunStatistics
    unwatched: RunStatistics

    def claims(self) -> Iterator[Claim]:
        """Return how far behind a live view may be, and how often it may be refreshed."""
        p95_s = float(np.percentile(self.ages_s, 95))
        yield Claim(
            "live view: age of a picture when it is at hand, 95th percentile",
            f"≤ {1000 * _MOST_AGE_S:.0f} ms",
            f"{1000 * p95_s:.0f} ms of {len(self.ages_s)} pictures",
            p95_s <= _MOST_AGE_S,
        )
        rate = len(self.ages_s) / self.watched.duration_s
        yield Claim(
            "live view: pictures a second",
            f"≤ {MOST_A_SECOND}",
            f"{rate:.1f}",
            rate <= MOST_A_SECOND,
        )

    def grids(self) -> Iterator[Grid]:
        """Return the pictures' figures, and both runs' side by side."""
        rows = (
            ("age when at hand, ms", *_spread(1000 * age_s for age_s in self.ages_s)),
            ("size, KB", *_spread(self.kilobytes)),
        )
        heads = ("picture", "p50", "p95", "largest")
        yield Grid("live view: one camera at 1080p, watched", heads, rows)
        runs = (self.watched, self.unwatched)
        counted = (
            ("frames looked at", *(f"{run.frames:,}" for run in runs)),
            ("frames dropped", *(f"{sum(run.frames_dropped.values()):,}" for run in runs)),
            ("alerts", *(str(run.alerts) for run in runs)),
            *((name, *(_times(run, name) for run in runs)) for name in _STAGES),
        )
        note = "Stages: p50 / p95 in ms."
        yield Grid("live view: what watching costs", ("", "watched", "unwatched"), counted, note)


def _spread(values: Any) -> tuple[str, ...]:
    found = list(values)
    return tuple(f"{np.percentile(found, each):.0f}" for each in (50, 95, 100))


def _times(run: RunStatistics, name: str) -> str:
    found: StageTime | None = next((each for each in run.stage_times if each.stage == name), None)
    return f"{found.p50_ms:.1f} / {found.p95_ms:.1f}" if found else ""


class _Screen(threading.Thread):
    """Looks at a camera's pictures as a page would, each as soon as it is there."""

    def __init__(self, hub: LiveHub, camera: str) -> None:
        super().__init__(name="screen", daemon=True)
        self._hub = hub
        self._camera = camera
        self._away = threading.Event()
        self.seen: list[LivePicture] = []

    def run(self) -> None:
        """Look until it is told to go away."""
        sequence = 0
        with self._hub.watch(_RUN):
            while not self._away.is_set():
                picture = self._hub.picture(_RUN, self._camera, sequence, wait_s=0.5)
                if picture is not None:
                    sequence = picture.sequence
                    self.seen.append(picture)

    def go_away(self) -> None:
        """Look no more."""
        self._away.set()
        self.join()


def measure(context: Context) -> LiveView:
    """Play the drawn street twice: watched, and unwatched."""
    drawn = drawn_scene(context)
    film = scaled_film(context, Path(drawn.source))
    scene = Scene(_RUN, str(film), drawn.files, smallest_face_px=60)
    deployment = Deployment.load(write_deployment(context, scene))
    watched, seen = _play(context, deployment, watch=True)
    unwatched, _ = _play(context, deployment, watch=False)
    return LiveView(
        ages_s=tuple(picture.age_s for picture in seen),
        kilobytes=tuple(len(picture.jpeg) / 1024 for picture in seen),
        watched=watched,
        unwatched=unwatched,
    )


def _play(
    context: Context, deployment: Deployment, *, watch: bool
) -> tuple[RunStatistics, list[LivePicture]]:
    hub, (camera,) = LiveHub(), [each.name for each in deployment.cameras]
    screen = _Screen(hub, camera)
    with ExitStack() as stack, Office.open(context.home) as office:
        stack.enter_context(context.progress("watched" if watch else "unwatched"))
        if watch:
            screen.start()
            stack.callback(screen.go_away)
        view = hub.begin(_RUN, [camera])
        done = rehearse(deployment, office, view, RunOptions(paced=True), lambda: False)
    return done.statistics, screen.seen


def scaled_film(context: Context, source: Path) -> Path:
    """Return a film of the street at 1080p, which is made where there is none yet."""
    film = source.with_suffix(".1080p.mp4")
    if not film.exists():
        _scale(context, source, film)
    return film


def _scale(context: Context, source: Path, path: Path) -> None:
    """Write a film anew at 1080p; nothing half-written is left."""
    partial = path.with_suffix(".part.mp4")
    with (
        av.open(str(source)) as before,
        av.open(str(partial), "w") as after,
        context.progress("scaling") as progress,
    ):
        read: Any = before.streams.video[0]
        stream: Any = after.add_stream("libx264", rate=25, options={"preset": "veryfast"})
        stream.width, stream.height = _SIZE
        stream.pix_fmt = "yuv420p"
        for number, frame in enumerate(before.decode(read)):
            scaled = frame.reformat(*_SIZE, format="yuv420p", interpolation="BICUBIC")
            scaled.pts, scaled.time_base = number, Fraction(1, 25)
            after.mux(stream.encode(scaled))
            progress(number + 1, read.frames)
        after.mux(stream.encode(None))
    partial.rename(path)
