"""The films that cameras of the benchmark send, encoded once and kept in its cache.

They are made of clips of the data folder and stay beside them: nothing of them is published.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, cycle, islice
from pathlib import Path
from typing import Any

import av
import numpy as np

from bench.console_scene import repeated
from bench.context import Context
from overt.values import RGBImage

STAGE, CROWD = "stage-640x360.mp4", "street-crowd-1080p.mp4"
_CHANGE_S = 3.0
_OPTIONS = {"preset": "veryfast", "crf": "23", "bf": "0", "repeat-headers": "1"}


@dataclass(frozen=True, slots=True)
class Shape:
    """A film's size in pixels and its pictures a second."""

    width: int
    height: int
    rate: int


def clip(context: Context, name: str, seconds: float) -> Path:
    """Return a clip of the data folder, as it is, so often over that it lasts so long."""
    path = context.need(f"video/{name}")
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        one_s = float(stream.frames / (stream.average_rate or 25))
    beside = _folder(context) / name
    beside.unlink(missing_ok=True)
    beside.symlink_to(path)  # a repeated film is put beside the one that it repeats
    return repeated(beside, int(seconds / one_s) + 1)


def smaller(context: Context, shape: Shape, seconds: float) -> Path:
    """Return the stage clip at another size and pace, so often over that it lasts so long."""
    path = _folder(context) / f"stage-{shape.width}x{shape.height}-{shape.rate}.mp4"
    pictures = list(_pictures(context, shape))
    _write(path, shape, pictures)
    return repeated(path, int(seconds * shape.rate / len(pictures)) + 1)


def frozen(context: Context, shape: Shape, seconds: float) -> Path:
    """Return a film whose picture stands still after three seconds."""
    path = _folder(context) / f"frozen-{shape.rate}-{seconds:.0f}.mp4"
    moving = list(islice(_pictures(context, shape), round(_CHANGE_S * shape.rate)))
    still = [moving[-1]] * round((seconds - _CHANGE_S) * shape.rate)
    _write(path, shape, [*moving, *still])
    return path


def fast(context: Context, shape: Shape, rate: int, seconds: float) -> Path:
    """Return a film of so many pictures a second."""
    return smaller(context, Shape(shape.width, shape.height, rate), seconds)


def resizing(context: Context, shape: Shape, seconds: float) -> Path:
    """Return an MPEG transport stream whose pictures are of another size every three seconds."""
    path = _folder(context) / f"resizing-{shape.rate}-{seconds:.0f}.ts"
    if not path.exists():
        sizes = [(shape.width, shape.height), (1280, 720), (320, 240)]
        parts = [_coded(context, Shape(*size, shape.rate)) for size in sizes]
        _join(path, shape, cycle(parts), round(seconds * shape.rate))
    return path


def as_by_a_camera(film: Path) -> Path:
    """Return a film coded anew as cameras do it: one whole picture a second."""
    path = film.with_suffix(".by-a-camera.mp4")
    with av.open(str(film)) as before:
        stream: Any = before.streams.video[0]
        shape = Shape(stream.width, stream.height, round(float(stream.average_rate or 0)))
        _write(path, shape, (each.to_ndarray(format="rgb24") for each in before.decode(stream)))
    return path


def _folder(context: Context) -> Path:
    folder = context.cache / "films"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _pictures(context: Context, shape: Shape) -> Iterator[RGBImage]:
    """Yield the stage clip's pictures once: some left out, or shown several times."""
    with av.open(str(context.need(f"video/{STAGE}"))) as film:
        stream: Any = film.streams.video[0]
        before = float(stream.average_rate)
        shown = 0
        for number, frame in enumerate(film.decode(stream)):
            picture = frame.to_ndarray(format="rgb24", width=shape.width, height=shape.height)
            while shown * before < (number + 1) * shape.rate:
                shown += 1
                yield np.ascontiguousarray(picture)


def _write(path: Path, shape: Shape, pictures: Iterable[RGBImage]) -> None:
    """Encode a film that is not there yet; nothing half-written is left."""
    if path.exists():
        return
    partial = path.with_suffix(f".part{path.suffix}")
    with av.open(str(partial), "w") as film:
        options = {**_OPTIONS, "g": str(shape.rate)}  # as cameras do: one whole picture a second
        stream = film.add_stream("libx264", rate=shape.rate, options=options)
        stream.width, stream.height, stream.pix_fmt = shape.width, shape.height, "yuv420p"
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, shape.rate)
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    partial.rename(path)


def _coded(context: Context, shape: Shape) -> list[bytes]:
    """Return three seconds of pictures, coded, that begin with a whole one and its parameters."""
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = shape.width, shape.height, "yuv420p"
    encoder.time_base, encoder.options = (
        Fraction(1, shape.rate),
        {**_OPTIONS, "tune": "zerolatency"},
    )
    packets = []
    for number, picture in enumerate(
        islice(_pictures(context, shape), round(_CHANGE_S * shape.rate))
    ):
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts = number
        packets += encoder.encode(frame)
    return [bytes(each) for each in [*packets, *encoder.encode(None)]]


def _join(path: Path, shape: Shape, parts: Iterable[list[bytes]], pictures: int) -> None:
    """Write coded parts one after the other; nothing half-written is left."""
    partial = path.with_suffix(f".part{path.suffix}")
    with av.open(str(partial), "w", format="mpegts") as film:
        stream: Any = film.add_stream("libx264", rate=shape.rate)
        stream.width, stream.height, stream.pix_fmt = shape.width, shape.height, "yuv420p"
        film.start_encoding()
        for number, data in enumerate(islice(chain.from_iterable(parts), pictures)):
            packet = av.Packet(data)
            packet.stream, packet.time_base = stream, Fraction(1, shape.rate)
            packet.pts = packet.dts = number
            film.mux(packet)
    partial.rename(path)
