"""Passwords and codes: asked for without an echo or read from a file, never an argument."""

import os
import stat
import sys
from pathlib import Path

import typer

from overt.errors import SignInError

_LONGEST = 4096  # bytes of a password's file; a password has at most 1,000 characters


def secret(what: str, *, twice: bool = False, otherwise: str) -> str:
    """Ask for something without showing it.

    Raises:
        SignInError: there is no terminal to ask on; `otherwise` says what to give instead.
    """
    if not sys.stdin.isatty():
        raise SignInError(f"There is no terminal to ask for the {what} on.", remedy=otherwise)
    asked: str = typer.prompt(
        what.capitalize(), hide_input=True, confirmation_prompt=twice, err=True
    )
    return asked


def password(file: Path | None, what: str = "password", *, twice: bool = False) -> str:
    """Return a password: from a file, without the line end at its end, or asked for.

    Raises:
        SignInError: the file cannot be read or others may read it, or there is no terminal.
    """
    if file is None:
        return secret(what, twice=twice, otherwise="Give it in a file: --help says how.")
    return from_file(file)


def from_file(path: Path) -> str:
    """Return what a private file of one line says.

    Raises:
        SignInError: it cannot be read as text, or others than its owner may read it.
    """
    try:
        # Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            mode = os.fstat(descriptor).st_mode
            text = os.read(descriptor, _LONGEST).decode()
        finally:
            os.close(descriptor)
    except (OSError, UnicodeDecodeError):
        raise SignInError(
            "The password's file cannot be read.", remedy="Check that it is there, and is text."
        ) from None
    if stat.S_ISREG(mode) and mode & 0o077:
        raise SignInError(
            "Others than its owner may read the password's file.",
            remedy="Run: chmod 600 FILE, and use another password if somebody may have read it.",
        )
    return text.rstrip("\r\n")
