"""`overt deployment draft` to `overt deployment review`: the acts in a deployment's life."""

from collections.abc import Callable
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Annotated

import typer

from overt.cli.log_options import Format, Level, of_run
from overt.errors import LifecycleError
from overt.logs.settings import LogFormat
from overt.vocabulary import HandOverState

if TYPE_CHECKING:
    from overt.people.office import Office
    from overt.people.permissions import Person
    from overt.runtime.drafting import Draft
    from overt.storage import DeploymentRow, HandOverRow

    Done = Callable[[Office, Person, DeploymentRow], DeploymentRow]

_Id = Annotated[str, typer.Argument(metavar="ID", help="The deployment's id, or how it begins.")]
_Why = Annotated[str, typer.Option(help="Why, in your own words; it is put on record.")]
_EVERY_S = 0.2
_Json = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]


def add_to(group: typer.Typer) -> None:
    """Add the commands to the group `overt deployment`."""
    group.command("draft")(draft)
    group.command("submit")(submit)
    group.command("authorise")(authorise)
    group.command("authorise-urgently")(authorise_urgently)
    group.command("refuse")(refuse)
    group.command("start")(start)
    group.command("stop")(stop)
    group.command("hand-over")(hand_over)
    group.command("cancel")(cancel)
    group.command("close")(close)
    group.command("review")(review)


def draft(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The deployment file.")],
    *,
    as_json: _Json = False,
) -> None:
    """Put a deployment on record as your draft. Its list is enrolled, sealed and weighed."""
    from overt.cli import screen
    from overt.cli.progress import counting
    from overt.cli.signed_in import signed_in
    from overt.deployment.file import Deployment
    from overt.people.permissions import Thing
    from overt.runtime.drafting import draft as draft_it
    from overt.vocabulary import Act

    with signed_in(clocks=True) as (office, person), counting("photographs") as progress:
        office.demand(person, Act.DEPLOYMENT_DRAFT, Thing("deployment"))
        made = draft_it(office, person, Deployment.load(path), progress)
    if as_json:
        screen.print_json(_drafted(made))
        return
    row, facts = made.row, _drafted(made)
    screen.say(
        f"Drafted {row.deployment_id[:12]}: {row.name}, {facts['references']:,} references of "
        f"{facts['subjects']:,} people, {facts['refused']:,} rows refused."
    )
    screen.say(f"Look it over as the others will: overt deployment show {row.deployment_id[:8]}")
    screen.say(f"Then ask for authority: overt deployment submit {row.deployment_id[:8]}")


def submit(deployment_id: _Id) -> None:
    """Ask for authority. Somebody else approves the list, and an authorising officer decides."""
    from overt.cli import screen
    from overt.deployment import lifecycle

    row = _do(deployment_id, lifecycle.submit)
    short = row.deployment_id[:8]
    screen.say(
        f"Next, by others: overt watchlist approve {short}, then overt deployment authorise {short}"
    )


def authorise(deployment_id: _Id, *, reason: _Why) -> None:
    """Give authority to its terms, or confirm an urgent one."""
    from overt.cli import screen
    from overt.deployment import lifecycle
    from overt.vocabulary import DeploymentState

    row = _do(
        deployment_id,
        lambda office, person, row: lifecycle.authorise(office, person, row, reason),
    )
    if row.state is DeploymentState.AUTHORISED:
        screen.say(f"Next, inside its window: overt deployment start {row.deployment_id[:8]}")
    elif row.state in {DeploymentState.SUBMITTED, DeploymentState.URGENT}:
        screen.say("A second authorising officer has to give the same command.")


def authorise_urgently(deployment_id: _Id, *, reason: _Why) -> None:
    """Give authority where it cannot wait.

    An authorising officer confirms it in time, or all that was gathered is deleted.
    """
    from overt.cli import screen
    from overt.deployment import lifecycle

    row = _do(
        deployment_id,
        lambda office, person, row: lifecycle.authorise_urgently(office, person, row, reason),
    )
    screen.say(
        f"An authorising officer confirms it by {screen.moment(row.urgent_deadline)}, "
        "or all that was gathered is deleted."
    )


def refuse(deployment_id: _Id, *, reason: _Why) -> None:
    """Refuse authority. What an urgent deployment has gathered is deleted."""
    from overt.deployment import lifecycle

    _do(deployment_id, lambda office, person, row: lifecycle.refuse(office, person, row, reason))


def start(
    deployment_id: _Id,
    *,
    pace: Annotated[
        bool, typer.Option("--pace", help="Play recordings at their own pace, as a camera would.")
    ] = False,
    as_json: _Json = False,
    log_format: Format = None,
    log_level: Level = None,
) -> None:
    """Start an authorised deployment, and watch it run.

    It runs until its window ends or it is stopped: by Ctrl-C, or from another terminal by
    overt deployment stop.
    """
    from overt.cli.run import finish, watched
    from overt.cli.signed_in import signed_in
    from overt.deployment.recorded import opened, thing_of
    from overt.runtime.operation import operate
    from overt.runtime.run import RunOptions
    from overt.vocabulary import Act

    quiet = log_format is LogFormat.JSON
    with of_run(log_format, log_level), signed_in(clocks=True) as (office, person):
        row = office.record.deployments.find(deployment_id)
        office.demand(person, Act.DEPLOYMENT_START, thing_of(row))
        with watched(opened(office, row), quiet=quiet) as (view, stopped):
            result = operate(office, person, row, view, RunOptions(paced=pace), stopped)
    finish(result, as_json=as_json)


def stop(
    deployment_id: _Id,
    *,
    reason: Annotated[str, typer.Option(help="Why, in your own words.")] = "",
) -> None:
    """Stop a live deployment, wherever it runs. Its cameras stop within a second."""
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.runtime.operation import stop as stop_it

    with signed_in() as (office, person):  # what is due can wait until it has stopped
        row = office.record.deployments.find(deployment_id)
        stop_it(office, person, row, reason)
    screen.say(f"{row.deployment_id[:12]}, {row.name}: told to stop.")


def hand_over(
    deployment_id: _Id,
    successor_id: Annotated[
        str, typer.Argument(metavar="SUCCESSOR", help="The authorised deployment that takes over.")
    ],
    *,
    reason: Annotated[str, typer.Option(help="Why, in your own words.")] = "",
) -> None:
    """Hand a live deployment's cameras over to another one, which is authorised.

    Its list, zones, threshold and cameras are in force from each camera's next frame on; cameras that
    both have go on looking. What is refused leaves the live one running as it was.
    """
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.runtime.operation import hand_over as ask

    with signed_in() as (office, person):
        row = office.record.deployments.find(deployment_id)
        successor = office.record.deployments.find(successor_id)
        asked = ask(office, person, row, successor, reason)
        screen.say(f"Asked for; {successor.name} is being made ready, and {row.name} goes on.")
        answered = _awaited(office, row, asked)
    if answered is None:
        raise LifecycleError(
            "Whoever ran the deployment is gone, and has not answered.",
            remedy="See where both stand: overt deployment list.",
        )
    if answered.state is not HandOverState.DONE:
        raise LifecycleError(f"It was refused. {answered.answer}", remedy=f"{row.name} goes on.")
    screen.say(f"{successor.deployment_id[:12]}, {successor.name}, has the cameras now.")


def _awaited(office: "Office", row: "DeploymentRow", asked: "HandOverRow") -> "HandOverRow | None":
    """Wait for the answer of whoever runs a deployment; None where nobody does any more."""
    from overt.runtime.starting import is_run

    while True:
        runs = is_run(office, row)  # first: whoever answers lets go of it after that
        answered = office.record.hand_overs.find(asked.hand_over_id)
        if answered.state is not HandOverState.ASKED:
            return answered
        if not runs:
            return None
        sleep(_EVERY_S)


def cancel(deployment_id: _Id, *, reason: _Why) -> None:
    """Call a deployment off before it starts. Its list is destroyed."""
    from overt.deployment import lifecycle

    _do(deployment_id, lambda office, person, row: lifecycle.cancel(office, person, row, reason))


def close(
    deployment_id: _Id,
    *,
    note: Annotated[str, typer.Option(help="A note for the record.")] = "",
) -> None:
    """Close an ended deployment, and destroy its list.

    Every alert of it is closed first.
    """
    from overt.cli import screen
    from overt.deployment import lifecycle

    row = _do(deployment_id, lambda office, person, row: lifecycle.close(office, person, row, note))
    screen.say(
        f"Its review is due by {screen.moment(row.review_due_at)}: "
        f"overt deployment review {row.deployment_id[:8]}"
    )


def review(
    deployment_id: _Id,
    *,
    findings: Annotated[str, typer.Option(help="What the review found, in your own words.")],
) -> None:
    """Record the review of a closed deployment.

    Overdue, it blocks the unit's next deployment.
    """
    from overt.deployment import lifecycle

    _do(deployment_id, lambda office, person, row: lifecycle.review(office, person, row, findings))


def _do(prefix: str, act: "Done") -> "DeploymentRow":
    from overt.cli import screen
    from overt.cli.signed_in import signed_in

    with signed_in(clocks=True) as (office, person):
        row = act(office, person, office.record.deployments.find(prefix))
    screen.say(f"{row.deployment_id[:12]}, {row.name}: {row.state}.")
    return row


def _drafted(made: "Draft") -> dict[str, int | str]:
    return {
        "deployment_id": made.row.deployment_id,
        "state": made.row.state.value,
        "watchlist_id": made.row.watchlist_id,
        "terms_sha256": made.row.terms_sha256,
        "subjects": made.appraisal.subjects,
        "references": made.appraisal.references,
        "refused": len(made.report.results) - made.appraisal.references,
        "lookalikes": len(made.appraisal.lookalikes),
        "hubs": len(made.appraisal.hubs),
    }
