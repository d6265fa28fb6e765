"""`overt deployment list` and `overt deployment show`: where deployments stand, and why."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from overt.vocabulary import DeploymentState

if TYPE_CHECKING:
    from overt.people.office import Office
    from overt.storage import ActRow, DeploymentRow

_Json = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]
_COMING = {
    DeploymentState.DRAFT,
    DeploymentState.SUBMITTED,
    DeploymentState.URGENT,
    DeploymentState.AUTHORISED,
    DeploymentState.LIVE,
}


def add_to(group: typer.Typer) -> None:
    """Add the commands to the group `overt deployment`."""
    group.command("list")(list_deployments)
    group.command("show")(show)


def list_deployments(*, as_json: _Json = False) -> None:
    """List the deployments you may see, and how each stands."""
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.deployment.recorded import thing_of
    from overt.people.permissions import why_not
    from overt.vocabulary import Act

    with signed_in(clocks=True) as (office, person):
        found = [
            row
            for row in office.record.deployments.all()
            if not why_not(person, Act.DEPLOYMENT_SEE, thing_of(row))
        ]
    if as_json:
        screen.print_json([_standing(row) for row in found])
        return
    if not found:
        screen.say("There are no deployments on record that you may see.")
        return
    headings = ("id", "name", "unit", "kind", "state", "from", "to")
    rows = (
        (
            row.deployment_id[:8],
            row.name,
            row.unit,
            row.kind,
            row.state,
            screen.moment(row.window_start),
            screen.moment(row.window_end),
        )
        for row in found
    )
    screen.out().print(screen.columns(headings, rows))


def show(
    deployment_id: Annotated[
        str, typer.Argument(metavar="ID", help="The deployment's id, or how it begins.")
    ],
    *,
    as_json: _Json = False,
) -> None:
    """Show how it stands, its terms, and who did what."""
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.deployment.recorded import seen

    with signed_in(clocks=True) as (office, person):
        found = _everything(office, seen(office, person, deployment_id))
    if as_json:
        screen.print_json(found)
        return
    console = screen.out()
    console.print(screen.facts(_in_words(found)))
    console.print("\nWhat its authority binds")
    console.print(screen.facts({name: _term(name, it) for name, it in found["terms"].items()}))
    console.print("\nWhat was done")
    headings = ("when (UTC)", "who", "rank", "what", "then", "why")
    acts = (
        [
            act["at"].replace("T", " "),
            *(act[key] for key in ("by", "rank", "act", "state", "reason")),
        ]
        for act in found["acts"]
    )
    console.print(screen.columns(headings, acts))


def _everything(office: "Office", row: "DeploymentRow") -> dict[str, Any]:
    """Return what is on record of a deployment, as JSON's kinds of value; it names nobody listed."""
    from overt.cli.signed_in import account_name

    return {
        **_standing(row),
        "use_case": row.use_case,
        "location": row.location,
        "flags": list(row.flags),
        "applicant": account_name(office, row.applicant),
        "policy": {"version": row.policy_version, "sha256": row.policy_sha256},
        "models": row.pack_id,
        "file_sha256": row.file_sha256,
        "time_left": _time_left(row, office.now()),
        "terms": dict(row.terms),
        "terms_sha256": row.terms_sha256,
        "authorised_terms_sha256": row.authorised_terms_sha256,
        "appraisal": dict(row.appraisal),
        "watchlist": _list_facts(office, row),
        "alerts": len(office.record.alerts.places_of(row.deployment_id)),
        "acts": [_act(office, act) for act in office.record.deployments.acts(row.deployment_id)],
    }


def _standing(row: "DeploymentRow") -> dict[str, Any]:
    moments = ("urgent_deadline", "stop_requested_at", "ended_at", "review_due_at")
    return {
        "deployment_id": row.deployment_id,
        "name": row.name,
        "unit": row.unit,
        "kind": row.kind.value,
        "state": row.state.value,
        "window_start": row.window_start.isoformat(),
        "window_end": row.window_end.isoformat(),
        **{name: _iso(getattr(row, name)) for name in moments},
    }


def _list_facts(office: "Office", row: "DeploymentRow") -> dict[str, Any] | None:
    from overt.cli.signed_in import account_name

    facts = office.record.watchlists.facts(row.watchlist_id)
    if facts is None:
        return None
    return {
        "watchlist_id": facts.watchlist_id,
        "manifest_sha256": facts.manifest_sha256,
        "subjects": facts.size_subjects,
        "references": facts.size_references,
        "imported_by": account_name(office, facts.imported_by),
        "imported_at": facts.imported_at.isoformat(),
        "approved_by": account_name(office, facts.approved_by) if facts.approved_by else None,
        "approved_at": _iso(facts.approved_at),
        "validated_at": facts.validated_at.isoformat(),
        "destroy_after": facts.destroy_after.isoformat(),
    }


def _act(office: "Office", act: "ActRow") -> dict[str, str]:
    from overt.cli.signed_in import account_name

    return {
        "at": act.at.isoformat(timespec="seconds").removesuffix("+00:00"),
        "by": account_name(office, act.by),
        "rank": act.rank,
        "act": act.act.partition(".")[2].replace("-", " "),
        "state": act.state.value,
        "reason": act.reason,
    }


def _in_words(found: dict[str, Any]) -> dict[str, str]:
    from overt.cli import screen

    listed = found["watchlist"]
    words = {
        "deployment": f"{found['deployment_id'][:12]}, {found['name']} ({found['kind']})",
        "state": found["state"],
        "unit": found["unit"],
        "use case": found["use_case"],
        "where": found["location"],
        "time": found["time_left"],
        "asked for by": found["applicant"],
        "policy": f"{found['policy']['version']} ({found['policy']['sha256'][:12]})",
        "terms": found["terms_sha256"][:12],
        "list": "destroyed",
        "alerts on record": str(found["alerts"]),
    }
    if listed:
        approved = listed["approved_by"]
        words["list"] = (
            f"{listed['references']:,} references of {listed['subjects']:,} people, manifest "
            f"{listed['manifest_sha256'][:12]}; imported by {listed['imported_by']}, "
            + (f"approved by {approved}" if approved else "NOT YET APPROVED")
        )
    for name in ("urgent_deadline", "stop_requested_at", "ended_at", "review_due_at"):
        if found[name]:
            at = screen.moment(datetime.fromisoformat(found[name]))
            words[name.removesuffix("_at").replace("_", " ")] = at
    return words | _appraised(found["appraisal"])


def _appraised(appraisal: dict[str, Any]) -> dict[str, str]:
    """Return what is to be expected of the list, in numbers."""
    prediction = appraisal.get("prediction")
    expected = "nothing can be predicted: the footfall or the pack's measurement is missing"
    if prediction and prediction["expected_faces"]:
        expected = (
            f"about {prediction['expected']:.1f} ({prediction['low']} to {prediction['high']}) "
            f"of {prediction['expected_faces']:,} faces"
        )
    return {
        "false alerts": expected,
        "look-alikes": _counted(appraisal.get("lookalikes", 0), "pair"),
        "hubs": _counted(appraisal.get("hubs", 0), "reference") + " alike to many people",
    }


def _time_left(row: "DeploymentRow", now: datetime) -> str:
    from overt.deployment.window import spell_duration

    if row.state not in _COMING:
        return "it is over"
    end = row.authority_ends_at
    if now < row.window_start:
        return f"its window begins in {spell_duration(row.window_start - now)}"
    if now < end:
        return f"{spell_duration(end - now)} are left"
    return "its window is over"


def _term(name: str, value: Any) -> str:
    """Return a term as people read it; what is not known here by name is said as it is."""
    from overt.cli import screen

    if name == "window":
        start, end = (screen.moment(datetime.fromisoformat(each)) for each in value)
        return f"{start} to {end}"
    if name == "cameras":
        return "\n".join(_camera(*camera) for camera in value)
    if name == "watchlist":
        manifest, subjects, references = value
        return f"{references:,} references of {subjects:,} people, manifest {manifest}"
    if isinstance(value, dict):
        return "\n".join(
            f"{key.replace('_', ' ')}: {_said(each)}" for key, each in value.items() if each
        )
    return _said(value)


def _camera(name: str, source: str, zone: list[list[float]], smallest: int, width: int) -> str:
    corners = " ".join(f"{across:g},{down:g}" for across, down in zone)
    part = "the whole picture" if corners == "0,0 1,0 1,1 0,1" else f"the zone {corners}"
    return f"{name}: {source}; {part}; faces from {smallest} px wide" + (
        f"; looked for at {width} px" if width else ""
    )


def _said(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_said(each) for each in value) or "-"
    return "-" if value in (None, "") else str(value)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
