"""Master keys that are kept as they are: a variable, the system's keyring, a file for rehearsals.

Each is 32 random bytes; as text they are base64 (RFC 4648, section 4).
"""

import base64
import binascii
import os
from pathlib import Path
from types import ModuleType

from overt.errors import MasterKeyError
from overt.keys.held import HeldKey
from overt.keys.private_files import read_or_make
from overt.keys.sealing import KEY_BYTES, DataKey

_SERVICE = "overt"


def environment(variable: str) -> HeldKey:
    """Return the master key that an environment variable holds."""
    return HeldKey(f"environment variable {variable}", lambda: _variable(variable), apart=True)


def system_keyring(name: str) -> HeldKey:
    """Return the master key in the system's keyring, service "overt", made at first use."""
    return HeldKey(f"keyring entry {name}", lambda: _keyring_entry(name), apart=True)


def local_file(path: Path) -> HeldKey:
    """Return the master key in a file beside the record, made at first use.

    Whoever copies the folder has record and key: it serves rehearsals, where nobody is listed.
    """
    return HeldKey(f"local file {path}", lambda: _local(path), apart=False)


def _variable(variable: str) -> DataKey:
    text = os.environ.get(variable)
    if text is None:
        raise MasterKeyError(
            f"The environment variable {variable} is not set.",
            remedy="Set it to 32 random bytes in base64, such as: openssl rand -base64 32",
        )
    return _decoded(text, f"the environment variable {variable}")


def _decoded(text: str, place: str) -> DataKey:
    try:
        return DataKey(base64.b64decode(text.strip(), validate=True))
    except (binascii.Error, ValueError):
        raise MasterKeyError(
            f"What {place} holds is not {KEY_BYTES} bytes in base64.",
            remedy="Make one with: openssl rand -base64 32",
        ) from None


def _local(path: Path) -> DataKey:
    content = read_or_make(path, lambda: DataKey.new().reveal(), KEY_BYTES)
    if len(content) != KEY_BYTES:
        raise MasterKeyError(
            f"{path} is not a master key: it does not hold {KEY_BYTES} bytes.",
            remedy="Restore it, or begin a new rehearsal in a new folder.",
        )
    return DataKey(content)


def _keyring_entry(name: str) -> DataKey:
    """Return the entry, which is read back after it is made: some keyrings keep nothing."""
    keyring = _keyring()
    try:
        if keyring.get_password(_SERVICE, name) is None:
            made = base64.b64encode(DataKey.new().reveal()).decode("ascii")
            keyring.set_password(_SERVICE, name, made)
        kept = keyring.get_password(_SERVICE, name)
    except Exception as error:  # noqa: BLE001  keyrings raise what their systems raise
        raise _no_keyring(type(error).__name__) from None
    if kept is None:
        raise _no_keyring("it keeps nothing")
    return _decoded(kept, f"the keyring entry {name}")


def _keyring() -> ModuleType:
    try:
        import keyring  # noqa: PLC0415  an extra: most installations do without
        from keyring.core import recommended  # noqa: PLC0415
    except ImportError:
        raise MasterKeyError(
            "The system's keyring cannot be used: the package for it is not installed.",
            remedy="Run: pip install 'overt[keyring]'",
        ) from None
    # Those it does not recommend keep nothing at all, or keep it in a file as plain text.
    if not recommended(keyring.get_keyring()):
        raise _no_keyring("there is none that protects what it keeps")
    return keyring


def _no_keyring(reason: str) -> MasterKeyError:
    return MasterKeyError(
        f"The system's keyring cannot be used ({reason}).",
        remedy="Unlock it, or choose another kind of master key.",
    )
