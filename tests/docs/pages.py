"""The documentation as the tests read it: every page, and what kind of text is where on it."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
"""Every page, those in the root included."""

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")


def name_of(page: Path) -> str:
    """Return a page's path from the root, for the names of tests."""
    return str(page.relative_to(ROOT))


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """Yield the language (or nothing) and the content of each fenced block."""
    for fence in _FENCE.finditer(text):
        yield fence[1], fence[2]


def without_blocks(text: str) -> str:
    """Return a page's text without its fenced blocks."""
    return _FENCE.sub("", text)


def inline_code(text: str) -> list[str]:
    """Return what stands between single backticks outside of fenced blocks."""
    return _INLINE.findall(without_blocks(text))


def prose(text: str) -> str:
    """Return a page's text without blocks, code and tables."""
    return re.sub(r"`[^`\n]*`|^\|.*$", "", without_blocks(text), flags=re.MULTILINE)


def rows(text: str, columns: int) -> list[list[str]]:
    """Return the cells of every table row of so many columns; heads and rules are left out."""
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    rules = {at for at, row in enumerate(cells) if all(set(cell) <= set("-: ") for cell in row)}
    heads = {at - 1 for at in rules}
    return [row for at, row in enumerate(cells) if len(row) == columns and at not in rules | heads]


def section(text: str, heading: str) -> str:
    """Return what stands under a heading, up to the next one of any level."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"there is no heading {heading!r}"
    return found[1]
