"""`overt publish examine`: hold a published record against itself, and draw it over time."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from overt.publication.contradictions import Examination
    from overt.publication.trends import Trends

_CONTRADICTED = 1  # the exit status


def add(group: typer.Typer) -> None:
    """Add the command to the group `overt publish`."""
    group.command("examine")(examine)


def examine(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="The published record: CSV, one deployment a row, in UTF-8."
        ),
    ],
    *,
    statements: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="What was said elsewhere, to hold against it: CSV with location, date, alerts, "
            "arrests and source.",
        ),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write a page with charts there; it loads nothing."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Find what cannot be true in a published record of deployments, and what changed its meaning.

    Ends with status 1 if anything contradicts itself or a statement, and 0 otherwise.
    Nobody needs to be signed in: it reads published files only.
    """
    from overt.cli import screen
    from overt.publication import contradictions, trends
    from overt.publication.imported import read_published, read_statements
    from overt.publication.public_file import write_public

    published = read_published(path)
    said = read_statements(statements) if statements else ()
    examination = contradictions.examine(published, said)
    found = trends.trends(published.rows)
    if html:
        from overt.publication.imported_page import page

        write_public(html, page(examination, found))
    if as_json:
        screen.print_json(
            contradictions.for_programs(examination) | {"totals": trends.for_programs(found)}
        )
    else:
        _show(examination, found)
        if html:
            screen.say(f"\nWrote {html}.")
    if examination.contradicts_itself:
        raise typer.Exit(_CONTRADICTED)


def _show(examination: "Examination", found: "Trends") -> None:
    from overt.cli import screen
    from overt.publication.findings import Severity, several
    from overt.publication.imported_page import HEADINGS, rows_in_words

    published = examination.published
    days = f"{found.whole.first:%-d %B %Y} to {found.whole.last:%-d %B %Y}"
    screen.say(f"{published.name}: {several(len(published.rows), 'deployment')}, {days}")
    for severity in Severity:
        of_it = examination.of(severity)
        if of_it:
            screen.say(f"\n{severity.value.upper()}: {HEADINGS[severity].lower()}")
        for each in of_it:
            screen.say(f"\n{each.title} ({each.name})")
            for finding in each.findings:
                where = f"{rows_in_words(finding.rows)}: " if finding.rows else ""
                screen.say(f"  {where}{finding.words}")
    if not examination.found:
        screen.say("\nNothing was found that contradicts itself.")
    _show_unused(examination)
    screen.say("\nBy threshold")
    screen.out().print(screen.columns(_HEADINGS, _by_threshold(found)))


_HEADINGS = (
    "threshold",
    "deployments",
    "faces",
    "alerts",
    "false",
    "arrests",
    "false per 10,000 faces",
    "false per 100 alerts",
)


def _by_threshold(found: "Trends") -> list[tuple[str, ...]]:
    from overt.publication.imported_page import per_alert, per_face

    return [
        (
            total.label,
            *(
                f"{count:,}"
                for count in (
                    total.deployments,
                    total.faces,
                    total.alerts,
                    total.false,
                    total.arrests,
                )
            ),
            per_face(total),
            per_alert(total),
        )
        for total in (*found.by_threshold, found.whole)
    ]


def _show_unused(examination: "Examination") -> None:
    from overt.cli import screen
    from overt.publication.findings import several

    published = examination.published
    if published.unreadable:
        screen.say(f"\nNOT USED: {several(len(published.unreadable), 'row')} could not be read")
        for each in published.unreadable:
            column = f", {each.column}" if each.column else ""
            screen.say(f"  row {each.number}{column}: {each.why}")
    if published.ignored:
        screen.say(f"\nColumns not known here, and not used: {', '.join(published.ignored)}")
    if published.blank:
        screen.say(f"\n{several(published.blank, 'row')} with nothing in them")
