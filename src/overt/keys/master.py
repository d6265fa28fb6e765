"""The master key: what wraps every data key, and where it may be kept.

| setting | the master key is | apart from the record |
|---|---|---|
| `local` | a file in Overt's home, made at first use | no: for rehearsals |
| `passphrase-file:/path` | derived from a passphrase in that file | yes |
| `environment:NAME` | 32 bytes in base64 in that variable | yes |
| `keyring:NAME` | in the system's keyring, made at first use | yes |
| `command:/path/to/program` | in a KMS or an HSM, which that program asks | yes |
"""

import difflib
import re
from pathlib import Path
from typing import Protocol

from overt.errors import MasterKeyError
from overt.keys.command import CommandKey
from overt.keys.kept import environment, local_file, system_keyring
from overt.keys.passphrase import passphrase_file
from overt.keys.sealing import DataKey

_CHOICES = {
    "local": "local",
    "passphrase-file": "passphrase-file:/path",
    "environment": "environment:NAME",
    "keyring": "keyring:NAME",
    "command": "command:/path/to/program",
}
# Shorter than a key as hexadecimal digits, so that a key given by mistake is never shown.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}", re.ASCII)


class MasterKey(Protocol):
    """Wraps data keys for a purpose, and unwraps them for the same purpose only."""

    name: str
    """What it is, in words for people; no secret."""

    apart: bool
    """Whether it is kept apart from the record; only such a one is fit for a live deployment."""

    def wrap(self, key: DataKey, purpose: str) -> bytes:
        """Return the key wrapped. Raises MasterKeyError."""
        ...

    def unwrap(self, wrapped: bytes, purpose: str) -> DataKey:
        """Return what `wrap` wrapped for this purpose. Raises MasterKeyError."""
        ...


def master_from(setting: str, home: Path) -> MasterKey:
    """Return the master key that a setting names; the module's table has the choices.

    Nothing is read yet: what keeps the key is asked when it is first needed, or by `try_out`.

    Raises:
        MasterKeyError: the setting is none of the choices. What was given is never shown, as it
            may be the secret itself, put in the wrong place.
    """
    word, colon, rest = setting.strip().partition(":")
    if word == "local" and not colon:
        return local_file(home / "master.key")
    if word == "passphrase-file":
        return passphrase_file(_path(word, rest), home / "master.salt")
    if word == "command":
        return CommandKey([str(_path(word, rest))])
    if word == "environment":
        return environment(_name(word, rest))
    if word == "keyring":
        return system_keyring(_name(word, rest))
    raise _unknown(word)


def try_out(master: MasterKey) -> None:
    """Wrap and unwrap a key that serves nothing, so that a fault shows before it matters.

    Raises:
        MasterKeyError: the master key cannot be had, or does not open what it has wrapped.
    """
    tried = DataKey.new()
    opened = master.unwrap(master.wrap(tried, "try out"), "try out")
    if opened.reveal() != tried.reveal():
        raise MasterKeyError(
            f"The master key ({master.name}) does not give back what it has wrapped.",
            remedy="Use another one; what it wraps would be lost.",
        )


def _path(word: str, text: str) -> Path:
    if not Path(text).is_absolute() or "\0" in text:
        raise MasterKeyError(
            f"The master key's setting {word} needs a whole path, from the root.",
            remedy=f"Write: {_CHOICES[word]}",
        )
    return Path(text)


def _name(word: str, text: str) -> str:
    if not _NAME.fullmatch(text):
        raise MasterKeyError(
            f"The master key's setting {word} needs a plain name of at most 40 characters.",
            remedy=f"Write: {_CHOICES[word]}. The key itself never stands in the setting.",
        )
    return text


def _unknown(word: str) -> MasterKeyError:
    close = difflib.get_close_matches(word.lower()[:40], _CHOICES, n=1)
    guess = f"Perhaps {_CHOICES[close[0]]}? " if close else ""
    return MasterKeyError(
        "The master key's setting is none of those Overt knows.",
        remedy=f"{guess}Choose one of: {', '.join(_CHOICES.values())}.",
    )
