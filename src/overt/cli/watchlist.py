"""`overt watchlist`: check a list before it is used, and answer for one that is.

`overt watchlist check` looks at a list as an import would, and says what is wrong with it. Its
exit status is 0 where every row can be used, 3 where some are refused, and 1 where the list
cannot be used at all.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from overt.cli import watchlist_governed
from overt.vocabulary import DeploymentKind

if TYPE_CHECKING:
    from overt.vision.store import Pack
    from overt.watchlist.enrolment import EnrolmentReport
    from overt.watchlist.entries import CheckedList
    from overt.watchlist.rules import ListRules

SOME_REFUSED = 3


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    group = typer.Typer(no_args_is_help=True, help="Check watchlists, and answer for them.")
    group.command("check")(check)
    watchlist_governed.add_to(group)
    app.add_typer(group, name="watchlist")


def check(  # noqa: PLR0913  each option is a parameter
    rows: Annotated[Path, typer.Argument(metavar="LIST", help="The list: CSV or JSON, UTF-8.")],
    pictures: Annotated[
        Path, typer.Argument(metavar="IMAGES", help="The folder that its pictures are in.")
    ],
    *,
    policy: Annotated[
        str, typer.Option(help="The policy: a name that comes with Overt, or a TOML file.")
    ] = "uk-policing",
    kind: Annotated[
        DeploymentKind, typer.Option(help="A rehearsal may list drawn people as well.")
    ] = DeploymentKind.LIVE,
    pack: Annotated[str, typer.Option(help="The model pack.")] = "standard",
    json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    report: Annotated[
        Path | None,
        typer.Option(help="Write the report to a file: .json, .csv, or text otherwise."),
    ] = None,
) -> None:
    """Enrol a list without keeping it, and say what is wrong in it.

    It says which rows are refused and who looks alike.
    Ends with status 3 if only some rows can be used, and 1 if none can.
    """
    from datetime import UTC, datetime

    from overt.watchlist.entries import ListSource, check_list

    today = datetime.now(UTC).date()
    checked = check_list(ListSource(rows, pictures, _rules(policy, kind), today))

    # Only now, since loading these takes longer than reading a list that cannot be used.
    from overt.cli import screen
    from overt.home import Home
    from overt.vision.store import ModelStore
    from overt.watchlist.enrolment import demand_usable
    from overt.watchlist.report import as_json, as_text, report_on, write_report

    models = ModelStore(Home.current().models).load(pack)
    enrolment = _enrol(checked, models)
    found = report_on(enrolment, models)
    if report is not None:
        write_report(found, report)
    if json:
        screen.print_json(as_json(found))
    else:
        screen.out().print(as_text(found))
    demand_usable(enrolment)
    if enrolment.refused:
        raise typer.Exit(SOME_REFUSED)


def _rules(policy: str, kind: DeploymentKind) -> "ListRules":
    from overt.deployment.policy import Policy
    from overt.watchlist.rules import ListRules

    chosen = Policy.load(Path(policy)) if policy.endswith(".toml") else Policy.shipped(policy)
    return ListRules(
        responses=chosen.responses,
        sources=chosen.sources_for(kind),
        most_references=chosen.watchlist_cap,
        required=frozenset(chosen.required_fields),
    )


def _enrol(checked: "CheckedList", pack: "Pack") -> "EnrolmentReport":
    from overt.cli.progress import counting
    from overt.runtime.decoder import Decoder
    from overt.watchlist.enrolment import enrol

    with Decoder() as decoder, counting("photographs") as progress:
        return enrol(checked, pack, decoder.decode, progress)
