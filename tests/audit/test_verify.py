"""overt-verify against every small change to a log, in its files and in its SQLite tables.

What is counted here as detected is exit status 1 with a key and a checkpoint that were kept
outside, and neither was changed. The program must never end in anything but 0, 1 or 2.
"""

import io
import itertools
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from example_logs import (
    NAME,
    OTHER_KEY,
    VERIFIER,
    ExampleLog,
    example_log,
    signed,
    write_folder,
    write_notes,
    write_tables,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import overt_verify
from overt.audit.canonical import parse_leaf
from overt.audit.checkpoint import read_note, sign, verifier_key
from overt.audit.merkle import leaf_hash

_SIZE = 12
_LAST = f"{_SIZE:012d}.txt"
_MASKS = (0x01, 0x20, 0x80)
"""One bit of a letter, its case, and what makes it no ASCII at all."""
_TWO = _MASKS[:2]


@dataclass(frozen=True, slots=True)
class Said:
    """What overt-verify said, and its exit status."""

    status: Any
    intact: bool
    first_bad_entry: int | None
    problems: list[str]
    warnings: list[str]
    limits: list[str]


Run = Callable[..., Said]


@pytest.fixture
def run() -> Run:
    """Run the program in this process, with its arguments as they would be typed."""

    def running(*arguments: object) -> Said:
        out = io.StringIO()
        with redirect_stdout(out), pytest.raises(SystemExit) as ended:
            overt_verify.main([*map(str, arguments), "--json"])
        said = json.loads(out.getvalue())
        fields = ("intact", "first_bad_entry", "problems", "warnings", "limits")
        return Said(ended.value.code, *(said[name] for name in fields))

    return running


@pytest.fixture
def log() -> ExampleLog:
    return example_log(_SIZE, 6)


@pytest.fixture
def folder(log: ExampleLog, tmp_path: Path) -> Path:
    return write_folder(log, tmp_path / "log")


@pytest.fixture
def kept(log: ExampleLog, tmp_path: Path) -> tuple[object, ...]:
    """The arguments that name the key and the last checkpoint, both kept outside."""
    return ("--key", VERIFIER, "--retained", write_notes(log, tmp_path / "kept") / _LAST)


def _flipped(data: bytes, mask: int) -> Iterator[tuple[int, bytes]]:
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= mask
        yield position, bytes(changed)


def _flips(path: Path, *masks: int) -> Iterator[int]:
    """Yield every position of a file, while the byte there, and no other, is flipped.

    Nothing is cut or made: writing one byte in place takes a hundredth of the time.
    """
    with path.open("r+b", buffering=0) as file:
        for position, byte in enumerate(path.read_bytes()):
            for mask in masks:
                os.pwrite(file.fileno(), bytes([byte ^ mask]), position)
                yield position
            os.pwrite(file.fileno(), bytes([byte]), position)


# --- the log as it was written --------------------------------------------------------------


def test_an_unchanged_log_is_intact(folder: Path, kept: tuple[object, ...], run: Run) -> None:
    said = run(folder, *kept)

    assert said == Said(0, True, None, [], [], [])


def test_what_was_not_given_is_said_not_to_be_shown(folder: Path, run: Run) -> None:
    said = run(folder)

    assert said.status == 0
    assert len(said.limits) == 2
    assert "--key" in said.limits[0]
    assert "rewritten" in said.limits[1]


def test_a_witness_folder_brings_its_key_with_it(
    folder: Path, log: ExampleLog, tmp_path: Path, run: Run
) -> None:
    witness = write_notes(log, tmp_path / "witness")
    (witness / "log.key").write_text(f"{VERIFIER}\n")

    assert run(folder, "--retained", witness) == Said(0, True, None, [], [], [])


@pytest.mark.parametrize("size", range(10))
def test_logs_of_every_small_size_are_intact(size: int, tmp_path: Path, run: Run) -> None:
    log = example_log(size, 1)
    witness = write_notes(log, tmp_path / "witness")
    retained = ("--retained", witness) if size else ()

    assert run(write_folder(log, tmp_path / "log"), "--key", VERIFIER, *retained).status == 0
    table = write_tables(log, tmp_path / "record.sqlite3")
    if not size:
        _change(table, "DELETE FROM audit_tree")
    assert run(table, "--key", VERIFIER, *retained).status == 0


def test_entries_after_the_last_checkpoint_are_looked_at_too(tmp_path: Path, run: Run) -> None:
    log = example_log(8, 5)
    lines = write_folder(log, tmp_path / "log") / "entries.log"
    lines.write_bytes(lines.read_bytes().replace(b'"index":7', b'"index":6'))

    said = run(tmp_path / "log", "--key", VERIFIER)

    assert (said.status, said.first_bad_entry) == (1, 7)


# --- files ----------------------------------------------------------------------------------


def test_every_flipped_byte_of_the_entries_is_found_where_it_is(
    kept: tuple[object, ...], tmp_path: Path, run: Run
) -> None:
    """R-58: the log is append-only: no byte of an entry changes unseen."""
    folder = write_folder(example_log(_SIZE, _SIZE), tmp_path / "log")
    path = folder / "entries.log"
    original = path.read_bytes()
    count = 0
    for position in _flips(path, *_TWO):
        said = run(folder, *kept)
        assert (said.status, said.first_bad_entry) == (1, original[:position].count(b"\n"))
        count += 1

    assert count == len(_TWO) * len(original) > 6_000


@pytest.mark.parametrize(
    "name", ["checkpoints/000000000006.txt", f"checkpoints/{_LAST}", "log.key"]
)
def test_every_flipped_byte_of_the_other_files_is_found(
    name: str, folder: Path, kept: tuple[object, ...], run: Run
) -> None:
    path = folder / name
    count = 0
    for position in _flips(path, *_MASKS):
        assert run(folder, *kept).status == 1, position
        count += 1

    assert count == len(_MASKS) * path.stat().st_size > 200


def test_entries_removed_swapped_and_inserted_are_found(
    folder: Path, log: ExampleLog, kept: tuple[object, ...], run: Run
) -> None:
    path = folder / "entries.log"
    lines = path.read_bytes().splitlines(keepends=True)
    changes: list[tuple[int, list[bytes]]] = []
    changes += [(at, lines[:at] + lines[at + 1 :]) for at in range(_SIZE)]
    changes += [
        (at, [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]) for at in range(_SIZE - 1)
    ]
    changes += [
        (at + 1 if which <= at else at, [*lines[: at + 1], lines[which], *lines[at + 1 :]])
        for at, which in itertools.product(range(_SIZE), range(_SIZE))
        if which != at + 1
    ]
    for _, changed in changes:
        path.write_bytes(b"".join(changed))
        first = next(
            (at for at, pair in enumerate(zip(lines, changed, strict=False)) if len(set(pair)) > 1),
            min(len(lines), len(changed)),
        )
        said = run(folder, *kept)
        assert (said.status, said.first_bad_entry) == (1, first)


def test_a_tail_cut_off_at_any_length_is_found(
    folder: Path, log: ExampleLog, kept: tuple[object, ...], run: Run
) -> None:
    """The log's own checkpoints of what was cut off are deleted as well."""
    path = folder / "entries.log"
    original = path.read_bytes()
    lines = original.splitlines(keepends=True)
    for each in (folder / "checkpoints").iterdir():
        each.unlink()
    for size in range(_SIZE):
        path.write_bytes(b"".join(lines[:size]))
        said = run(folder, *kept)
        assert (said.status, said.first_bad_entry) == (1, size)
    for length in range(0, len(original), 7):
        path.write_bytes(original[:length])
        said = run(folder, *kept)
        assert (said.status, said.first_bad_entry) == (1, original[:length].count(b"\n"))


def test_a_log_rewritten_with_the_same_key_is_found_by_a_retained_checkpoint_only(
    log: ExampleLog, kept: tuple[object, ...], tmp_path: Path, run: Run
) -> None:
    rewritten = write_folder(example_log(_SIZE, 6, told="otherwise"), tmp_path / "rewritten")

    alone, held = run(rewritten, "--key", VERIFIER), run(rewritten, *kept)

    assert alone.status == 0
    assert any("rewritten" in each for each in alone.limits)
    assert held.status == 1
    assert any("entries from 0 to 11" in each for each in held.problems)


def test_between_which_checkpoints_a_log_was_rewritten_is_said(
    log: ExampleLog, tmp_path: Path, run: Run
) -> None:
    log = example_log(_SIZE, 3)
    witness = write_notes(log, tmp_path / "witness")
    leaves = _rewritten(log, 7)
    rewritten = write_folder(signed(leaves, [3, 6, 9, 12]), tmp_path / "rewritten")

    said = run(rewritten, "--key", VERIFIER, "--retained", witness)

    assert said.status == 1
    assert any("entries from 6 to 8" in each for each in said.problems)


def test_an_entry_changed_with_its_hash_is_found_by_the_one_after_it(
    log: ExampleLog, kept: tuple[object, ...], tmp_path: Path, run: Run
) -> None:
    for index in range(_SIZE):
        leaves = list(log.leaves)
        leaves[index] = leaves[index].replace(b"alert.raised", b"alert.closed")
        path = write_folder(ExampleLog(tuple(leaves), log.notes), tmp_path / f"changed-{index}")
        said = run(path, *kept)
        assert said.status == 1
        assert said.first_bad_entry == (index if index < _SIZE - 1 else None)


def test_a_log_signed_with_another_key_is_found(
    kept: tuple[object, ...], tmp_path: Path, run: Run
) -> None:
    other = verifier_key(NAME, OTHER_KEY.public_key())
    forged = write_folder(example_log(_SIZE, 6, key=OTHER_KEY), tmp_path / "forged", other)

    assert run(forged).status == 0
    assert run(forged, *kept).status == 1


def test_a_removed_checkpoint_is_found_where_it_was_retained(
    folder: Path, kept: tuple[object, ...], run: Run
) -> None:
    (folder / "checkpoints" / _LAST).unlink()

    assert run(folder, *kept).status == 1


def test_a_clock_set_back_is_a_warning_only(tmp_path: Path, run: Run) -> None:
    log = example_log(4, 4, minutes=(10, 5, 4, 11))

    said = run(write_folder(log, tmp_path / "log"), "--key", VERIFIER)

    assert (said.status, len(said.warnings)) == (0, 1)
    assert said.warnings[0].startswith("Entry 2 ")


def test_a_log_without_any_checkpoint_is_anybody_s(tmp_path: Path, run: Run) -> None:
    bare = ExampleLog(example_log(4, 4).leaves, {})

    said = run(write_folder(bare, tmp_path / "log"), "--key", VERIFIER)

    assert said.status == 1
    assert "No checkpoint vouches" in said.problems[0]


def test_entries_that_nothing_signed_covers_are_named(
    log: ExampleLog, tmp_path: Path, run: Run
) -> None:
    first = ExampleLog(tuple(_rewritten(log, 7)), {6: log.notes[6]})
    witness = write_notes(first, tmp_path / "witness")

    said = run(write_folder(first, tmp_path / "log"), "--key", VERIFIER, "--retained", witness)

    assert said.status == 0
    assert any("Nothing signed vouches for the entries from 6 on" in each for each in said.limits)
    assert any("entries from 6 on came after the last retained" in each for each in said.limits)


def test_every_retained_checkpoint_counts_however_they_are_given(
    folder: Path, kept: tuple[object, ...], tmp_path: Path, run: Run
) -> None:
    other = write_notes(example_log(_SIZE, 6, told="otherwise"), tmp_path / "other")

    assert run(folder, "--retained", other, *kept).status == 1
    assert run(folder, *kept, "--retained", other).status == 1


def test_a_witness_may_have_signed_its_copy_as_well(
    folder: Path, log: ExampleLog, tmp_path: Path, run: Run
) -> None:
    theirs = sign(read_note(log.notes[_SIZE], VERIFIER), "witness.example", OTHER_KEY)
    cosigned = log.notes[_SIZE] + theirs.rpartition("\n\n")[2]
    (tmp_path / "cosigned.txt").write_text(cosigned, "utf-8")

    retained = run(folder, "--key", VERIFIER, "--retained", tmp_path / "cosigned.txt")

    assert retained == Said(0, True, None, [], [], [])


def test_a_folder_in_the_place_of_a_checkpoint_is_found(
    folder: Path, kept: tuple[object, ...], run: Run
) -> None:
    (folder / "checkpoints" / _LAST).unlink()
    (folder / "checkpoints" / _LAST).mkdir()

    assert run(folder, *kept).status == 1


def test_an_entry_of_which_only_the_link_was_changed_is_named(
    log: ExampleLog, kept: tuple[object, ...], tmp_path: Path, run: Run
) -> None:
    for index in range(_SIZE - 1):
        leaves = list(log.leaves)
        leaves[index] = rfc8785.dumps(json.loads(leaves[index]) | {"previous": "ab" * 32})
        path = write_folder(ExampleLog(tuple(leaves), log.notes), tmp_path / f"changed-{index}")
        said = run(path, *kept)
        assert (said.status, said.first_bad_entry) == (1, index)


# --- SQLite ---------------------------------------------------------------------------------

_SMALL = 5
_CELLS = (
    ("audit_entries", "position", "leaf"),
    ("audit_entries", "position", "leaf_hash"),
    ("audit_checkpoints", "size", "note"),
    ("audit_tree", "tree_id", "frontier"),
)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return write_tables(example_log(_SMALL, 3), tmp_path / "record.sqlite3")


@pytest.fixture
def kept_small(tmp_path: Path) -> tuple[object, ...]:
    """Key and checkpoint of the small log: as large as it is, kept with all others."""
    log = example_log(_SMALL, 1)
    last = example_log(_SMALL, 3).notes | {_SMALL: log.notes[_SMALL]}
    return "--key", VERIFIER, "--retained", write_notes(ExampleLog((), last), tmp_path / "kept")


def _change(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(statement, values)


def _content(path: Path) -> object:
    """Return what the three tables hold, or None where they cannot be read."""
    queries = (
        "SELECT position, leaf, leaf_hash FROM audit_entries ORDER BY position",
        "SELECT size, note FROM audit_checkpoints ORDER BY size",
        "SELECT tree_id, size, frontier FROM audit_tree",
    )
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            return [connection.execute(query).fetchall() for query in queries]
    except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError, MemoryError):
        return None


@pytest.mark.parametrize(("table", "place", "column"), _CELLS)
def test_every_flipped_byte_of_every_cell_is_found(
    table: str, place: str, column: str, tmp_path: Path, run: Run
) -> None:
    log = example_log(_SMALL, 3)
    record = write_tables(log, tmp_path / "record.sqlite3")
    kept = ("--key", VERIFIER, "--retained", write_notes(log, tmp_path / "kept"))
    with closing(sqlite3.connect(record)) as connection:
        cells = connection.execute(f"SELECT {place}, {column} FROM {table}").fetchall()  # noqa: S608
    update = f"UPDATE {table} SET {column} = ? WHERE {place} = ?"  # noqa: S608 - names of ours
    for at, value in cells:
        cast = "CAST(? AS TEXT)" if isinstance(value, str) else "?"
        data = value.encode() if isinstance(value, str) else value
        for _, changed in _flipped(data, 0x01):
            _change(record, update.replace("?", cast, 1), changed, at)
            said = run(record, *kept)
            assert said.status == 1
            if table == "audit_entries":
                assert said.first_bad_entry == at
        _change(record, update, value, at)

    assert run(record, *kept).status == 0


@pytest.mark.parametrize(
    "statement",
    [
        *map("DELETE FROM audit_entries WHERE position = {}".format, range(_SMALL)),
        *map("UPDATE audit_entries SET position = 9 WHERE position = {}".format, range(_SMALL)),
        "UPDATE audit_entries SET position = -1 WHERE position = 4",
        "INSERT INTO audit_entries SELECT 5, leaf, leaf_hash FROM audit_entries WHERE position = 4",
        "UPDATE audit_entries SET leaf = CAST(leaf AS TEXT) WHERE position = 2",
        "UPDATE audit_entries SET leaf = 7 WHERE position = 2",
        "DELETE FROM audit_checkpoints WHERE size = 3",
        "UPDATE audit_checkpoints SET size = 4 WHERE size = 3",
        "UPDATE audit_checkpoints SET note = x'ff00ff' WHERE size = 3",
        "DELETE FROM audit_tree",
        "UPDATE audit_tree SET size = 4",
        "UPDATE audit_tree SET tree_id = 2",
        "INSERT INTO audit_tree SELECT 2, size, frontier FROM audit_tree",
        "DROP TABLE audit_tree",
        "DROP TABLE audit_checkpoints",
        "DROP TABLE audit_entries",
        "ALTER TABLE audit_entries RENAME COLUMN leaf TO leaves",
    ],
)
def test_rows_removed_moved_added_and_retyped_are_found(
    statement: str, record: Path, kept_small: tuple[object, ...], run: Run
) -> None:
    _change(record, statement)

    assert run(record, *kept_small).status == 1


def test_two_rows_that_change_places_are_found(
    record: Path, kept_small: tuple[object, ...], run: Run
) -> None:
    for first in range(_SMALL - 1):
        original = record.read_bytes()
        for before, after in ((first, 99), (first + 1, first), (99, first + 1)):
            move = "UPDATE audit_entries SET position = ? WHERE position = ?"
            _change(record, move, after, before)
        said = run(record, *kept_small)
        assert (said.status, said.first_bad_entry) == (1, first)
        record.write_bytes(original)


def test_a_view_in_the_place_of_a_table_is_refused(
    record: Path, kept_small: tuple[object, ...], run: Run
) -> None:
    _change(record, "ALTER TABLE audit_entries RENAME TO hidden")
    _change(record, "CREATE VIEW audit_entries AS SELECT * FROM hidden")

    assert run(record, *kept_small).status == 1


def test_a_flipped_byte_of_the_record_file_is_found_or_changes_nothing(
    tmp_path: Path, run: Run
) -> None:
    log = example_log(3, 3)
    record = write_tables(log, tmp_path / "record.sqlite3")
    kept = ("--key", VERIFIER, "--retained", write_notes(log, tmp_path / "kept"))
    before, harmless = _content(record), 0
    for position in _flips(record, 0x01):
        said = run(record, *kept)
        if said.status == 0:
            assert _content(record) == before, position
            harmless += 1
        else:
            assert said.status == 1, position

    # What holds nothing is harmless: unused parts of pages, and what says how full they are.
    print(f"{harmless} harmless of {record.stat().st_size}")
    held = sum(len(leaf) + 32 for leaf in log.leaves) + sum(map(len, log.notes.values()))
    assert 0 < harmless < record.stat().st_size - held


@pytest.mark.parametrize("length", [0, 1, 15, 16, 99, 100, 511, 512, 700, 1024, 2048, 3000])
def test_a_record_file_cut_short_is_found(
    length: int, record: Path, kept_small: tuple[object, ...], run: Run
) -> None:
    record.write_bytes(record.read_bytes()[:length])

    assert run(record, *kept_small).status == 1


def test_a_record_in_use_is_verified_as_of_one_moment(
    record: Path, kept_small: tuple[object, ...], run: Run
) -> None:
    with closing(sqlite3.connect(record)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE other (x)")
        connection.commit()
        names = {each.name for each in record.parent.iterdir()}
        assert "record.sqlite3-wal" in names

        said = run(record, *kept_small)

    assert "missing" not in " ".join(said.problems[1:])
    assert said.first_bad_entry is None


# --- anything at all ------------------------------------------------------------------------

_ORIGINAL = b"".join(
    leaf_hash(leaf).hex().encode() + b" " + leaf + b"\n" for leaf in example_log(6, 6).leaves
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.integers(0, len(_ORIGINAL)),
    length=st.integers(0, 80),
    put=st.one_of(st.binary(max_size=80), st.sampled_from(_ORIGINAL.splitlines(keepends=True))),
)
def test_whatever_is_put_in_the_place_of_some_bytes_is_found(
    start: int, length: int, put: bytes, tmp_path: Path, run: Run
) -> None:
    log = example_log(6, 6)
    path = tmp_path / "log"
    if not path.exists():
        write_notes(log, write_folder(log, path) / "../kept")
    changed = _ORIGINAL[:start] + put + _ORIGINAL[start + length :]
    (path / "entries.log").write_bytes(changed)

    said = run(path, "--key", VERIFIER, "--retained", tmp_path / "kept")

    assert said.status == (0 if changed == _ORIGINAL else 1)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(max_size=400),
    name=st.sampled_from(["entries.log", "log.key", "checkpoints/1.txt"]),
)
def test_no_bytes_end_in_anything_but_a_finding(
    data: bytes, name: str, tmp_path: Path, run: Run
) -> None:
    log = example_log(2, 2)
    path = tmp_path / "log"
    shutil.rmtree(path, ignore_errors=True)
    write_folder(log, path)
    (path / name).write_bytes(data)

    assert run(path, "--key", VERIFIER).status == 1


@pytest.mark.parametrize(
    "leaf",
    [
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"9" * 5_000,
        b"9" * 400,
        b"1e999",
        b"NaN",
        b'"\\ud800"',
        b"\xff",
        b"{}",
    ],
)
def test_leaves_that_are_no_entries_are_found(leaf: bytes, tmp_path: Path, run: Run) -> None:
    log = signed([leaf], [1])

    said = run(write_folder(log, tmp_path / "log"), "--key", VERIFIER)

    assert (said.status, said.first_bad_entry) == (1, 0)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"v":1', b'"v":true'),
        (b'"v":1', b'"v":2'),
        (b'"index":0', b'"index":false'),
        (b'"by":"system"', b'"by":""'),
        (b'"by":"system"', b'"by":7'),
        (b'"data":{', b'"data":[],"datum":{'),
        (b"2026-11-25", b"2026-11-31"),
        (b"15:00:00.000000Z", b"15:00:00Z"),
        (b'"previous":"0', b'"previous":"F'),
        (b'"threshold":0.6', b'"threshold":0.60'),
        (b'"threshold":0.6', b'"threshold":6e-1'),
        (b'{"at"', b'{ "at"'),
    ],
)
def test_both_readers_refuse_an_entry_written_in_another_way(old: bytes, new: bytes) -> None:
    leaf = example_log(1, 1).leaves[0]
    changed = leaf.replace(old, new, 1)
    assert changed != leaf
    parse_leaf(leaf)
    overt_verify.read_leaf(leaf)

    with pytest.raises(Exception, match="not as it was written"):
        parse_leaf(changed)
    with pytest.raises(overt_verify.DamageError):
        overt_verify.read_leaf(changed)


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
    max_leaves=10,
)


@settings(max_examples=200)
@given(_JSON)
def test_the_one_spelling_is_that_of_rfc_8785(value: Any) -> None:
    try:
        expected = rfc8785.dumps(value)
    except ValueError:
        return
    assert overt_verify.canonical(value).encode() == expected


# --- the program ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("nowhere",),
        ("log", "--key", "nowhere"),
        ("log", "--key", "a+b+c"),
        ("log", "--retained", "nowhere"),
        ("kept",),
        ("record.sqlite3",),
    ],
)
def test_a_wrong_call_ends_with_2_and_a_reason(
    arguments: tuple[str, ...],
    folder: Path,
    record: Path,
    kept: tuple[object, ...],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(folder.parent)

    with pytest.raises(SystemExit) as ended:
        overt_verify.main(list(arguments))

    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("overt-verify: ")


def test_what_is_said_is_in_plain_words(
    folder: Path, kept: tuple[object, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "entries.log"
    path.write_bytes(path.read_bytes().replace(b'"alert":"a4"', b'"alert":"a5"'))

    with pytest.raises(SystemExit):
        overt_verify.main([str(folder), *map(str, kept)])

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("ALTERED: Entry 4 has another hash")
    assert "The first bad entry is 4." in lines


def test_it_is_a_program_that_imports_nothing_of_overt(
    folder: Path, kept: tuple[object, ...]
) -> None:
    code = (
        "import sys, overt_verify\n"
        "try: overt_verify.main(sys.argv[1:])\n"
        "finally: sys.stderr.write(' '.join(m for m in sys.modules if m.split('.')[0] == 'overt'))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(folder), *map(str, kept)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("The log is intact.")


def _rewritten(log: ExampleLog, index: int) -> list[bytes]:
    """Return the leaves with one entry changed, and all that follow chained to it again."""
    leaves = list(log.leaves)
    for at in range(index, len(leaves)):
        fields = json.loads(leaves[at])
        if at == index:
            fields["data"]["told"] = "otherwise"
        if at:
            fields["previous"] = leaf_hash(leaves[at - 1]).hex()
        leaves[at] = rfc8785.dumps(fields)
    return leaves
