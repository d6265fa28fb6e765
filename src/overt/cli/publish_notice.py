"""`overt publish notice`: what the public is told of a deployment, from its authority."""

from pathlib import Path
from typing import Annotated, Literal

import typer

_Kind = Literal["poster", "leaflet", "web", "text"]
_Paper = Literal["a4", "a3", "a2"]


def add(group: typer.Typer) -> None:
    """Add the command to the group `overt publish`."""
    group.command("notice")(notice)


def notice(
    deployment_id: Annotated[
        str, typer.Argument(metavar="ID", help="The deployment's id, or how it begins.")
    ],
    *,
    kind: Annotated[
        _Kind,
        typer.Option(
            help="A poster to be put up, a leaflet to be handed out, a web page, or a text for "
            "social media.",
        ),
    ] = "poster",
    paper: Annotated[_Paper, typer.Option(help="The size of a poster.")] = "a4",
    language: Annotated[
        str, typer.Option(metavar="CODE", help="The language of its sentences.")
    ] = "en",
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The file to write; left out, it goes to standard output."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="What it says as JSON.")] = False,
) -> None:
    """Make the public notice of a deployment: where, when, why, who is in charge, your rights.

    Every fact comes from the terms that were authorised and the policy they bind.
    What may not be put up, such as a draft, is marked so on every page.
    Pages are HTML: open one in a browser and print it, without margins of the browser's own.
    """
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.deployment.recorded import seen
    from overt.publication.notice import notice_of
    from overt.publication.notice_pages import Kind, Paper, for_programs, mark, rendered
    from overt.publication.notice_words import words_of
    from overt.publication.public_file import write_public

    words = words_of(language)
    with signed_in(clocks=True) as (office, person):
        row = seen(office, person, deployment_id)
        made = notice_of(row, office.record.deployments.acts(row.deployment_id))
    text = rendered(made, Kind(kind), paper=Paper(paper), words=words)
    if output:
        write_public(output, text)
    if as_json:
        screen.print_json(for_programs(made, words))
    elif output:
        screen.say(f"Wrote {output}.")
    else:
        typer.echo(text, nl=False)
    if warning := mark(made, words):
        screen.complain(warning)
