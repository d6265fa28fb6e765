"""Peers at a network camera: their pace, what they take, and what they do when the stream drops.

    python -m bench peer-streams

Each in turn watches the stage clip, looped, over RTSP through a network that is made to fail: left
alone first, then for ten seconds without a stream, then well again. Once the connection is cut and
refused in these ten seconds, and once it stands and nothing comes. `face_recognition` runs as its
own webcam example does, DeepFace as its `stream`, with the three people of the clip as references;
ours as `overt run` does, before 12,000 references.
"""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

from bench.context import Context, MissingError
from bench.failing import Doing, Mischief
from bench.films import STAGE, clip
from bench.results import Claim, Grid
from bench.serving import Server, address, processor_s, serving
from bench.watching import Cameras, Watched, watching

_GONE_S = 10.0
_DETECTION_PX = 640
_THRESHOLD = 0.9
_FILM_S = 300.0
_STARTING_S = 120.0
_PEERS = {"face_recognition": "peer_stream_worker.py", "DeepFace": "deepface_worker.py"}
_HOW = ("cut and refused", "silent")


@dataclass(frozen=True, slots=True)
class Dropped:
    """What one did with one drop of the stream.

    `rate` is frames looked at a second before, `cores` the processor time taken a second, and
    `behind_s` how old the last picture before the drop was, counted from the first. After the
    drop, `back_s` is from the stream's return until a picture was looked at that was sent after it,
    None where none was; `behind_after_s` is how old pictures were at the end. `ending` says how it
    ended and how long after the return, if it did.
    """

    who: str
    how: str
    rate: float
    faces: float
    cores: float
    behind_s: float
    back_s: float | None
    behind_after_s: float | None
    ending: str


@dataclass(frozen=True, slots=True)
class PeerStreams:
    """Everybody with both drops; `missing` says who could not be run, and why."""

    drops: tuple[Dropped, ...]
    missing: dict[str, str]

    def claims(self) -> Iterator[Claim]:
        """Return that ours comes back, and how the pace compares."""
        ours = [each for each in self.drops if each.who == "ours"]
        slowest = max((each.back_s or 1e9 for each in ours), default=1e9)
        yield Claim(
            f"peer-streams: ours after {_GONE_S:.0f} s without a stream, next frame",
            "≤ 10 s after it returns",
            ", ".join(f"{_seconds(each.back_s)} ({each.how})" for each in ours),
            slowest <= 10.0,
        )
        for who in _PEERS:
            theirs = [each for each in self.drops if each.who == who]
            if theirs:
                yield Claim(
                    f"peer-streams: frames a second, ours and {who}'s",
                    "shown",
                    f"{ours[0].rate:.1f} at {ours[0].cores:.2f} cores; "
                    f"{theirs[0].rate:.1f} at {theirs[0].cores:.2f} cores",
                    None,
                )

    def grids(self) -> Iterator[Grid]:
        """Return every drop, and who is missing."""
        rows = tuple(
            (
                each.who,
                each.how,
                f"{each.rate:.1f}",
                f"{each.faces:.1f}",
                f"{each.cores:.2f}",
                f"{each.behind_s:.1f}",
                _seconds(each.back_s),
                _seconds(each.behind_after_s),
                each.ending or "goes on",
            )
            for each in self.drops
        )
        heads = ("who", "stream", "frames/s", "faces a frame", "cores", "behind s")
        more = ("a new picture, after the return", "behind at the end", "then (after the return)")
        note = (
            f"The stage clip, 640x360 at 29.97 a second over RTSP; {_GONE_S:.0f} s without it. "
            "Behind: how old a picture is when it is done with, counted from the first one. "
            "New: sent after the stream's return; until then a peer looks at what had piled up. "
            "Ours never looks at what is over 3 s old. DeepFace's faces are not counted."
        )
        yield Grid("peers at a network camera", (*heads, *more), rows, note)
        if self.missing:
            yield Grid("peers that could not be run", ("who", "why"), tuple(self.missing.items()))


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f} s"


@dataclass(frozen=True, slots=True)
class _Look:
    """One frame that was looked at: when, what it says of its own time, and its faces."""

    at_s: float
    stamp_s: float
    faces: int


@dataclass(slots=True)
class _Peer:
    """A peer's process, and every frame that it tells of."""

    process: "subprocess.Popen[str]"
    errors: Path
    looks: list[_Look] = field(default_factory=list)

    def start_reading(self) -> None:
        """Take in what it says, in a thread."""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("{"):  # libraries say other things
                self.looks.append(_Look(**json.loads(line)))

    @property
    def ended(self) -> str:
        """How it ended, in the last words that it said; nothing while it goes on."""
        if self.process.poll() is None:
            return ""
        words = self.errors.read_text("utf-8", "replace").strip().splitlines()
        how = "ended by itself" if self.process.returncode == 0 else "crashed"
        return f"{how}: {words[-1][-160:]}" if words else how


def measure(context: Context) -> PeerStreams:
    """Have everybody watch, and drop the stream in both ways."""
    film = clip(context, STAGE, _FILM_S)
    missing: dict[str, str] = {}
    drops: list[Dropped] = []
    seconds = (8.0, 15.0, 60.0) if context.quick else (12.0, 25.0, 100.0)
    with serving([film]) as server:
        for how in _HOW:
            timing = _Timing(how, *seconds)
            for who, worker in _PEERS.items():
                if who in missing:
                    continue
                with context.progress(f"{who}, {how}"):
                    try:
                        drops.append(_theirs(context, server, (who, worker), timing))
                    except MissingError as error:
                        missing[who] = error.message
            with context.progress(f"ours, {how}"):
                drops.append(_ours(context, server, timing))
    return PeerStreams(tuple(drops), missing)


@dataclass(frozen=True, slots=True)
class _Timing:
    """How the stream drops. A peer has longer after it: it may be busy with what came before."""

    how: str
    before_s: float
    after_s: float
    peers_after_s: float

    def drop(self, network: Mischief) -> float:
        """Take the stream away and give it back; return when it was back."""
        if self.how == _HOW[0]:
            network.refusing = True
            network.cut()
        else:
            network.doing = Doing.SILENT
        sleep(_GONE_S)
        network.refusing = False
        network.doing = Doing.PASSING
        return monotonic()


@contextmanager
def _network(server: Server) -> Iterator[Mischief]:
    network = Mischief(server.ports[0])
    try:
        yield network
    finally:
        network.end()


def _theirs(context: Context, server: Server, peer: tuple[str, str], timing: _Timing) -> Dropped:
    who, worker = peer
    references = context.need("references")
    given = [str(references)] if who == "DeepFace" else sorted(map(str, references.iterdir()))
    with _network(server) as network, _running(context, worker, network, given) as running:
        _until(lambda: bool(running.looks) or bool(running.ended), _STARTING_S)
        if not running.looks:
            raise MissingError(running.ended or f"It looked at nothing in {_STARTING_S:.0f} s.")
        spent_s, began_s = processor_s(running.process.pid), monotonic()
        sleep(timing.before_s)
        cores = (processor_s(running.process.pid) - spent_s) / (monotonic() - began_s)
        looks = [each for each in running.looks if each.at_s >= began_s]
        back_at_s = timing.drop(network)
        _until(lambda: bool(running.ended), timing.peers_after_s)
        ending, first = running.ended, running.looks[0]
        if ending:
            ending += f" ({running.looks[-1].at_s - back_at_s:+.0f} s)"
        later = [each for each in running.looks if each.at_s >= back_at_s]
        new = [each for each in later if each.at_s - _behind_s(first, each) >= back_at_s]
        return Dropped(
            who=who,
            how=timing.how,
            rate=len(looks) / timing.before_s,
            faces=sum(each.faces for each in looks) / max(1, len(looks)),
            cores=cores,
            behind_s=_behind_s(first, looks[-1]) if looks else 0.0,
            back_s=new[0].at_s - back_at_s if new else None,
            behind_after_s=_behind_s(first, later[-1]) if later else None,
            ending=ending,
        )


def _behind_s(first: _Look, last: _Look) -> float:
    return (last.at_s - first.at_s) - (last.stamp_s - first.stamp_s)


@contextmanager
def _running(context: Context, worker: str, network: Mischief, given: list[str]) -> Iterator[_Peer]:
    script = Path(__file__).with_name(worker)
    folder = context.cache / "peer"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    errors = folder / "errors.txt"
    # Isolated, so that nothing of this folder is imported in place of the peer's.
    command = [str(context.peer_python), "-I", str(script), address(network.port), *given]
    environment = os.environ | {"DEEPFACE_HOME": str(folder), "CUDA_VISIBLE_DEVICES": ""}
    with (
        errors.open("w") as file,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=file, text=True, env=environment
        ) as process,
    ):
        peer = _Peer(process, errors)
        peer.start_reading()
        try:
            yield peer
        finally:
            process.kill()


def _ours(context: Context, server: Server, timing: _Timing) -> Dropped:
    with _network(server) as network:
        camera = Watched("stage", address(network.port), _DETECTION_PX, smallest_face_px=20)
        with watching(context, [camera], _THRESHOLD) as cameras:
            cameras.until_all_look(["stage"])
            sleep(2.0)
            before, spent_s = cameras.told["stage"][-1], processor_s(cameras.process.pid)
            sleep(timing.before_s)
            last = cameras.told["stage"][-1]
            seconds = last.at_s - before.at_s
            cores = (processor_s(cameras.process.pid) - spent_s) / seconds
            back_at_s = timing.drop(network)
            sleep(timing.after_s)
            back = _next_look_s(cameras, back_at_s)
            told = cameras.told["stage"]
            gone = [each for each in told if each.at_s <= back_at_s][-1]
            recent = told[-1].ages.since(gone.ages)
            return Dropped(
                who="ours",
                how=timing.how,
                rate=(last.frames - before.frames) / seconds,
                faces=(last.detections - before.detections) / (last.frames - before.frames),
                cores=cores,
                behind_s=last.ages.since(before.ages).percentile_s(95),
                back_s=None if back is None else back - back_at_s,
                behind_after_s=recent.percentile_s(95) if recent.count else None,
                ending="",
            )


def _next_look_s(cameras: Cameras, since_s: float) -> float | None:
    """Return when a camera first told of a frame that it looked at after a moment."""
    told = cameras.told["stage"]
    known = [each for each in told if each.at_s <= since_s][-1]
    return next((each.at_s for each in told if each.frames > known.frames), None)


def _until(what: Callable[[], bool], longest_s: float) -> None:
    until_s = monotonic() + longest_s
    while not what() and monotonic() < until_s:
        sleep(0.05)
