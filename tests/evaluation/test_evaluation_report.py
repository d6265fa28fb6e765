"""The report's file is read as it was written, and its page serves whoever reads it."""

import re
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from example_reports import example_report

from overt.errors import ConfigurationError, StorageError
from overt.evaluation import report as report_module
from overt.evaluation.pages import render, write_page
from overt.evaluation.report import (
    REPORT_FILE,
    SCHEMA,
    Estimate,
    Report,
    Share,
    finite,
    from_json,
    read_report,
    to_json,
)
from overt.evaluation.sections import told
from overt.evaluation.telling import estimate
from overt.rates import Rate


@pytest.fixture(scope="module")
def report() -> Report:
    whole = example_report()
    return replace(whole, open_set=whole.open_set[:1])


@pytest.fixture(scope="module")
def file(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(tmp_path_factory.mktemp("home") / "new", report)


@pytest.fixture(scope="module")
def page(file: Path) -> str:
    return file.read_text("utf-8")


def test_a_report_is_read_as_it_was_written(report: Report) -> None:
    assert from_json(to_json(report)) == report
    assert to_json(from_json(to_json(report))) == to_json(report)


def test_parts_that_were_not_done_are_read_as_not_done(report: Report) -> None:
    bare = replace(
        report, verification=None, closed_set=(), open_set=(), groups=None, label_errors=None
    )

    assert from_json(to_json(bare)) == bare
    assert [section.key for section in told(bare)] == ["in-short", "data", "limits", "stamp"]


def test_what_is_no_number_is_written_as_nothing() -> None:
    assert finite(float("nan")) is None
    assert finite(float("-inf")) is None
    assert finite(0.0) == 0.0
    assert Share.told(Rate(0, 0)) == Share(0, 0, None, 0.0, 1.0)


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{}", b'{"schema": "overt.evaluation.report/999"}', b"\xff\xfe"]
)
def test_what_is_no_report_of_this_schema_is_refused(text: bytes) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(SCHEMA)):
        from_json(text)


def test_a_damaged_report_names_the_place(report: Report) -> None:
    text = to_json(report).replace(b'"photographs": 1200', b'"photographs": "many"')

    with pytest.raises(ConfigurationError, match=r"damaged: data\.photographs"):
        from_json(text)


def test_a_folder_without_a_report_says_so(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no evaluation"):
        read_report(tmp_path)

    (tmp_path / REPORT_FILE).write_bytes(to_json(example_report()))
    assert read_report(tmp_path) == example_report()


def test_only_dates_and_times_differ_between_two_runs(report: Report) -> None:
    later = replace(
        report,
        stamp=replace(report.stamp, made_at="2027-01-01", seconds={"a": 1.0}, peak_memory_mib=1),
    )

    assert later != report
    assert later.repeatable() == report.repeatable()


def test_two_pages_of_one_report_are_the_same(report: Report) -> None:
    short = replace(report, open_set=(), closed_set=(), verification=None)

    assert render(short) == render(short)


def test_the_page_needs_nothing_beside_it(page: str, file: Path) -> None:
    """Nothing is fetched; text from outside is text."""
    assert not re.findall(r'(?:src|href)="(?!#)(?!http://www\.w3\.org)[^"]*"', page)
    assert "<script" not in page
    assert "drawn <people>" not in page
    assert "drawn &lt;people&gt; &amp; others" in page
    assert file.stat().st_mode & 0o777 == 0o600


class _Looked(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.levels: list[int] = []
        self.unscoped = 0
        self.drawings: list[dict[str, str | None]] = []
        self.tables = self.captions = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [str(given["id"])] if "id" in given else []
        self.levels += [int(tag[1])] if re.fullmatch(r"h[1-6]", tag) else []
        self.unscoped += tag == "th" and "scope" not in given
        self.drawings += [given] if tag == "svg" else []
        self.tables += tag == "table"
        self.captions += tag == "caption"


def test_the_page_can_be_heard_and_found_through(page: str, report: Report) -> None:
    """R-41: headings in order, a caption for each table, words for each drawing."""
    looked = _Looked()
    looked.feed(page)

    assert len(looked.ids) == len(set(looked.ids))
    assert looked.levels == [1] + [2] * len(told(report))
    assert looked.tables == looked.captions > 10
    assert looked.unscoped == 0
    assert len(looked.drawings) == 5
    assert all(each["role"] == "img" and each["aria-label"] for each in looked.drawings)


def test_every_plot_has_its_numbers_in_a_table_of_its_section(report: Report) -> None:
    assert all(section.tables for section in told(report) if section.plots)


def test_the_page_is_light_or_dark_as_the_reader_has_it(page: str) -> None:
    assert "color-scheme: light dark" in page
    drawn = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert all("var(--text)" in each and "var(--series-0)" in each for each in drawn)
    assert not any(re.search(r"#0102|#fefdfc", each) for each in drawn)


def test_a_group_that_is_too_small_is_given_no_rate(report: Report) -> None:
    tables = next(section for section in told(report) if section.key == "groups").tables
    false_alerts = {row[0]: row[1:] for row in tables[1].rows}

    assert false_alerts["C"] == ("4", "12", "insufficient", "\N{EN DASH}")
    assert "31 of 1,000" in false_alerts["B"][2]
    assert tables[-1].rows[-1][1:3] == ("insufficient", "insufficient")


def test_the_stamp_says_what_made_the_report(page: str, report: Report) -> None:
    for said in (
        report.stamp.pack.pack_id,
        report.stamp.pack.files[0].sha256,
        report.data.sha256,
        report.stamp.command,
        "commit unknown",
        "example 1",
    ):
        assert said in page


def test_an_interval_that_could_not_be_had_is_left_out() -> None:
    assert estimate(Estimate(0.5)) == "0.500"
    assert len(estimate(Estimate(None))) == 1


def test_the_reference_names_every_field() -> None:
    """And the schema, so that a change of either is not forgotten."""
    page = (Path(__file__).parents[2] / "docs/reference/evaluation-report.md").read_text("utf-8")
    kinds = [each for each in vars(report_module).values() if is_dataclass(each)]
    named = {field.name for kind in kinds for field in fields(kind)}

    assert len(kinds) > 20
    assert SCHEMA in page
    assert sorted(name for name in named if f"`{name}`" not in page) == []
