"""One bad camera of eight: what the other seven notice of it.

    python -m bench eight

Eight network cameras, real RTSP servers on loopback, are watched in one run. One of them, behind a
network that fails on command, is made bad in one way after another, with a while of all being well
between any two. What the other seven do in a bad while is held against the good ones before and
after it, so that a machine that grows slower or faster over minutes cancels out. Whiles in which
nothing is done at all, between good ones as the others are, say how much the method itself finds.

A bad while lasts from the moment the camera turns bad until it is looked at again, so what it costs
to give it a new process is in it.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic, sleep

from bench.context import Context
from bench.failing import Doing, Mischief
from bench.films import Shape, fast, frozen, resizing, smaller
from bench.ratios import Ratio, Slots, Span, buckets_of, compare, slots
from bench.results import Claim, Grid
from bench.serving import address, processor_s, serving
from bench.watching import Cameras, Watched, has_coverage, watching

_CAMERAS, _BAD = 8, "bad"
_LOOKS = 3  # a second and camera: by the policy where it can say so, or by what cameras send
_SHAPE = Shape(640, 360, 25 if has_coverage() else _LOOKS)
_DETECTION_PX = 320
_FAST = 120
_FILM_S, _BAD_FILM_S = 900.0, 120.0
_AGAIN_S = 45.0
_MOST = 0.02
_THRESHOLD = 0.9  # nobody alerts: this is about frames
_CONTROL = "nothing (control)"


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to be bad: it begins; while it lasts, something may be done again and again."""

    name: str
    begin: Callable[["_Scene"], None]
    again: Callable[["_Scene"], None] = lambda _scene: None


@dataclass(frozen=True, slots=True)
class Found:
    """One while: the seven's rate and age against the good whiles around it.

    `looks` are the bad camera's frames looked at a second, `losses` how often it was lost, and
    `busy` the share of the machine's processors that all cameras' processes took.
    """

    kind: str
    seconds: float
    rate: Ratio
    age: Ratio
    rate_a_camera: float
    p95_ms: float
    looks: float
    losses: int
    busy: float


@dataclass(frozen=True, slots=True)
class Eight:
    """Every while, all bad ones together (`rate` and `age`), and the machine's load.

    The promise holds where all bad whiles together keep it, and none is shown to break it: a single
    one is too short to be judged by what was found in it, and its whole interval has to be worse.
    """

    found: tuple[Found, ...]
    rate: Ratio
    age: Ratio
    good_busy: float
    good_rate: float
    good_p95_ms: float
    load: tuple[float, float]
    never_again: tuple[str, ...] = ()

    def claims(self) -> Iterator[Claim]:
        """Return the promise, for the rate and for the age of frames."""
        bad = [each for each in self.found if each.kind != _CONTROL]
        controls = [each for each in self.found if each.kind == _CONTROL]
        slowest = min(bad, key=lambda each: each.rate.found)
        oldest = max(bad, key=lambda each: each.age.found)
        yield Claim(
            "eight: one bad camera, the other seven's detections a second",
            "≤ 2 % fewer",
            f"{self.rate}; at worst {slowest.rate} ({slowest.kind}); "
            f"control {', '.join(str(each.rate) for each in controls)}",
            self.rate.found >= 1 - _MOST and all(each.rate.high >= 1 - _MOST for each in bad),
        )
        yield Claim(
            "eight: one bad camera, the other seven's p95 age of a frame at its decision",
            "≤ 2 % more",
            f"{self.age}; at worst {oldest.age} ({oldest.kind}); "
            f"control {', '.join(str(each.age) for each in controls)}",
            self.age.found <= 1 + _MOST and all(each.age.low <= 1 + _MOST for each in bad),
        )
        yield Claim(
            "eight: the bad camera, once it is well, is looked at again",
            f"within {_AGAIN_S:.0f} s",
            ", ".join(self.never_again) or f"after each of {len(bad)}",
            not self.never_again,
        )

    def grids(self) -> Iterator[Grid]:
        """Return every while."""
        rows = tuple(
            (
                each.kind,
                f"{each.seconds:.0f}",
                str(each.rate),
                str(each.age),
                f"{each.rate_a_camera:.2f}",
                f"{each.p95_ms:.0f}",
                f"{each.looks:.1f}",
                str(each.losses),
                f"{100 * each.busy:.0f} %",
            )
            for each in self.found
        )
        heads = ("the eighth", "s", "rate of the seven", "p95 age of the seven")
        more = ("rate each", "p95 ms", "eighth's rate", "lost", "processors")
        note = (
            f"All well: {self.good_rate:.2f} detections a second and camera, p95 age "
            f"{self.good_p95_ms:.0f} ms, {100 * self.good_busy:.0f} % of the processors. "
            f"{_SHAPE.width}x{_SHAPE.height} at {_SHAPE.rate} a second, faces looked for at "
            f"{_DETECTION_PX} px, 12,000 references; load {self.load[0]:.1f} before, "
            f"{self.load[1]:.1f} after. Intervals: 95 %, by drawing slots of 2 s with replacement."
        )
        yield Grid("eight: one bad camera of eight", (*heads, *more), rows, note)


@dataclass(slots=True)
class _Scene:
    """Eight cameras that are watched, one of them behind a network that fails on command."""

    cameras: Cameras
    network: Mischief
    ports: dict[str, int]
    good_port: int
    never_again: list[str] = field(default_factory=list)

    def show(self, film: str) -> None:
        """Have the bad camera send another film, from its next connection on."""
        self.network.lead_to(self.ports[film])
        self.network.cut()

    def well(self, kind: str) -> None:
        """Have the bad camera behave again, and wait until it is looked at."""
        self.network.calm()
        self.network.lead_to(self.good_port)
        self.network.cut()
        before, since_s = self.cameras.frames(_BAD), monotonic()

        def again() -> bool:
            looked = self.cameras.frames(_BAD) >= before + _LOOKS
            return looked and self.cameras.plays(_BAD) and monotonic() - since_s > 1.0

        if not self.cameras.until(again, _AGAIN_S):
            self.never_again.append(f"not after: {kind}")


def _hang(scene: _Scene) -> None:
    scene.network.hangs = True
    scene.network.cut()


def _trickle(scene: _Scene) -> None:
    scene.network.doing = Doing.TRICKLING


def _garble(scene: _Scene) -> None:
    scene.network.garbles = True


def _jump(scene: _Scene) -> None:
    scene.network.jumps = True


def _reset(scene: _Scene) -> None:
    scene.network.cut()


KINDS = (
    Kind(_CONTROL, lambda _scene: None),
    Kind("hangs after DESCRIBE", _hang),
    Kind("connection reset every second", _reset, _reset),
    Kind("garbage NAL units", _garble),
    Kind("resolution changes every 3 s", lambda scene: scene.show("resizing")),
    Kind("frozen picture", lambda scene: scene.show("frozen")),
    Kind("120 frames a second", lambda scene: scene.show("fast")),
    Kind("time jumps by 10 min every 4 s", _jump),
    Kind("1 byte a second", _trickle),
    Kind(_CONTROL, lambda _scene: None),
)


def measure(context: Context) -> Eight:
    """Make one camera bad in every way there is, or in three if it must be quick."""
    kinds = (KINDS[0], KINDS[1], KINDS[6]) if context.quick else KINDS
    lasts_s = 8.0 if context.quick else 30.0
    with context.progress("encoding films"):
        good = smaller(context, _SHAPE, _FILM_S)
        bad = {
            "resizing": resizing(context, _SHAPE, _BAD_FILM_S),
            "frozen": frozen(context, _SHAPE, _BAD_FILM_S),
            "fast": fast(context, _SHAPE, _FAST, _BAD_FILM_S),
        }
    names = [f"camera {number}" for number in range(1, _CAMERAS)]
    with serving([good] * (_CAMERAS - 1)) as others, serving([good, *bad.values()]) as one:
        network = Mischief(one.ports[0])
        sources = [*others.urls, address(network.port)]
        watched = [
            Watched(name, source, _DETECTION_PX)
            for name, source in zip([*names, _BAD], sources, strict=True)
        ]
        try:
            coverage = {"min_frames_per_second": _LOOKS, "max_frames_per_second": _LOOKS}
            with watching(context, watched, _THRESHOLD, **coverage) as cameras:
                cameras.until_all_look([*names, _BAD])
                ports = dict(zip(bad, one.ports[1:], strict=True))
                scene = _Scene(cameras, network, ports, one.ports[0])
                return _Measuring(context, scene, names, lasts_s).of(kinds)
        finally:
            network.end()


@dataclass(slots=True)
class _Measuring:
    context: Context
    scene: _Scene
    names: list[str]
    lasts_s: float
    _busy: list[float] = field(default_factory=list)

    def of(self, kinds: tuple[Kind, ...]) -> Eight:
        """Do good and bad whiles in turn, and hold the bad ones against the good ones around."""
        load = os.getloadavg()[0]
        sleep(self.lasts_s)  # caches and clocks settle
        good, bad = [self._good()], []
        with self.context.progress("one bad camera of eight") as progress:
            for number, kind in enumerate(kinds):
                bad.append(self._bad(kind))
                good.append(self._good())
                progress(number + 1, len(kinds))
        told = {name: self.scene.cameras.told[name] for name in self.names}
        buckets = buckets_of(told)

        def cut(*spans: Span) -> Slots:
            return slots(told, spans, buckets)

        found = [
            self._found(kind, span, busy, (cut(span), cut(good[number], good[number + 1])))
            for number, (kind, (span, busy)) in enumerate(zip(kinds, bad, strict=True))
        ]
        usual = cut(*good)
        turned = [span for kind, (span, _) in zip(kinds, bad, strict=True) if kind.name != _CONTROL]
        rate, age = compare(cut(*turned), usual)
        return Eight(
            found=tuple(found),
            rate=rate,
            age=age,
            good_busy=sum(self._busy) / len(self._busy),
            good_rate=usual.rate / len(self.names),
            good_p95_ms=1000 * usual.p95_s,
            load=(load, os.getloadavg()[0]),
            never_again=tuple(self.scene.never_again),
        )

    def _good(self) -> Span:
        began_s, began_at_s = self._processor_s(), monotonic()
        sleep(self.lasts_s)
        span = Span(began_at_s, monotonic())
        self._busy.append(self._share(began_s, span))
        return span

    def _bad(self, kind: Kind) -> tuple[Span, float]:
        began_s, began_at_s = self._processor_s(), monotonic()
        kind.begin(self.scene)
        while monotonic() - began_at_s < self.lasts_s:
            sleep(1.0)
            kind.again(self.scene)
        if kind.name != _CONTROL:
            self.scene.well(kind.name)
        span = Span(began_at_s, monotonic())
        return span, self._share(began_s, span)

    def _processor_s(self) -> float:
        return processor_s(self.scene.cameras.process.pid)

    def _share(self, before_s: float, span: Span) -> float:
        cores = len(os.sched_getaffinity(0))
        return (self._processor_s() - before_s) / (span.to_s - span.from_s) / cores

    def _found(self, kind: Kind, span: Span, busy: float, pair: tuple[Slots, Slots]) -> Found:
        changed, usual = pair
        rate, age = compare(changed, usual)
        of_it = [each for each in self.scene.cameras.told[_BAD] if _within(each.at_s, span)]
        first, last = of_it[0], of_it[-1]
        seconds = span.to_s - span.from_s
        return Found(
            kind=kind.name,
            seconds=seconds,
            rate=rate,
            age=age,
            rate_a_camera=changed.rate / len(self.names),
            p95_ms=1000 * changed.p95_s,
            looks=(last.frames - first.frames) / seconds,
            losses=sum(last.losses.values()) - sum(first.losses.values()),
            busy=busy,
        )


def _within(at_s: float, span: Span) -> bool:
    return span.from_s <= at_s <= span.to_s
