"""People made of random numbers, whose likeness can be chosen."""

from dataclasses import dataclass

import numpy as np

from overt.values import Templates


@dataclass(frozen=True)
class Failed:
    """A photograph of which no template was made."""

    subject_id: str


@dataclass(frozen=True)
class Drawn:
    """Templates of people who do not exist, as `overt.evaluation.drawing.Faces`."""

    templates: Templates
    subject_ids: tuple[str, ...]
    failures: tuple[Failed, ...] = ()


def faces(
    people: int, photographs: int, noise: float, failed: tuple[str, ...] = (), seed: int = 3
) -> Drawn:
    """Return so many people with so many photographs each; `noise` makes people alike."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((people, 32)).repeat(photographs, axis=0)
    rows = centres + noise * random.standard_normal(centres.shape)
    unit = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    subjects = tuple(f"P{person}" for person in range(people) for _ in range(photographs))
    return Drawn(unit, subjects, tuple(map(Failed, failed)))
