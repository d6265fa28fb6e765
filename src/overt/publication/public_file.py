"""Files that are made to be given away."""

from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from overt.errors import StorageError


def write_public(path: Path, text: str) -> None:
    """Write a file for everybody to read, whole or not at all; one that is there is replaced.

    Raises:
        StorageError: it cannot be written.
    """
    partial = path.with_name(f".{path.name}.{token_hex(8)}")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise StorageError(
            f"{path} cannot be written: {error.strerror}.",
            remedy="Check the folder, its permissions and the free space.",
        ) from None
