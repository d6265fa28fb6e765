"""What an installation keeps: its files, its master key, its key store, its record and its log."""

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import overt_verify
from overt.audit.log import Signer
from overt.errors import OvertError
from overt.home import Home
from overt.keys.master import MasterKey, master_from, try_out
from overt.runtime.doctor.findings import Finding, Standing, attention, fine, wrong
from overt.storage import KeyStore, Record

_OTHERS = 0o077
_MOST_ENTRIES = 100_000
"""What is gone through in a few seconds; a longer log has a command of its own."""

_BEGUN = "It is begun by the first act or run."


def keeping(home: Home, setting: str) -> Iterator[Finding]:
    """Look at everything that an installation keeps; nothing is begun that is not there.

    `setting` is the master key's.
    """
    yield permissions(modes(home))
    recorded = record(home)
    yield recorded
    if setting.strip() == "local" and home.keys.exists() and not _local_key(home).exists():
        yield wrong(  # opening it would make a new one, which opens nothing
            "master key",
            "The master key is gone: there is a key store, and no file master.key beside it.",
            "Put the file back. Without it nothing that was sealed can be opened again.",
        )
        return
    try:
        master = master_from(setting, home.path)
        yield master_key(master, there=home.keys.exists())
        verifier = _verifier(home, master)
    except OvertError as error:
        yield wrong("master key", error.message, error.remedy)
        return
    yield key_store(verifier)
    readable = home.database.exists() and recorded.standing is Standing.FINE
    if readable and isinstance(verifier, str) and verifier:
        yield log(home, verifier)


def _local_key(home: Home) -> Path:
    return home.path / "master.key"


def modes(home: Home) -> Mapping[str, int]:
    """Return the permission bits of the home and of each file in it that holds something, by name."""
    found = {}
    if home.path.is_dir():
        found["Overt's home"] = stat.S_IMODE(home.path.stat().st_mode)
    names = ("overt.sqlite3", "keys.sqlite3")
    beside = [f"{name}{end}" for name in names for end in ("", "-wal", "-shm")]
    for name in (*beside, "master.key", "master.salt", "session"):
        path = home.path / name
        if path.is_file():
            found[name] = stat.S_IMODE(path.stat().st_mode)
    return found


def permissions(found: Mapping[str, int]) -> Finding:
    """Judge permission bits by name of file: nobody but their owner may read or change any."""
    open_ones = [name for name, mode in found.items() if mode & _OTHERS]
    if open_ones:
        return wrong(
            "permissions",
            f"Others may read or change: {', '.join(open_ones)}.",
            "In Overt's home run: chmod 600 on files and chmod 700 on folders. What somebody may "
            "have read of the keys is to be replaced.",
        )
    return fine("permissions", "Only their owner may read or change the files.")


def record(home: Home) -> Finding:
    """Open the record as it is, to read only."""
    if not home.database.exists():
        return fine("record", f"There is none yet. {_BEGUN}")
    try:
        with Record.open(home.database, read_only=True) as opened:
            size = opened.journal.tree().size
    except OvertError as error:
        return wrong("record", error.message, error.remedy)
    return fine("record", f"It opens. Entries on its log: {size:,}.")


def master_key(master: MasterKey, *, there: bool) -> Finding:
    """Try the master key out, where there is a key store that needs it already.

    Raises:
        MasterKeyError: it cannot be had.
    """
    if there:
        try_out(master)
    if not master.apart:
        return attention(
            "master key",
            f"The master key is {master.name}, beside the record: fit for rehearsals only.",
            "Keep it elsewhere: docs/how-to/keep-the-master-key.md.",
        )
    return fine("master key", f"The master key is {master.name}, apart from the record.")


def _verifier(home: Home, master: MasterKey) -> str | OvertError:
    """Return the log's key, nothing where there is no key store, or why it cannot be had."""
    if not home.keys.exists():
        return ""
    try:
        with KeyStore.open(home.keys, master) as keys:
            return Signer.of(keys).verifier
    except OvertError as error:
        return error


def key_store(verifier: str | OvertError) -> Finding:
    """Judge whether the key store gave a key that it keeps."""
    if isinstance(verifier, OvertError):
        return wrong("key store", verifier.message, verifier.remedy)
    if not verifier:
        return fine("key store", f"There is none yet. {_BEGUN}")
    return fine("key store", "It opens, and the master key opens what it keeps.")


def log(home: Home, verifier: str, most_entries: int = _MOST_ENTRIES) -> Finding:
    """Go through the log as overt-verify does, unless it is too long for that."""
    try:
        with Record.open(home.database, read_only=True) as opened:
            size = opened.journal.tree().size
        if size > most_entries:
            return attention(
                "log",
                f"Its {size:,} entries were not gone through here.",
                "Run: overt audit verify.",
            )
        found = overt_verify.verify(home.database, verifier, [])
    except OvertError as error:
        return wrong("log", error.message, error.remedy)
    except (overt_verify.CallError, OSError):
        return wrong("log", "The log cannot be read.", "Run: overt audit verify.")
    if found.problems:
        return wrong(
            "log",
            "The log has been altered or is damaged.",
            "Run: overt audit verify, and compare it with checkpoints kept elsewhere.",
        )
    return fine("log", f"It holds together. Entries: {found.entries:,}.")
