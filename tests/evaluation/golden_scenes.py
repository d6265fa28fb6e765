"""What a few drawn passages came to when all was well, and what may not differ from it.

Run as a program, it looks at the scenes of `golden_scenes.json` and writes down what came of
them; do so when drawing, or the standard pack, was changed on purpose, and say why in the commit:
`python tests/evaluation/golden_scenes.py`.

What must be the same, on any processor:

* of whoever was searched, the outcome, and for somebody listed, who had rank 1;
* of whoever was not searched, that they were not. How a face came to nothing, such as a back that
  was taken for a face once or not at all, may differ with the last digits of a detection score;
* every score to within 0.01. Arithmetic in bf16 turns a template by less than half a degree
  (docs/decisions/0002-openvino.md: cosines of 0.99996 and more), which moves a comparison score
  by 0.009 at the very most and by a tenth of that as a rule;
* the median own score to within 0.004: a recogniser that is a little worse lowers all scores,
  where arithmetic moves some up and some down;
* the moment of an alert to within two frames.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from overt.evaluation.clip_summary import sum_up
from overt.evaluation.drawn import DrawnScene, DrawnSet, prepare
from overt.evaluation.passage_results import CameraResult, Outcome, PassageResult
from overt.home import Home
from overt.vision.store import ModelStore, Pack

PATH = Path(__file__).with_suffix(".json")
SCORE, MEDIAN = 0.01, 0.004
_NOT_SEARCHED = frozenset({Outcome.NOT_SEARCHABLE, Outcome.NOT_TRACKED, Outcome.NOT_DETECTED})


@dataclass(frozen=True)
class Golden:
    """What one passage came to; `best_subject` is empty for somebody unlisted."""

    passage_id: str
    subject_id: str
    outcome: str
    best_subject: str
    score: float | None
    alerted_s: float | None

    @classmethod
    def of(cls, result: PassageResult) -> "Golden":
        """Keep what may not differ of a result."""
        listed = result.passage.listed
        return cls(
            passage_id=result.passage.passage_id,
            subject_id=result.passage.subject_id,
            outcome=result.outcome,
            best_subject=result.best_subject if listed else "",
            score=None if result.score is None else round(result.score, 4),
            alerted_s=result.alerted_s,
        )

    @property
    def searched(self) -> bool:
        """Whether there was a search at all."""
        return self.outcome not in _NOT_SEARCHED


def differences(
    golden: Sequence[Golden], found: Sequence[Golden], frames_per_second: float
) -> Iterator[str]:
    """Say what differs that may not."""
    if [each.passage_id for each in golden] != [each.passage_id for each in found]:
        yield "other passages"
        return
    for want, have in zip(golden, found, strict=True):
        for what in _differing(want, have, 2 / frames_per_second):
            yield f"passage {want.passage_id}: {what}"
    if abs(_median(golden) - _median(found)) > MEDIAN:
        yield f"the median own score is {_median(found):.4f}, not {_median(golden):.4f}"


def _differing(want: Golden, have: Golden, frames_s: float) -> Iterator[str]:
    if want.searched != have.searched or (want.searched and want.outcome != have.outcome):
        yield f"{have.outcome}, not {want.outcome}"
    if want.subject_id != have.subject_id or want.best_subject != have.best_subject:
        yield f"rank 1 has {have.best_subject!r}, not {want.best_subject!r}"
    if _apart(want.score, have.score) > SCORE:
        yield f"its score is {have.score}, not {want.score}"
    if _apart(want.alerted_s, have.alerted_s) > frames_s + 1e-6:
        yield f"it alerted at {have.alerted_s} s, not {want.alerted_s} s"


def _apart(one: float | None, other: float | None) -> float:
    if one is None or other is None:
        return 0.0 if one is other else float("inf")
    return abs(one - other)


def _median(passages: Sequence[Golden]) -> float:
    scores = [each.score for each in passages if each.subject_id and each.score is not None]
    return median(scores) if scores else float("-inf")


def stored() -> tuple[DrawnSet, list[Golden]]:
    """Return the stored scenes, and what came of their passages."""
    told: dict[str, Any] = json.loads(PATH.read_text("utf-8"))
    scenes = tuple(DrawnScene(**scene) for scene in told["set"].pop("scenes"))
    return DrawnSet(scenes, **told["set"]), [Golden(**each) for each in told["passages"]]


def looked_at(drawn: DrawnSet, pack: Pack, store: ModelStore, folder: Path) -> list[CameraResult]:
    """Look at a set's scenes, in this process."""
    return prepare(drawn, pack, store.folder, folder).watch()


def kept(results: Sequence[CameraResult]) -> list[Golden]:
    """Return what is kept of results, which must reconcile."""
    sum_up(results)
    return [Golden.of(each) for result in results for each in result.passages]


def main() -> None:
    """Look at the stored scenes and write down what comes of them."""
    store = ModelStore(Home.current().models)
    drawn, _ = stored()
    with TemporaryDirectory() as folder:
        found = kept(looked_at(drawn, store.load("standard"), store, Path(folder)))
    told = {"set": asdict(drawn), "passages": [asdict(each) for each in found]}
    PATH.write_text(json.dumps(told, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
