"""Files that hold secrets: read only where nobody else may, and made whole or not at all."""

import os
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from overt.errors import MasterKeyError

_OWNER_ONLY = 0o600
_OTHERS = 0o077


def read_private(path: Path, at_most: int) -> bytes:
    """Return what a file holds, which only its owner may read.

    The file that was opened is the file that is checked. Symbolic links are followed: it is the
    file they lead to that must be private.

    Raises:
        MasterKeyError: it is not there or not a file, is longer than `at_most` bytes, cannot be
            read, or others than its owner may read or change it.
    """
    try:
        content = _read(path, at_most + 1)
    except OSError as error:
        raise _unreadable(path, error) from None
    if len(content) > at_most:
        raise MasterKeyError(
            f"{path} is too long for what it should hold ({at_most} bytes at most).",
            remedy="Check that it is the right file.",
        )
    return content


def make_private(path: Path, content: bytes) -> bool:
    """Make a file that only its owner may read, on the disk before this returns.

    Returns False, and changes nothing, where there is one already: of two processes that make
    the same file the first wins, and neither ever sees half of it.

    Raises:
        MasterKeyError: it cannot be made.
    """
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write(partial, content)
        os.link(partial, path)
        _sync_folder(path.parent)
    except FileExistsError:
        return False
    except OSError as error:
        raise MasterKeyError(
            f"{path} cannot be made: {error.strerror}.",
            remedy="Check the folder, its owner and the space on its disk.",
        ) from None
    finally:
        with suppress(OSError):
            partial.unlink()
    return True


def read_or_make(path: Path, make: Callable[[], bytes], at_most: int) -> bytes:
    """Return what a private file holds, after it is made where there is none.

    Raises:
        MasterKeyError: as `read_private`, or it cannot be made.
    """
    try:
        path.lstat()
    except FileNotFoundError:
        make_private(path, make())
    except OSError as error:
        raise _unreadable(path, error) from None
    return read_private(path, at_most)


def _read(path: Path, at_most: int) -> bytes:
    # Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        _check(path, os.fstat(descriptor).st_mode)
        return os.read(descriptor, at_most)
    finally:
        os.close(descriptor)


def _check(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise MasterKeyError(f"{path} is not a file.", remedy="Name the file that holds it.")
    if mode & _OTHERS:
        raise MasterKeyError(
            f"Others than its owner may read or change {path}.",
            remedy=f"Run: chmod 600 {path}. If somebody may have read it, use a new one.",
        )


def _unreadable(path: Path, error: OSError) -> MasterKeyError:
    return MasterKeyError(
        f"{path} cannot be read: {error.strerror}.",
        remedy="Check that it is there, and that the user who runs Overt owns it.",
    )


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
