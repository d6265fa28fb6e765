"""`overt evaluate`: measure a pack on labelled photographs, and read what was measured."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from overt.cli import evaluate_clip

if TYPE_CHECKING:
    from overt.deployment.policy import Policy
    from overt.evaluation.report import Report

_Json = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]
_Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="What overt evaluate run wrote.")]
_TEMPLATES = "evaluation"


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    group = typer.Typer(
        no_args_is_help=True, help="Measure a pack on labelled photographs and clips."
    )
    group.command("run")(run)
    group.command("replot")(replot)
    group.command("compare")(compare)
    group.command("forget")(forget)
    evaluate_clip.add(group)
    app.add_typer(group, name="evaluate")


def run(  # noqa: PLR0913  each option is a parameter
    dataset: Annotated[
        Path,
        typer.Argument(
            metavar="DATASET", help="A folder with a folder for each person, or a manifest (CSV)."
        ),
    ],
    *,
    pack: Annotated[str, typer.Option(help="The model pack.")] = "standard",
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FOLDER", help="Where the report goes; else NAME-report."),
    ] = None,
    pairs: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Pairs to compare, as LFW's pairs.txt; else drawn."),
    ] = None,
    list_sizes: Annotated[
        list[int] | None,
        typer.Option("--list-size", metavar="N", min=1, help="People listed; may be repeated."),
    ] = None,
    splits: Annotated[int, typer.Option(min=1, max=1_000, help="Random splits a list size.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="What random choices begin from.")] = 0,
    groups: Annotated[
        list[str] | None,
        typer.Option("--group", metavar="NAME", help="A declared group; may be repeated."),
    ] = None,
    exclude: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Photographs to leave out: an id in each line."),
    ] = None,
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The policy to stamp the report with.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer splits and draws, for a first look.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """Evaluate a pack, 1:1 and 1:N, and write a report.

    Templates are kept under OVERT_HOME until overt evaluate forget. What is stopped goes on
    where it was.
    """
    from overt.cli import screen
    from overt.cli.progress import counting
    from overt.evaluation.request import Request
    from overt.evaluation.run import evaluate, write_all
    from overt.home import Home
    from overt.vision.store import ModelStore

    home = Home.current()
    folder = output or Path(f"{dataset.resolve().stem}-report")
    request = Request(
        dataset=dataset,
        output=folder,
        cache=home.path / _TEMPLATES,
        pairs=pairs,
        exclude=exclude,
        list_sizes=tuple(sorted(set(list_sizes or ()))),
        splits=splits,
        seed=seed,
        groups=tuple(groups) if groups else None,
        policy=_policy(policy),
        quick=quick,
        command=_command(),
    )
    try:
        report = evaluate(request, ModelStore(home.models).load(pack), counting)
        with counting("writing the report"):
            written = write_all(folder, report)
    except KeyboardInterrupt:
        screen.complain(
            "what was done is kept.", "Give the same command again, and it goes on from there."
        )
        raise
    if as_json:
        _print_json(report)
        return
    _show(report)
    screen.say(f"Wrote {', '.join(path.name for path in written)} to {folder}.")


def replot(
    folder: _Folder,
    *,
    threshold: Annotated[
        float | None, typer.Option(help="A threshold, to read the rates at it.")
    ] = None,
    fpir: Annotated[
        float | None, typer.Option(min=0, max=1, help="A tolerated FPIR: 0.01 for 1 %.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Read the rates at any threshold, or at any FPIR, from the scores that were kept."""
    from overt.cli import screen
    from overt.errors import ConfigurationError
    from overt.evaluation.replot import replotted
    from overt.evaluation.telling import percent, share

    if (threshold is None) == (fpir is None):
        raise ConfigurationError(
            "Either a threshold or an FPIR is read.", remedy="Give --threshold T or --fpir F."
        )
    rows = replotted(folder, threshold=threshold, fpir=fpir)
    if as_json:
        screen.print_json([row.as_dict() for row in rows])
        return
    headings = ("list", "score", "threshold", "TPIR", "FPIR")
    screen.out().print(
        screen.columns(
            headings,
            (
                (
                    f"{row.list_size:,}",
                    row.score,
                    f"{row.threshold:.4f}",
                    share(row.tpir),
                    share(row.fpir),
                )
                for row in rows
            ),
        )
    )
    if fpir is not None:
        screen.say(f"Thresholds are the lowest that no more than {percent(fpir)} reach.")


def compare(
    first: Annotated[Path, typer.Argument(metavar="FOLDER", help="One evaluation.")],
    second: Annotated[Path, typer.Argument(metavar="OTHER", help="The other.")],
    *,
    as_json: _Json = False,
) -> None:
    """Show two evaluations side by side."""
    from overt.cli import screen
    from overt.evaluation.replot import side_by_side
    from overt.evaluation.report import read_report

    table = side_by_side(read_report(first), read_report(second))
    if as_json:
        screen.print_json([dict(zip(table.headings, row, strict=True)) for row in table.rows])
        return
    screen.out().print(screen.columns(table.headings, table.rows))
    if table.note:
        screen.say(table.note)


def forget() -> None:
    """Delete the templates that evaluations have kept. Reports and scores stay."""
    import shutil

    from overt.cli import screen
    from overt.errors import StorageError
    from overt.home import Home

    folder = Home.current().path / _TEMPLATES
    if not folder.exists():
        screen.say("No templates of evaluations are kept.")
        return
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be deleted: {error.strerror}.", remedy="Delete it by hand."
        ) from error
    screen.say("Deleted the templates of all evaluations.")


def _show(report: "Report") -> None:
    from overt.cli import screen
    from overt.evaluation.sections import told

    wanted = [each for each in told(report) if each.key == "in-short" or "open-set" in each.key]
    for section in wanted:
        table = section.tables[0]
        screen.say(f"{table.caption}:")
        screen.out().print(screen.columns(table.headings, table.rows))
        screen.say("")
    left_out = sum(report.data.left_out.values())
    if left_out:
        screen.say("Not used, or worth knowing (problems.csv names each):")
        counts = {why: f"{count:,}" for why, count in report.data.left_out.items()}
        screen.out().print(screen.facts(counts))
    for note in report.notes:
        screen.say(note)


def _print_json(report: "Report") -> None:
    import json

    from overt.cli import screen
    from overt.evaluation.report import to_json

    screen.print_json(json.loads(to_json(report)))


def _policy(path: Path | None) -> "Policy | None":
    from overt.deployment.policy import Policy

    return Policy.load(path) if path else None


def _command() -> str:
    """Return the command line as it was given, for the stamp."""
    import shlex
    import sys

    return shlex.join(["overt", *sys.argv[1:]])
