"""A camera that means harm: an RTSP server whose every answer is wrong in another way, by a seed.

It serves drawn clips as H.264, H.265 and MJPEG over RTSP's own connection, and spoils what it
sends: bits, packets, parameter sets, lengths, stamps, its description, its headers, its pace. What
`rtsp://127.0.0.1:PORT/17` serves is the same every time; `/next` serves the next seed each time.
"""

import random
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from itertools import count
from time import monotonic, sleep

from bench.rtp import Clip, Codec, description, drawn_clip, interleaved, packet, packets

_LONGEST_S = 8.0  # what one connection may last, however it is spoilt
_IDLE_S = 20.0
_HUGE = 60_000


class Harm(StrEnum):
    """What is wrong with a stream."""

    NOTHING = "nothing"
    BITS = "bits flipped in the packets"
    DROPPED = "packets dropped"
    TRUNCATED = "packets cut short"
    DOUBLED = "packets doubled and out of order"
    OVERSIZED = "units of many megabytes"
    SETS = "absurd parameter sets"
    STAMPS = "stamps at random"
    LENGTHS = "lengths that are wrong"
    NOISE = "noise instead of packets"
    DESCRIPTION = "a description that makes no sense"
    HEADERS = "headers without an end"
    SLOW = "answers byte by byte"


def harm_of(seed: int) -> tuple[Harm, Codec]:
    """Return what a seed does and to which codec: as many seeds as harms show every harm."""
    harms, codecs = list(Harm), list(Codec)
    return harms[seed % len(harms)], codecs[(seed + seed // len(harms)) % len(codecs)]


class HostileCamera:
    """The server; use it through `hostile_camera`."""

    def __init__(self, pace_s: float = 0.0) -> None:
        self.served = 0
        self._clips = {codec: drawn_clip(codec) for codec in Codec}
        self._pace_s = pace_s
        self._next = count()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._threads: list[threading.Thread] = []
        self._ended = threading.Event()
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.getsockname()[1])

    def address(self, seed: int | str = "next") -> str:
        """Return the address that serves a seed, or the next one each time."""
        return f"rtsp://127.0.0.1:{self.port}/{seed}"

    def end(self) -> None:
        """Stop serving."""
        self._ended.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join(5)
        for thread in self._threads:
            thread.join(_LONGEST_S)

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._threads = [each for each in self._threads if each.is_alive()]
            thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError, ValueError):
            client.settimeout(_IDLE_S)
            _Connection(client, self._clips, self._seed, self._pace_s, self._ended).serve()

    def _seed(self, path: str) -> int:
        self.served += 1
        return next(self._next) if path == "next" else int(path)


@contextmanager
def hostile_camera(pace_s: float = 0.0) -> Iterator[HostileCamera]:
    """Serve hostile streams; between two pictures `pace_s` seconds pass."""
    camera = HostileCamera(pace_s)
    try:
        yield camera
    finally:
        camera.end()


class _Connection:
    """One client, which is served one seed."""

    def __init__(
        self,
        client: socket.socket,
        clips: dict[Codec, Clip],
        seed_of: Callable[[str], int],
        pace_s: float,
        ended: threading.Event,
    ) -> None:
        self._client = client
        self._clips = clips
        self._seed_of = seed_of
        self._pace_s = pace_s
        self._ended = ended
        self._until_s = monotonic() + _LONGEST_S
        self._chance: random.Random | None = None
        self._harm, self._codec = Harm.NOTHING, Codec.H264

    def serve(self) -> None:
        """Answer until the client goes."""
        while request := self._request():
            method, address, number = request
            if self._chance is None:
                seed = self._seed_of(address.rpartition("/")[2])
                self._chance = random.Random(seed)
                self._harm, self._codec = harm_of(seed)
            self._answer(method, number)
            if method == "PLAY":
                self._play(self._chance)
                return

    def _request(self) -> tuple[str, str, str] | None:
        text = b""
        while b"\r\n\r\n" not in text:
            data = self._client.recv(4096)
            if not data:
                return None
            text += data
        first, *lines = text.decode("latin-1").split("\r\n")
        number = next((line for line in lines if line.lower().startswith("cseq:")), "CSeq: 1")
        method, address, _ = first.split(" ", 2)
        return method, address, number

    def _answer(self, method: str, number: str) -> None:
        head, body = [f"RTSP/1.0 200 OK\r\n{number}"], ""
        if method == "OPTIONS":
            head.append("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN")
        elif method == "DESCRIBE":
            body = self._described()
            head += ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
        elif method == "SETUP":
            head += ["Transport: RTP/AVP/TCP;unicast;interleaved=0-1", "Session: 1"]
        else:
            head.append("Session: 1")
        if self._harm is Harm.HEADERS and method == "DESCRIBE":
            self._headers_without_end(head)
        answer = ("\r\n".join(head) + "\r\n\r\n" + body).encode("latin-1", "replace")
        if self._harm is Harm.SLOW and method != "OPTIONS":
            self._byte_by_byte(answer)
        else:
            self._client.sendall(answer)

    # --- what is wrong before the first picture -----------------------------------------------

    def _described(self) -> str:
        text = description(self._clips[self._codec])
        if self._harm is not Harm.DESCRIPTION or self._chance is None:
            return text
        chance = self._chance
        lines = text.split("\r\n")
        spoilt: list[Callable[[], str]] = [
            lambda: "",
            lambda: "\0" * 2000,
            lambda: text.replace("RTP/AVP 96", "RTP/AVP " + "9" * 500),
            lambda: text.replace("/90000", "/0"),
            lambda: text.replace("/90000", "/-1"),
            lambda: text + "".join(f"m=video 0 RTP/AVP {n % 128}\r\n" for n in range(3000)),
            lambda: text + "a=" + "x" * 1_000_000 + "\r\n",
            lambda: text.replace("sprop-parameter-sets=", "sprop-parameter-sets=" + "A" * 100_000),
            lambda: text.replace("track1", "../" * 3000),
            lambda: text.replace("0.0.0.0", "239.255.255.250"),  # noqa: S104  a group, to be refused
            lambda: "\r\n".join(chance.sample(lines, len(lines))),
            lambda: "".join(chr(chance.randrange(256)) for _ in range(5000)),
            lambda: "".join(
                c if chance.random() > 0.02 else chr(chance.randrange(256)) for c in text
            ),
        ]
        return chance.choice(spoilt)()

    def _headers_without_end(self, head: list[str]) -> None:
        self._client.sendall("\r\n".join(head).encode() + b"\r\n")
        line = b"X-" + b"a" * (1 << 16 if self._codec is Codec.H264 else 60) + b": b\r\n"
        while self._goes_on():
            self._client.sendall(line)
            sleep(0.001)

    def _byte_by_byte(self, answer: bytes) -> None:
        for byte in answer:
            if not self._goes_on():
                return
            self._client.sendall(bytes([byte]))
            sleep(0.02)

    def _goes_on(self) -> bool:
        return monotonic() < self._until_s and not self._ended.is_set()

    # --- what is wrong with pictures ----------------------------------------------------------

    def _play(self, chance: random.Random) -> None:
        clip = self._clips[self._codec]
        for data in _SPOILING.get(self._harm, _as_is)(clip, chance):
            if not self._goes_on():
                return
            self._client.sendall(data)
            if self._pace_s and len(data) > 5 and data[5] & 0x80:  # a picture's last packet
                sleep(self._pace_s)


def _as_is(clip: Clip, chance: random.Random) -> Iterator[bytes]:  # noqa: ARG001  as all others
    yield from map(interleaved, packets(clip))


def _bits(clip: Clip, chance: random.Random) -> Iterator[bytes]:
    share = 10 ** chance.uniform(-4, -1)
    for each in packets(clip):
        spoilt = bytearray(each)
        for _ in range(sum(chance.random() < share for _ in range(min(400, len(each))))):
            spoilt[chance.randrange(chance.choice([2, 12]), len(spoilt))] ^= 1 << chance.randrange(
                8
            )
        yield interleaved(bytes(spoilt))


def _dropped(clip: Clip, chance: random.Random) -> Iterator[bytes]:
    share = chance.uniform(0.01, 0.6)
    yield from (interleaved(each) for each in packets(clip) if chance.random() > share)


def _truncated(clip: Clip, chance: random.Random) -> Iterator[bytes]:
    share = chance.uniform(0.01, 0.9)
    for each in packets(clip):
        length = chance.randrange(len(each)) if chance.random() < share else len(each)
        yield interleaved(each[:length])


def _doubled(clip: Clip, chance: random.Random) -> Iterator[bytes]:
    made = packets(clip)
    shuffled = sorted(
        range(len(made)), key=lambda at: at + chance.uniform(0, chance.choice([2, 30]))
    )
    for at in shuffled:
        yield from [interleaved(made[at])] * chance.choice([1, 1, 2, 5])


def _oversized(clip: Clip, chance: random.Random) -> Iterator[bytes]:
    """A unit that never ends, in fragments: the receiver has to stop putting it together."""
    made = packets(clip)
    yield from map(interleaved, made[:20])
    head = {
        Codec.H264: bytes([0x7C, 0x05]),
        Codec.H265: bytes([49 << 1, 1, 19]),
        Codec.MJPEG: b"\0\0\0\0\1\xff\xff\xff",
    }[clip.codec]
    body = chance.randbytes(_HUGE)
    for number in range(chance.choice([100, 500])):
        place = number * _HUGE & 0xFFFFFF
        begun = head if clip.codec is not Codec.MJPEG else struct.pack(">I", place) + head[4:]
        yield interleaved(packet(clip.codec, begun + body, 20 + number, 90_000, last=False))
    yield from map(interleaved, made[20:])


def _sets(clip: Clip, chance: random.Random) -> Iterator[bytes]:
    """Parameter sets of pictures that no machine can hold, or of bits at random, again and again."""
    made = packets(clip)
    for number, each in enumerate(made):
        yield interleaved(each)
        if chance.random() < 0.1:
            stamp = int.from_bytes(each[4:8])
            yield interleaved(packet(clip.codec, _absurd(clip, chance), number, stamp, last=False))


def _absurd(clip: Clip, chance: random.Random) -> bytes:
    if clip.codec is Codec.MJPEG:
        tables = struct.pack(">BBH", 0, 0, chance.choice([0, 128, 65535])) + chance.randbytes(128)
        return struct.pack(">IBBBB", 0, chance.choice([0, 1, 65, 255]), 255, 255, 255) + tables
    if clip.codec is Codec.H264 and chance.random() < 0.5:
        return absurd_sps(
            chance.choice([1, 255, 500, 4096, 65535]), chance.choice([1, 255, 500, 65535])
        )
    kinds = {Codec.H264: (0x1F, 0, {7, 8}), Codec.H265: (0x7E, 1, {32, 33, 34})}[clip.codec]
    mask, shift, wanted = kinds
    units = [each for each in clip.pictures[0] if (each[0] & mask) >> shift in wanted]
    unit = bytearray(chance.choice(units))
    for _ in range(chance.randrange(1, 12)):
        unit[chance.randrange(1, len(unit))] ^= 1 << chance.randrange(8)
    return bytes(unit)


def absurd_sps(columns: int, rows: int) -> bytes:
    """Return an H.264 sequence parameter set of so many macroblocks across and down."""
    bits = "".join(_golomb(value) for value in (0, 0, 0, 0, 16)) + "0"
    bits += _golomb(columns - 1) + _golomb(rows - 1) + "1" + "1" + "0" + "0" + "1"
    bits += "0" * (-len(bits) % 8)
    body = int(bits, 2).to_bytes(len(bits) // 8)
    return b"\x67\x42\xc0\x33" + body.replace(b"\0\0\0", b"\0\0\x03\0").replace(
        b"\0\0\1", b"\0\0\3\1"
    )


def _golomb(value: int) -> str:
    coded = f"{value + 1:b}"
    return "0" * (len(coded) - 1) + coded


def _stamps(clip: Clip, chance: random.Random) -> Iterator[bytes]:
    for each in packets(clip):
        stamp = chance.choice(
            [each[4:8], each[4:8], b"\0\0\0\0", b"\xff\xff\xff\xff", chance.randbytes(4)]
        )
        yield interleaved(each[:4] + stamp + each[8:])


def _lengths(clip: Clip, chance: random.Random) -> Iterator[bytes]:
    share = chance.uniform(0.005, 0.2)
    for each in packets(clip):
        framed = interleaved(each, chance.choice([0, 0, 0, 1, 7, 255]) if share > 0.1 else 0)
        if chance.random() < share:
            length = chance.choice([0, 1, len(each) // 2, len(each) + 100, 0xFFFF])
            framed = framed[:2] + struct.pack(">H", length) + framed[4:]
        yield framed


def _noise(clip: Clip, chance: random.Random) -> Iterator[bytes]:
    made = packets(clip)
    yield from map(interleaved, made[: chance.randrange(len(made))])
    for _ in range(200):
        noise = chance.randbytes(chance.randrange(1, 1400))
        yield interleaved(noise) if chance.random() < 0.7 else noise


_SPOILING: dict[Harm, Callable[[Clip, random.Random], Iterator[bytes]]] = {
    Harm.BITS: _bits,
    Harm.DROPPED: _dropped,
    Harm.TRUNCATED: _truncated,
    Harm.DOUBLED: _doubled,
    Harm.OVERSIZED: _oversized,
    Harm.SETS: _sets,
    Harm.STAMPS: _stamps,
    Harm.LENGTHS: _lengths,
    Harm.NOISE: _noise,
}
