"""`overt evaluate clip`: hold a rehearsal's recordings against who is known to pass."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from overt.evaluation.clip_summary import ClipSummary, Times
    from overt.evaluation.clips import Passages
    from overt.evaluation.passage_results import CameraResult
    from overt.rates import Rate


def add(group: typer.Typer) -> None:
    """Add the command to the group `overt evaluate`."""
    group.command("clip")(clip)


def clip(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A rehearsal's deployment file.")],
    annotation: Annotated[
        Path,
        typer.Argument(
            metavar="ANNOTATION", help="Who passes when: CSV, JSON, or MOTChallenge's gt.txt."
        ),
    ],
    *,
    late_after_s: Annotated[
        float | None,
        typer.Option(
            "--late-after", min=0, help="Seconds in view after which an alert is too late."
        ),
    ] = None,
    frames_per_second: Annotated[
        float | None,
        typer.Option("--frames-per-second", help="Of the recording, for a gt.txt."),
    ] = None,
    subjects: Annotated[
        list[str] | None,
        typer.Option(
            "--subject", metavar="ID=SUBJECT", help="Who on the list an id of a gt.txt is."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Every passage and alert as JSON, for programs.")
    ] = False,
) -> None:
    """Evaluate passages: who should have raised an alert, who did, and why the others did not.

    It searches the recordings as overt run would, files no alert, and keeps nothing of anybody.
    """
    from overt.cli import screen
    from overt.cli.progress import counting
    from overt.cli.signed_in import perhaps_signed_in
    from overt.deployment.file import Deployment
    from overt.evaluation.clip_runs import evaluate_recordings, left_out
    from overt.evaluation.clip_summary import sum_up, told
    from overt.evaluation.passages import PairingRules

    deployment = Deployment.load(path)
    cameras = [camera.name for camera in deployment.cameras]
    passages = _read(annotation, cameras, frames_per_second, subjects or [])
    rules = PairingRules(late_after_s=late_after_s)
    with perhaps_signed_in() as (office, person):
        results = evaluate_recordings(deployment, passages, office, person, counting, rules)
    summary = sum_up(results)
    if as_json:
        screen.print_json(told(results, summary))
        return
    _show(results, summary)
    for camera in left_out(deployment, passages):
        screen.say(f"Camera {camera} was not looked at: no passage of it is annotated.")


def _read(
    path: Path, cameras: list[str], frames_per_second: float | None, subjects: list[str]
) -> "Passages":
    from overt.errors import ConfigurationError
    from overt.evaluation.clip_files import read_passages
    from overt.evaluation.clip_mot import MotSettings, read_mot

    if path.suffix.lower() != ".txt":
        return read_passages(path)
    if frames_per_second is None or len(cameras) != 1:
        raise ConfigurationError(
            "A gt.txt says neither of which camera it is, nor how many frames a second it has.",
            remedy="Give --frames-per-second, and a deployment with one camera.",
        )
    settings = MotSettings(cameras[0], frames_per_second, dict(map(_id_and_subject, subjects)))
    return read_mot(path, settings)


def _id_and_subject(text: str) -> tuple[int, str]:
    from overt.errors import ConfigurationError

    number, equals, subject = text.partition("=")
    if not (number.isascii() and number.isdigit() and equals and subject):
        raise ConfigurationError(
            f"--subject {text[:60]!a} is no id and subject.", remedy="Write it like 3=S-0012."
        )
    return int(number), subject


def _show(results: "list[CameraResult]", summary: "ClipSummary") -> None:
    from overt.cli import screen

    screen.out().print(
        screen.columns(
            ("passage", "subject", "what came of it", "since visible", "score", "rank"),
            _passages(results),
        )
    )
    screen.say("")
    screen.out().print(screen.facts(_figures(summary)))
    for result in results:
        for alert in result.alerts:
            if alert.kind.is_false:
                screen.say(
                    f"False alert: {alert.camera} at {alert.time_s:.1f} s, as {alert.subject_id}, "
                    f"score {alert.score:.4f}, {alert.passage_id or 'nobody annotated'}."
                )


def _passages(results: "list[CameraResult]") -> Iterable[tuple[str, ...]]:
    for result in results:
        for each in result.passages:
            why = f": {each.main_reason}" if each.outcome.needs_reason and each.main_reason else ""
            yield (
                each.passage.passage_id,
                each.passage.subject_id or "unlisted",
                f"{each.outcome}{why}",
                "-" if each.since_visible_s is None else f"{each.since_visible_s:.1f} s",
                "-" if each.score is None else f"{each.score:.4f}",
                "-" if each.rank is None else str(each.rank),
            )


def _figures(summary: "ClipSummary") -> dict[str, str]:
    over = summary.tpir_over_subjects
    return {
        "passages seen": _rate(summary.seen),
        "TPIR per passage": _rate(summary.tpir),
        "over subjects": (
            f"95 % interval {over[0]:.3f} to {over[1]:.3f}, {summary.subjects} people"
            if over
            else "too few people for an interval"
        ),
        "FPIR per passage": _rate(summary.fpir),
        "false alerts per 1,000 faces seen": (
            "{:.1f}, 95 % interval {:.1f} to {:.1f}".format(*summary.false_a_thousand)
            if summary.faces_seen
            else "no face was seen"
        ),
        "time to alert, since visible": _times(summary.since_visible),
        "time to alert, since searchable": _times(summary.since_searchable),
        "faces seen": f"{summary.faces_seen:,}, {summary.faces_searched:,} searched, "
        f"{summary.faces_of_nobody:,} of nobody annotated",
        "tracks": f"{summary.switches:,} switches, {summary.fused_tracks:,} of two people",
        "repeats held back": f"{summary.repeats:,}",
    }


def _rate(rate: "Rate") -> str:
    if not rate.of:
        return "nobody to count"
    low, high = rate.interval()
    return (
        f"{rate.value:.3f} ({rate.count:,} of {rate.of:,}), 95 % interval {low:.3f} to {high:.3f}"
    )


def _times(times: "Times") -> str:
    if not times.count:
        return "nobody alerted"
    return f"median {times.median_s:.1f} s, longest {times.longest_s:.1f} s"
