"""How pages are written. A bold lead-in counts as a heading, not as a sentence."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from pages import PAGES, ROOT, name_of, prose

_OURS = [page for page in PAGES if page.parent != ROOT / "docs" / "reference"]
_AMERICAN = re.compile(r"\b(colors?|behaviors?|licensed? under|organiz\w+|center(?:ed)?)\b")


@pytest.mark.parametrize("page", _OURS, ids=name_of)
def test_prose_has_one_sentence_a_line(page: Path) -> None:
    several = re.findall(r"^.*[a-z)%][.!?] [A-Z].*$", prose(page.read_text("utf-8")), re.MULTILINE)

    assert several == []


@pytest.mark.parametrize("page", _OURS, ids=name_of)
def test_every_page_has_one_title_and_no_step_is_left_out_below_it(page: Path) -> None:
    levels = [
        len(mark) for mark in re.findall(r"^(#+) ", prose(page.read_text("utf-8")), re.MULTILINE)
    ]

    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_spelling_is_british(page: Path) -> None:
    assert _AMERICAN.findall(prose(page.read_text("utf-8"))) == []


def test_decision_records_have_their_parts_and_are_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    records = sorted(folder.glob("[0-9]*.md"))
    listed = (folder / "README.md").read_text("utf-8")

    assert [int(page.name[:4]) for page in records] == list(range(1, len(records) + 1))
    for page in records:
        text = page.read_text("utf-8")
        assert text.startswith(f"# {page.name[:4]}: ")
        assert "\nStatus: " in text
        assert f"]({page.name})" in listed
        for part in ("Context", "What was measured", "Decision", "Consequences"):
            assert f"\n## {part}\n" in text, f"{page.name} has no {part}"
