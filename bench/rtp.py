"""RTP by hand: coded pictures into packets, as a camera sends them, and a stream's description.

H.264 after RFC 6184, H.265 after RFC 7798 and JPEG after RFC 2435, as far as a small camera needs.
"""

import re
import struct
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

import av
import numpy as np

_START_CODE = re.compile(b"\x00\x00\x00?\x01")
_CLOCK_HZ = 90_000
_JPEG_CLASSES = {0xC0: "frame", 0xDB: "tables", 0xDA: "scan"}


class Codec(StrEnum):
    """What a camera may send."""

    H264 = "h264"
    H265 = "h265"
    MJPEG = "mjpeg"


_ENCODERS = {Codec.H264: "libx264", Codec.H265: "libx265", Codec.MJPEG: "mjpeg"}
_OPTIONS = {
    Codec.H264: {"preset": "ultrafast", "tune": "zerolatency", "g": "10"},
    Codec.H265: {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "x265-params": "log-level=0:keyint=10",
    },
    Codec.MJPEG: {"huffman": "default"},  # RFC 2435 sends no others
}


@dataclass(frozen=True, slots=True)
class Clip:
    """Coded pictures: each a list of units, a unit being a NAL unit or a whole JPEG."""

    codec: Codec
    width: int
    height: int
    rate: int
    pictures: tuple[tuple[bytes, ...], ...]


def drawn_clip(
    codec: Codec, *, size: tuple[int, int] = (320, 240), pictures: int = 40, rate: int = 25
) -> Clip:
    """Return a clip of a bright square that crosses a grey noise."""
    width, height = size
    encoder: Any = av.CodecContext.create(_ENCODERS[codec], "w")
    encoder.width, encoder.height = width, height
    encoder.pix_fmt = "yuvj420p" if codec is Codec.MJPEG else "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, rate), Fraction(rate)
    encoder.options = _OPTIONS[codec]
    noise = np.random.default_rng(5).integers(60, 120, (height, width, 3), np.uint8)
    units = []
    for number in range(pictures):
        image = noise.copy()
        left = number * (width - 48) // pictures
        image[height // 3 : height // 3 + 48, left : left + 48] = 230
        frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format=encoder.pix_fmt)
        frame.pts = number
        units += [_units(bytes(packet), codec) for packet in encoder.encode(frame)]
    units += [_units(bytes(packet), codec) for packet in encoder.encode(None)]
    return Clip(codec, width, height, rate, tuple(units))


def _units(packet: bytes, codec: Codec) -> tuple[bytes, ...]:
    if codec is Codec.MJPEG:
        return (packet,)
    return tuple(filter(None, _START_CODE.split(packet)))


def description(clip: Clip) -> str:
    """Return the SDP of a clip."""
    first = clip.pictures[0]
    number, name, more = {
        Codec.H264: (
            96,
            "H264",
            f"packetization-mode=1;sprop-parameter-sets={_sets(first, 0x1F, 0, {7, 8})}",
        ),
        Codec.H265: (96, "H265", ""),
        Codec.MJPEG: (26, "JPEG", ""),
    }[clip.codec]
    lines = [
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=camera",
        "t=0 0",
        f"m=video 0 RTP/AVP {number}",
        "c=IN IP4 0.0.0.0",
        f"a=rtpmap:{number} {name}/{_CLOCK_HZ}",
        *([f"a=fmtp:{number} {more}"] if more else []),
        f"a=framerate:{clip.rate}",
        "a=control:track1",
    ]
    return "".join(f"{line}\r\n" for line in lines)


def _sets(units: tuple[bytes, ...], mask: int, shift: int, kinds: set[int]) -> str:
    sets = [unit for unit in units if (unit[0] & mask) >> shift in kinds]
    return ",".join(b64encode(each).decode() for each in sets)


def payloads(codec: Codec, unit: bytes, largest: int = 1200) -> Iterator[bytes]:
    """Yield a unit as RTP payloads."""
    if codec is Codec.MJPEG:
        yield from _jpeg_payloads(unit, largest)
    elif len(unit) <= largest:
        yield unit
    elif codec is Codec.H264:
        yield from _fragments(unit, 1, bytes([unit[0] & 0xE0 | 28]), unit[0] & 0x1F, largest)
    else:
        head = bytes([unit[0] & 0x81 | 49 << 1, unit[1]])
        yield from _fragments(unit, 2, head, unit[0] >> 1 & 0x3F, largest)


def _fragments(unit: bytes, skipped: int, head: bytes, kind: int, largest: int) -> Iterator[bytes]:
    body = unit[skipped:]
    for start in range(0, len(body), largest):
        begins, ends = not start, start + largest >= len(body)
        yield head + bytes([begins << 7 | ends << 6 | kind]) + body[start : start + largest]


def _jpeg_payloads(jpeg: bytes, largest: int) -> Iterator[bytes]:
    parts = _jpeg_parts(jpeg)
    height, width = struct.unpack(">HH", parts["frame"][1:5])
    tables = b"".join(
        parts["tables"][at + 1 : at + 65] for at in range(0, len(parts["tables"]), 65)
    )
    scan = parts["scan"]
    for start in range(0, len(scan), largest):
        head = struct.pack(">I", start) + bytes([1, 255, width // 8 & 255, height // 8 & 255])
        if not start:
            head += struct.pack(">BBH", 0, 0, len(tables)) + tables
        yield head + scan[start : start + largest]


def _jpeg_parts(jpeg: bytes) -> dict[str, bytes]:
    """Return the segments of a JPEG that RTP carries, all tables joined; `scan` is the coded picture."""
    parts = {"frame": b"", "tables": b"", "scan": b""}
    at = 2
    while at + 4 <= len(jpeg):
        marker, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4])
        name = _JPEG_CLASSES.get(marker)
        if name == "scan":
            parts["scan"] = jpeg[at + 2 + length :].removesuffix(b"\xff\xd9")
            break
        if name:
            parts[name] += jpeg[at + 4 : at + 2 + length]
        at += 2 + length
    return parts


def packet(codec: Codec, payload: bytes, sequence: int, stamp: int, *, last: bool) -> bytes:
    """Return an RTP packet; `last` marks the end of a picture."""
    kind = 26 if codec is Codec.MJPEG else 96
    return (
        struct.pack(
            ">BBHII", 0x80, last << 7 | kind, sequence & 0xFFFF, stamp & 0xFFFFFFFF, 0x0DDC0DE5
        )
        + payload
    )


def packets(clip: Clip, first_stamp: int = 0) -> list[bytes]:
    """Return a clip as RTP packets, in the order in which they are sent."""
    made: list[bytes] = []
    for number, units in enumerate(clip.pictures):
        stamp = first_stamp + number * _CLOCK_HZ // clip.rate
        cut = [each for unit in units for each in payloads(clip.codec, unit)]
        for at, payload in enumerate(cut):
            last = at == len(cut) - 1
            made.append(packet(clip.codec, payload, len(made), stamp, last=last))
    return made


def interleaved(data: bytes, channel: int = 0) -> bytes:
    """Return a packet as it is sent over RTSP's own connection (RFC 2326, 10.12)."""
    return struct.pack(">cBH", b"$", channel, len(data)) + data
