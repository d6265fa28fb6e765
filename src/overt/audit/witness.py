"""Witnesses: who keeps the log's checkpoints besides its owner.

A witness is a folder that only an oversight body can change (a mounted share, a write-once
disk), or an address of theirs that takes checkpoints by HTTP. It is named by whoever installs
Overt, and is the only thing besides cameras that Overt ever connects to by itself.
"""

import os
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Protocol
from urllib.error import HTTPError
from urllib.parse import urlsplit

from overt.errors import AuditError, ConfigurationError

_TIMEOUT_S = 5.0


class Witness(Protocol):
    """Whoever keeps checkpoints."""

    def take(self, checkpoints: Sequence[tuple[int, str]], verifier: str) -> None:
        """Keep those checkpoints (size, signed note) that it does not have yet.

        Raises:
            AuditError: it cannot be reached.
        """


class NoWitness:
    """Nobody keeps them: the log's owner could rewrite it all."""

    def take(self, checkpoints: Sequence[tuple[int, str]], verifier: str) -> None:
        """Keep nothing."""


class FolderWitness:
    """A folder: one file a checkpoint, made once and never written over."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        """Where it keeps them."""
        return self._folder

    def take(self, checkpoints: Sequence[tuple[int, str]], verifier: str) -> None:
        """Write those that are not there yet, and the verifier's key.

        Raises:
            AuditError: the folder cannot be written.
        """
        try:
            self._write("log.key", verifier + "\n")
            for size, note in self._missing(checkpoints):
                self._write(f"{size:012d}.txt", note)
        except OSError as error:
            raise AuditError(
                f"The witness folder cannot be written: {error.strerror}.",
                remedy="Check that it is mounted; checkpoints are handed over when it is back.",
            ) from error

    def _missing(self, checkpoints: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
        """Return those after the last that is there, the smallest first."""
        missing = []
        for size, note in reversed(checkpoints):
            if (self._folder / f"{size:012d}.txt").exists():
                break
            missing.append((size, note))
        return missing[::-1]

    def _write(self, name: str, text: str) -> None:
        with suppress(FileExistsError):
            path = self._folder / name
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o644)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(descriptor)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Takes a redirect for a refusal: followed, it would be a GET without the checkpoint."""

    def redirect_request(self, *_: object) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


class HTTPWitness:
    """An address that takes each checkpoint as the body of a POST.

    The first one that a program sends is the newest: its root vouches for all that came before,
    and nobody waits for weeks of them to be sent again.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._taken: int | None = None  # until something is to be sent

    def take(self, checkpoints: Sequence[tuple[int, str]], verifier: str) -> None:
        """Send those it has not acknowledged yet.

        Raises:
            AuditError: it does not answer, or refuses.
        """
        if self._taken is None:
            self._taken = checkpoints[-2][0] if len(checkpoints) > 1 else 0
        for size, note in checkpoints:
            if size > self._taken:
                self._send(note, verifier)
                self._taken = size

    def _send(self, note: str, verifier: str) -> None:
        headers = {"Content-Type": "text/plain; charset=utf-8", "Overt-Log-Key": verifier}
        request = urllib.request.Request(self._url, note.encode(), headers)  # noqa: S310 - http(s)
        try:
            with _OPENER.open(request, timeout=_TIMEOUT_S):
                return
        except (OSError, HTTPException) as error:
            if isinstance(error, HTTPError):
                error.close()  # it is the answer, and holds the connection open
            raise AuditError(
                "The witness does not take the log's checkpoint.",
                remedy="Check its address and the network; it is sent again with the next one.",
            ) from error


def witness_of(setting: str) -> Witness:
    """Return the witness that a setting names: a folder, or an http or https address.

    Raises:
        ConfigurationError: it is neither.
    """
    if not setting:
        return NoWitness()
    if "://" in setting:
        parts = urlsplit(setting)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigurationError(
                "The witness is neither a folder nor an http or https address.",
                remedy="Set OVERT_WITNESS to a folder, or to an address such as https://host/path.",
            )
        return HTTPWitness(setting)
    folder = Path(setting).expanduser()
    if not folder.is_dir():
        raise ConfigurationError(
            "The witness folder is not there.",
            remedy="Make it or mount it, or set OVERT_WITNESS to another.",
        )
    return FolderWitness(folder)
