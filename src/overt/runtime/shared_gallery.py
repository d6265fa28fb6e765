"""One gallery in memory for all cameras' processes: written once, sealed, and on no disk.

A gallery of 100,000 people takes a hundred megabytes. Sent through a pipe it would hold up whoever
sends it and whoever reads it, and each process would have a copy of its own. So it lies in an
anonymous file of the kernel's, of which a process is given a descriptor: it maps the same pages,
read only. Nobody else can open it, nobody can change it any more (its seals forbid that to its
writer too), and it is gone as soon as no process has it mapped or open.
"""

import fcntl
import json
import mmap
import os
from collections.abc import Mapping
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle, send_handle
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from overt.errors import WatchlistError
from overt.matching.gallery import Gallery, Parts, References

_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
_ALIGNED = 64
"""Every array begins at a multiple of so many bytes, as matrix products like it."""

_Laid = tuple[str, list[int], int]
"""Where an array lies: its type, shape and first byte."""


class SharedGallery:
    """A gallery that processes share, as the one that gives it to them sees it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def of(cls, gallery: Gallery) -> Self:
        """Lay a gallery into memory that can be shared.

        Raises:
            WatchlistError: the system has no memory for it.
        """
        try:
            shared = cls(os.memfd_create("gallery", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING))
            try:
                _write(shared._descriptor, gallery.parts())
                fcntl.fcntl(shared._descriptor, fcntl.F_ADD_SEALS, _SEALS)
            except OSError:
                shared.close()
                raise
        except OSError as error:
            raise WatchlistError(
                f"There is no memory for the watchlist: {error.strerror}.",
                remedy="See how much memory is free, and end what else takes it.",
            ) from None
        return shared

    def gallery(self) -> Gallery:
        """Return the gallery as it lies there."""
        return _mapped(self._descriptor)

    def send(self, pipe: Connection, process_id: int) -> None:
        """Give it to the process at the other end of a pipe, in which it takes one byte."""
        send_handle(pipe, self._descriptor, process_id)

    def close(self) -> None:
        """Let go of it; whoever was given it keeps it. Harmless when repeated."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def received(pipe: Connection) -> Gallery:
    """Return the gallery that comes next out of a pipe.

    Raises:
        EOFError, OSError: whoever was to send it is gone.
    """
    descriptor = recv_handle(pipe)
    try:
        return _mapped(descriptor)
    finally:
        os.close(descriptor)  # what is mapped stays


def _write(descriptor: int, parts: Parts) -> None:
    """Write what a gallery holds: ids and places first, then array after array."""
    arrays: dict[str, NDArray[Any]] = {
        "templates": parts.templates,
        "levels": parts.levels,
        "cohort": parts.cohort,
        "references": parts.references.templates,
        "starts": parts.references.starts,
    }
    laid: dict[str, _Laid] = {}
    at = 0
    for name, array in arrays.items():
        laid[name] = (array.dtype.str, list(array.shape), at)
        at += _aligned(array.nbytes)
    ids = (parts.subject_ids, parts.references.ids)
    head = json.dumps({"pack": parts.pack_id, "ids": ids, "arrays": laid}).encode()
    begins = _aligned(8 + len(head))
    _put(descriptor, memoryview(len(head).to_bytes(8, "little") + head), 0)
    for name, array in arrays.items():
        data = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        _put(descriptor, data.data, begins + laid[name][2])
    os.ftruncate(descriptor, begins + at)


def _put(descriptor: int, data: memoryview, at: int) -> None:
    while data:
        written = os.pwrite(descriptor, data, at)
        data, at = data[written:], at + written


def _mapped(descriptor: int) -> Gallery:
    # Private and read only: an older kernel refuses a shared mapping of what is sealed, and the
    # pages are the same ones either way.
    memory = mmap.mmap(descriptor, 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
    size = int.from_bytes(memory[:8], "little")
    head = json.loads(memory[8 : 8 + size])
    begins = _aligned(8 + size)
    found = {name: _array(memory, begins, laid) for name, laid in _laid(head).items()}
    subject_ids, reference_ids = head["ids"]
    return Gallery.of_parts(
        Parts(
            pack_id=head["pack"],
            subject_ids=tuple(subject_ids),
            templates=found["templates"],
            levels=found["levels"],
            cohort=found["cohort"],
            references=References(tuple(reference_ids), found["references"], found["starts"]),
        )
    )


def _laid(head: Mapping[str, Any]) -> Mapping[str, _Laid]:
    return {name: (kind, shape, at) for name, (kind, shape, at) in head["arrays"].items()}


def _array(memory: mmap.mmap, begins: int, laid: _Laid) -> NDArray[Any]:
    kind, shape, at = laid
    count = int(np.prod(shape))
    if not count:
        return np.zeros(shape, np.dtype(kind))
    return np.frombuffer(memory, np.dtype(kind), count, begins + at).reshape(shape)


def _aligned(size: int) -> int:
    return -(-size // _ALIGNED) * _ALIGNED
