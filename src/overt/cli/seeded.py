"""`overt seeded`: people who consented to be listed, to measure how many passages are missed."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from overt.rates import Rate
    from overt.review.seeded import SeededResult

_Id = Annotated[str, typer.Argument(metavar="ID", help="The deployment's id, or how it begins.")]
_Json = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    group = typer.Typer(
        no_args_is_help=True, help="Note test subjects' passages, and see how many were missed."
    )
    group.command("note")(note)
    group.command("result")(result)
    app.add_typer(group, name="seeded")


def note(
    deployment_id: _Id,
    subject: Annotated[str, typer.Argument(help="The subject's id, as it is on the list.")],
    *,
    camera: Annotated[str, typer.Option(help="The camera that they passed.")],
    at: Annotated[
        str, typer.Option(help="When, such as 2026-11-26T14:05:30+00:00; left out, now.")
    ] = "",
) -> None:
    """Note that a test subject passed a camera, whether or not an alert came.

    Note every passage, or the rate is of those you remembered.
    """
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.review.seeded import note_passage

    with signed_in() as (office, person):
        row = office.record.deployments.find(deployment_id)
        passed_at = note_passage(office, person, row, subject, camera, _moment(at))
    screen.say(f"Noted: {subject} passed {camera} at {passed_at:%H:%M:%S} UTC.")


def result(deployment_id: _Id, *, as_json: _Json = False) -> None:
    """Show how many noted passages of test subjects raised an alert, with the interval."""
    from overt.cli import screen
    from overt.cli.signed_in import signed_in
    from overt.deployment.recorded import seen
    from overt.review.seeded import seeded_result

    with signed_in() as (office, person):
        made = seeded_result(office, person, seen(office, person, deployment_id))
    if as_json:
        screen.print_json(_whole(made))
        return
    if not made.found.of:
        screen.say("No passage has been noted. Do so with `overt seeded note`.")
        return
    rates = [*made.camera.items(), ("all cameras", made.found)]
    rows = ([name, f"{rate.of:,}", f"{rate.count:,}", _words(rate)] for name, rate in rates)
    screen.out().print(screen.columns(("camera", "passages", "alerts", "TPIR, 95 %"), rows))
    screen.say(f"Of {made.subjects:,} test subjects; {made.alerts_apart:,} alerts of no passage.")


def _moment(text: str) -> datetime | None:
    from overt.errors import ConfigurationError

    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ConfigurationError(
            "The time of the passage cannot be read, or does not say where it holds.",
            remedy="Write it as 2026-11-26T14:05:30+00:00.",
        )
    return moment


def _words(rate: "Rate") -> str:
    low, high = rate.interval()
    return f"{rate.value:.3f} ({low:.3f} to {high:.3f})"


def _whole(made: "SeededResult") -> dict[str, Any]:
    return {
        "found": _figures(made.found),
        "cameras": {name: _figures(rate) for name, rate in made.camera.items()},
        "subjects": made.subjects,
        "alerts_apart": made.alerts_apart,
    }


def _figures(rate: "Rate") -> dict[str, Any]:
    low, high = rate.interval()
    return {"count": rate.count, "of": rate.of, "low": low, "high": high}
