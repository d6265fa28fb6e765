"""How cameras change to another list while they look, and what they notice of it.

Three cameras play the crowd clip at its own pace against a list of 100,000. Meanwhile another list
of that size is made ready as a hand-over makes it ready, in a thread that gives way: opened out of
the record, its gallery built, and laid into memory that the cameras share. Then every camera is
given it, between two frames. Cameras tell four times a second when they last looked at a frame,
so that a gap between two looks is told to be at most what lies between two such words.
"""

import os
import pickle
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, perf_counter

from bench.context import Context
from bench.lists import random_templates
from bench.memory import Memory, memory_of
from bench.office import open_office
from bench.results import Claim, Grid
from bench.threads import looped
from overt.audit.events import WatchlistImported
from overt.audit.log import SYSTEM
from overt.capture import CaptureSettings, Zone
from overt.matching.decision import DecisionPolicy
from overt.matching.gallery import Gallery
from overt.people.office import Office
from overt.runtime.handover import be_nice
from overt.runtime.messages import Beat, Changed, Ended
from overt.runtime.pipeline import CameraSettings
from overt.runtime.shared_gallery import SharedGallery
from overt.runtime.supervisor import Patience, Supervisor
from overt.runtime.worker import CameraJob
from overt.storage import ListFacts
from overt.values import Quality, Reference, Subject, Watchlist
from overt.vision.detection import DetectorSettings
from overt.vision.quality import QualityLimits
from overt.vision.store import Pack
from overt.vocabulary import DeploymentKind

_LISTED, _LISTED_QUICK = 100_000, 10_000
_CAMERAS = 3
_MOST_S = 2.0
_SETTLE_S, _STEADY_S = 15.0, 20.0
_PATIENCE = Patience(starting_s=300.0, silence_s=60.0, picture_s=120.0)
"""Nobody is given up for being slow on a busy machine; how slow they are is what is measured."""

_TURNS = 150  # of four seconds each
_QUALITY = Quality(60, 0.1, 0.5, 0, 0, 0, 0.9)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time: how long it took, looks a second of all cameras, and the longest gap."""

    name: str
    seconds: float
    looks_a_second: float
    longest_gap_s: float


@dataclass(frozen=True, slots=True)
class Swap:
    """What changing the list took, in seconds; memory is in MB."""

    references: int
    opened_s: float
    built_s: float
    laid_s: float
    told_s: float
    answered_s: dict[str, float]
    pickled_mb: float
    pickled_s: float
    stretches: tuple[Stretch, ...]
    before: Memory
    after: Memory

    def claims(self) -> Iterator[Claim]:
        """Return how long a swap may take."""
        slowest = max(self.answered_s.values())
        yield Claim(
            f"swap: {self.references:,} references, {len(self.answered_s)} cameras, none missed",
            f"≤ {_MOST_S:g} s to the last camera's answer",
            f"{slowest:.2f} s, once the list is ready",
            slowest <= _MOST_S,
        )
        yield Claim(
            "swap: from the request to the last camera's answer",
            "shown",
            f"{self.opened_s + self.built_s + self.laid_s + slowest:.1f} s",
            None,
        )

    def grids(self) -> Iterator[Grid]:
        """Return what each step took, and what the cameras did meanwhile."""
        steps = [
            ("the list opened out of the record, in a thread", f"{self.opened_s:.1f} s"),
            ("its gallery built, cohort included, in the thread", f"{self.built_s:.1f} s"),
            ("laid into shared memory, in the thread", f"{self.laid_s:.2f} s"),
            ("all cameras told, in which time their parent hears nobody", f"{self.told_s:.3f} s"),
            *((f"{name} has changed", f"{at:.2f} s") for name, at in self.answered_s.items()),
            ("for comparison: pickled, once", f"{self.pickled_mb:.0f} MB, {self.pickled_s:.2f} s"),
            (
                "camera's process before, after",
                f"{self.before.camera:.0f}, {self.after.camera:.0f} MB",
            ),
            (
                "all processes together (PSS) before, after",
                f"{self.before.proportional:.0f}, {self.after.proportional:.0f} MB",
            ),
        ]
        yield Grid("swap: what it takes", ("step", "found"), tuple(steps))
        rows = tuple(
            (
                each.name,
                *(f"{n:.2f}" for n in (each.seconds, each.looks_a_second, each.longest_gap_s)),
            )
            for each in self.stretches
        )
        yield Grid(
            "swap: what the cameras do meanwhile",
            ("while", "seconds", "looks a second, all", "longest gap, s"),
            rows,
        )


@dataclass(slots=True)
class _Looks:
    """When each camera said to have looked last, and at how many frames by then."""

    told: dict[str, list[tuple[float, int]]] = field(default_factory=dict)
    _split: dict[str, int] = field(default_factory=dict)

    def take(self, message: Beat | Changed) -> None:
        state = message.state
        if state.counts.frames:
            told = self.told.setdefault(state.camera, [])
            frames = self._split.get(state.camera, 0) + state.counts.frames
            told.append((monotonic() - state.waiting_s, frames))
            if isinstance(message, Changed):
                self._split[state.camera] = frames

    def stretch(self, name: str, start_s: float, end_s: float) -> Stretch:
        """Return what happened between two moments."""
        looks, gap_s = 0, 0.0
        for told in self.told.values():
            for (before_s, before), (at_s, frames) in pairwise(told):
                if start_s <= at_s and before_s <= end_s and frames > before:
                    gap_s = max(gap_s, at_s - before_s)
                    looks += frames - before
        return Stretch(name, end_s - start_s, looks / (end_s - start_s), gap_s)


class _Preparing(threading.Thread):
    """Makes the other list ready as a hand-over does."""

    def __init__(self, home: Path, list_id: str) -> None:
        super().__init__(name="handing-over", daemon=True)
        self._home, self._list_id = home, list_id
        self.shared: SharedGallery | None = None
        self.seconds: list[float] = []

    def run(self) -> None:
        """Open the list, build its gallery, lay it into memory."""
        be_nice()
        with open_office(self._home) as office:
            at = [perf_counter()]
            watchlist = office.record.watchlists.load(self._list_id, pictures=False)
            assert watchlist is not None
            at.append(perf_counter())
            gallery = Gallery.of(watchlist)
            at.append(perf_counter())
            self.shared = SharedGallery.of(gallery)
            at.append(perf_counter())
        self.seconds = [later - earlier for earlier, later in pairwise(at)]


def swap(home: Path, clip: Path, pack: Pack, references: int) -> Swap:
    """Change the list of three cameras, and say what it took.

    Raises:
        OvertError: a camera failed.
    """
    with open_office(home) as office:
        list_id = _kept(office, pack, references)
    first = Gallery(
        [f"F-{n}" for n in range(references)], random_templates(references, 128), pack.id
    )
    started = perf_counter()
    pickled = len(pickle.dumps(first, pickle.HIGHEST_PROTOCOL)) / 1e6
    pickled_s = perf_counter() - started
    jobs = [_job(f"camera {n + 1}", clip, pack, home) for n in range(_CAMERAS)]
    supervisor, looks = Supervisor(jobs, first, _PATIENCE), _Looks()
    del first
    preparing, answered = _Preparing(home, list_id), dict[str, float]()
    marks: dict[str, float] = {}
    memory = [Memory(), Memory()]
    told_s = 0.0
    try:
        for message in supervisor.listen(lambda: "over" in marks):
            if isinstance(message, Beat | Changed):
                looks.take(message)
            if isinstance(message, Changed):
                answered[message.camera] = monotonic() - marks["told"]
            if isinstance(message, Ended) and message.error is not None:
                raise message.error
            now_s = monotonic()
            if "steady" not in marks and len(looks.told) == _CAMERAS:
                marks["steady"] = now_s + _SETTLE_S
            elif "ready" not in marks and now_s > marks.get("steady", now_s) + _STEADY_S:
                marks["ready"] = now_s
                memory[0] = memory_of(os.getpid())
                preparing.start()
            elif "told" not in marks and preparing.seconds:
                assert preparing.shared is not None
                marks["told"] = now_s
                supervisor.change(jobs, preparing.shared)
                told_s = monotonic() - now_s
            elif "changed" not in marks and len(answered) == _CAMERAS:
                marks["changed"] = now_s
            elif now_s > marks.get("changed", now_s) + _STEADY_S:
                memory[1] = memory_of(os.getpid())
                marks["over"] = now_s
    finally:
        supervisor.close()
    opened_s, built_s, laid_s = preparing.seconds
    stretches = (
        looks.stretch("before", marks["steady"], marks["ready"]),
        looks.stretch("another list is made ready", marks["ready"], marks["told"]),
        looks.stretch("the cameras change", marks["told"], marks["changed"]),
        looks.stretch("after", marks["changed"], marks["over"]),
    )
    return Swap(
        references,
        opened_s,
        built_s,
        laid_s,
        told_s,
        answered,
        pickled,
        pickled_s,
        stretches,
        *memory,
    )


def _job(name: str, clip: Path, pack: Pack, home: Path) -> CameraJob:
    settings = CameraSettings(
        camera=name,
        kind=DeploymentKind.REHEARSAL,
        zone=Zone.whole(),
        limits=QualityLimits(smallest_face_px=20.0),
        policy=DecisionPolicy(threshold=0.95, version="nobody's"),
        pack_id=pack.id,
        watched=False,
    )
    return CameraJob(
        settings=settings,
        source=str(clip),
        capture=CaptureSettings(camera=name),
        detector=DetectorSettings(),
        store=home / "models",
        pack="standard",
        threads=1,
        newest_only=True,
    )


def _kept(office: Office, pack: Pack, references: int) -> str:
    """Keep a list of so many people who do not exist, and return its id."""
    subjects = [
        Subject(f"S-{n}", "Nobody", "wanted-by-court", "None", "None", "arrest", "the benchmark")
        for n in range(references)
    ]
    templates = random_templates(references, 128)[::-1]
    watchlist = Watchlist(
        watchlist_id="5a" * 32,
        pack_id=pack.id,
        subjects=tuple(subjects),
        references=tuple(
            Reference(
                reference_id=f"R-{n}",
                subject_id=f"S-{n}",
                pack_id=pack.id,
                template=templates[n].copy(),
                picture_jpeg=b"none",
                picture_source="custody",
                picture_date=office.now().date(),
                quality=_QUALITY,
            )
            for n in range(references)
        ),
    )
    now = office.now()
    facts = ListFacts(
        watchlist_id=watchlist.watchlist_id,
        pack_id=pack.id,
        manifest_sha256=watchlist.watchlist_id,
        key_id=office.keys.new("watchlist"),
        deployment_id=None,
        imported_by=SYSTEM,
        imported_at=now,
        validated_at=now,
        destroy_after=now,
        size_subjects=references,
        size_references=references,
    )
    imported = WatchlistImported(
        facts.watchlist_id, "", facts.manifest_sha256, references, references, 0, pack.id
    )
    rows = office.record.watchlists.sealed(watchlist, facts, "benchmark")
    with office.record.together():
        office.record.watchlists.save(rows)
        office.log.write(imported)
    return watchlist.watchlist_id


def measure(context: Context) -> Swap:
    """Change the list of three cameras that watch the crowd clip."""
    clip = context.need("video/street-crowd-1080p.mp4")
    models = context.home.models
    with TemporaryDirectory(dir=context.cache) as folder, context.progress("changing the list"):
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        (home / "models").symlink_to(models.absolute())
        long = looped(clip, Path(folder) / "long.mp4", _TURNS)
        return swap(home, long, context.pack, _LISTED_QUICK if context.quick else _LISTED)
