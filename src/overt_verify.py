"""overt-verify: check an audit log of Overt from outside, as a proof in numbered steps.

It shares no code with the program that wrote the log: it needs Python and `cryptography` only,
and is short enough to be read before it is trusted. The steps (1) to (11) have the same numbers
in docs/reference/audit-log.md, which says what each shows, and what none of them can show.

It only reads, prints nothing that the log holds, and ends with 0 (intact), 1 (altered) or 2
(called wrongly).
"""

import argparse
import base64
import hashlib
import json
import os
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_KEY = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([^\n]{44})\n?")
_BODY = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,15})\n([^\n]{44})\ntime ([^\n]{27})\n")
_SIGNATURE = re.compile("\u2014 ([^ \n]+) ([^ \n]+)")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_LINE = re.compile(rb"([0-9a-f]{64}) ([^\n]+)\n")
_FIELDS = {"at", "by", "data", "event", "index", "previous", "v"}
_HASH_BYTES = 32
_LONGEST = 1 << 24  # bytes of one line or note; Overt's own have some hundreds
_EXACT = 2**53  # from here on JSON numbers are only as exact as a double (RFC 8785, 3.1)
_WRITER = json.JSONEncoder(ensure_ascii=False)  # of texts and words; numbers are below
_STEP_BACK = timedelta(minutes=5)  # more than a clock is ever set back by keeping time
_SQL_TABLES = "SELECT count(*) FROM sqlite_master WHERE name = ? AND sql LIKE 'CREATE TABLE%'"
_DAMAGE = (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError, RecursionError, MemoryError)

# What a table or a line may hold, whoever wrote it: nothing is believed of it yet.
Row = tuple[Any, Any, Any]


class DamageError(Exception):
    """The log is not as it was written; the message says in what."""


class CallError(Exception):
    """The program was called wrongly; the message says in what."""


@dataclass(frozen=True, slots=True)
class Key:
    """Whose signatures count."""

    text: str
    name: str
    mark: bytes
    public: Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class Note:
    """A checkpoint whose signature is good; `label` says in words which one it is."""

    label: str
    text: str
    origin: str
    size: int
    root: bytes
    retained: bool


@dataclass(frozen=True, slots=True)
class Source:
    """A log as it lies there: key and checkpoints by name, entries, stored tree (SQLite only)."""

    key: str | None
    notes: list[tuple[str, Any]]
    rows: Iterator[Row]
    tree: list[Row] | None


@dataclass(slots=True)
class Report:
    """What was found."""

    entries: int = 0
    root: str = ""
    checkpoints: int = 0
    retained: int = 0
    first_bad_entry: int | None = None
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Tree:
    """The tree of RFC 6962 as it grows: the roots of its perfect subtrees, the largest first."""

    size: int = 0
    hashes: list[bytes] = field(default_factory=list)

    def append(self, leaf_hash: bytes) -> None:
        """Add a leaf: as in counting up, each full subtree is carried into a larger one."""
        size = self.size
        while size & 1:
            leaf_hash = hashlib.sha256(b"\x01" + self.hashes.pop() + leaf_hash).digest()
            size >>= 1
        self.hashes.append(leaf_hash)
        self.size += 1

    def root(self) -> bytes:
        """Return the root."""
        if not self.hashes:
            return hashlib.sha256(b"").digest()
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = hashlib.sha256(b"\x01" + left + root).digest()
        return root


# --- reading --------------------------------------------------------------------------------


@contextmanager
def opened(log: Path) -> Iterator[Source]:
    """Open an export folder or a record, as it is at one moment."""
    if log.is_dir():
        yield _folder(log)
    elif log.is_file():
        with closing(_record(log)) as connection:
            yield _tables(connection)
    else:
        raise CallError("There is no log of that name.")


def _folder(log: Path) -> Source:
    if not (log / "entries.log").is_file():
        known = (log / "checkpoints").exists() or (log / "log.key").exists()
        raise DamageError("entries.log is missing.") if known else CallError("That is no log.")
    key = _text(log / "log.key") if (log / "log.key").is_file() else None
    paths = sorted((log / "checkpoints").glob("*.txt"))
    notes = [(each.name, _text(each) if each.is_file() else None) for each in paths]
    return Source(key, notes, _lines(log / "entries.log"), None)


def _text(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_LONGEST).decode("utf-8", "surrogateescape")


def _lines(path: Path) -> Iterator[Row]:
    with path.open("rb") as file:
        for position, line in enumerate(iter(lambda: file.readline(_LONGEST), b"")):
            parts = _LINE.fullmatch(line)
            hashed = bytes.fromhex(parts[1].decode()) if parts else None
            yield position, parts[2] if parts else None, hashed


def _record(log: Path) -> sqlite3.Connection:
    log.open("rb").close()  # says plainly where it may not be read
    # SQLite makes files beside one in WAL mode, unless it is told that nobody can be writing.
    still = not os.access(log.parent, os.W_OK) and not Path(f"{log}-wal").exists()
    mode = "?mode=ro&immutable=1" if still else "?mode=ro"
    connection = sqlite3.connect(log.absolute().as_uri() + mode, uri=True)
    connection.isolation_level = None
    connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    try:
        connection.execute("BEGIN")  # everything below is read as of one moment
        connection.execute("SELECT count(*) FROM sqlite_master")
    except _DAMAGE as error:
        connection.close()
        raise DamageError("The file is not a record of Overt, or it is damaged.") from error
    return connection


def _tables(connection: sqlite3.Connection) -> Source:
    for name in ("audit_entries", "audit_checkpoints", "audit_tree"):
        if connection.execute(_SQL_TABLES, (name,)).fetchone() != (1,):
            raise DamageError(f"The table {name} is missing.")
    notes = connection.execute("SELECT size, note FROM audit_checkpoints ORDER BY size")
    tree = connection.execute("SELECT tree_id, size, frontier FROM audit_tree")
    entries = "SELECT position, leaf, leaf_hash FROM audit_entries ORDER BY position"
    named = [(f"{size:012d}.txt" if type(size) is int else "", note) for size, note in notes]
    return Source(None, named, connection.execute(entries), list(tree))


# --- (1) the key ----------------------------------------------------------------------------


def read_key(text: str) -> Key:
    """(1) Read `name+hash+base64`: the hash binds the name to the key. Raises ValueError."""
    parts = _KEY.fullmatch(text)
    if parts is None:
        raise ValueError("not a key")
    name, mark, encoded = parts.groups()
    data = _decoded(encoded)
    expected = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    if data[:1] != b"\x01" or len(data) != 1 + _HASH_BYTES or expected.hex() != mark:
        raise ValueError("not a key")
    return Key(
        text.removesuffix("\n"), name, expected, Ed25519PublicKey.from_public_bytes(data[1:])
    )


def _chosen_key(given: str | None, retained: list[Path], source: Source, report: Report) -> Key:
    """(1) Prefer a key that was had from outside; say so where there is none."""
    beside = [each / "log.key" for each in retained if (each / "log.key").is_file()]
    text = _given(given) if given is not None else _text(beside[0]) if beside else source.key
    outside = given is not None or bool(beside)
    if text is None:
        raise CallError("This log has no key with it; name the key with --key.")
    if not outside:
        report.limits.append(
            "The key is the log's own, so whoever made this log may have made the key as well; "
            "name one that you had from elsewhere with --key."
        )
    try:
        key = read_key(text)
    except ValueError:
        raise (
            CallError("That is no key.") if outside else DamageError("log.key is damaged.")
        ) from None
    if source.key is not None and source.key != f"{key.text}\n":
        report.problems.append("log.key is not the key that the log is checked with.")
    return key


def _given(key: str) -> str:
    return _text(Path(key)) if "+" not in key or Path(key).is_file() else key


# --- (2) the checkpoints --------------------------------------------------------------------


def read_note(text: Any, key: Key, label: str, *, retained: bool) -> Note:
    """(2) Check form and signature of a checkpoint: no byte of it may differ."""
    try:
        origin, size, root = _signed(text, key)
    except (ValueError, TypeError, AttributeError, InvalidSignature):
        raise DamageError(f"The {label} is not as this key has signed it.") from None
    return Note(label, text, origin, size, root, retained)


def _signed(text: str, key: Key) -> tuple[str, int, bytes]:
    body, signatures = _note_parts(text)
    ours = [data[4:] for name, data in signatures if (name, data[:4]) == (key.name, key.mark)]
    for signature in ours:
        key.public.verify(signature, body.encode())
    parts = _BODY.fullmatch(body)
    if not ours or parts is None or len(root := _decoded(parts[3])) != _HASH_BYTES:
        raise ValueError("not a checkpoint of this log")
    read_time(parts[4])
    return parts[1], int(parts[2]), root


def _note_parts(text: str) -> tuple[str, list[tuple[str, bytes]]]:
    body, _, rest = text.rpartition("\n\n")
    lines = [_SIGNATURE.fullmatch(line) for line in rest.removesuffix("\n").split("\n")]
    if not body or not rest.endswith("\n") or None in lines:
        raise ValueError("not a signed note")
    return f"{body}\n", [(line[1], _decoded(line[2])) for line in lines if line]


def _own_notes(source: Source, key: Key, report: Report) -> list[Note]:
    notes = []
    for name, text in source.notes:
        try:
            note = read_note(text, key, f"log's own checkpoint {name!a}", retained=False)
        except DamageError as damage:
            report.problems.append(str(damage))
            continue
        notes.append(note)
        if name != f"{note.size:012d}.txt":
            report.problems.append(f"The {note.label} is of {note.size} entries.")
    report.checkpoints = len(notes)
    return notes


def _retained_notes(paths: list[Path], key: Key, report: Report) -> list[Note]:
    files = [one for path in paths for one in (sorted(path.glob("*.txt")) or [path])]
    notes = []
    for each in files:
        try:
            label = f"retained checkpoint {each.name!a}"
            notes.append(read_note(_text(each), key, label, retained=True))
        except DamageError as damage:
            report.problems.append(str(damage))
    report.retained = len(notes)
    if not files:
        report.limits.append(
            "No retained checkpoint was given, so it cannot be seen whether entries were cut off "
            "the end, nor whether the holder of the key has rewritten the log."
        )
    return notes


def _hold_together(notes: list[Note], report: Report) -> None:
    """(2) All checkpoints are of one log. (10) What was retained is still in the log."""
    # What is signed must be the same; a witness may have added its own signature to its copy.
    own = {each.size: _body(each) for each in notes if not each.retained}
    gone = [each for each in notes if each.retained and own.get(each.size) != _body(each)]
    if len({each.origin for each in notes}) > 1:
        report.problems.append("The checkpoints are of different logs.")
    if gone:
        report.problems.append(
            f"The {gone[0].label} is not among the log's own checkpoints as it was, "
            f"and so with {len(gone) - 1} more."
        )


def _body(note: Note) -> str:
    return note.text.rpartition("\n\n")[0]


# --- (3) to (7) the entries -----------------------------------------------------------------


def check_row(row: Row, position: int) -> tuple[dict[str, Any], bytes]:
    """(3) to (5) Check one entry by itself; return its fields and its leaf hash."""
    place, leaf, stored = row
    if not isinstance(leaf, bytes) or not isinstance(stored, bytes) or len(stored) != _HASH_BYTES:
        raise DamageError("is not written as an entry is")  # (3)
    if type(place) is not int or place != position:
        raise DamageError("is missing: another stands in its place")  # (3)
    fields = read_leaf(leaf)  # (4)
    if fields["index"] != position:
        raise DamageError(f"is numbered {fields['index']}")  # (4)
    hashed = hashlib.sha256(b"\x00" + leaf).digest()
    if hashed != stored:
        raise DamageError("has another hash than the one kept with it")  # (5)
    return fields, hashed


def read_leaf(leaf: bytes) -> Any:
    """(4) Read a leaf: JSON in its one spelling (RFC 8785), with the seven fields."""
    try:
        fields = json.loads(leaf.decode(), parse_int=_whole, parse_constant=float)
        if canonical(fields).encode() != leaf:
            raise DamageError("is not written in the one spelling that is allowed")
        sound = isinstance(fields, dict) and set(fields) == _FIELDS and _typed(fields)
    except (ValueError, OverflowError, RecursionError):
        sound = False
    if not sound:
        raise DamageError("does not hold what an entry holds")
    return fields


def _typed(fields: dict[str, Any]) -> bool:
    texts = [fields[name] for name in ("at", "by", "event", "previous")]
    return (
        all(isinstance(each, str) and each for each in texts)
        and isinstance(fields["data"], dict)
        and [type(fields[name]) for name in ("index", "v")] == [int, int]
        and fields["v"] == 1
        and re.fullmatch("[0-9a-f]{64}", fields["previous"]) is not None
        and read_time(fields["at"]) is not None
    )


def _check_entries(source: Source, notes: list[Note], report: Report) -> Tree:
    """(3) to (8) Go through the entries up to the first bad one, and the tree as it grows."""
    tree, previous, latest = Tree(), bytes(_HASH_BYTES), None
    agreed = {False: 0, True: 0}
    by_size: dict[int, list[Note]] = {}
    for note in notes:
        by_size.setdefault(note.size, []).append(note)
    _compare(tree, by_size.get(0, []), agreed, report)
    for row in source.rows:
        try:
            fields, hashed = check_row(row, tree.size)
            latest = _check_time(read_time(fields["at"]), latest, tree.size, report)
        except DamageError as damage:
            return _bad(tree, tree.size, str(damage), report)
        if fields["previous"] != previous.hex():  # (6)
            bad = _out_of_place(source.rows, tree.size, hashed)
            return _bad(tree, bad, "does not fit the entries beside it", report)
        previous = hashed
        tree.append(hashed)
        _compare(tree, by_size.get(tree.size, []), agreed, report)
    _check_end(tree, notes, source, report)
    return tree


def _out_of_place(rows: Iterator[Row], position: int, hashed: bytes) -> int:
    """(6) Say against which entry a broken link speaks.

    The entry before it is not what it was when this one was written; but where the next link is
    broken as well, it is this one that was changed.
    """
    try:
        following = next(rows, None)
        fields = check_row(following, position + 1)[0] if following else None
    except DamageError:
        fields = None
    alone = fields is None or fields["previous"] == hashed.hex()
    return max(position - 1, 0) if alone else position


def _bad(tree: Tree, position: int, what: str, report: Report) -> Tree:
    report.first_bad_entry = position
    report.problems.append(f"Entry {position} {what}. What follows it was not looked at.")
    return tree


def _check_time(at: datetime, latest: datetime | None, position: int, report: Report) -> datetime:
    """(7) A clock that was set back is worth a question, and is no proof of anything."""
    if latest and latest - at > _STEP_BACK:
        report.warnings.append(f"Entry {position} is dated more than 5 minutes before another.")
    return max(at, latest) if latest else at


# --- (8) to (11) the tree -------------------------------------------------------------------


def _compare(tree: Tree, notes: list[Note], agreed: dict[bool, int], report: Report) -> None:
    """(8) Hold the tree against the checkpoints of its size; `agreed` has the last good sizes.

    The holder of the key can have made the log's own checkpoints anew, but not a retained one.
    """
    for note in notes:
        if note.root != tree.root() and note.retained in agreed:
            start = agreed[True] if note.retained else max(agreed.values())
            del agreed[note.retained]  # the first that differs says it all
            report.problems.append(
                f"The tree is not that of the {note.label}: something was changed in the entries "
                f"from {start} to {note.size - 1}."
            )
        elif note.retained in agreed:
            agreed[note.retained] = note.size


def _check_end(tree: Tree, notes: list[Note], source: Source, report: Report) -> None:
    """(9) No checkpoint is of more entries than there are. (11) The stored tree is this one."""
    largest = max(notes, key=lambda note: note.size, default=None)
    if largest and largest.size > tree.size:
        report.first_bad_entry = tree.size
        report.problems.append(
            f"The log ends after {tree.size} entries, and the {largest.label} is of {largest.size}."
        )
    _check_cover(tree, notes, report)
    stored = [(1, tree.size, b"".join(tree.hashes))] if tree.size else []
    if source.tree is not None and source.tree != stored:
        report.problems.append("The stored tree (audit_tree) is not that of the entries.")


def _check_cover(tree: Tree, notes: list[Note], report: Report) -> None:
    """(9) Something signed vouches for the entries; say for which of them nothing does."""
    signed = max((note.size for note in notes), default=0)
    outside = max((note.size for note in notes if note.retained), default=tree.size)
    if tree.size and not notes:
        report.problems.append("No checkpoint vouches for this log: anybody can have written it.")
    elif signed < tree.size:
        report.limits.append(f"Nothing signed vouches for the entries from {signed} on.")
    if outside < tree.size:
        report.limits.append(
            f"The entries from {outside} on came after the last retained checkpoint: "
            "it cannot be seen whether the holder of the key has rewritten them."
        )


# --- spelling -------------------------------------------------------------------------------


def canonical(value: Any) -> str:
    """Return a JSON value in the one spelling of RFC 8785. Raises ValueError."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(each)}:{canonical(value[each])}" for each in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, float):
        return _number(value)
    return _WRITER.encode(value)


def _number(value: float) -> str:
    """Write a double as ECMAScript does: the fewest digits that read back as the same one."""
    if value == 0:
        return "0"
    sign, all_digits, exponent = Decimal(repr(value)).as_tuple()
    if not isinstance(exponent, int):  # infinity and NaN are not JSON
        raise ValueError(repr(value))  # noqa: TRY004 - what it is of is right
    digits = "".join(map(str, all_digits))
    point = exponent + len(digits)  # where the decimal point stands among the digits
    digits = digits.rstrip("0")
    if not -6 < point <= 21:
        fraction = f".{digits[1:]}" if digits[1:] else ""
        text = f"{digits[0]}{fraction}e{point - 1:+d}"
    elif point <= 0:
        text = "0." + "0" * -point + digits
    elif len(digits) <= point:
        text = digits.ljust(point, "0")
    else:
        text = f"{digits[:point]}.{digits[point:]}"
    return "-" * sign + text


def _whole(digits: str) -> int | float:
    number = int(digits)
    return number if abs(number) < _EXACT else float(number)


def read_time(text: str) -> datetime:
    """Read a time in UTC with six digits after the second. Raises ValueError."""
    if not _TIME.fullmatch(text):
        raise ValueError("not a time")
    return datetime.fromisoformat(text)


def _decoded(text: str) -> bytes:
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:  # its last character has bits to spare
        raise ValueError("not in the one spelling that is allowed")
    return data


# --- the program ----------------------------------------------------------------------------


def verify(log: Path, key: str | None, retained: list[Path]) -> Report:
    """Go through steps (1) to (11). Raises CallError."""
    report = Report()
    try:
        with opened(log) as source:
            chosen = _chosen_key(key, retained, source, report)
            notes = _own_notes(source, chosen, report)
            notes += _retained_notes(retained, chosen, report)
            _hold_together(notes, report)
            tree = _check_entries(source, notes, report)
            report.entries, report.root = tree.size, tree.root().hex()
    except DamageError as damage:
        report.problems.append(str(damage))
    except _DAMAGE:
        report.problems.append("The log cannot be read to its end: it is damaged.")
    return report


def _told(report: Report) -> str:
    lines = [f"ALTERED: {each}" for each in report.problems] or ["The log is intact."]
    if report.first_bad_entry is not None:
        lines.append(f"The first bad entry is {report.first_bad_entry}.")
    lines += [f"WARNING: {each}" for each in report.warnings]
    lines += [f"NOTE: {each}" for each in report.limits]
    lines.append(
        f"Looked at: {report.entries} entries, {report.checkpoints} checkpoints of the log's own, "
        f"{report.retained} retained. Root: {report.root or 'none'}."
    )
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("overt-verify", description="Check an audit log of Overt.")
    parser.add_argument("log", type=Path, help="an export folder, or the record itself")
    parser.add_argument("--key", help="the log's key, as a file or text, had from elsewhere")
    parser.add_argument(
        "--retained",
        type=Path,
        nargs="+",
        action="extend",
        default=[],
        help="checkpoints that were kept outside: files, or a witness folder",
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    return parser


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the program: exit with 0 where the log is intact, 1 where altered, 2 called wrongly."""
    options = _parser().parse_args(arguments)
    try:
        report = verify(options.log, options.key, options.retained)
    except (CallError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        sys.stderr.write(f"overt-verify: {reason}\n")
        sys.exit(2)
    intact = not report.problems
    fields = {"intact": intact, **asdict(report)}
    sys.stdout.write((json.dumps(fields, indent=2) if options.json else _told(report)) + "\n")
    sys.exit(0 if intact else 1)


if __name__ == "__main__":
    main()
