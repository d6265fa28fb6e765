"""`overt watchlist approve` to `overt watchlist inclusions`: people answer for a list."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from overt.values import Watchlist

_Id = Annotated[str, typer.Argument(metavar="ID", help="The deployment's id, or how it begins.")]
_Json = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]


def add_to(group: typer.Typer) -> None:
    """Add the commands to the group `overt watchlist`."""
    group.command("show")(show)
    group.command("approve")(approve)
    group.command("withdraw")(withdraw)
    group.command("revalidate")(revalidate)
    group.command("inclusions")(inclusions)


def approve(
    deployment_id: _Id,
    *,
    manifest: Annotated[
        str, typer.Option(help="The list's manifest as you saw it; another one is not approved.")
    ] = "",
) -> None:
    """Approve a deployment's list as it is sealed. Whoever imported it cannot."""
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.watchlist.governance import approve as approve_it

    with signed_in(clocks=True) as (office, person):
        row = office.record.deployments.find(deployment_id)
        facts = approve_it(office, person, row, manifest)
    screen.say(
        f"Approved the list of {row.name}: {facts.size_references:,} references of "
        f"{facts.size_subjects:,} people, manifest {facts.manifest_sha256[:12]}."
    )


def show(deployment_id: _Id, *, as_json: _Json = False) -> None:
    """Show who is on a deployment's list, why, and who looks alike.

    The look is logged.
    """
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.deployment.appraised import appraisal_of
    from overt.deployment.recorded import policy_of
    from overt.watchlist.governance import see

    with signed_in(clocks=True) as (office, person):
        row = office.record.deployments.find(deployment_id)
        watchlist = see(office, person, row, frozenset(policy_of(row).access.watchlist_names))
        appraisal = appraisal_of(office, row)
    if as_json:
        screen.print_json({"entries": _entries(watchlist), "appraisal": appraisal})
        return
    headings = ("subject", "name", "category", "reason", "lawful basis", "response", "pictures")
    rows = ([str(cell) for cell in entry.values()] for entry in _entries(watchlist))
    screen.out().print(screen.columns(headings, rows))
    _show_appraisal(appraisal)


def withdraw(
    deployment_id: _Id,
    subject: Annotated[str, typer.Argument(help="The subject's id, as it is on the list.")],
    *,
    reason: Annotated[str, typer.Option(help="Why, in your own words; it is put on record.")],
) -> None:
    """Withdraw somebody from a list.

    Within a minute no camera raises an alert for them.
    """
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.watchlist.governance import withdraw as withdraw_it

    with signed_in() as (office, person):
        row = office.record.deployments.find(deployment_id)
        withdraw_it(office, person, row, subject, reason)
    screen.say(f"Withdrew {subject} from the list of {row.name}.")


def revalidate(
    deployment_id: _Id,
    rows: Annotated[
        Path, typer.Argument(metavar="LIST", help="The list as its sources have it now.")
    ],
) -> None:
    """Hold a list against its sources.

    Whoever is no longer there is withdrawn; nobody is added.
    """
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.deployment.recorded import thing_of
    from overt.vocabulary import Act
    from overt.watchlist.governance import revalidate as revalidate_it
    from overt.watchlist.rows import read_rows

    with signed_in(clocks=True) as (office, person):
        row = office.record.deployments.find(deployment_id)
        office.demand(person, Act.WATCHLIST_REVALIDATE, thing_of(row))
        still_listed = {each.subject_id for each in read_rows(rows).rows if not each.problem}
        gone = revalidate_it(office, person, row, still_listed)
    screen.say(f"Held the list of {row.name} against its sources: {gone} withdrawn.")


def inclusions(
    subject: Annotated[str, typer.Argument(help="The subject's id, as lists have it.")],
    *,
    as_json: _Json = False,
) -> None:
    """Answer on which lists somebody has been, and when.

    The question is logged.
    """
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.watchlist.governance import answer

    with signed_in() as (office, person):
        found = answer(office, person, subject)
    if as_json:
        screen.print_json(
            [
                {
                    "watchlist_id": each.watchlist_id,
                    "deployment": each.deployment,
                    "pictures": each.pictures,
                    "listed_from": each.listed_from.isoformat(),
                    "listed_until": each.listed_until.isoformat() if each.listed_until else None,
                }
                for each in found
            ]
        )
        return
    if not found:
        screen.say("They have been on no list on record.")
        return
    headings = ("deployment", "pictures", "listed from", "until")
    table = (
        (
            each.deployment,
            str(each.pictures),
            screen.moment(each.listed_from),
            screen.moment(each.listed_until) if each.listed_until else "listed now",
        )
        for each in found
    )
    screen.out().print(screen.columns(headings, table))


def _entries(watchlist: "Watchlist") -> list[dict[str, Any]]:
    pictures = [each.subject_id for each in watchlist.references]
    return [
        {
            "subject_id": each.subject_id,
            "name": each.name,
            "category": each.category,
            "reason": each.reason,
            "lawful_basis": each.lawful_basis,
            "expected_response": each.expected_response,
            "pictures": pictures.count(each.subject_id),
        }
        for each in watchlist.subjects
    ]


def _show_appraisal(appraisal: dict[str, Any]) -> None:
    from overt.cli import screen

    pairs = _rows_of(appraisal, "lookalikes")
    screen.say(f"\nWho looks alike: {len(pairs)} pairs")
    lines = (
        (
            "-",
            f"{' and '.join(pair['subjects'])}: comparison score {pair['comparison_score']:.4f}"
            + ("; one could raise an alert for the other" if pair["would_alert"] else ""),
        )
        for pair in pairs
    )
    screen.out().print(screen.listed(lines))
    hubs = _rows_of(appraisal, "hubs")
    screen.say(f"References that resemble many people: {len(hubs)}")
    lines = (("-", f"{hub['reference_id']}: nearest to {hub['nearest_to']} others") for hub in hubs)
    screen.out().print(screen.listed(lines))


def _rows_of(appraisal: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the rows; where the list is gone there are only their numbers."""
    found = appraisal.get(name)
    return found if isinstance(found, list) else []
