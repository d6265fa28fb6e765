"""What comes out of a camera's pipe: believed to be what a camera may say, and nothing else.

A camera's process decodes what strangers send, and its parent holds keys. A pickle may name any
function, for its reader to call; a process that was taken over could so have its parent do what it
likes. Here nothing is built but what messages consist of, by their own types, and nothing is read
that is longer than a message can be.
"""

import io
import pickle
from collections import Counter
from collections.abc import Iterator
from dataclasses import is_dataclass
from datetime import datetime, timedelta, timezone
from enum import Enum
from functools import cache
from multiprocessing.connection import Connection
from typing import Any, get_args, get_type_hints

import numpy as np
from pydantic import ConfigDict, TypeAdapter

from overt.errors import OvertError
from overt.runtime.messages import Message

_LONGEST_BYTES = 64 << 20
"""The longest thing that is said is a picture; one of 8K takes some ten megabytes as JPEG."""


def next_message(pipe: Connection, camera: str) -> Message:
    """Return the next message that a camera sends; waits for one if need be.

    Raises:
        EOFError, OSError: its process has died, or hangs in the middle of a word.
        pickle.UnpicklingError: it is no message, or not of this camera.
    """
    data = pipe.recv_bytes(_LONGEST_BYTES)
    try:
        said = _messages().validate_python(_Reader(io.BytesIO(data)).load())
        of_this_camera = said.camera == camera
    except Exception as error:  # noqa: BLE001 - what is no pickle fails in many ways
        raise pickle.UnpicklingError(f"no message: {error!r:.80}") from None
    if not of_this_camera:
        raise pickle.UnpicklingError("no message of this camera")
    return said


@cache
def _messages() -> TypeAdapter[Message]:
    """Return what sees whether each field of a message is what it should be."""
    strictly = ConfigDict(
        strict=True,
        arbitrary_types_allowed=True,
        revalidate_instances="always",
        hide_input_in_errors=True,
    )
    return TypeAdapter(Message, config=strictly)


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Return what a pickle names, which is imported already, and in a message's types."""
        return _allowed()[module, name]


@cache
def _allowed() -> dict[tuple[str, str], Any]:
    """Return all that a message may consist of, by module and name."""
    makers: list[Any] = [
        each.__reduce__()[0] for each in (np.empty(0), np.float32(), OvertError(""))
    ]
    plain: list[Any] = [Counter, datetime, timedelta, timezone, np.ndarray, np.dtype]
    found = [*plain, *makers, *_errors(), *_parts(Message)]
    return {(each.__module__, each.__qualname__): each for each in found}


def _errors() -> list[type[OvertError]]:
    """Return every error of ours, that a camera may end with."""
    kinds = [OvertError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return kinds


def _parts(of: Any) -> Iterator[type]:
    """Return the classes of our own that a type consists of."""
    if isinstance(of, type) and (issubclass(of, Enum) or is_dataclass(of)):
        yield of
    hints = get_type_hints(of).values() if is_dataclass(of) else get_args(of)
    for each in hints:
        yield from _parts(each)
