"""How often a camera looks, and how closely: within what the policy asks and the machine gives.

The floor of looks a second comes first. Where it cannot be held, pictures are reduced further
before faces are looked for, down to the policy's smallest width, and less again once there is
room. What cannot be held even so is told (promise R10). Pictures are left out and counted; an
alert never is (promise R7).
"""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from time import monotonic

from overt.vision.detection import SURELY_FOUND_PX

_OVER_S = 3.0
"""Over so long the rate of looks is reckoned, and a width judged."""

_ROOM = 1.25
"""So many times the floor a larger width must promise before it is tried."""

_STEP = math.sqrt(2)  # one width to the next: half the pixels, and about half the work
_GRANULE_PX = 32  # networks pad to multiples of it
_BUSY = 0.75  # of the time: who looks less than that is not held up by looking
_ABOVE = 1.05  # times the floor: who looks so often holds it whatever happens to a single look
_ENOUGH = 0.98  # of the floor: a camera that sends just as many is never quite on time

_SHORTEST_WAIT_S = 10.0
_LONGEST_WAIT_S = 600.0
_PROVEN_S = 60.0
"""A larger width that was held for so long is not taken for a mistake when it is left."""

_SMOOTHING = 0.2  # the weight of the newest of several times


@dataclass(frozen=True, slots=True)
class PaceSettings:
    """What a camera's pace is kept within.

    Faces are looked for at least `least_per_second` times a second where that can be done, and at
    most `most_per_second` times, so that one camera leaves the others their share. Pictures are
    reduced as far as `smallest_px`, on their longer side, where need be.
    """

    least_per_second: float = 6.0
    most_per_second: float = 12.0
    smallest_px: int = 640

    @classmethod
    def unhurried(cls, width_px: int) -> "PaceSettings":
        """Return those of a recording that waits: every picture, at one width."""
        return cls(least_per_second=0.0, most_per_second=math.inf, smallest_px=width_px)


class Sparing(Enum):
    """What a camera leaves to others that are below their floor.

    It is nothing, or looking `OFTEN`, which is more often than its own floor asks, or looking
    `CLOSELY` as well.
    """

    NOTHING = auto()
    OFTEN = auto()
    CLOSELY = auto()


@dataclass(frozen=True, slots=True)
class Kept:
    """How a camera keeps up: looks a second, and the width that pictures are reduced to.

    `finds_px` is how wide a face in the camera's own picture has to be, to be found at that width
    as good as always; both are 0 before the first look. `floor_per_second` is what the policy asks,
    0 where it asks nothing; `below_floor` says that it is not held now, and `below_floor_s` for how
    long altogether it was not. `held_up` says that it is below the floor because looking takes its
    time, and not because its source sends too few pictures.
    """

    frames_per_second: float = 0.0
    width_px: int = 0
    finds_px: int = 0
    floor_per_second: float = 0.0
    below_floor: bool = False
    below_floor_s: float = 0.0
    held_up: bool = False


def ladder(largest_px: int, smallest_px: int) -> tuple[int, ...]:
    """Return the widths to look at from the largest to the smallest, both included.

    >>> ladder(1280, 640)
    (1280, 896, 640)
    """
    if smallest_px >= largest_px:
        return (largest_px,)
    steps = max(1, round(math.log(largest_px / smallest_px, _STEP)))
    ratio = (largest_px / smallest_px) ** (1 / steps)
    between = (round(largest_px / ratio**k / _GRANULE_PX) * _GRANULE_PX for k in range(1, steps))
    inside = {each for each in between if smallest_px < each < largest_px}
    return (largest_px, *sorted(inside, reverse=True), smallest_px)


class Pace:
    """Keeps one camera's pace. One thread asks what is `due`, and another looks.

    Whoever looks calls `begin` with each picture and `done` after it, and asks now and then how
    well the pace is `kept`. Nothing here waits.
    """

    def __init__(
        self, settings: PaceSettings, largest_px: int, clock: Callable[[], float] = monotonic
    ) -> None:
        """`largest_px` is the width that pictures are reduced to as long as there is room."""
        self._settings = settings
        self._clock = clock
        self._came_s = clock()
        self._every_s = 0.0
        self._due_s = self._free_s = 0.0
        self._began_s = self._told_s = clock()
        self._took_s = 0.0
        self._longer_px = 0
        self._steps = _Steps(settings, largest_px, clock())
        self._looks = _Looks()
        self._below_s = 0.0
        self._sparing = Sparing.NOTHING

    @property
    def widths_px(self) -> tuple[int, ...]:
        """Every width that the present pictures may be reduced to, the largest first."""
        return self._steps.widths_px

    @property
    def came_ago_s(self) -> float:
        """How long ago a picture came, whether it was due or not."""
        return self._clock() - self._came_s

    def due(self) -> bool:
        """Tell whether a picture that comes now should be looked at; asked of every one.

        It should where the next one would come later than it is time for another look, and later
        than the look that goes on is likely to be over: so it is the newest there can be. While
        nobody looks, as many are as may be looked at.
        """
        now_s = self._clock()
        self._every_s += _SMOOTHING * (min(now_s - self._came_s, 1.0) - self._every_s)
        self._came_s = now_s
        if now_s + self._every_s / 2 < self._due_s or now_s + self._every_s < self._free_s:
            return False
        between_s = 1 / self._most_per_second()
        self._due_s = max(self._due_s, now_s - between_s) + between_s
        return True

    def spare(self, what: Sparing) -> None:
        """Leave something to other cameras from now on, or nothing any more."""
        self._sparing = what

    def begin(self, longer_px: int) -> int:
        """Begin to look at a picture whose longer side has so many pixels; return the width."""
        self._began_s = self._clock()
        self._free_s = self._began_s + self._took_s
        if longer_px != self._longer_px:
            self._longer_px = longer_px
            self._steps.fit(longer_px)
        return self._steps.width_px

    def done(self) -> None:
        """The look is over."""
        now_s = self._clock()
        self._free_s = 0.0
        took_s, before_px = now_s - self._began_s, self._steps.width_px
        self._took_s += (took_s - self._took_s) * (_SMOOTHING if self._took_s else 1.0)
        self._looks.add(now_s, took_s)
        self._steps.judge(now_s, self._looks, self._sparing)
        self._took_s *= (self._steps.width_px / before_px) ** 2

    def kept(self, delivering_s: float = math.inf) -> Kept:
        """Return how the pace is kept, of a source that has delivered for so long without a gap.

        A source that delivers nothing is lost, which is counted elsewhere. Asked again and again.
        """
        now_s = self._clock()
        floor, per_second = self._settings.least_per_second, self._looks.per_second(now_s)
        known_s = min(delivering_s, self._looks.for_s(now_s))
        below = known_s >= _OVER_S and per_second < _ENOUGH * floor
        self._below_s += (now_s - self._told_s) * below
        self._told_s = now_s
        width_px = self._steps.width_px if self._longer_px else 0
        return Kept(
            frames_per_second=per_second,
            width_px=width_px,
            finds_px=math.ceil(SURELY_FOUND_PX * self._longer_px / width_px) if width_px else 0,
            floor_per_second=floor,
            below_floor=below,
            below_floor_s=self._below_s,
            held_up=below and per_second * self._looks.took_s() > _BUSY,
        )

    def _most_per_second(self) -> float:
        most, least = self._settings.most_per_second, self._settings.least_per_second
        if self._sparing is Sparing.NOTHING or not least:
            return most
        return min(most, _ABOVE * least)


class _Looks:
    """The looks of the last few seconds."""

    def __init__(self) -> None:
        self._first_s = math.inf
        self._ended: deque[tuple[float, float]] = deque()

    def add(self, ended_s: float, took_s: float) -> None:
        """Count one."""
        self._first_s = min(self._first_s, ended_s)
        self._ended.append((ended_s, took_s))
        self._forget(ended_s)

    def for_s(self, now_s: float) -> float:
        """Return how long ago the first one was over; less than nothing before that."""
        return now_s - self._first_s

    def per_second(self, now_s: float) -> float:
        """Return the rate: of whole intervals, and of silence longer than these."""
        self._forget(now_s)
        if len(self._ended) < 2:
            return len(self._ended) / _OVER_S
        intervals, first_s, last_s = len(self._ended) - 1, self._ended[0][0], self._ended[-1][0]
        silent_s = max(0.0, now_s - last_s - 2 * (last_s - first_s) / intervals)
        return intervals / max(last_s - first_s + silent_s, 1e-3)

    def took_s(self) -> float:
        """Return how long one takes, on average; nothing where there are none."""
        return sum(took_s for _, took_s in self._ended) / max(len(self._ended), 1)

    def _forget(self, now_s: float) -> None:
        while self._ended and self._ended[0][0] < now_s - _OVER_S:
            self._ended.popleft()


class _Steps:
    """Decides when pictures are reduced further, and when less.

    A larger width that could not be held is tried again only after a wait, which doubles each
    time: under a load that stays the same, the width comes to rest.
    """

    def __init__(self, settings: PaceSettings, largest_px: int, now_s: float) -> None:
        self.widths_px = ladder(largest_px, settings.smallest_px)
        self._settings = settings
        self._largest_px = largest_px
        self._place = 0
        self._since_s = now_s
        self._wait_s = _SHORTEST_WAIT_S
        self._unproven = False

    @property
    def width_px(self) -> int:
        """The width that pictures are reduced to now."""
        return self.widths_px[self._place]

    def fit(self, longer_px: int) -> None:
        """Take up the widths that make sense for pictures of this size, near the present one."""
        before_px = self.width_px
        largest_px = min(self._largest_px, longer_px)
        self.widths_px = ladder(largest_px, min(self._settings.smallest_px, largest_px))
        fitting = [place for place, px in enumerate(self.widths_px) if px <= before_px]
        self._place = fitting[0] if fitting else len(self.widths_px) - 1

    def judge(self, now_s: float, looks: _Looks, sparing: Sparing) -> None:
        """Take a step where the last few seconds, or other cameras, say so."""
        held_s = now_s - self._since_s
        if held_s < _OVER_S:
            return
        if self._unproven and held_s > _PROVEN_S:
            self._wait_s, self._unproven = _SHORTEST_WAIT_S, False
        rate, took_s = looks.per_second(now_s), looks.took_s()
        short = rate < _ENOUGH * self._settings.least_per_second and rate * took_s > _BUSY
        reduce = short or sparing is Sparing.CLOSELY
        if reduce and self._place + 1 < len(self.widths_px):
            if short and self._unproven:
                self._wait_s = min(2 * self._wait_s, _LONGEST_WAIT_S)
            self._place, self._since_s, self._unproven = self._place + 1, now_s, False
        elif sparing is Sparing.NOTHING and not short and self._may_try(held_s, took_s):
            self._place, self._since_s, self._unproven = self._place - 1, now_s, True

    def _may_try(self, held_s: float, took_s: float) -> bool:
        """Tell whether the next larger width would hold the floor, the work growing by its area."""
        if not self._place or held_s < self._wait_s:
            return False
        larger_s = took_s * (self.widths_px[self._place - 1] / self.width_px) ** 2
        return _ROOM * self._settings.least_per_second * larger_s <= 1
