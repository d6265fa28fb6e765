"""The public notice in a browser: axe's rules, small screens, and what comes out on paper."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from inspection import too_wide, violations
from playwright.sync_api import Browser

from acts import a_scene, drafted
from overt.publication.notice import Notice, Standing, notice_of
from overt.publication.notice_pages import Kind, Paper, rendered

_LONG = "some words that say more about this than most would, as a long name of an office does, "


@pytest.fixture(scope="module")
def notice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notice]:
    with a_scene(tmp_path_factory.mktemp("home")) as scene:
        made = notice_of(drafted(scene), [])
        yield replace(made, standing=Standing.IN_FORCE, rank="superintendent")


@pytest.mark.parametrize(
    ("kind", "standing", "dark"),
    [
        (Kind.WEB, Standing.DRAFT, False),
        (Kind.WEB, Standing.IN_FORCE, True),
        (Kind.LEAFLET, Standing.DRAFT, False),
        (Kind.POSTER, Standing.DRAFT, False),
    ],
)
def test_everybody_can_read_a_notice(
    browser: Browser, notice: Notice, kind: Kind, standing: Standing, *, dark: bool
) -> None:
    """WCAG 2.2 AA as far as a program sees it; a page for paper is as wide as its paper."""
    page = browser.new_page(color_scheme="dark" if dark else "light")
    page.set_content(rendered(replace(notice, standing=standing), kind))

    assert violations(page) == []
    if kind is Kind.WEB:
        assert too_wide(page) == []
    page.close()


@pytest.mark.parametrize(
    ("kind", "paper", "sheets"),
    [
        (Kind.POSTER, Paper.A4, (1, 595, 842)),
        (Kind.POSTER, Paper.A2, (1, 1191, 1684)),
        (Kind.LEAFLET, Paper.A4, (2, 420, 595)),
    ],
)
def test_a_notice_fills_its_paper_and_no_more(
    browser: Browser, notice: Notice, kind: Kind, paper: Paper, sheets: tuple[int, int, int]
) -> None:
    printed = _printed(browser, rendered(notice, kind, paper=paper))

    assert printed == pytest.approx(sheets, abs=1)
    assert printed[0] == sheets[0]


def test_a_poster_that_has_much_to_say_stays_one_sheet(browser: Browser, notice: Notice) -> None:
    long = replace(
        notice,
        location=_LONG,
        use_case=_LONG * 2,
        controller=_LONG * 2,
        contact=_LONG * 2,
        complaints=_LONG * 2,
        privacy_notice=_LONG * 2,
    )

    assert _printed(browser, rendered(long, Kind.POSTER))[0] == 1


def _printed(browser: Browser, text: str) -> tuple[int, float, float]:
    """Print a page, and return how many sheets it takes and how large they are, in points."""
    page = browser.new_page()
    page.set_content(text)
    data = page.pdf(prefer_css_page_size=True, print_background=True)
    page.close()
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data)
    assert box
    return len(re.findall(rb"/Type /Page\b", data)), float(box[1]), float(box[2])
