"""People who are not listed pass a camera, and what of them is held in memory, then and after.

    python -m bench.passers_by MODELS CLIP

A clip shows photographs of strangers, eight at a time, each for less than a second. The camera's
own process function looks at it, with its decoding thread, its buffers and the standard pack,
and meanwhile all that the interpreter holds is gone through again and again for pictures and
templates. The clip ends with empty frames: what is held then has outlived the people it shows.
"""

import argparse
import gc
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from types import FrameType
from typing import Any

import av
import cv2
import numpy as np

from bench.context import Context
from bench.results import Claim, Grid
from overt.capture import CaptureSettings, Zone
from overt.matching.decision import DecisionPolicy
from overt.matching.gallery import Gallery
from overt.runtime.message_codec import next_message
from overt.runtime.messages import CameraState, Ended, Picture, Raised
from overt.runtime.passages import Passage
from overt.runtime.pipeline import CameraSettings
from overt.runtime.shared_gallery import SharedGallery
from overt.runtime.stop_sign import StopSign
from overt.runtime.worker import CameraJob, work
from overt.values import RGBImage, Shot
from overt.vision.detection import DetectorSettings
from overt.vision.quality import QualityLimits
from overt.vision.store import ModelStore
from overt.vocabulary import DeploymentKind

ACROSS, DOWN, SIDE_PX = 4, 2, 240
FRAME = (DOWN * SIDE_PX, ACROSS * SIDE_PX, 3)
SHOWN_FRAMES, TAIL_FRAMES = 4, 120
_FRAMES_PER_SECOND = 5
_GAP_S = 2  # longer than a track outlives its face
_LISTED = 60
_LOOK_S = 2.0
_LONGEST_LOOK_S = 60.0
_LONGEST_S = 600.0
_MOST_FRAMES = 12
"""Frames that may be held at once: two in the queue, what is looked at ahead, and those that the
decoder and the pipeline have in hand."""
MOST_DECODED = _MOST_FRAMES + 4
"""The same in FFmpeg's form, in which an array may still lie, and those that its threads have."""


# --- the clip -------------------------------------------------------------------------------


def strangers(data: Path, count: int) -> list[Path]:
    """Return one photograph each of so many people of LFW."""
    people = sorted((data / "lfw-dev").iterdir())
    return [min(person.iterdir()) for person in people[:count]]


def write_clip(path: Path, photographs: Sequence[Path]) -> Path:
    """Write a clip of these people, eight at a time, and nobody at its end."""
    nobody = np.full(FRAME, 120, np.uint8)
    at, groups = 0, range(0, len(photographs), ACROSS * DOWN)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(
            "libx264", rate=_FRAMES_PER_SECOND, options={"preset": "ultrafast", "crf": "18"}
        )
        stream.height, stream.width, stream.pix_fmt = FRAME[0], FRAME[1], "yuv420p"
        for start in groups:
            image = _group(photographs[start : start + ACROSS * DOWN])
            for shown in [image] * SHOWN_FRAMES + [nobody]:
                _encode(container, stream, shown, at)
                at += 1
            at += _GAP_S * _FRAMES_PER_SECOND
        for number in range(TAIL_FRAMES):
            _encode(container, stream, nobody, at + number)
        container.mux(stream.encode(None))
    return path


def _encode(container: Any, stream: Any, image: RGBImage, at: int) -> None:
    frame = av.VideoFrame.from_ndarray(image, format="rgb24")
    frame.pts, frame.time_base = at, Fraction(1, _FRAMES_PER_SECOND)
    container.mux(stream.encode(frame))


def _group(photographs: Sequence[Path]) -> RGBImage:
    image = np.full(FRAME, 120, np.uint8)
    for place, photograph in enumerate(photographs):
        y, x = (SIDE_PX * each for each in divmod(place, ACROSS))
        picture = cv2.imread(str(photograph))
        if picture is not None:
            image[y : y + SIDE_PX, x : x + SIDE_PX] = cv2.resize(picture, (SIDE_PX, SIDE_PX))[
                :, :, ::-1
            ]
    return image


# --- what is held -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """What the interpreter holds: tracks' passages, shots, templates, crops and whole frames.

    `decoded` counts frames in FFmpeg's own form, which are arrays only once they are wanted.
    """

    passages: int = 0
    shots: int = 0
    templates: int = 0
    crops: int = 0
    frames: int = 0
    decoded: int = 0

    def most(self, other: "Held") -> "Held":
        """Return the larger of each count."""
        return Held(*map(max, _counts(self), _counts(other)))


def _counts(held: Held) -> tuple[int, ...]:
    return (held.passages, held.shots, held.templates, held.crops, held.frames, held.decoded)


def held(known: frozenset[int]) -> Held:
    """Go through all that can be reached, but for arrays that were there before (by `id`)."""
    found = _reachable()
    arrays = {
        id(whole): whole
        for each in found
        if isinstance(each, np.ndarray) and id(whole := _whole(each)) not in known
    }.values()
    pictures = [each for each in arrays if each.dtype == np.uint8 and each.shape[2:] == (3,)]
    frames = sum(each.shape[:2] == FRAME[:2] for each in pictures)
    return Held(
        passages=sum(isinstance(each, Passage) for each in found),
        shots=sum(isinstance(each, Shot) for each in found),
        templates=sum(
            each.size // 128
            for each in arrays
            if each.dtype == np.float32 and each.shape[-1:] == (128,) and each.ndim <= 2
        ),
        crops=len(pictures) - frames,
        frames=frames,
        decoded=sum(isinstance(each, av.VideoFrame) for each in found),
    )


def _reachable() -> list[object]:
    """Return all objects: those the collector tracks, what threads have in hand, and theirs.

    No other thread goes on meanwhile, so that what is seen was held at one moment.
    """
    before_s = sys.getswitchinterval()
    sys.setswitchinterval(60.0)
    try:
        waiting: list[Any] = [*gc.get_objects(), *_in_hand()]
        seen: dict[int, object] = {}
        while waiting:
            each = waiting.pop()
            if id(each) not in seen and each is not waiting and each is not seen:
                seen[id(each)] = each
                waiting += gc.get_referents(each)
        return list(seen.values())
    finally:
        sys.setswitchinterval(before_s)


def _in_hand() -> Iterator[object]:
    for thread, latest in sys._current_frames().items():  # noqa: SLF001 - there is no other way
        frame: FrameType | None = latest
        while thread != threading.get_ident() and frame is not None:
            yield frame
            frame = frame.f_back


def _whole(array: Any) -> Any:
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


# --- the camera ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Passed:
    """Who passed, and what was held at most and, still looking, at the end."""

    seen: int
    searched: int
    alerts: int
    frames: int
    looks: int
    most: Held
    left: Held

    def claims(self) -> Iterator[Claim]:
        """Return what must hold of people who are not listed."""
        yield Claim(
            "passers-by: held of them once they have passed",
            "no shot, template or crop",
            f"{self.left.shots} shots, {self.left.templates} templates, {self.left.crops} crops "
            f"of {self.searched:,} tracks searched",
            not any((self.left.passages, self.left.shots, self.left.templates, self.left.crops)),
        )
        yield Claim(
            "passers-by: whole frames held at once",
            f"≤ {_MOST_FRAMES}, and {MOST_DECODED} in FFmpeg's form",
            f"{self.most.frames}, and {self.most.decoded} in FFmpeg's form",
            self.most.frames <= _MOST_FRAMES and self.most.decoded <= MOST_DECODED,
        )

    def grids(self) -> Iterator[Grid]:
        """Return what was held."""
        rows = (
            ("at most", *map(str, _counts(self.most))),
            ("at the end, still looking", *map(str, _counts(self.left))),
        )
        yield Grid(
            f"passers-by: {self.seen:,} tracks seen, {self.searched:,} searched, {self.alerts} alerts",
            ("held", "tracks", "shots", "templates", "crops", "frames", "FFmpeg's"),
            rows,
            f"{self.looks} looks at all objects, in {self.frames:,} frames; eight people at a time",
        )


def watch(models: Path, clip: Path) -> Passed:
    """Let a camera look at a clip in this process, as its own process does, and look into it.

    Hardens the process as a camera's is, so call it in one that does nothing else.
    """
    pack = ModelStore(models).load("standard")
    noise = np.random.default_rng(0).normal(size=(_LISTED, 128)).astype(np.float32)
    listed = noise / np.linalg.norm(noise, axis=1, keepdims=True)
    gallery = Gallery([f"S-{number}" for number in range(_LISTED)], listed, pack.id)
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    looking = _Looking(ours)
    SharedGallery.of(gallery).send(ours, os.getpid())
    looking.start()
    work(_job(models, clip, pack.id), theirs, StopSign(context))
    looking.join(_LONGEST_LOOK_S)
    return looking.passed()


class _Looking(threading.Thread):
    """Hears what a camera says, and looks into this process meanwhile."""

    def __init__(self, pipe: Connection) -> None:
        super().__init__(name="looking", daemon=True)
        self._pipe = pipe
        # Kept, so that no other array gets the place of one of these.
        self._before = [each for each in _reachable() if isinstance(each, np.ndarray)]
        self._state = CameraState("gate")
        self._told: list[tuple[float, Held]] = []
        self._rest_s = _LOOK_S
        self._failure: BaseException | None = None

    def run(self) -> None:
        """Look until the camera has ended; on any failure end the camera, whose pipe it reads."""
        try:
            self._look()
        except BaseException as failure:  # noqa: BLE001 - the thread's outer loop; `passed` raises it
            self._failure = failure
        finally:
            self._pipe.close()

    def _look(self) -> None:
        known = frozenset(id(_whole(each)) for each in self._before)
        while not self._heard_the_end():
            at_s, began_s = self._state.film_s, monotonic()
            self._told.append((at_s, held(known)))
            self._rest_s = max(_LOOK_S, 2 * (monotonic() - began_s))

    def _heard_the_end(self) -> bool:
        until_s = monotonic() + self._rest_s
        while self._pipe.poll(max(0.0, until_s - monotonic())):
            message = next_message(self._pipe, "gate")
            if isinstance(message, Raised | Picture):
                continue
            self._state = message.state
            if isinstance(message, Ended):
                if message.error is not None:
                    raise message.error
                return True
        return False

    def passed(self) -> Passed:
        """Return what it saw, once the camera has ended.

        Raises:
            RuntimeError: it failed, or did not come to its end.
        """
        if self._failure is not None or self.is_alive():
            raise RuntimeError("Looking into the process failed.") from self._failure
        counts, most = self._state.counts, Held()
        for _, each in self._told:
            most = most.most(each)
        empty_s = self._state.film_s - TAIL_FRAMES / _FRAMES_PER_SECOND + 2 * _GAP_S
        at_s, left = self._told[-1]
        if at_s < empty_s:
            raise RuntimeError("Nobody looked while the street was empty.")
        return Passed(
            seen=counts.faces_seen,
            searched=counts.faces_searched,
            alerts=counts.alerts,
            frames=counts.frames,
            looks=len(self._told),
            most=most,
            left=left,
        )


def _job(models: Path, clip: Path, pack_id: str) -> CameraJob:
    settings = CameraSettings(
        camera="gate",
        kind=DeploymentKind.LIVE,
        zone=Zone.whole(),
        limits=QualityLimits(smallest_face_px=20),
        policy=DecisionPolicy(threshold=0.95, version="nobody's"),
        pack_id=pack_id,
        watched=False,
    )
    return CameraJob(
        settings=settings,
        source=str(clip),
        capture=CaptureSettings(camera="gate"),
        detector=DetectorSettings(working_px=960),
        store=models,
        pack="standard",
        threads=2,
    )


def watch_apart(models: Path, clip: Path, longest_s: float = _LONGEST_S) -> Passed:
    """Do as `watch` in a process of its own, which is killed when it takes too long.

    Raises:
        subprocess.SubprocessError: it failed, or was killed.
    """
    command = [sys.executable, "-m", "bench.passers_by", str(models), str(clip)]
    root = Path(__file__).parents[1]
    ended = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, cwd=root, timeout=longest_s
    )
    told = json.loads(ended.stdout)
    return Passed(**told | {name: Held(**told[name]) for name in ("most", "left")})


def measure(context: Context) -> Passed:
    """Let twelve hundred people pass, or two hundred if it must be quick."""
    photographs = strangers(context.need("lfw-dev").parent, 200 if context.quick else 1200)
    with TemporaryDirectory(dir=context.cache) as folder, context.progress("people pass"):
        clip = write_clip(Path(folder) / "people.mp4", photographs)
        longest_s = _LONGEST_S if context.quick else 6 * _LONGEST_S
        return watch_apart(context.home.models, clip, longest_s)


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", type=Path)
    parser.add_argument("clip", type=Path)
    given = parser.parse_args()
    print(json.dumps(asdict(watch(given.models, given.clip))))


if __name__ == "__main__":
    _main()
