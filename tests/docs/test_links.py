"""No link in the documentation leads nowhere."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from pages import PAGES, ROOT, name_of, without_blocks

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_PAGE_NAMED_IN_CODE = re.compile(r"\b(docs/[\w./-]+\.(?:md|png))\b")


def _anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", without_blocks(page.read_text("utf-8")), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


def _leads_nowhere(page: Path, link: str) -> bool:
    path, _, anchor = unquote(link).partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.is_relative_to(ROOT) or not target.exists():
        return True
    return bool(anchor) and anchor not in _anchors(target)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    links = _LINK.findall(without_blocks(page.read_text("utf-8")))

    assert [link for link in links if "://" not in link and _leads_nowhere(page, link)] == []


def test_every_page_is_linked_from_another() -> None:
    linked = {
        (page.parent / unquote(link).partition("#")[0]).resolve()
        for page in PAGES
        for link in _LINK.findall(without_blocks(page.read_text("utf-8")))
        if "://" not in link
    }

    assert [
        name_of(page) for page in PAGES if page not in linked and page.name != "README.md"
    ] == []


def test_every_page_that_the_code_names_is_there() -> None:
    """Messages send people to pages, and so do comments."""
    sources = [*(ROOT / "src").rglob("*.py"), *(ROOT / "src").rglob("*.toml")]
    named = {
        (found, name_of(source))
        for source in sources
        for found in _PAGE_NAMED_IN_CODE.findall(source.read_text("utf-8"))
    }

    assert len(named) > 3
    assert [pair for pair in sorted(named) if not (ROOT / pair[0]).is_file()] == []
