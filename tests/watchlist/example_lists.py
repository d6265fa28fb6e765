"""Rules, a row and helpers that the tests of the watchlist room share."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

from PIL import Image

from overt.values import RGBImage
from overt.watchlist.rows import Row
from overt.watchlist.rules import ListRules

TODAY = date(2026, 7, 4)

RULES = ListRules(
    responses={"wanted": ("arrest", "call the owner"), "missing": ("safeguard",)},
    sources={"custody": frozenset(), "family": frozenset({"missing"})},
    most_references=1_000,
)

GOOD_ROW = Row(
    2,
    reference_id="R-1",
    subject_id="S-1",
    name="Drawn Person 001",
    picture="one.png",
    category="wanted",
    reason="warrant of 1 May 2026",
    lawful_basis="Police and Criminal Evidence Act 1984, section 24",
    picture_source="custody",
    picture_date="2025-11-30",
    added_by="PC 1234",
    expected_response="arrest",
)


def numbered(rows: Sequence[Row]) -> list[Row]:
    """Number rows as a file's are, from 2."""
    return [replace(row, number=number) for number, row in enumerate(rows, 2)]


def save(path: Path, image: RGBImage) -> None:
    """Write a picture in the format its ending names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


def changed(row: Row, **cells: str) -> Row:
    """Return `row` with other text in some of its cells."""
    return Row(**{**asdict(row), **cells})
