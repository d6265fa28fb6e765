"""How soon a camera that went away is missed, and how soon a face is found once it is back.

A live camera watches somebody who stays, over a real RTSP server behind a proxy. It goes away in
one of five ways, for as long as is asked; what its process tells its parent is written down with
the time. Each way is in processes of its own, all at once, since there is little to do but wait.
"""

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from bench.apart import run_apart, tell
from bench.cameras import Watch, live_job, pid_of
from bench.context import Context
from bench.outages import FailingCamera, Way, failing_camera
from bench.portraits import Film, gallery_of
from bench.results import Claim, Grid
from bench.testing import demand_server
from overt.vision.store import ModelStore
from overt.vocabulary import LinkState

NOTICED_S, FACE_S = 5.0, 10.0
_OUTAGES_S = (5.0, 20.0, 60.0, 180.0)
_QUICK_S = (5.0,)
_STEADY_S = 12.0  # longer than what makes a stream steady, so that every outage begins alike
_SEED = 14


@dataclass(frozen=True, slots=True)
class Recovery:
    """One outage; seconds, as the parent heard of it.

    `noticed_s` is from its beginning to the word that the stream is lost. The others are from the
    stream's return: to the try that was made (`tried_s`), to the first picture that was decoded
    (`opened_s`), to the first frame that was looked at and to the first face found in one.
    `new_process` says whether it cost the camera's process.
    """

    way: Way
    outage_s: float
    noticed_s: float
    tried_s: float
    opened_s: float
    looked_s: float
    face_s: float
    new_process: bool


@dataclass(frozen=True, slots=True)
class RecoveryResult:
    """Every way, every length."""

    recoveries: tuple[Recovery, ...]

    def claims(self) -> Iterator[Claim]:
        """Return what the slowest of all may take."""
        noticed = max(self.recoveries, key=lambda each: each.noticed_s)
        face = max(self.recoveries, key=lambda each: each.face_s)
        yield Claim(
            "recovery: a stall is noticed",
            f"≤ {NOTICED_S:g} s",
            f"{noticed.noticed_s:.1f} s, the slowest of {len(self.recoveries)} ({noticed.way})",
            noticed.noticed_s <= NOTICED_S,
        )
        yield Claim(
            "recovery: first face after the stream returns",
            f"≤ {FACE_S:g} s",
            f"{face.face_s:.1f} s, the slowest of {len(self.recoveries)} "
            f"({face.way}, {face.outage_s:.0f} s)",
            face.face_s <= FACE_S,
        )

    def grids(self) -> Iterator[Grid]:
        """Return every outage."""
        rows = tuple(
            (
                each.way,
                f"{each.outage_s:.0f}",
                f"{each.noticed_s:.2f}",
                f"{each.tried_s:.2f}",
                f"{each.opened_s:.2f}",
                f"{each.looked_s:.2f}",
                f"{each.face_s:.2f}",
                "yes" if each.new_process else "",
            )
            for each in self.recoveries
        )
        columns = ("way", "away s", "noticed", "tried", "opened", "look", "face", "new process")
        note = (
            "Seconds, told by beats of which there are four a second: noticed since it went, the "
            "others since it came back. The server begins every stream with a key picture; a "
            "camera that does not adds up to one key-picture interval."
        )
        yield Grid("recovery: a camera that went away and came back", columns, rows, note)


class _Log:
    """When what was heard of the camera's link, since somebody asked."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def lost(self) -> float:
        """Return when it is heard that the stream is lost."""
        return self._watch.until(lambda: self._link() is not LinkState.PLAYING)

    def trying(self) -> float:
        """Return when the try was heard of that brought the camera back."""
        tried_s = monotonic()
        while self._link() is not LinkState.PLAYING:
            before = self._link()
            self._watch.hear()
            if self._link() is LinkState.OPENING and before is not LinkState.OPENING:
                tried_s = monotonic()
        return tried_s

    def _link(self) -> LinkState:
        return self._watch.states["gate"].link.state


def recover(models: Path, clip: Path, way: Way, outages_s: Sequence[float]) -> RecoveryResult:
    """Let a camera go away in this way, for so long each time, and say how soon it was back."""
    pack = ModelStore(models).load("standard")
    gallery = gallery_of(pack, (_SEED,), clip.parent)
    with failing_camera(clip) as camera:
        job = live_job("gate", camera.url, pack, models)
        with Watch([job], gallery) as watch:
            watch.looking(["gate"])
            found = []
            for outage_s in outages_s:
                watch.for_s(_STEADY_S)
                found.append(_one(watch, camera, way, outage_s))
            watch.over()
    return RecoveryResult(tuple(found))


def _one(watch: Watch, camera: FailingCamera, way: Way, outage_s: float) -> Recovery:
    log, process = _Log(watch), pid_of("gate")
    went_s = monotonic()
    come_back = camera.go(way)
    lost_s = log.lost()
    watch.for_s(outage_s - (monotonic() - went_s))
    come_back()
    back_s = monotonic()
    faces, frames = watch.states["gate"].counts.detections, watch.frames("gate")
    tried_s = log.trying()
    opened_s = monotonic()
    looked_s = watch.until(lambda: watch.frames("gate") > frames)
    face_s = watch.until(lambda: watch.states["gate"].counts.detections > faces)
    return Recovery(
        way,
        outage_s,
        noticed_s=lost_s - went_s,
        tried_s=tried_s - back_s,
        opened_s=opened_s - back_s,
        looked_s=looked_s - back_s,
        face_s=face_s - back_s,
        new_process=pid_of("gate") != process,
    )


def measure(context: Context) -> RecoveryResult:
    """Let a camera go away in every way, for five seconds to three minutes.

    Raises:
        MissingError: no RTSP server is installed.
    """
    demand_server()
    lengths = _QUICK_S if context.quick else _OUTAGES_S
    film = Film((_SEED,), shown_s=590.0, gap_s=0.2, frames_per_second=5).written(context.cache)
    with context.progress("cameras go away"), ThreadPoolExecutor(len(Way)) as threads:
        each = threads.map(lambda way: _apart(context.home.models, film, way, lengths), Way)
        return RecoveryResult(tuple(row for rows in each for row in rows))


def _apart(models: Path, clip: Path, way: Way, lengths: Sequence[float]) -> list[Recovery]:
    rows = run_apart("bench.recovery", (models, clip, way.name, *lengths))["recoveries"]
    return [Recovery(**{**row, "way": Way(row["way"])}) for row in rows]


def main() -> None:
    """Let a camera go away in one way, as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", type=Path)
    parser.add_argument("clip", type=Path)
    parser.add_argument("way", choices=[way.name for way in Way])
    parser.add_argument("seconds", type=float, nargs="+")
    given = parser.parse_args()
    tell(lambda: recover(given.models, given.clip, Way[given.way], given.seconds))
