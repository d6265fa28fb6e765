"""A camera's messages as bytes, and back: JSON, and nothing in it is believed before it is checked.

A camera's process decodes what strangers send, and its parent holds keys and every other camera. A
pickle may name any function for its reader to call, and nine bytes of one can take gigabytes; a
process that was taken over, or one bit that fell over, could so end them all. What is read here is
text of a bounded length, whose every field becomes what the message's type says, or is refused.
"""

import json
from functools import cache
from multiprocessing.connection import Connection
from typing import Any, get_args

from pydantic import ConfigDict, TypeAdapter

from overt.runtime.messages import Message

_LONGEST_BYTES = 16 << 20
"""The longest thing that is said is an alert, with a cut-out of one picture as JPEG."""

_LARGEST = 2**63 - 1  # what a record can hold

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


def next_message(pipe: Connection, camera: str) -> Message:
    """Return the next message that a camera sends; waits for one if need be.

    Raises:
        EOFError, OSError: its process has died, or hangs in the middle of a word.
        NoMessageError: it is no message, or not of this camera.
    """
    data = pipe.recv_bytes(_LONGEST_BYTES)
    try:
        message = _message(data)
    except Exception as error:  # noqa: BLE001 - what is no message fails in many ways
        raise NoMessageError(f"no message: {type(error).__name__}") from None
    if message.camera != camera:
        raise NoMessageError("no message of this camera")
    return message


def _message(data: bytes) -> Message:
    name, _, text = data.partition(b"\n")
    json.loads(text, parse_int=_storable)
    (message,) = _form(name.decode()).validate_json(text)
    return message


def _storable(digits: str) -> int:
    if abs(number := int(digits)) > _LARGEST:
        raise ValueError("a number that no record can hold")
    return number


@cache
def _form(name: str) -> TypeAdapter[tuple[Message]]:
    """Return what writes and reads the kind of message of this name, alone in a tuple.

    Pydantic takes settings for a tuple, and not for a dataclass that knows nothing of it.
    """
    kinds = {kind.__name__: kind for kind in get_args(Message)}
    form: Any = tuple[kinds[name]]  # type: ignore[valid-type]
    return TypeAdapter(form, config=_CHECKED)
