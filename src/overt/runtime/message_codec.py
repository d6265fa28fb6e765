"""A camera's messages as bytes, and back: JSON, and nothing in it is believed before it is checked.

A camera's process decodes what strangers send, and its parent holds keys and every other camera. A
pickle may name any function for its reader to call, and nine bytes of one can take gigabytes; a
process that was taken over, or one bit that fell over, could so end them all. What is read here is
text of a bounded length, whose every field becomes what the message's type says, or is refused.
"""

import json
import os
from functools import cache
from math import isfinite
from multiprocessing.connection import Connection
from time import monotonic
from typing import Any, NoReturn, get_args

from pydantic import ConfigDict, TypeAdapter

from overt.runtime.messages import Message

_LONGEST_BYTES = 2 << 20
"""The longest thing that is said is an alert, with a cut-out of 640 px a side as JPEG."""

_MOST_VALUES = 20_000
"""Whoever reads a value takes some hundred bytes for it; the last word of a camera has a thousand."""

_MOST = 2**40
"""What is counted is added up over processes and cameras, and a record holds 2 ** 53."""

_FARTHEST = 1e9  # seconds, pixels, degrees: thirty years, and no picture

_CHECKED = ConfigDict(
    strict=True,
    arbitrary_types_allowed=True,
    allow_inf_nan=False,
    ser_json_bytes="base64",
    val_json_bytes="base64",
    hide_input_in_errors=True,
)


class NoMessageError(ValueError):
    """What came out of a pipe is no message, or not of this camera."""


def send_message(pipe: Connection, message: Message) -> None:
    """Say a message, all of it at once; waits for room in the pipe.

    Raises:
        OSError: nobody listens any more.
    """
    name = type(message).__name__
    pipe.send_bytes(name.encode() + b"\n" + _form(name).dump_json((message,)))


def next_message(pipe: Connection, camera: str, within_s: float = 10.0) -> Message:
    """Return the next message that a camera sends; waits for one if need be, for so long.

    Raises:
        EOFError, OSError: its process has died.
        BlockingIOError: it hangs in the middle of a word, or says it too slowly.
        NoMessageError: it is no message, or not of this camera.
    """
    data = _received(pipe, monotonic() + within_s)
    try:
        message = _message(data)
    except Exception as error:  # noqa: BLE001 - what is no message fails in many ways
        raise NoMessageError(f"no message: {type(error).__name__}") from None
    if message.camera != camera:
        raise NoMessageError("no message of this camera")
    return message


def _received(pipe: Connection, until_s: float) -> bytes:
    """Return the next bytes that `Connection.send_bytes` sent.

    Its own way of receiving them waits anew for each piece, and so for ever for one who trickles.
    """
    size = int.from_bytes(_read(pipe, 4, until_s), "big", signed=True)
    if not 0 <= size <= _LONGEST_BYTES:
        raise OSError("a message of no length that one can have")
    return _read(pipe, size, until_s)


def _read(pipe: Connection, size: int, until_s: float) -> bytes:
    data = bytearray()
    while len(data) < size:
        left_s = until_s - monotonic()
        if left_s <= 0 or not pipe.poll(left_s):
            raise BlockingIOError("it hangs in the middle of a word")
        piece = os.read(pipe.fileno(), size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return bytes(data)


def _message(data: bytes) -> Message:
    name, _, text = data.partition(b"\n")
    if sum(map(text.count, (b",", b"[", b"{"))) > _MOST_VALUES:
        raise ValueError("too many values")
    json.loads(text, parse_int=_count, parse_float=_measure, parse_constant=_refuse)
    (message,) = _form(name.decode()).validate_json(text)
    return message


def _count(digits: str) -> int:
    if not 0 <= (number := int(digits)) <= _MOST:
        _refuse(digits)
    return number


def _measure(digits: str) -> float:
    number = float(digits)
    if not isfinite(number) or abs(number) > _FARTHEST:
        _refuse(digits)
    return number


def _refuse(_digits: str) -> NoReturn:
    raise ValueError("a number that no sum and no record can hold")


@cache
def _form(name: str) -> TypeAdapter[tuple[Message]]:
    """Return what writes and reads the kind of message of this name, alone in a tuple.

    Pydantic takes settings for a tuple, and not for a dataclass that knows nothing of it.
    """
    kinds = {kind.__name__: kind for kind in get_args(Message)}
    form: Any = tuple[kinds[name]]  # type: ignore[valid-type]
    return TypeAdapter(form, config=_CHECKED)
