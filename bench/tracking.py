"""Measure tracking on the clips beside the project: python -m bench.tracking [--annotations FILE].

Without annotations, templates stand in for the truth: of each track, how many of its faces
agree badly with the track's own mean (it may hold two people), and how many pairs of tracks
that follow one another agree well (one person may have been given two). Templates are centred
on the clip's mean, without which those of small faces are all alike. This is a hint and no
count: a face that turns away disagrees with itself.

With annotations (JSON: clip, person, frame number, then the box; people in view are strangers,
so such a file stays outside the repository), tracks are compared with the truth. A switch is a
person's id that changes from one sighting to the next; a fused track has followed two people.
Names that begin with "x" are things that are no person.
"""

import argparse
import json
import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from overt.capture.opening import open_source
from overt.capture.source import CaptureSettings
from overt.home import Home
from overt.values import FaceDetection, Template
from overt.vision.detection import DetectorSettings
from overt.vision.store import ModelStore, Pack
from overt.vision.tracking import FaceTracker

CLIPS = ("street-crowd-1080p.mp4", "stage-640x360.mp4", "corridor-480x270.gif")
SMALLEST_SCORE = 0.4
SURE_SCORE = 0.6  # a face whose template is worth comparing
DISAGREES, AGREES = 0.0, 0.7  # centred cosines
AFTER_S = 3.0  # tracks further apart than this are separate passages anyway
LABEL_IOU = 0.4

Truth: TypeAlias = dict[str, dict[str, list[float]]]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One detection: its template and, where there are annotations, who it is."""

    face: FaceDetection
    template: Template
    person: str


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """One detection that has a track."""

    at_s: float
    track_id: int
    seen: Seen

    @property
    def sure(self) -> bool:
        """Whether the face is clear enough for its template to mean something."""
        return self.seen.face.detection_score >= SURE_SCORE


def main() -> None:
    """Print a table of every clip at every, every second and every third frame."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--annotations", type=Path, help="boxes by clip, person and frame")
    parser.add_argument("--width", type=int, default=960, help="the detector's working width")
    options = parser.parse_args()
    truth = json.loads(options.annotations.read_text()) if options.annotations else {}
    folder = Path(os.environ.get("OVERT_DATA", "../shared/data")) / "video"
    pack = ModelStore(Home.current().models).load("standard")
    table = Table(*HEADS, title=f"tracking, {options.width} px, {pack.id}")
    for clip in CLIPS:
        for row in measure_clip(folder / clip, pack, options.width, truth.get(clip, {})):
            table.add_row(*row)
    Console(width=160).print(table)


HEADS = (
    *("clip", "looks/s", "tracks", "≥ 1 s", "doubtful", "may be torn", "ms a frame"),
    *("people", "≥ 1 s", "switches", "extra tracks", "fused", "in main track"),
)


def measure_clip(path: Path, pack: Pack, width: int, truth: Truth) -> Iterator[tuple[str, ...]]:
    """Give a row under `HEADS` for every, every second and every third frame of a clip."""
    frames = list(_frames(path, pack, width, truth))
    for every in (1, 2, 3):
        yield (path.name.split(".")[0], *_measure(frames[::every]))


def _frames(path: Path, pack: Pack, width: int, truth: Truth) -> Iterator[tuple[float, list[Seen]]]:
    detector = pack.detector(DetectorSettings(width, SMALLEST_SCORE), threads=1)
    extractor = pack.extractor(threads=1)
    with open_source(str(path), CaptureSettings()) as source:
        for frame in source:
            faces = detector.detect(frame.image)
            templates = extractor.extract(extractor.align(frame.image, faces))
            people = {name: boxes.get(str(frame.sequence)) for name, boxes in truth.items()}
            yield (
                frame.presentation_s,
                [
                    Seen(face, template, _who(face, people))
                    for face, template in zip(faces, templates, strict=True)
                ],
            )


def _who(face: FaceDetection, people: dict[str, list[float] | None]) -> str:
    shares = {
        name: _iou(face.box_px, np.array(box, np.float32)) for name, box in people.items() if box
    }
    best = max(shares, key=lambda name: shares[name], default="")
    return best if best and shares[best] >= LABEL_IOU else ""


def _iou(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    shared = float(np.clip(sides, 0, None).prod())
    return shared / float((one[2:] - one[:2]).prod() + (other[2:] - other[:2]).prod() - shared)


def _measure(frames: Sequence[tuple[float, list[Seen]]]) -> list[str]:
    tracker, sightings, spent_s = FaceTracker(), list[Sighting](), 0.0
    for at_s, seen in frames:
        by_face = {id(one.face): one for one in seen}
        begun = time.perf_counter()
        update = tracker.update([one.face for one in seen], at_s)
        spent_s += time.perf_counter() - begun
        sightings += [
            Sighting(at_s, face.track_id, by_face[id(face.detection)]) for face in update.faces
        ]
    looks = (len(frames) - 1) / (frames[-1][0] - frames[0][0])
    spent = f"{1000 * spent_s / len(frames):.2f}"
    return [f"{looks:.1f}", *_by_templates(sightings), spent, *_by_truth(sightings)]


def _by_templates(sightings: Sequence[Sighting]) -> list[str]:
    """Return tracks, lasting tracks, doubtful tracks and pairs that may be torn apart."""
    tracks = _grouped(sightings, lambda sighting: str(sighting.track_id))
    middle = np.mean([one.seen.template for one in sightings if one.sure], axis=0)
    centred = {}
    for name, track in tracks.items():
        rows = np.array([one.seen.template - middle for one in track if one.sure])
        if len(rows) >= 3:
            centred[name] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    means = {name: rows.mean(0) / np.linalg.norm(rows.mean(0)) for name, rows in centred.items()}
    doubtful = sum((rows @ means[name]).min() < DISAGREES for name, rows in centred.items())
    torn = sum(
        0 < tracks[late][0].at_s - tracks[early][-1].at_s <= AFTER_S
        and means[early] @ means[late] >= AGREES
        for early, late in combinations(means, 2)
    )
    return [str(len(tracks)), str(_lasting(tracks)), str(doubtful), str(torn)]


def _by_truth(sightings: Sequence[Sighting]) -> list[str]:
    """Return people, lasting people, switches, extra and fused tracks, and main tracks' share."""
    known = [one for one in sightings if one.seen.person]
    if not known:
        return [""] * 6
    people = _grouped([one for one in known if one.seen.person[0] != "x"], _person)
    main_share = [
        Counter(_ids(track)).most_common(1)[0][1] / len(track) for track in people.values()
    ]
    followed = _grouped(known, lambda one: str(one.track_id))
    fused = sum(
        len({one.seen.person for one in track if one.seen.person[0] != "x"}) > 1
        for track in followed.values()
    )
    return [
        str(len(people)),
        str(_lasting(people)),
        str(sum(a != b for track in people.values() for a, b in pairwise(_ids(track)))),
        str(sum(len(set(_ids(track))) - 1 for track in people.values())),
        str(fused),
        f"{np.mean(main_share):.3f}",
    ]


def _person(sighting: Sighting) -> str:
    return sighting.seen.person


def _ids(track: Sequence[Sighting]) -> list[int]:
    return [one.track_id for one in track]


def _grouped(
    sightings: Sequence[Sighting], key: Callable[[Sighting], str]
) -> dict[str, list[Sighting]]:
    groups = defaultdict[str, list[Sighting]](list)
    for sighting in sightings:
        groups[key(sighting)].append(sighting)
    return dict(groups)


def _lasting(groups: dict[str, list[Sighting]]) -> int:
    return sum(group[-1].at_s - group[0].at_s >= 1 for group in groups.values())


if __name__ == "__main__":
    main()
