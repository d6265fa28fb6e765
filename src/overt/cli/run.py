"""`overt run`: run a rehearsal, and show its alerts as they happen."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from overt.cli.log_options import Format, Level, of_run
from overt.logs.settings import LogFormat

if TYPE_CHECKING:
    from overt.cli.run_view import LiveView, PlainView
    from overt.deployment.file import Deployment
    from overt.runtime.run import RunOptions, RunResult
    from overt.runtime.views import RunView


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("run")(run)


def run(
    path: Annotated[Path, typer.Argument(help="The deployment file.")],
    *,
    pace: Annotated[
        bool, typer.Option("--pace", help="Play recordings at their own pace, as a camera would.")
    ] = False,
    video: Annotated[
        bool,
        typer.Option(
            "--video/--no-video",
            help="Of a rehearsal, write a video with every face hidden but those that alerted.",
        ),
    ] = True,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write the result as JSON, for programs.")
    ] = False,
    log_format: Format = None,
    log_level: Level = None,
) -> None:
    """Run a rehearsal: search recordings against a watchlist.

    It runs until they end; Ctrl-C stops it. Nothing is kept of anybody who raises no alert. A live deployment is not run
    from its file but started from its authority: overt deployment start.
    """
    from overt.deployment.file import Deployment
    from overt.runtime.run import RunOptions

    deployment = Deployment.load(path)
    options = RunOptions(paced=pace, videos=video)
    with of_run(log_format, log_level):
        result = carry_out(deployment, options, quiet=log_format is LogFormat.JSON)
    finish(result, as_json=as_json)


def carry_out(
    deployment: "Deployment", options: "RunOptions", *, quiet: bool = False
) -> "RunResult":
    """Run a rehearsal with a view for this terminal, stoppable with Ctrl-C."""
    from overt.cli.signed_in import perhaps_signed_in
    from overt.retention.clocks import apply_quietly
    from overt.runtime.run import rehearse

    with (
        perhaps_signed_in() as (office, person),
        watched(deployment, quiet=quiet) as (view, stopped),
    ):
        apply_quietly(office)
        return rehearse(deployment, office, view, options, stopped, person)


@contextmanager
def watched(
    deployment: "Deployment", *, quiet: bool = False
) -> "Iterator[tuple[RunView, Callable[[], bool]]]":
    """Give a view for this terminal, and whether Ctrl-C or another signal asks to stop.

    A `quiet` one shows nothing, where standard error belongs to the log.
    """
    from overt.cli.run_view import QuietView
    from overt.runtime.worker import STOP_SIGNALS

    stop = threading.Event()
    with ExitStack() as stack:
        view: RunView = QuietView() if quiet else _plain()
        if _interactive() and not quiet:
            view = stack.enter_context(_view(deployment))
        for number in STOP_SIGNALS:
            if signal.getsignal(number) is signal.SIG_IGN:
                continue  # as nohup asks
            before = signal.signal(number, lambda _number, _frame: stop.set())
            stack.callback(signal.signal, number, before)
        yield view, stop.is_set


def finish(result: "RunResult", *, as_json: bool) -> None:
    """Say what came of a run, and of those before it; leave with status 1 if the last one failed."""
    from overt.cli import screen
    from overt.vocabulary import RunEnding

    for before in result.before:
        _tell(before, as_json=as_json)
    _tell(result, as_json=as_json)
    for error in result.errors:
        screen.complain(error.message, error.remedy)
    if result.ending is RunEnding.FAILED:
        raise typer.Exit(1)


def _tell(result: "RunResult", *, as_json: bool) -> None:
    """Say what came of one run and where it is written."""
    from overt.cli import screen

    if as_json:
        screen.print_json(_as_json(result))
    else:
        statistics = result.statistics
        why = f" ({result.reason})" if result.reason and not result.errors else ""
        screen.say(
            f"{result.ending.capitalize()} after {statistics.duration_s:.0f} s{why}: "
            f"{_counted(statistics.faces_seen, 'face')} seen, "
            f"{_counted(statistics.alerts, 'alert')}."
        )
        for video in result.videos:
            screen.say(f"  annotated video: {video}")
        screen.say(f"  summary: {result.summary}")
        screen.say(f"  alerts: overt alerts list --run {result.run_id[:8]}")


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _as_json(result: "RunResult") -> dict[str, object]:
    statistics = result.statistics
    return {
        "run_id": result.run_id,
        "ending": result.ending,
        "reason": result.reason,
        "summary": str(result.summary),
        "videos": [str(video) for video in result.videos],
        "frames": statistics.frames,
        "frames_dropped": dict(statistics.frames_dropped),
        "losses": dict(statistics.losses),
        "lost_s": statistics.lost_s,
        "below_floor_s": statistics.below_floor_s,
        "detections": statistics.detections,
        "not_searchable": dict(statistics.not_searchable),
        "faces_seen": statistics.faces_seen,
        "faces_searched": statistics.faces_searched,
        "alerts": statistics.alerts,
        "duration_s": statistics.duration_s,
        "peak_memory_mb": statistics.peak_memory_mb,
        "stage_times_ms": {
            one.stage: {"count": one.count, "p50": one.p50_ms, "p95": one.p95_ms}
            for one in statistics.stage_times
        },
    }


def _interactive() -> bool:
    from overt.cli import screen

    return screen.err().is_terminal


def _view(deployment: "Deployment") -> "LiveView":
    from overt.cli import screen
    from overt.cli.run_view import LiveView

    return LiveView(screen.err(), deployment)


def _plain() -> "PlainView":
    from overt.cli import screen
    from overt.cli.run_view import PlainView

    return PlainView(screen.err())
