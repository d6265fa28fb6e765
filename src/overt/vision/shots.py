"""Best shots: the few faces of a track that stand for it in the search.

Several different shots are worth more than anything else (docs/explanation/scores.md): five of
one moment say the same thing five times. So a shot's worth is its quality times its distance,
in time and pose, from the nearest other shot that is kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from overt.values import Quality, Shot, Template


@dataclass(frozen=True, slots=True)
class ShotSettings:
    """How shots are chosen.

    At most `kept` shots stand for a track. A face becomes a candidate for it when it is at
    least `smallest_step` away from every kept shot, where one step is a second or
    `degrees_a_step` of turning.
    """

    kept: int = 5
    smallest_step: float = 0.25
    degrees_a_step: float = 20.0


class BestShots:
    """The best shots of one track so far, in memory only."""

    def __init__(self, settings: ShotSettings) -> None:
        self._settings = settings
        self._shots: list[Shot] = []

    def __len__(self) -> int:
        return len(self._shots)

    @property
    def shots(self) -> tuple[Shot, ...]:
        """The kept shots, best quality first."""
        return tuple(sorted(self._shots, key=lambda shot: -shot.quality.unified))

    def wants(self, quality: Quality, presentation_s: float) -> bool:
        """Tell whether a face would be kept, before its template is computed."""
        if not self._shots:
            return True
        newcomer = _Moment(quality, presentation_s)
        moments = [_moment(shot) for shot in self._shots]
        if self._nearest(newcomer, moments) < self._settings.smallest_step:
            return False
        return len(moments) < self._settings.kept or self._least([*moments, newcomer]) < len(
            moments
        )

    def add(self, shot: Shot) -> None:
        """Take a shot in, and drop the one that is now worth least where there are too many."""
        self._shots.append(shot)
        if len(self._shots) > self._settings.kept:
            del self._shots[self._least([_moment(kept) for kept in self._shots])]

    def keep(self, wanted: Callable[[Shot], bool]) -> None:
        """Let go of every shot that is not wanted any more."""
        self._shots = [shot for shot in self._shots if wanted(shot)]

    def template(self) -> Template:
        """Return the quality-weighted mean of the shots' templates, `(d,)` of unit norm."""
        weights = np.array([shot.quality.unified for shot in self._shots], np.float32)
        mean = np.maximum(weights, 1e-3) @ np.stack([shot.template for shot in self._shots])
        return np.asarray(mean / np.linalg.norm(mean), np.float32)

    def _least(self, moments: "Sequence[_Moment]") -> int:
        """Return the index of the moment that adds least; of equals the oldest."""
        worth = [
            moment.quality.unified
            * min(1.0, self._nearest(moment, [*moments[:index], *moments[index + 1 :]]))
            for index, moment in enumerate(moments)
        ]
        return int(np.argmin(worth))

    def _nearest(self, moment: "_Moment", others: "Sequence[_Moment]") -> float:
        return min((self._steps(moment, other) for other in others), default=1.0)

    def _steps(self, one: "_Moment", other: "_Moment") -> float:
        turn = self._settings.degrees_a_step
        return float(
            np.hypot(
                one.presentation_s - other.presentation_s,
                np.hypot(
                    (one.quality.yaw_deg - other.quality.yaw_deg) / turn,
                    (one.quality.pitch_deg - other.quality.pitch_deg) / turn,
                ),
            )
        )


@dataclass(frozen=True, slots=True)
class _Moment:
    quality: Quality
    presentation_s: float


def _moment(shot: Shot) -> _Moment:
    return _Moment(shot.quality, shot.presentation_s)
