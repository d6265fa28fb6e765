"""The privacy page says what the record holds, and the record has no place for anything else."""

import re

import pytest
from pages import ROOT, rows, section
from sqlalchemy import LargeBinary, Table

from overt.storage.keystore import _data_keys
from overt.storage.tables import metadata

_PAGE = (ROOT / "docs" / "explanation" / "privacy.md").read_text("utf-8")

_SEALED = {
    "accounts": {"sealed_totp_secret"},
    "deployments": {"sealed_file", "sealed_appraisal"},
    "watchlist_subjects": {"sealed_facts"},
    "watchlist_references": {"sealed_facts", "sealed_template", "sealed_picture"},
    "alerts": {"sealed_candidates", "sealed_crop"},
    "audit_references": {"sealed_content"},
}
"""Every column of ciphertext. Whatever could show a face or a name stands in one of these."""

_OF_THE_LOG = {
    "audit_entries": {"leaf", "leaf_hash"},
    "audit_tree": {"frontier"},
    "audit_references": {"salt"},
}
"""Bytes that are not sealed: the log's own, which hold no person, face or free text."""

_SHOWS_SOMEBODY = re.compile(r"template|picture|crop|face|portrait|image|photo|jpeg|subject_id")
_MEASURES = {"template_dimension", "pictures"}
"""Numbers: how long a template is, and of how many pictures somebody was listed."""


def _tables() -> list[Table]:
    return list(metadata.tables.values())


def test_the_page_lists_every_table_of_the_record_and_no_other() -> None:
    """R-35: there is no table of unlisted faces, of tracks or of passers-by."""
    listed = [name.strip("`") for name, _, _ in rows(section(_PAGE, "The record's tables"), 3)]

    assert sorted(listed) == sorted(metadata.tables)


@pytest.mark.parametrize("table", _tables(), ids=str)
def test_only_references_and_alerts_can_hold_a_face(table: Table) -> None:
    """Bytes are ciphertext or the log's own; R-39: what holds a face or a name is ciphertext."""
    held = {column.name for column in table.columns if isinstance(column.type, LargeBinary)}

    sealed = {name for name in held if name.startswith("sealed_")}
    assert sealed == _SEALED.get(str(table), set())
    assert held - sealed == _OF_THE_LOG.get(str(table), set())


@pytest.mark.parametrize("table", _tables(), ids=str)
def test_what_is_called_sealed_is_bytes(table: Table) -> None:
    for column in table.columns:
        if column.name.startswith("sealed"):
            assert isinstance(column.type, LargeBinary), f"{column} cannot hold ciphertext"


@pytest.mark.parametrize("table", _tables(), ids=str)
def test_no_column_that_is_not_sealed_is_named_for_a_face_or_who_is_listed(table: Table) -> None:
    """R-39: neither a template nor a picture nor who it is of has a plain column to stand in."""
    plain = [column.name for column in table.columns if not column.name.startswith("sealed_")]

    assert [name for name in plain if _SHOWS_SOMEBODY.search(name) and name not in _MEASURES] == []


@pytest.mark.parametrize("name", ["watchlist_subjects", "watchlist_references"])
def test_a_list_says_who_is_on_it_in_sealed_columns_only(name: str) -> None:
    """What stands beside them are pseudonyms, an order, and when somebody was withdrawn."""
    plain = {column.name for column in metadata.tables[name].columns} - _SEALED[name]

    beside = {"watchlist_id", "entry", "position", "withdrawn_at", "pack_id", "template_dimension"}
    assert plain <= beside


def test_the_record_has_no_place_for_a_key() -> None:
    """R-39: keys lie in a file of their own, so that no backup of the record holds one."""
    columns = [column for table in _tables() for column in table.columns]

    assert not [column for column in columns if "wrapped" in column.name]
    assert _data_keys.name not in metadata.tables
    assert {column.name for column in columns if "key" in column.name} == {"key_id", "key_ids"}
