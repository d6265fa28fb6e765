"""`overt alerts`: the queue, an alert with its two pictures, every decision on it, its outcome.

Alerts of rehearsals that nobody authorised are the record owner's own, and need nobody signed
in. Those of authorised deployments are for the people of the deployment.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from overt.cli import alert_decisions, alert_queue, alert_stops

if TYPE_CHECKING:
    from overt.cli.alert_words import Listed
    from overt.people.office import Office
    from overt.people.permissions import Person
    from overt.storage import AlertPlace, AlertRecord, Enrolled

_Json = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    group = typer.Typer(no_args_is_help=True, help="List alerts, show one, decide on it, close it.")
    group.command("list")(list_alerts)
    alert_queue.add_to(group)
    group.command("show")(show)
    alert_decisions.add_to(group)
    alert_stops.add_to(group)
    group.command("close")(alert_decisions.close)
    app.add_typer(group, name="alerts")


def list_alerts(
    *,
    run: Annotated[str, typer.Option(help="Only of this run: its id, or how the id begins.")] = "",
    deployment: Annotated[
        str, typer.Option(help="Only of this deployment: its id, or how the id begins.")
    ] = "",
    as_json: _Json = False,
) -> None:
    """List the alerts that you may see, the first raised first."""
    from overt.cli import screen
    from overt.cli.alert_words import HEADINGS
    from overt.cli.signed_in import perhaps_signed_in

    with perhaps_signed_in() as (office, person):
        found = [
            _listed(office, person, place) for place in _places(office, person, run, deployment)
        ]
    if as_json:
        screen.print_json([each.as_json() for each in found])
        return
    if not found:
        screen.say("There are no alerts on record that you may see.")
        return
    screen.out().print(screen.columns(HEADINGS, (each.cells() for each in found)))
    screen.say("Each is a possible match, for a person to decide.")


def show(
    alert_id: Annotated[str, typer.Argument(help="The alert's id, or how the id begins.")],
    *,
    picture: Annotated[
        Path | None,
        typer.Option(
            help="Where the side-by-side picture goes (.png or .jpg); "
            "of a deployment's alert none is written unless it is asked for."
        ),
    ] = None,
    as_json: _Json = False,
) -> None:
    """Show one alert, and write its picture.

    The camera's crop and the reference stand side by side in it.
    Of a deployment's alert the look is logged, and so is the writing of its picture.
    """
    from overt.cli import screen
    from overt.cli.alert_words import Listed
    from overt.cli.signed_in import perhaps_signed_in
    from overt.reporting.side_by_side import write_side_by_side
    from overt.review.known import known_against

    with perhaps_signed_in() as (office, person):
        place = office.record.alerts.place(alert_id)
        found, enrolled = _seen(office, person, place)
        path = picture
        if place.deployment_id is None:
            path = picture or Path(f"alert-{place.alert_id[:8]}.png")
        elif path is not None:
            _note_export(office, person, place)
        if path is not None:
            write_side_by_side(path, found, enrolled)
        listed = Listed.of(office, place, found, named=True, blind=_blind(office, person, place))
        known = known_against(office, place, found.alert.candidate.subject_id)
    if as_json:
        known_json = {
            "earlier_false_alerts": known.false_alerts,
            "lookalikes": list(known.lookalikes),
        }
        picture_json = {"picture": str(path) if path else None}
        screen.print_json({**listed.as_json(), **known_json, **picture_json})
        return
    facts = listed.facts() | {
        "earlier false alerts": f"{known.false_alerts} against this entry",
        "known look-alikes": ", ".join(known.lookalikes) or "none on this list",
    }
    facts |= {"pictures": str(path)} if path else {}
    screen.out().print(screen.facts(facts))


def _places(
    office: "Office", person: "Person | None", run: str, deployment: str
) -> "list[AlertPlace]":
    """Return the alerts asked for; of everything, those that the person may list.

    Raises:
        SignInError: a deployment's are asked for by name, and nobody is signed in.
        PermissionDenied: a deployment's are asked for by name, and the person may not.
    """
    every = office.record.alerts.all_places()
    asked = office.record.runs.find(run).run_id if run else ""
    of = office.record.runs.find(run).deployment_id if run else None
    if deployment:
        of = office.record.deployments.find(deployment).deployment_id
    if of is not None:
        _demand_listing(office, person, of)
    return [
        place
        for place in every
        if (not asked or place.run_id == asked)
        and (not deployment or place.deployment_id == of)
        and _may_list(office, person, place)
    ]


def _demand_listing(office: "Office", person: "Person | None", deployment_id: str) -> None:
    from overt.deployment.recorded import thing_of
    from overt.errors import SignInError
    from overt.people.permissions import Thing
    from overt.vocabulary import Act

    if person is None:
        raise SignInError("Nobody is signed in.", remedy="Run: overt login NAME.")
    unit = thing_of(office.record.deployments.find(deployment_id)).unit
    office.demand(person, Act.ALERT_LIST, Thing("alerts", deployment_id, unit))


def _may_list(office: "Office", person: "Person | None", place: "AlertPlace") -> bool:
    from overt.people.permissions import why_not
    from overt.review.queue import is_kept_from
    from overt.review.things import thing_of
    from overt.vocabulary import Act

    if place.deployment_id is None:
        return True
    if person is None or why_not(person, Act.ALERT_LIST, thing_of(office, place)):
        return False
    return not is_kept_from(office, person, Act.ALERT_LIST, place)


def _listed(office: "Office", person: "Person | None", place: "AlertPlace") -> "Listed":
    from overt.cli.alert_words import Listed
    from overt.deployment.recorded import policy_of
    from overt.people.permissions import MATRIX
    from overt.vocabulary import Act

    named = place.deployment_id is None
    if place.deployment_id is not None and person is not None:
        policy = policy_of(office.record.deployments.find(place.deployment_id))
        named = bool(
            person.roles & frozenset(policy.access.faces) & MATRIX[Act.ALERT_SEE_FACE].roles
        )
    found = office.record.alerts.find(place.alert_id)
    return Listed.of(office, place, found, named=named, blind=_blind(office, person, place))


def _blind(office: "Office", person: "Person | None", place: "AlertPlace") -> bool:
    from overt.review.queue import may_decide, standing

    return person is not None and may_decide(person, standing(office, place))


def _seen(
    office: "Office", person: "Person | None", place: "AlertPlace"
) -> "tuple[AlertRecord, Enrolled | None]":
    """Return an alert and its reference, for who may see faces.

    Raises:
        SignInError: it is a deployment's, and nobody is signed in.
        PermissionDenied: it is a deployment's, and the person may not see it.
    """
    from overt.errors import SignInError
    from overt.review.adjudication import see

    if place.deployment_id is not None:
        if person is None:
            raise SignInError("Nobody is signed in.", remedy="Run: overt login NAME.")
        return see(office, person, place)
    record = office.record.alerts.find(place.alert_id)
    run = office.record.runs.find(place.run_id)
    reference = record.alert.candidate.reference_id
    return record, office.record.watchlists.enrolled(run.watchlist_id, reference)


def _note_export(office: "Office", person: "Person | None", place: "AlertPlace") -> None:
    from overt.audit.events import Exported

    office.note(Exported("pictures of an alert", place.alert_id), by=person)
