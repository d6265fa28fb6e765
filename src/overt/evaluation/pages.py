"""A report as one HTML page: nothing beside it, readable by light, by dark, on paper and aloud."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from overt.evaluation.plots import Plot, svg
from overt.evaluation.report import Report
from overt.evaluation.sections import title, told
from overt.evaluation.telling import Section
from overt.reporting.files import write_whole

PAGE_FILE = "report.html"


@dataclass(frozen=True, slots=True)
class _Figure:
    caption: str
    drawing: Markup


def render(report: Report) -> str:
    """Return the page."""
    return page(title(report), told(report), _lead(report))


def page(heading: str, sections: tuple[Section, ...], lead: str = "") -> str:
    """Return sections as a page under one heading; `lead` stands below it."""
    figures = {section.key: tuple(_figures(section)) for section in sections}
    template = _environment().get_template("evaluation.html")
    return template.render(heading=heading, lead=lead, sections=sections, figures=figures)


def write_page(folder: Path, report: Report) -> Path:
    """Write the page into an evaluation's folder, for its owner only, and return its path.

    Raises:
        StorageError: it cannot be written.
    """
    path = folder / PAGE_FILE
    write_whole(path, render(report).encode())
    return path


def _lead(report: Report) -> str:
    stamp = report.stamp
    return f"Pack {stamp.pack.pack_id}, data set {report.data.sha256[:12]}, {stamp.made_at}"


def _figures(section: Section) -> Iterator[_Figure]:
    for number, plot in enumerate(section.plots, start=1):
        yield _Figure(plot.caption, _drawing(plot, f"{section.key}-{number}"))


def _drawing(plot: Plot, key: str) -> Markup:
    # Ours: matplotlib escapes every text that it writes into a drawing.
    return Markup(svg(plot, key))  # noqa: S704


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("overt.evaluation"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
