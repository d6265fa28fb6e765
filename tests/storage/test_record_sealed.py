"""Who holds the record without its keys learns nobody's name, face or template from it."""

import base64
import json
import sqlite3
import stat
from contextlib import closing
from dataclasses import asdict, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from example_records import (
    NOON,
    a_key_store,
    a_record,
    a_watchlist,
    begun,
    raised,
    recorded,
    saved,
)
from overt.errors import SealingError, StorageError
from overt.storage import Inclusion, Record
from overt.values import Alert, Subject, Watchlist

ONE, OTHER = "cd" * 32, "ef" * 32


def a_list(watchlist_id: str) -> Watchlist:
    """A list of words that stand nowhere else in the record."""
    plain = a_watchlist(watchlist_id)
    words = {
        field.name: f"{field.name} of nobody"
        for field in fields(Subject)
        if field.name != "subject_id"
    }
    return replace(plain, subjects=tuple(replace(each, **words) for each in plain.subjects))


def execute(path: Path, statement: str, *values: Any) -> list[Any]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return connection.execute(statement, values).fetchall()


def everything_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


def as_kept(content: bytes) -> list[bytes]:
    """Return pieces of a content in each form in which it could lie about."""
    text = base64.b64encode(content)
    whole = [content, text, content.hex().encode()]
    return [form[at : at + 24] for form in whole for at in range(0, max(len(form) - 23, 1), 96)]


def known_of(watchlist: Watchlist) -> list[bytes]:
    """Return what must not be found: names, ids, reasons, templates and pictures."""
    words = [
        value
        for subject in watchlist.subjects
        for name, value in asdict(subject).items()
        if name != "subject_id"
    ]
    # Ids this short turn up by chance, and are looked for as JSON would write them.
    ids = [json.dumps(subject.subject_id) for subject in watchlist.subjects]
    ids += [json.dumps(reference.reference_id) for reference in watchlist.references]
    pieces = [
        piece
        for reference in watchlist.references
        for content in (reference.template.tobytes(), reference.picture_jpeg)
        for piece in as_kept(content)
    ]
    return [*(word.encode() for word in (*words, *ids)), *pieces]


def known_of_alert(alert: Alert) -> list[bytes]:
    names = [json.dumps(alert.candidate.subject_id), json.dumps(alert.candidate.reference_id)]
    return [*(name.encode() for name in names), *as_kept(alert.crop_jpeg)]


def found(secrets: list[bytes], content: bytes) -> list[bytes]:
    return [secret for secret in secrets if secret in content]


@pytest.fixture
def listed(home: Path) -> Any:
    """A record with two lists and an alert against one of them."""
    with a_record(home) as record:
        saved(record, a_list(ONE))
        saved(record, a_list(OTHER))
        raised(record, begun(record))
        yield record


def test_nothing_that_shows_somebody_stands_in_the_files_as_it_is(
    listed: Record, home: Path
) -> None:
    """R-39: references, templates, crops and who is listed are sealed in every file."""
    alert = listed.alerts.of_run()[0].alert
    secrets = known_of(a_list(ONE)) + known_of_alert(alert)
    print(f"{len(secrets)} pieces looked for in {len(everything_in(home)):,} bytes")
    assert len(secrets) > 100
    assert found(secrets, everything_in(home)) == []
    listed.erase_traces()
    assert found(secrets, everything_in(home)) == []
    plain = json.dumps(asdict(a_list(ONE).subjects[0])).encode()
    assert found(secrets, plain), "they would be found"


def test_no_two_lists_show_that_they_list_the_same(listed: Record, home: Path) -> None:
    path = home / "overt.sqlite3"
    for table in ("watchlist_subjects", "watchlist_references"):
        rows = execute(path, f"SELECT * FROM {table} ORDER BY watchlist_id, position")  # noqa: S608
        half = len(rows) // 2
        for one, other in zip(rows[:half], rows[half:], strict=True):
            same = {value for value in one if isinstance(value, str | bytes)} & set(other)
            assert same <= {"standard@1"}


SEALED = [
    ("watchlist_subjects", "sealed_facts"),
    ("watchlist_references", "sealed_facts"),
    ("watchlist_references", "sealed_template"),
    ("watchlist_references", "sealed_picture"),
]


def swap(path: Path, table: str, column: str, one: str, other: str) -> None:
    """Exchange what two rows hold in a column."""
    query = f"SELECT {column} FROM {table} WHERE {{}}"  # noqa: S608
    ((first,),) = execute(path, query.format(one))
    ((second,),) = execute(path, query.format(other))
    for value, row in ((second, one), (first, other)):
        execute(path, f"UPDATE {table} SET {column} = ? WHERE {row}", value)  # noqa: S608


@pytest.mark.parametrize(("table", "column"), SEALED)
def test_sealed_values_swapped_between_two_rows_are_refused(
    listed: Record, home: Path, table: str, column: str
) -> None:
    """R-39: a template cannot be given another's name, nor a picture another's template."""
    here = f"watchlist_id = '{ONE}' AND position = "
    swap(home / "overt.sqlite3", table, column, here + "0", here + "1")
    with pytest.raises(SealingError, match="changed, moved"):
        listed.watchlists.load(ONE)
    assert listed.watchlists.load(OTHER) is not None


@pytest.mark.parametrize(("table", "column"), SEALED)
def test_sealed_values_swapped_between_two_lists_are_refused(
    listed: Record, home: Path, table: str, column: str
) -> None:
    """R-39: each list has a key of its own, and its entries are bound to it."""
    swap(
        home / "overt.sqlite3",
        table,
        column,
        f"watchlist_id = '{ONE}' AND position = 0",
        f"watchlist_id = '{OTHER}' AND position = 0",
    )
    for each in (ONE, OTHER):
        with pytest.raises(SealingError):
            listed.watchlists.load(each)


@pytest.mark.parametrize(
    ("column", "other"),
    [
        ("sealed_facts", "sealed_template"),
        ("sealed_facts", "sealed_picture"),
        ("sealed_template", "sealed_picture"),
    ],
)
def test_sealed_values_swapped_between_two_columns_are_refused(
    listed: Record, home: Path, column: str, other: str
) -> None:
    execute(
        home / "overt.sqlite3",
        f"UPDATE watchlist_references SET {column} = {other}, {other} = {column}",  # noqa: S608
    )
    with pytest.raises(SealingError):
        listed.watchlists.load(ONE)


@pytest.mark.parametrize("one", ["key", "row"])
def test_a_whole_row_moved_to_another_list_or_entry_is_refused(
    listed: Record, home: Path, one: str
) -> None:
    path = home / "overt.sqlite3"
    if one == "key":  # the other list's key in place of its own
        keys = "(SELECT key_id FROM watchlists WHERE watchlist_id = ?)"
        execute(
            path,
            f"UPDATE watchlists SET key_id = {keys} WHERE watchlist_id = ?",  # noqa: S608
            OTHER,
            ONE,
        )
    else:
        execute(path, "DELETE FROM watchlist_references WHERE watchlist_id = ?", ONE)
        execute(path, "UPDATE watchlist_references SET watchlist_id = ?", ONE)
    with pytest.raises(SealingError):
        listed.watchlists.load(ONE)


@pytest.mark.parametrize(
    "change",
    [
        "pack_id = 'standard@2'",
        "entry = entry || '0'",
        "sealed_template = substr(sealed_template, 1, length(sealed_template) - 1)",
        "sealed_template = CAST(x'02' || substr(sealed_template, 2) AS BLOB)",
        "sealed_picture = x''",
    ],
)
def test_a_row_changed_from_outside_is_refused(listed: Record, home: Path, change: str) -> None:
    """R-39: a template is bound to its list, its entry and the pack that made it."""
    execute(home / "overt.sqlite3", f"UPDATE watchlist_references SET {change}")  # noqa: S608
    with pytest.raises(SealingError):
        listed.watchlists.load(ONE)


def test_a_template_of_another_length_than_written_is_refused(listed: Record, home: Path) -> None:
    execute(home / "overt.sqlite3", "UPDATE watchlist_references SET template_dimension = 64")
    with pytest.raises(StorageError, match="damaged"):
        listed.watchlists.load(ONE)


@pytest.mark.parametrize("column", ["sealed_crop", "sealed_candidates", "key_id"])
def test_what_one_alert_holds_does_not_open_as_anothers(
    listed: Record, home: Path, column: str
) -> None:
    second = raised(listed, begun(listed))
    first = next(each for each in listed.alerts.of_run() if each != second)
    one, other = (f"alert_id = '{each.alert.alert_id}'" for each in (first, second))
    swap(home / "overt.sqlite3", "alerts", column, one, other)
    for each in (first, second):
        with pytest.raises(SealingError):
            listed.alerts.find(each.alert.alert_id)
    assert listed.alerts.place(first.alert.alert_id).number == 1, "it can still be erased"


# --- destruction ----------------------------------------------------------------------------


def test_a_list_whose_key_is_destroyed_cannot_be_loaded(listed: Record) -> None:
    """R-39: destroying the key destroys the list."""
    facts = listed.watchlists.facts(ONE)
    assert facts is not None
    listed.keys.destroy([facts.key_id])
    with pytest.raises(SealingError, match="destroyed"):
        listed.watchlists.load(ONE)
    assert listed.watchlists.enrolled(ONE, "R-1") is None
    assert listed.watchlists.withdrawn(ONE) == frozenset()
    assert listed.watchlists.load(OTHER) is not None, "others have their own"


def test_a_backup_restored_after_destruction_opens_nothing_of_the_list(
    listed: Record, home: Path, tmp_path: Path
) -> None:
    """R-39: destroying the key destroys the list in backups too; keys are in no backup."""
    copy = tmp_path / "elsewhere" / "overt.sqlite3"
    listed.back_up(copy)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    alert = listed.alerts.of_run()[0]
    place = listed.alerts.place(alert.alert.alert_id)
    facts = listed.watchlists.facts(ONE)
    assert facts is not None
    key = listed.keys.key(facts.key_id).reveal()
    assert key not in copy.read_bytes()
    listed.keys.destroy([facts.key_id, place.key_id])

    secrets = known_of(a_list(ONE)) + known_of_alert(alert.alert)
    with a_key_store(home) as keys, Record.open(copy, keys) as restored:
        assert restored.watchlists.facts(ONE) == facts
        for read in (
            lambda: restored.watchlists.load(ONE),
            lambda: restored.alerts.find(alert.alert.alert_id),
            restored.alerts.of_run,
        ):
            with pytest.raises(SealingError, match="destroyed"):
                read()
        assert restored.watchlists.load(OTHER) is not None, "what stands is restored"
    assert found(secrets, everything_in(copy.parent)) == []


def test_a_backup_is_the_record_at_one_moment_and_replaces_nothing(
    listed: Record, home: Path, tmp_path: Path
) -> None:
    listed.back_up(tmp_path / "copy")
    begun(listed)
    with a_key_store(home) as keys, Record.open(tmp_path / "copy", keys) as copy:
        assert len(copy.runs.all()) == 1
        assert copy.alerts.of_run() == listed.alerts.of_run()
    with pytest.raises(StorageError, match="there already"):
        listed.back_up(tmp_path / "copy")


# --- withdrawal and inclusion ---------------------------------------------------------------


def test_a_withdrawn_subject_is_on_the_list_no_more(listed: Record) -> None:
    with recorded(listed):
        assert listed.watchlists.withdraw(ONE, "S-1", NOON + timedelta(hours=1))
        assert not listed.watchlists.withdraw(ONE, "S-1", NOON + timedelta(hours=2))
        assert not listed.watchlists.withdraw(ONE, "S-99", NOON)
        assert not listed.watchlists.withdraw("none-such", "S-1", NOON)
    loaded = listed.watchlists.load(ONE)
    assert loaded is not None
    assert [subject.subject_id for subject in loaded.subjects] == ["S-2"]
    assert {reference.subject_id for reference in loaded.references} == {"S-2"}
    assert listed.watchlists.withdrawn(ONE) == {"S-1"}
    assert listed.watchlists.is_withdrawn(ONE, "S-1")
    assert not listed.watchlists.is_withdrawn(ONE, "S-2")
    assert listed.watchlists.withdrawn(OTHER) == frozenset()
    shown = listed.watchlists.enrolled(ONE, "R-1")
    assert shown is not None, "an alert raised before can still be shown"


def test_that_somebody_was_listed_outlives_the_list_without_a_picture(
    listed: Record, home: Path
) -> None:
    """R-23: an inclusion record outlives the list, and shows nobody."""
    with recorded(listed):
        listed.watchlists.withdraw(ONE, "S-1", NOON + timedelta(hours=1))
        listed.watchlists.remove(ONE, NOON + timedelta(hours=4))
    here = {"deployment": "High Street, Saturday", "listed_from": NOON}
    assert sorted(listed.watchlists.inclusions_of("S-1"), key=lambda each: each.watchlist_id) == [
        Inclusion(watchlist_id=ONE, pictures=2, listed_until=NOON + timedelta(hours=1), **here),  # type: ignore[arg-type]
        Inclusion(watchlist_id=OTHER, pictures=2, listed_until=None, **here),  # type: ignore[arg-type]
    ]
    until = {each.watchlist_id: each for each in listed.watchlists.inclusions_of("S-2")}
    assert until[ONE].listed_until == NOON + timedelta(hours=4)
    assert listed.watchlists.inclusions_of("S-99") == []
    rows = execute(home / "overt.sqlite3", "SELECT * FROM inclusions")
    assert len(rows) == 4
    assert "S-1" not in str(rows)


def test_the_same_list_can_be_saved_again_after_it_was_destroyed(listed: Record) -> None:
    with recorded(listed):
        assert listed.watchlists.remove(ONE, NOON + timedelta(hours=4))
    facts = saved(listed, a_list(ONE), imported_at=NOON + timedelta(days=7))
    assert listed.watchlists.facts(ONE) == facts
    ((first, again),) = [
        [each for each in listed.watchlists.inclusions_of("S-1") if each.watchlist_id == ONE]
    ]
    assert (first.listed_until, again.listed_until) == (NOON + timedelta(hours=4), None)


def test_what_is_known_of_a_list_is_kept_and_changed(listed: Record) -> None:
    facts = listed.watchlists.facts(ONE)
    assert facts is not None
    with recorded(listed):
        listed.watchlists.update(ONE, approved_by="another", approved_at=NOON)
    approved = replace(facts, approved_by="another", approved_at=NOON)
    assert listed.watchlists.facts(ONE) == approved
    assert {each.watchlist_id for each in listed.watchlists.all_facts()} == {ONE, OTHER}


def test_a_list_is_loaded_without_its_pictures_where_nobody_looks(listed: Record) -> None:
    loaded = listed.watchlists.load(ONE, pictures=False)
    assert loaded is not None
    assert [reference.picture_jpeg for reference in loaded.references] == [b"", b"", b""]
