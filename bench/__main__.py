"""Measure Overt: python -m bench [SECTION...] [--quick] [--json PATH].

Every section prints tables; what the project claims of itself comes last, with what was found.
Figures also go to bench/results/<time>.json. A section whose data is missing is skipped, and
says so. Lists are enrolled once and kept in the cache folder; delete it to enrol again.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from bench import (
    accuracy,
    calibration,
    capacity,
    chaos,
    commits,
    console,
    crowd,
    delivery,
    drawn_street,
    eight,
    enrolment,
    hostile,
    kills,
    label_errors,
    live_view,
    long_day,
    machine,
    overload,
    passers_by,
    peer,
    peer_streams,
    reconnects,
    records,
    recovery,
    render,
    search,
    soak,
    stage,
    stops,
    streaming,
    swap,
    threads,
    variants,
)
from bench.context import Context, default_data
from bench.results import Result
from overt.errors import OvertError

_HERE = Path(__file__).parent
_PEER = _HERE.parent / ".venv/peer/bin/python"

SECTIONS: dict[str, Callable[[Context], Result]] = {
    "stage": stage.measure,
    "crowd": crowd.measure,
    "threads": threads.measure,
    "accuracy": accuracy.measure,
    "search": search.measure,
    "enrolment": enrolment.measure,
    "peer": peer.measure,
    "commits": commits.measure,
    "long-day": long_day.measure,
    "kills": kills.measure,
    "hostile": hostile.measure,
    "passers-by": passers_by.measure,
    "stops": stops.measure,
    "swap": swap.measure,
    "live-view": live_view.measure,
    "delivery": delivery.measure,
    "console": console.measure,
    "drawn-street": drawn_street.measure,
    "variants": variants.measure,
    "streaming": streaming.measure,
    "label-errors": label_errors.measure,
    "calibration": calibration.measure_section,
    "records": records.measure,
    "recovery": recovery.measure,
    "reconnects": reconnects.measure,
    "chaos": chaos.measure,
    "overload": overload.measure,
    "soak": soak.measure,
    "eight": eight.measure,
    "capacity": capacity.measure,
    "peer-streams": peer_streams.measure,
}

_BY_NAME_ONLY = frozenset({"soak"})
"""Too long to be among all sections."""


def main() -> int:
    """Measure what is asked for, print it and write it."""
    given = _options()
    context = _context(given)
    try:
        stamp = machine.stamp(context.pack.id)
    except OvertError as error:
        context.console.print(str(error))
        return 1
    results, skipped = _measure(context, given.section or _all())
    report = render.Report(stamp, context.quick, results, skipped)
    render.show(report, Console(width=None if sys.stdout.isatty() else 180))
    path = given.json or _HERE / f"results/{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    render.write(report, path)
    print(f"Every figure is in {path}.")
    missed = [claim for each in results.values() for claim in each.claims() if claim.met is False]
    return 1 if not results or (given.strict and missed) else 0


def _all() -> list[str]:
    return [each for each in SECTIONS if each not in _BY_NAME_ONLY]


def _measure(context: Context, sections: list[str]) -> tuple[dict[str, Result], dict[str, str]]:
    results: dict[str, Result] = {}
    skipped: dict[str, str] = {}
    for section in sections:
        context.console.print(f"measuring: {section}")
        try:
            results[section] = SECTIONS[section](context)
        except OvertError as error:
            skipped[section] = str(error)
    return results, skipped


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("section", nargs="*", choices=[*SECTIONS, []], metavar="SECTION")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, smaller sizes")
    parser.add_argument("--strict", action="store_true", help="fail where a claim does not hold")
    parser.add_argument("--minutes", type=float, default=30.0, help="how long to soak")
    parser.add_argument("--hours", type=float, help="the same, for a day's work")
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument("--data", type=Path, default=default_data(), help="or set OVERT_DATA")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "overt-bench")
    parser.add_argument("--annotations", type=Path, help="who is where in the clips, as JSON")
    parser.add_argument(
        "--peer-python",
        type=Path,
        default=_PEER if _PEER.exists() else Path(sys.executable),
        help="an interpreter that has face_recognition",
    )
    return parser.parse_args()


def _context(given: argparse.Namespace) -> Context:
    given.cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Context(
        data=given.data,
        cache=given.cache.absolute(),
        quick=given.quick,
        peer_python=given.peer_python,
        annotations=given.annotations,
        soak_s=given.hours * 3600 if given.hours else given.minutes * 60,
    )


if __name__ == "__main__":
    sys.exit(main())
