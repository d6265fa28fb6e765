"""The PDF holds what the page holds, in fonts of its own, and is the same for the same report."""

import re
import zlib
from base64 import a85decode
from dataclasses import replace
from pathlib import Path

import pytest
from example_reports import example_report

from overt.evaluation.pdf import document, write_pdf
from overt.evaluation.report import Report
from overt.evaluation.sections import told
from overt.evaluation.telling import Section, Table


@pytest.fixture(scope="module")
def report() -> Report:
    """Without the parts that take longest to draw."""
    whole = example_report()
    return replace(whole, open_set=whole.open_set[:1], closed_set=(), verification=None)


@pytest.fixture(scope="module")
def pdf(report: Report, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_pdf(tmp_path_factory.mktemp("evaluation"), report).read_bytes()


def test_it_is_a_pdf_with_embedded_fonts_and_a_picture_for_each_plot(
    pdf: bytes, report: Report
) -> None:
    plots = sum(len(section.plots) for section in told(report))

    assert pdf.startswith(b"%PDF-")
    assert pdf.rstrip().endswith(b"%%EOF")
    assert b"/FontFile2" in pdf
    assert len(re.findall(rb"/Subtype /Image", pdf)) == plots > 2


def test_the_same_sections_give_the_same_bytes() -> None:
    sections = (
        Section("a", "A ≥ b", ("FPIR ≥ 1 %",), (), (Table("t", ("a", "b"), (("1", "2"),)),)),
    )

    assert document("title", sections, "foot") == document("title", sections, "foot")


def test_text_from_outside_is_text_and_long_tables_run_over_pages() -> None:
    rows = tuple((f"person <b>{n}</b> & co", "x" * 400) for n in range(60))
    sections = (Section("a", "<i>", (), (), (Table("t", ("a", "b"), rows, words=True),)),)

    made = document("<title> & 'more'", sections, "foot & <foot>")

    assert len(re.findall(rb"/Type /Page\b", made)) > 2
    assert _words(made)


def test_a_report_without_measurements_can_be_printed(tmp_path: Path, report: Report) -> None:
    bare = replace(report, open_set=(), groups=None, label_errors=None)

    assert write_pdf(tmp_path, bare).stat().st_size > 10_000


def _words(made: bytes) -> list[bytes]:
    """Return what the pages' streams draw as text."""
    found = re.findall(
        rb"ASCII85Decode /FlateDecode[^>]*>>\s*stream\s(.*?)endstream", made, re.DOTALL
    )
    texts = [zlib.decompress(a85decode(b"<~" + each.strip(), adobe=True)) for each in found]
    return [text for each in texts for text in re.findall(rb"\((.*?)\) Tj", each)]
