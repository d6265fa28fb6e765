"""The log on a real record: with the change or not at all, without names, and verifiable."""

import contextlib
import dataclasses
import itertools
import re
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import overt.audit.log as log_module
import overt_verify
from overt.audit.canonical import parse_leaf
from overt.audit.checkpoint import read_note
from overt.audit.events import (
    AlertRaised,
    DeploymentMoved,
    EntryWithdrawn,
    Event,
    LogExported,
    SignedIn,
    SignInRefused,
    every_event,
)
from overt.audit.log import Log, Signer
from overt.audit.witness import FolderWitness
from overt.errors import AuditError
from overt.keys.master import master_from
from overt.storage import KeyStore, Record

_ROOT = Path(__file__).parents[2]
_BEGAN = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
_EVENT = LogExported(size=0)


def _clock() -> Callable[[], datetime]:
    """Return a clock that goes on by a second each time it is read."""
    seconds = itertools.count()
    return lambda: _BEGAN + timedelta(seconds=next(seconds))


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[KeyStore]:
    store = KeyStore.open(tmp_path / "keys.sqlite3", master_from("local", tmp_path))
    yield store
    store.close()


@pytest.fixture
def record(tmp_path: Path, keys: KeyStore) -> Iterator[Record]:
    with Record.open(tmp_path / "record.sqlite3", keys) as opened:
        yield opened


@pytest.fixture
def log(record: Record, keys: KeyStore) -> Log:
    return Log(record, Signer.of(keys), clock=_clock())


def _write(log: Log, record: Record, *events: Event, by: str = "system") -> None:
    for event in events:
        with record.together():
            log.write(event, by)


def _leaves(record: Record) -> list[bytes]:
    return [leaf for _, leaf in record.journal.entries()]


def _verified(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        overt_verify.main([str(each) for each in arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def _refer(record: Record) -> str:
    """Change something in the record: a salt is a row like any other."""
    return record.journal.reference("words", "a change")


# --- with the change, or not at all ---------------------------------------------------------


def test_a_change_and_its_entry_are_there_together(log: Log, record: Record) -> None:
    with record.together():
        reference = _refer(record)
        index = log.write(_EVENT)

    assert index == 0
    assert record.journal.resolve(reference) == ("words", "a change")
    assert parse_leaf(_leaves(record)[0]).event == "log.exported"


def test_a_change_without_an_entry_is_refused(record: Record) -> None:
    """R-57: what is not on the log was not done."""
    references = []
    with pytest.raises(AuditError), record.together():
        references.append(_refer(record))

    assert record.journal.resolve(references[0]) is None
    assert record.journal.tree().size == 0


def test_an_error_leaves_neither_change_nor_entry(log: Log, record: Record) -> None:
    references = []
    with contextlib.suppress(ZeroDivisionError), record.together():
        references.append(_refer(record))
        log.write(_EVENT)
        raise ZeroDivisionError

    assert record.journal.resolve(references[0]) is None
    assert _leaves(record) == []
    assert record.journal.tree().size == 0


@pytest.mark.parametrize("event", [_EVENT, SignedIn(account="a")])
def test_an_entry_outside_a_transaction_is_refused(event: Event, log: Log, record: Record) -> None:
    with pytest.raises(AuditError):
        log.write(event)

    assert _leaves(record) == []


def test_what_json_cannot_carry_refuses_the_act(log: Log, record: Record) -> None:
    with pytest.raises(AuditError), record.together():
        log.write(LogExported(size=2**60))

    assert _leaves(record) == []


def test_entries_are_numbered_and_chained(log: Log, record: Record) -> None:
    _write(log, record, *[_EVENT] * 3)

    entries = [parse_leaf(leaf) for leaf in _leaves(record)]
    assert [each.index for each in entries] == [0, 1, 2]
    assert [each.previous for each in entries[1:]] == [
        hashed for hashed, _ in record.journal.entries(0, 2)
    ]
    assert entries[0].previous == bytes(32)


# --- salted references ----------------------------------------------------------------------

_PERSON, _SUBJECT = "account-of-jo-bloggs", "subject-of-sam-sample"
_REASON = "Because of what Sam said to Jo at Christmas"


def _alert(subject: str) -> AlertRaised:
    return AlertRaised(
        alert="a1",
        run="r1",
        camera="east",
        captured_at="2026-11-25T15:00:00.000000Z",
        watchlist="w1",
        subject=subject,
        comparison_score=0.61,
        normalised_score=4.25,
        threshold=3.9,
        pack="standard",
        crop_sha256="00" * 32,
    )


def _everything(log: Log, record: Record) -> None:
    moved = DeploymentMoved(
        deployment="d1",
        act="authorise",
        before="submitted",
        after="authorised",
        terms_sha256="00" * 32,
        reason=_REASON,
    )
    withdrawn = EntryWithdrawn(watchlist="w1", subject=_SUBJECT, reason=_REASON)
    refused = SignInRefused(name=_PERSON, why="unknown")
    _write(log, record, SignedIn(account=_PERSON), moved, _alert(_SUBJECT), by=_PERSON)
    _write(log, record, withdrawn, refused)


def test_no_leaf_holds_a_person_a_subject_or_a_free_text(log: Log, record: Record) -> None:
    """R-58: what names somebody stands in the log as a salted reference only."""
    _everything(log, record)

    leaves = b"\n".join(_leaves(record))
    for text in (_PERSON, _SUBJECT, _REASON):
        assert text.encode() not in leaves
    assert leaves.count(b"ref:") == 3 + 1 + 1 + 1 + 2 + 1


def test_the_same_person_has_the_same_reference_and_others_have_others(
    log: Log, record: Record
) -> None:
    _everything(log, record)

    entries = [parse_leaf(leaf) for leaf in _leaves(record)]
    assert entries[0].by == entries[1].by == entries[0].data["account"]
    assert entries[2].data["subject"] == entries[3].data["subject"]
    assert record.journal.resolve(entries[0].by) == ("person", _PERSON)
    # The same text as another kind of thing has another salt, and cannot be linked.
    assert entries[4].data["name"] != entries[0].by


def test_another_installation_has_other_references(
    log: Log, record: Record, keys: KeyStore, tmp_path: Path
) -> None:
    _everything(log, record)
    with Record.open(tmp_path / "other.sqlite3", keys) as other:
        _everything(Log(other, Signer.of(keys)), other)
        others = {parse_leaf(leaf).by for leaf in _leaves(other)} - {"system"}

    assert others.isdisjoint({parse_leaf(leaf).by for leaf in _leaves(record)})


def test_a_log_whose_persons_were_erased_still_verifies(
    log: Log, record: Record, tmp_path: Path
) -> None:
    """R-58: erasing a person's salt keeps every hash, and nobody can say any more who it was."""
    _everything(log, record)
    log.checkpoint()
    before = _leaves(record)
    reference = parse_leaf(before[0]).by
    with record.together():
        assert record.journal.erase_references("person", _PERSON) == 1
        log.write(_EVENT)
    log.checkpoint()

    assert record.journal.resolve(reference) is None
    assert _leaves(record)[: len(before)] == before
    assert _verified(record.path, "--key", log.verifier) == 0


# --- checkpoints ----------------------------------------------------------------------------


def test_an_empty_log_has_no_checkpoint(log: Log, record: Record) -> None:
    assert log.checkpoint() is None
    assert record.journal.checkpoints() == []


def test_a_checkpoint_is_signed_over_the_log_as_it_is(log: Log, record: Record) -> None:
    _write(log, record, *[_EVENT] * 3)
    made = log.checkpoint()

    [(size, note)] = record.journal.checkpoints()
    assert made is not None
    assert size == 3
    assert read_note(note, log.verifier) == made


def test_a_checkpoint_is_due_after_so_many_entries(
    log: Log, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-58: a checkpoint is signed after every N entries."""
    monkeypatch.setattr(log_module, "_EVERY_ENTRIES", 3)
    made = []
    for _ in range(8):
        _write(log, record, _EVENT)
        made.append(log.checkpoint_if_due() is not None)

    assert made == [False, False, True, False, False, True, False, False]
    assert [size for size, _ in record.journal.checkpoints()] == [3, 6]


def test_a_checkpoint_is_due_after_a_minute(
    log: Log, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-58: a checkpoint is signed at least every minute while something happens."""
    _write(log, record, _EVENT)
    assert log.checkpoint_if_due() is None

    monkeypatch.setattr(log_module, "_EVERY_S", 0.0)
    assert log.checkpoint_if_due() is not None
    monkeypatch.setattr(log_module, "_EVERY_S", 60.0)
    assert log.checkpoint_if_due() is None


def test_what_a_witness_missed_it_gets_with_the_next_checkpoint(
    record: Record, keys: KeyStore, tmp_path: Path
) -> None:
    folder = tmp_path / "share"
    log = Log(record, Signer.of(keys), FolderWitness(folder))
    _write(log, record, _EVENT)
    with pytest.raises(AuditError):
        log.checkpoint()
    folder.mkdir()
    _write(log, record, _EVENT)
    log.checkpoint()

    names = sorted(each.name for each in folder.iterdir())
    assert names == ["000000000001.txt", "000000000002.txt", "log.key"]
    assert _verified(record.path, "--retained", folder) == 0


def test_the_key_is_the_same_each_time(keys: KeyStore) -> None:
    assert Signer.of(keys).verifier == Signer.of(keys).verifier


# --- export ---------------------------------------------------------------------------------


def test_an_exported_log_is_found_intact(record: Record, keys: KeyStore, tmp_path: Path) -> None:
    """R-57: somebody outside can verify the log."""
    witness = tmp_path / "witness"
    witness.mkdir()
    log = Log(record, Signer.of(keys), FolderWitness(witness), _clock())
    _everything(log, record)
    log.checkpoint()
    _write(log, record, *[_EVENT] * 4)

    size = log.export(tmp_path / "export")

    assert size == 9
    assert _verified(tmp_path / "export", "--retained", witness) == 0
    assert _verified(record.path, "--key", log.verifier, "--retained", witness) == 0


def test_a_change_past_the_program_is_found(log: Log, record: Record, tmp_path: Path) -> None:
    _everything(log, record)
    log.export(tmp_path / "export")
    lines = tmp_path / "export" / "entries.log"
    lines.write_bytes(
        lines.read_bytes().replace(b'"comparison_score":0.61', b'"comparison_score":0.62')
    )

    assert _verified(tmp_path / "export") == 1


# --- the events -----------------------------------------------------------------------------

_EVENTS = list(every_event())


def test_a_tree_that_was_altered_takes_no_entry_and_is_not_signed(
    log: Log, record: Record, tmp_path: Path
) -> None:
    """R-58: nothing is built on an edge that cannot be the log's."""
    with record.together():
        log.write(_EVENT)
    with contextlib.closing(sqlite3.connect(tmp_path / "record.sqlite3")) as altered:
        altered.execute("UPDATE audit_tree SET frontier = x'00'")
        altered.commit()

    with pytest.raises(AuditError, match="not as it was written"), record.together():
        log.write(_EVENT)
    with pytest.raises(AuditError, match="not as it was written"):
        log.checkpoint()


@pytest.mark.parametrize("kind", _EVENTS, ids=lambda kind: kind.__name__)
def test_every_event_has_a_tag_and_says_what_it_is(kind: type[Event]) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*", kind.tag)
    assert kind.__doc__
    assert not kind.__doc__.startswith(kind.__name__), "a sentence, not what dataclass puts there"


def test_no_two_events_have_the_same_tag() -> None:
    assert len({kind.tag for kind in _EVENTS}) == len(_EVENTS) > 20


_EXAMPLES: dict[str, Callable[[], object]] = {
    "int": lambda: 7,
    "float": lambda: 0.25,
    "bool": lambda: True,
    "tuple[str, ...]": lambda: ("a", "b"),
}


@pytest.mark.parametrize("kind", _EVENTS, ids=lambda kind: kind.__name__)
def test_every_event_can_be_written_and_read(kind: type[Event], log: Log, record: Record) -> None:
    values = {
        field.name: _EXAMPLES.get(_name(field.type), lambda: "text")()
        for field in dataclasses.fields(kind)
    }
    _write(log, record, kind(**values))

    entry = parse_leaf(_leaves(record)[0])
    assert entry.event == kind.tag
    assert set(entry.data) == set(values)


@pytest.mark.parametrize("kind", _EVENTS, ids=lambda kind: kind.__name__)
def test_every_event_is_in_the_reference(kind: type[Event]) -> None:
    page = (_ROOT / "docs" / "reference" / "audit-events.md").read_text("utf-8")
    section = page.partition(f"## {kind.tag}\n")[2].partition("\n## ")[0]

    assert section
    for field in dataclasses.fields(kind):
        assert f"| `{field.name}` |" in section


def _name(annotation: object) -> str:
    return annotation.__name__ if type(annotation) is type else str(annotation)
