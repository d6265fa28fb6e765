"""A report as PDF, by ReportLab: the sections of the page, with the same plots and tables.

The fonts are matplotlib's DejaVu, embedded, because the standard ones of PDF lack `≥` and
others. The file is the same for the same report: its date is the report's own.
"""

from collections.abc import Iterator
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import inch, mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import (
    Flowable,
    Image,
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    TableStyle,
)
from reportlab.platypus import Table as Grid

from overt.evaluation.plots import Plot, png, size_inches
from overt.evaluation.report import Report
from overt.evaluation.sections import title, told
from overt.evaluation.telling import Section, Table
from overt.reporting.files import write_whole

PDF_FILE = "report.pdf"

_FONT, _BOLD = "DejaVuSans", "DejaVuSans-Bold"
_MARGIN = 18 * mm
_WIDTH = A4[0] - 2 * _MARGIN
_INK, _FAINT, _HAIR = (colors.HexColor(c) for c in ("#10202e", "#4a5a68", "#cdd6de"))

_TEXT = ParagraphStyle("text", fontName=_FONT, fontSize=9, leading=13, textColor=_INK)
_SMALL = ParagraphStyle("small", _TEXT, fontSize=7.5, leading=10.5, textColor=_FAINT)
_CELL = ParagraphStyle("cell", _TEXT, fontSize=7.5, leading=10, splitLongWords=1)
_RIGHT = ParagraphStyle("right", _CELL, alignment=2)
_HEAD = ParagraphStyle("head", _CELL, fontName=_BOLD, textColor=_FAINT)
_HEAD_RIGHT = ParagraphStyle("head-right", _HEAD, alignment=2)
_CAPTION = ParagraphStyle("caption", _TEXT, fontName=_BOLD, spaceBefore=8, spaceAfter=3)
_H1 = ParagraphStyle("h1", _TEXT, fontName=_BOLD, fontSize=18, leading=23, spaceAfter=4)
_H2 = ParagraphStyle("h2", _TEXT, fontName=_BOLD, fontSize=13, leading=17, spaceBefore=16)


def render(report: Report) -> bytes:
    """Return the PDF."""
    stamp = report.stamp
    foot = f"Overt {stamp.overt} · pack {stamp.pack.pack_id} · data {report.data.sha256[:12]}"
    return document(title(report), told(report), foot, stamp.made_at)


def document(heading: str, sections: tuple[Section, ...], foot: str, lead: str = "") -> bytes:
    """Return sections as a PDF under one heading, with `foot` and a number on every page."""
    _register_fonts()
    written = BytesIO()
    template = SimpleDocTemplate(
        written,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=heading,
        author="Overt",
        lang="en-GB",
        invariant=1,  # no time of its own: the same report gives the same bytes
    )

    def below(canvas: Any, _: Any) -> None:
        canvas.setFont(_FONT, 7)
        canvas.setFillColor(_FAINT)
        canvas.drawString(_MARGIN, 10 * mm, foot)
        canvas.drawRightString(A4[0] - _MARGIN, 10 * mm, f"page {canvas.getPageNumber()}")

    story = [_paragraph(heading, _H1), _paragraph(lead, _SMALL)]
    story += [part for section in sections for part in _laid_out(section)]
    template.build(story, onFirstPage=below, onLaterPages=below)
    return written.getvalue()


def write_pdf(folder: Path, report: Report) -> Path:
    """Write the PDF into an evaluation's folder, for its owner only, and return its path.

    Raises:
        StorageError: it cannot be written.
    """
    path = folder / PDF_FILE
    write_whole(path, render(report))
    return path


def _register_fonts() -> None:
    fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"
    for name in (_FONT, _BOLD):
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, fonts / f"{name}.ttf"))


def _laid_out(section: Section) -> Iterator[Flowable]:
    parts = [[_paragraph(plot.caption, _CAPTION), _image(plot)] for plot in section.plots]
    parts += [list(_table(table)) for table in section.tables]
    first, *others = parts or [[]]
    said = [_paragraph(sentence, _TEXT) for sentence in section.sentences]
    # A heading stays with what comes first below it.
    yield KeepTogether([_paragraph(section.heading, _H2), Spacer(0, 4), *said, *first])
    for part in others:
        yield KeepTogether(part)


def _image(plot: Plot) -> Image:
    width, height = (side * inch for side in size_inches(plot))
    scale = min(1.0, _WIDTH / width)
    return Image(BytesIO(png(plot)), width * scale, height * scale)


def _table(table: Table) -> Iterator[Flowable]:
    head, cell = (_HEAD, _CELL) if table.words else (_HEAD_RIGHT, _RIGHT)
    rows = [
        [_paragraph(text, _HEAD if n == 0 else head) for n, text in enumerate(table.headings)],
        *(
            [_paragraph(text, _CELL if n == 0 else cell) for n, text in enumerate(row)]
            for row in table.rows
        ),
    ]
    grid = Grid(rows, colWidths=_column_widths(table), repeatRows=1, hAlign="LEFT")
    grid.setStyle(
        TableStyle(
            [
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, _HAIR),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("TOPPADDING", (0, 0), (-1, -1), 3),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
            ]
        )
    )
    yield _paragraph(table.caption, _CAPTION)
    yield grid
    if table.note:
        yield _paragraph(table.note, _SMALL)


def _column_widths(table: Table) -> list[float]:
    """Share the page's width by the longest text of each column, within limits."""
    longest = [
        min(max(len(row[n]) for row in (table.headings, *table.rows)), 60) + 4
        for n in range(len(table.headings))
    ]
    return [_WIDTH * length / sum(longest) for length in longest]


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(text, quote=False), style)
