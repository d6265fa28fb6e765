"""The drawn street as an evaluation: the truth is exact, and there is as much of it as one likes.

A set is a few streets, each with people of its own, and one list. It is kept as numbers, never as
pictures: the same numbers draw the same frames. Streets have nothing to do with one another, so
they are drawn and looked at side by side, as many at once as there are cores.

Drawn people differ less from each other than real ones do. What a set shows is that the whole way
from a frame to an alert works as it did, and where passages are lost on it; what share of real
people is found it does not show.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from overt.deployment.file import Deployment
from overt.evaluation.clips import AnnotatedPassage, Passages, TimedBox
from overt.evaluation.passage_results import CameraResult
from overt.evaluation.passages import PairingRules, pair
from overt.evaluation.watching import Progress, Tools, watch
from overt.matching.gallery import Gallery
from overt.reporting.files import write_whole
from overt.runtime.crew import side_by_side
from overt.runtime.jobs import Matching, Watching, camera_jobs, decision_policy
from overt.runtime.preparation import checked_list, enrolled
from overt.runtime.worker import CameraJob
from overt.synthetic.identity import Person
from overt.synthetic.street import DrawnStreet, StreetSettings
from overt.synthetic.watchlist import listed_people, subject_id, write_watchlist
from overt.vision.store import ModelStore, Pack
from overt.watchlist.rows import Row, read_rows, write_rows

HIDDEN = 0.5
"""From here on, a face of which so much is covered, or turned away by 90°, cannot be seen."""

_TURNED_DEG = 90.0
_PART = 20  # people drawn at a time

_TEXT = """\
# Written by an evaluation. Everybody in it is drawn, and so are the streets.
name = "Drawn streets"
kind = "rehearsal"
use_case = "intelligence-led"
location = "Streets that do not exist"
start = {start:%Y-%m-%dT%H:%M:%S}Z
end = {end:%Y-%m-%dT%H:%M:%S}Z

[authority]
applicant = "Drawn Sergeant 1"
authorising_officer = "Drawn Superintendent 3"
rank = "superintendent"
why = "To measure the way from a frame to an alert where the truth is known."
where = "No intelligence is needed for places that do not exist."
who = "Drawn people, of whom some walk down the streets."
necessity = "Only where everybody is known can everything be counted."
proportionality = "Nobody is there to be intruded upon."
less_intrusive_alternatives = "There is nothing less intrusive than people who do not exist."

[watchlist]
csv = "watchlist.csv"
images = "."

[decision]
threshold = {threshold}
"""

_CAMERA = """
[[camera]]
name = "{name}"
source = "drawn:seed={seed},people={people},listed={listed},seconds={seconds}"
smallest_face_px = 40
"""


@dataclass(frozen=True, slots=True)
class DrawnScene:
    """One street: who walks there follows from its numbers, `listed` of `people` on the list."""

    seed: int
    people: int
    listed: int
    seconds: int

    @property
    def camera(self) -> str:
        """What its camera is called."""
        return f"street-{self.seed}"


@dataclass(frozen=True, slots=True)
class DrawnSet:
    """Some streets, one list, and how it is looked at.

    The list has `list_size` drawn people on it, 200 at most: all who are listed and pass, and
    others. `threshold` is on the normalised score from a list of 50 on; the demo's own is taken
    where none is given, since the pack's were measured on photographs.
    """

    scenes: tuple[DrawnScene, ...]
    list_size: int = 200
    frames_per_second: float = 4.0
    threshold: float = 0.022

    def street(self, scene: DrawnScene) -> DrawnStreet:
        """Return one of the streets, to be iterated once."""
        return DrawnStreet(
            StreetSettings(
                seed=scene.seed,
                people=scene.people,
                listed=scene.listed,
                seconds=scene.seconds,
                frames_per_second=self.frames_per_second,
                camera=scene.camera,
            )
        )

    def on_the_list(self) -> list[Person]:
        """Return whom the list has on it, by their numbers."""
        passing = {
            each.person_seed
            for scene in self.scenes
            for each in self.street(scene).passages
            if each.listed
        }
        others = [each.seed for each in listed_people() if each.seed not in passing]
        wanted = passing.union(others[: max(0, self.list_size - len(passing))])
        return [each for each in listed_people() if each.seed in wanted]


@dataclass(frozen=True, slots=True, eq=False)
class PreparedSet:
    """A set whose list is enrolled: its streets can be looked at."""

    drawn: DrawnSet
    jobs: tuple[CameraJob, ...]
    gallery: Gallery

    def watch(
        self, progress: Progress = lambda _done, _of: None, *, processes: int = 1
    ) -> list[CameraResult]:
        """Look at every street and return what came of everybody, in the order of the streets."""
        tasks = [
            _Task(self.drawn, scene, job, self.gallery)
            for scene, job in zip(self.drawn.scenes, self.jobs, strict=True)
        ]
        results: list[CameraResult] = []
        for result in side_by_side(_watch, tasks, processes=processes):
            results.append(result)
            progress(len(results), len(tasks))
        return results


def prepare(
    drawn: DrawnSet,
    pack: Pack,
    models: Path,
    folder: Path,
    progress: Progress = lambda _done, _of: None,
    *,
    processes: int = 1,
) -> PreparedSet:
    """Draw the list's portraits and enrol them, as a rehearsal would; into `folder`.

    `models` is the folder of the store that `pack` is from. A list that `folder` has already is
    taken as it is. `progress` is told how many portraits are enrolled.

    Raises:
        ModelError: the pack's files are changed or unusable.
        StorageError: the folder cannot be written.
    """
    if not (folder / "watchlist.csv").exists():
        _draw_list(drawn.on_the_list(), folder, processes)
    deployment = _deployment(drawn, folder)
    report = enrolled(checked_list(deployment, datetime.now(UTC)), pack, progress)
    gallery = Gallery.of(report.watchlist)
    matching = Matching(pack, decision_policy(deployment, pack, gallery))
    watching = Watching(paced=False, threads=1, videos=None)
    jobs = camera_jobs(deployment, matching, models, watching)
    return PreparedSet(drawn, tuple(jobs), gallery)


def truth(street: DrawnStreet) -> Passages:
    """Return who passes when, and where their faces are in every frame.

    A passage begins with the first frame in which its face can be seen, and ends with the last;
    where it never can, it is as long as the person is there. Who comes only after the last frame
    is left out.
    """
    shown: dict[int, list[TimedBox]] = {each.number: [] for each in street.passages}
    clear: dict[int, list[float]] = {each.number: [] for each in street.passages}
    for sequence in range(street.info.expected_frames or 0):
        time_s = sequence / street.settings.frames_per_second
        for face in street.faces(sequence):
            x1, y1, x2, y2 = (float(side) for side in face.box_px)
            shown[face.passage.number].append(TimedBox(time_s, (x1, y1, x2, y2)))
            if face.hidden < HIDDEN and abs(_within_half_turn(face.yaw_deg)) < _TURNED_DEG:
                clear[face.passage.number].append(time_s)
    return tuple(
        AnnotatedPassage(
            passage_id=f"{street.settings.seed}-{each.number}",
            subject_id=_subject(each.person_seed) if each.listed else "",
            camera=street.settings.camera,
            first_s=boxes[0].time_s,
            last_s=boxes[-1].time_s,
            boxes=tuple(boxes),
        )
        for each in street.passages
        if (boxes := list(_between(shown[each.number], clear[each.number])))
    )


def _between(boxes: Sequence[TimedBox], clear_s: Sequence[float]) -> Iterator[TimedBox]:
    first_s, last_s = (clear_s[0], clear_s[-1]) if clear_s else (0.0, float("inf"))
    return (each for each in boxes if first_s <= each.time_s <= last_s)


def _within_half_turn(degrees: float) -> float:
    return (degrees + 180.0) % 360.0 - 180.0


def _subject(seed: int) -> str:
    return subject_id(Person.from_seed(seed))


# --- one street, in a process of its own ----------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    drawn: DrawnSet
    scene: DrawnScene
    job: CameraJob
    gallery: Gallery


def _watch(task: _Task) -> CameraResult:
    pack = ModelStore(task.job.store).load(task.job.pack)
    tools = Tools(pack.detector(task.job.detector), pack.extractor(), task.gallery)
    street = task.drawn.street(task.scene)
    passages = truth(street)
    with street:
        watched = watch(task.job, tools, street, {each.subject_id for each in passages})
    return pair(watched, passages, PairingRules())


# --- the list -------------------------------------------------------------------------------------


def _draw_list(people: Sequence[Person], folder: Path, processes: int) -> None:
    """Draw the portraits side by side, and write one list of them, last of all."""
    parts = [
        (folder / f"part-{start // _PART}", tuple(people[start : start + _PART]))
        for start in range(0, len(people), _PART)
    ]
    rows = [row for part in side_by_side(_draw_part, parts, processes=processes) for row in part]
    write_rows(folder / "watchlist.csv", rows)


def _draw_part(part: tuple[Path, tuple[Person, ...]]) -> list[Row]:
    folder, people = part
    path = write_watchlist(folder, people)
    return [replace(row, picture=f"{folder.name}/{row.picture}") for row in read_rows(path).rows]


def _deployment(drawn: DrawnSet, folder: Path) -> Deployment:
    now = datetime.now(UTC)
    text = _TEXT.format(
        start=now - timedelta(minutes=1), end=now + timedelta(hours=1), threshold=drawn.threshold
    )
    text += "".join(
        _CAMERA.format(
            name=each.camera,
            seed=each.seed,
            people=each.people,
            listed=each.listed,
            seconds=each.seconds,
        )
        for each in drawn.scenes
    )
    write_whole(folder / "deployment.toml", text.encode())
    return Deployment.load(folder / "deployment.toml")
