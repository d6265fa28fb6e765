"""The privacy page says what the record holds, and the record has no place for anything else."""

import pytest
from pages import ROOT, rows, section

from overt.storage.tables import metadata

_PAGE = (ROOT / "docs" / "explanation" / "privacy.md").read_text("utf-8")
_BIOMETRIC = {"template", "picture_jpeg", "crop_jpeg"}


def test_the_page_lists_every_table_of_the_record_and_no_other() -> None:
    """R-35: there is no table of unlisted faces, of tracks or of passers-by."""
    listed = [name.strip("`") for name, _, _ in rows(section(_PAGE, "The record's tables"), 3)]

    assert sorted(listed) == sorted(metadata.tables)


@pytest.mark.parametrize("table", metadata.tables.values(), ids=str)
def test_only_references_and_alerts_can_hold_a_face(table: object) -> None:
    columns = {column.name: column for column in metadata.tables[str(table)].columns}
    blobs = {name for name, column in columns.items() if "BLOB" in str(column.type)}

    assert blobs <= _BIOMETRIC
    assert not blobs or str(table) in {"watchlist_references", "alerts"}
