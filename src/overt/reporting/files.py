"""Writes what is shown to people: for its owner only, and whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from overt.errors import StorageError


def write_whole(path: Path, content: bytes) -> None:
    """Write a file (mode 0600), whole or not at all, in folders that are made where missing.

    Raises:
        StorageError: it cannot be written; what stood there before still does.
    """
    part = None
    try:
        part = begin_part(path)
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        raise not_written(path, error) from error
    finally:
        discard(part)


def begin_part(path: Path) -> Path:
    """Make an empty file beside `path` for its owner only, to take its place when complete.

    Missing folders are made with mode 0700.

    Raises:
        OSError: it cannot be made.
    """
    for folder in reversed([each for each in path.parents if not each.exists()]):
        folder.mkdir(mode=0o700, exist_ok=True)
    part = path.with_name(f".{uuid4().hex}.part")
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    return part


def discard(part: Path | None) -> None:
    """Remove a part that did not take its place; never fails."""
    if part is not None:
        with suppress(OSError):
            part.unlink()


def not_written(path: Path, error: Exception) -> StorageError:
    """Return the error to raise when `path` could not be written."""
    cause = getattr(error, "strerror", None) or "unknown cause"
    return StorageError(
        f"{path} could not be written: {cause}.",
        remedy="Check that there is space on the disk and that you may write there.",
    )
