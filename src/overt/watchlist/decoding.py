"""The process that decodes reference pictures: bytes in, pixels out, and nothing else within reach.

`overt.runtime.decoder` starts it as `python -I -m overt.watchlist.decoding`. A picture that takes
over a decoder finds no file, no socket, no other process, no secret and little memory here. Any
module that decoding needs is imported before `shut_in`, since afterwards no file can be opened.

A request is `REQUEST`, the length of a picture file, and its bytes. The answers are `ANSWER`, a
kind and two numbers: `READY` once; then for each request `OPENED` with the file's number of pixels
unless it is refused before, and `PICTURE` with width and height and the RGB bytes, or `REFUSED`
with the length of a text in UTF-8 that says why.
"""

import ctypes
import os
import resource
import struct
import time

# Pillow imports what it needs when it needs it, which is too late here.
from PIL import Image, ImageColor, ImagePalette, MpoImagePlugin, TiffImagePlugin, WebPImagePlugin

from overt.errors import ImageError
from overt.watchlist.pictures import MAX_BYTES, decode_picture

REQUEST = struct.Struct("<I")
ANSWER = struct.Struct("<cII")
READY, OPENED, PICTURE, REFUSED = b"!", b"o", b"p", b"r"

MEMORY_BYTES = 768 * 2**20
"""Address space in all: half as much again as the 542 MB that the worst allowed picture took.

That is a progressive CMYK JPEG of 50 million pixels.
"""

_CPU_S = 10
"""A picture's processor time: twice what the parent waits at most, should it no longer be there."""

_LIMITS = {
    resource.RLIMIT_AS: MEMORY_BYTES,
    resource.RLIMIT_NOFILE: 0,  # neither a file nor a socket: what is open stays, nothing joins it
    resource.RLIMIT_NPROC: 0,
    resource.RLIMIT_FSIZE: 0,
    resource.RLIMIT_CORE: 0,  # a crash must not leave a face on the disk
}
_PR_SET_NO_NEW_PRIVS = 38
_NEW_USER_AND_NETWORK = 0x10000000 | 0x40000000
_LAZY = (ImageColor, ImagePalette, MpoImagePlugin, TiffImagePlugin, WebPImagePlugin)


def main() -> None:
    """Answer requests on standard input until it is closed."""
    Image.preinit()
    shut_in()
    _answer(READY)
    while (length := _read(REQUEST.size)) is not None:
        (size,) = REQUEST.unpack(length)
        data = _read(size) if size <= MAX_BYTES else None
        if data is None:
            return
        _limit(resource.RLIMIT_CPU, int(time.process_time()) + _CPU_S)
        _decode(data)


def shut_in() -> None:
    """Give up, for good, whatever decoding does not need.

    Raises:
        OSError, ValueError: a limit cannot be set.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # In a user namespace of its own it has no right over its parent, and root could not lift the
    # limits again. Where that is not allowed, as in many containers, the limits stand alone.
    libc.unshare(_NEW_USER_AND_NETWORK)
    for what, most in _LIMITS.items():
        _limit(what, most, for_good=True)


def _limit(what: int, most: int, *, for_good: bool = False) -> None:
    _, hard = resource.getrlimit(what)
    lowest = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (lowest, lowest if for_good else hard))


def _decode(data: bytes) -> None:
    try:
        image = decode_picture(data, lambda pixels: _answer(OPENED, pixels))
    except ImageError as error:
        text = error.message.encode()
        _answer(REFUSED, len(text), body=text)
    else:
        _answer(PICTURE, image.shape[1], image.shape[0], body=image.data.cast("B"))


def _read(size: int) -> bytes | None:
    """Return the next `size` bytes of standard input, or None where it ends before."""
    data = bytearray(size)
    left = memoryview(data)
    while left:
        count = os.readv(0, [left])
        if not count:
            return None
        left = left[count:]
    return bytes(data)


def _answer(kind: bytes, first: int = 0, second: int = 0, body: bytes | memoryview = b"") -> None:
    for part in (ANSWER.pack(kind, first, second), body):
        left = memoryview(part)
        while left:
            left = left[os.write(1, left) :]


if __name__ == "__main__":
    main()
