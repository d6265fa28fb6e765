"""`overt calibrate`: the threshold that keeps false alerts at the rate that is tolerated."""

from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from overt.evaluation.calibration import Calibrated, Findings
    from overt.evaluation.datasets import Dataset
    from overt.evaluation.extraction import Extracted
    from overt.vision.store import Pack
    from overt.watchlist.prediction import Prediction

_TEMPLATES = "evaluation"  # beside those of overt evaluate, and forgotten with them


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("calibrate")(calibrate)


def calibrate(  # noqa: PLR0913  each option is a parameter
    dataset: Annotated[
        Path,
        typer.Argument(
            metavar="DATASET", help="A folder with a folder for each person, or a manifest (CSV)."
        ),
    ],
    *,
    per_thousand: Annotated[
        float | None,
        typer.Option(metavar="X", help="False alerts that are tolerated per 1,000 faces."),
    ] = None,
    fpir: Annotated[
        float | None, typer.Option(metavar="F", help="The same as a rate: 0.003 for 0.3 %.")
    ] = None,
    list_size: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="How many people are listed.")
    ] = None,
    watchlist: Annotated[
        Path | None, typer.Option("--list", metavar="FILE", help="The list itself: CSV or JSON.")
    ] = None,
    deployment: Annotated[
        str | None, typer.Option(metavar="ID", help="A drafted deployment, with its list.")
    ] = None,
    faces: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Faces that the cameras will see.")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(metavar="T", help="Another threshold, to predict for it.")
    ] = None,
    exclude: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Photographs to leave out: a CSV with photograph_id."),
    ] = None,
    pack: Annotated[str, typer.Option(help="The model pack.")] = "standard",
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a signed validation report.")
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The signer's key (Ed25519, PEM), made at first use."),
    ] = None,
    signed_by: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Who signs: name and office.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Find the threshold for the false alerts that are tolerated.

    It is measured on photographs of people who are on no list.
    Where these are too few, it says how many more are needed.
    Templates are kept under OVERT_HOME until overt evaluate forget.
    """
    from overt.cli import screen
    from overt.cli.progress import counting
    from overt.evaluation.calibration import findings

    rate = _rate(per_thousand, fpir)
    _demand_signer(report, key, signed_by)
    size, expected = _list(list_size, watchlist, deployment)
    footfall = faces if faces is not None else expected
    extracted, models = _extracted(dataset, exclude, pack)
    with counting("list sizes") as progress:
        found = findings(extracted, size, rate, progress)
    prediction = _predicted(found, extracted, threshold, footfall)
    written = None
    if report is not None and key is not None and signed_by is not None:
        written = _written(report, (found, extracted, models), key, signed_by)
    if as_json:
        screen.print_json(_json(found, extracted, prediction, written))
        return
    _show(found, extracted, prediction)
    if written:
        _show_written(written)


def _rate(per_thousand: float | None, fpir: float | None) -> float:
    from overt.errors import ConfigurationError

    if (per_thousand is None) == (fpir is None):
        raise ConfigurationError(
            "Say once how many false alerts are tolerated.",
            remedy="Give --per-thousand 3, or the same as a rate: --fpir 0.003.",
        )
    return fpir if fpir is not None else (per_thousand or 0.0) / 1_000


def _demand_signer(report: Path | None, key: Path | None, signed_by: str | None) -> None:
    """Refuse before the long work what would be refused after it."""
    from overt.errors import ConfigurationError

    if report is None:
        if key is not None or signed_by is not None:
            raise ConfigurationError(
                "A signature needs a report to stand under.", remedy="Add --report FILE."
            )
        return
    if key is None or not (signed_by or "").strip():
        raise ConfigurationError(
            "A validation report counts only signed.",
            remedy='Add --key FILE and --signed-by "name, office".',
        )
    if report.exists():
        raise ConfigurationError(
            f"{report} is there already, and a policy may rest on it.",
            remedy="Choose another name.",
        )


def _list(
    list_size: int | None, watchlist: Path | None, deployment: str | None
) -> tuple[int, int | None]:
    """Return how many people are listed, and how many faces the deployment expects."""
    from overt.errors import ConfigurationError

    given = [each for each in (list_size, watchlist, deployment) if each is not None]
    if len(given) != 1:
        raise ConfigurationError(
            "Say once how long the list is.",
            remedy="Give --list-size N, --list FILE or --deployment ID.",
        )
    if list_size is not None:
        return list_size, None
    if watchlist is not None:
        from overt.watchlist.rows import read_rows

        return len({row.subject_id for row in read_rows(watchlist).rows if row.subject_id}), None
    return _drafted(deployment or "")


def _drafted(prefix: str) -> tuple[int, int | None]:
    from overt.cli.signed_in import signed_in
    from overt.deployment.recorded import seen

    with signed_in() as (office, person):
        row = seen(office, person, prefix)
    _, subjects, _ = row.terms["watchlist"]
    return int(subjects), int(row.terms["expected faces"]) or None


def _extracted(dataset: Path, exclude: Path | None, pack: str) -> "tuple[Extracted, Pack]":
    from overt.cli import screen
    from overt.cli.progress import counting
    from overt.evaluation.datasets import ProblemKind
    from overt.evaluation.extraction import extract
    from overt.evaluation.problems import counted
    from overt.home import Home
    from overt.vision.store import ModelStore

    home = Home.current()
    models = ModelStore(home.models).load(pack)
    read = _read(dataset, exclude)
    with counting("photographs") as progress:
        extracted = extract(read, models, home.path / _TEMPLATES, progress)
    # Whoever has a single photograph is a stranger or listed like anybody else here.
    problems = [each for each in read.problems if each.kind is not ProblemKind.SINGLE]
    left_out = counted(problems, extracted)
    if left_out:
        screen.complain(
            "left out or doubtful in the data set: "
            f"{'; '.join(f'{why}, {count:,}' for why, count in left_out.items())}.",
            "overt evaluate run names each of them.",
        )
    return extracted, models


def _read(dataset: Path, exclude: Path | None) -> "Dataset":
    from overt.evaluation.dataset_files import read_dataset
    from overt.evaluation.label_errors import read_exclusions

    read = read_dataset(dataset)
    return read.without(read_exclusions(exclude)) if exclude else read


def _predicted(
    found: "Findings", extracted: "Extracted", threshold: float | None, faces: int | None
) -> "Prediction | None":
    from overt.evaluation.validation_report import measurement
    from overt.watchlist.prediction import predict_false_alerts

    if faces is None:
        return None
    return predict_false_alerts(
        measurement(found, extracted.dataset),
        subjects=found.asked.list_size,
        threshold=found.asked.threshold if threshold is None else threshold,
        expected_faces=faces,
    )


def _written(
    path: Path, of: "tuple[Findings, Extracted, Pack]", key: Path, signed_by: str
) -> dict[str, str]:
    """Write the report, and return what the policy has to say of it."""
    from overt.evaluation.validation_report import report_of, signer_of, write_report

    found, extracted, models = of
    signer = signer_of(key)
    digest = write_report(
        path, report_of(found, models.manifest, extracted, signed_by.strip()), signer
    )
    return {
        "pack": models.manifest.name,
        "floor": f"{ceil(found.asked.floor * 10_000) / 10_000:.4f}",  # never below what is found
        "report": path.name,
        "report_sha256": digest,
        "signed_by": signed_by.strip(),
        "signed_with": signer.verifier,
    }


def _json(
    found: "Findings",
    extracted: "Extracted",
    prediction: "Prediction | None",
    written: dict[str, str] | None,
) -> dict[str, Any]:
    from dataclasses import asdict

    from overt.evaluation.validation_report import reported

    rows = [each.model_dump(mode="json") for each in reported(found.table)]
    (asked,) = reported([found.asked])
    return {
        "asked": asked.model_dump(mode="json"),
        "table": rows,
        "data": {
            "name": extracted.dataset,
            "sha256": extracted.dataset_sha256,
            "people": found.people,
            "photographs": found.photographs,
        },
        "pack_id": extracted.pack_id,
        "prediction": asdict(prediction) | {"caveats": list(prediction.caveats)}
        if prediction
        else None,
        "threshold_floor": written,
    }


def _show(found: "Findings", extracted: "Extracted", prediction: "Prediction | None") -> None:
    from overt.cli import screen
    from overt.evaluation.calibration import Method

    asked = found.asked
    low, high = asked.rate_interval()
    screen.out().print(
        screen.facts(
            {
                "Threshold": f"{asked.threshold:.4f}, 95 % interval {asked.low:.4f} to "
                f"{asked.high:.4f}",
                "For": f"FPIR {100 * asked.fpir:g} % ({1_000 * asked.fpir:g} false alerts per "
                f"1,000 faces), {asked.list_size:,} listed",
                "Score": "normalised" if asked.normalised else "raw",
                "Found by": asked.method.value,
                "Rate at it": f"{100 * low:.2g} % to {100 * high:.2g} %, at 95 %",
                "Measured on": f"{found.photographs:,} photographs of {found.people:,} people "
                f"({extracted.dataset})",
            }
        )
    )
    if asked.method is Method.EXTRAPOLATED:
        screen.say(
            f"No list of {asked.list_size:,} could be measured. A floor needs the interval's "
            f"upper end, {asked.high:.4f}."
        )
    if prediction:
        screen.say(
            f"With {prediction.expected_faces:,} faces and the threshold "
            f"{prediction.threshold:.4f}, {prediction.expected:.1f} false alerts are to be "
            f"expected, between {prediction.low:,} and {prediction.high:,}."
        )
        for caveat in prediction.caveats:
            screen.say(f"- {caveat}")
    headings = ("list", "score", "FPIR", "threshold", "95 % interval", "found by")
    screen.out().print(screen.columns(headings, map(_row, found.table)))


def _row(each: "Calibrated") -> tuple[str, ...]:
    return (
        f"{each.list_size:,}",
        "normalised" if each.normalised else "raw",
        f"{100 * each.fpir:g} %",
        f"{each.threshold:.4f}",
        f"{each.low:.4f} to {each.high:.4f}",
        each.method.value,
    )


def _show_written(written: dict[str, str]) -> None:
    from overt.cli import screen

    screen.say("")
    screen.say(f"Wrote {written['report']}. The policy refers to it so:")
    screen.say("")
    screen.say("[[threshold_floor]]")
    for name, value in written.items():
        screen.say(f"{name} = {value}" if name == "floor" else f'{name} = "{value}"')
