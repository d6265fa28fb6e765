"""`overt calibrate`: a threshold, its interval, what it will cost, and a report to rest on."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from overt.cli import calibrate, screen
from overt.cli.app import app
from overt.deployment.policy_sections import ThresholdFloor
from overt.deployment.validation import ValidationReport
from overt.errors import ConfigurationError
from overt.evaluation.extraction import Extracted
from overt.vision.manifest import shipped_manifests
from overt.watchlist.rows import Row, write_rows

PACK = shipped_manifests()["standard"]
ASKED = ("people", "--per-thousand", "50", "--list-size", "60")


def people(count: int = 150) -> Extracted:
    """Return templates of people who do not exist, two photographs each."""
    random = np.random.default_rng(0)
    whose = np.repeat(np.arange(count), 2)
    templates = random.standard_normal((count, 24))[whose] + random.standard_normal((2 * count, 24))
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    return Extracted(
        dataset="people",
        dataset_sha256="cd" * 32,
        pack_id=PACK.pack_id,
        photograph_ids=tuple(map(str, range(2 * count))),
        subject_ids=tuple(map(str, whose)),
        groups=("",) * (2 * count),
        consents=(True,) * (2 * count),
        templates=templates.astype(np.float32),
    )


@pytest.fixture(autouse=True)
def measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Let the command find templates at once, in a folder of its own."""
    found = people(), SimpleNamespace(manifest=PACK)
    monkeypatch.setattr(calibrate, "_extracted", lambda _dataset, _exclude, _pack: found)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)
    screen.out.cache_clear()
    yield
    screen.out.cache_clear()


def run(*arguments: str) -> Result:
    screen.out.cache_clear()
    return CliRunner().invoke(app, ["calibrate", *arguments])


def said(*arguments: str) -> dict[str, Any]:
    found = run(*arguments, "--json")
    assert found.exit_code == 0, found.exception
    values = json.loads(found.stdout)
    assert isinstance(values, dict)
    return values


def test_the_threshold_is_told_with_its_interval_and_what_it_will_cost() -> None:
    """R-20 and R-24: tolerated false alerts in, threshold and prediction out."""
    values = said(*ASKED, "--faces", "2000")

    asked = values["asked"]
    assert asked["low"] <= asked["threshold"] <= asked["high"]
    assert (asked["list_size"], asked["fpir"], asked["normalised"]) == (60, 0.05, True)
    assert values["prediction"]["expected"] == pytest.approx(100)
    assert values["prediction"]["low"] < 100 < values["prediction"]["high"]
    words = run(*ASKED, "--faces", "2000").stdout
    assert f"{asked['threshold']:.4f}" in words
    assert "100.0 false alerts" in words
    assert "not with these cameras on this street" in words


def test_a_rate_says_the_same_as_alerts_per_thousand() -> None:
    assert said("people", "--fpir", "0.05", "--list-size", "60") == said(*ASKED)


def test_another_threshold_is_predicted_for() -> None:
    """R-20: fewer false alerts at a higher threshold."""
    asked = said(*ASKED, "--faces", "2000")
    higher = asked["asked"]["threshold"] + 0.01

    found = said(*ASKED, "--faces", "2000", "--threshold", str(higher))["prediction"]

    assert found["expected"] < asked["prediction"]["expected"]
    assert found["threshold"] == higher


def test_the_length_of_a_list_is_read_from_it(tmp_path: Path) -> None:
    rows = [
        Row(number + 2, reference_id=f"r{number}", subject_id=f"s{number % 60}")
        for number in range(90)
    ]
    write_rows(tmp_path / "list.csv", rows)

    assert said("people", "--fpir", "0.05", "--list", "list.csv") == said(*ASKED)


def test_a_report_is_written_signed_and_the_policy_is_told_how_to_name_it(tmp_path: Path) -> None:
    """R-24: what is printed is the section that the policy needs."""
    signing = ("--report", "ours.report", "--key", "signer.pem", "--signed-by", "Dr Byron, CSA")

    section = said(*ASKED, *signing)["threshold_floor"]

    floor = ThresholdFloor.model_validate(section | {"floor": float(section["floor"])})
    assert floor.signed_with is not None
    report = ValidationReport.read((tmp_path / "ours.report").read_bytes(), floor.signed_with)
    assert report.pack.pack_id == PACK.pack_id
    assert report.signed_by == "Dr Byron, CSA"
    supported = report.supported(0.05, 60, normalised=True)
    assert supported is not None
    assert supported <= floor.floor < supported + 0.0002
    assert "is there already" in str(run(*ASKED, *signing).exception)
    words = run(*ASKED, "--report", "b.report", *signing[2:]).stdout
    assert f'signed_with = "{floor.signed_with}"' in words
    assert "[[threshold_floor]]" in words


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("people", "--list-size", "60"), "how many false alerts are tolerated"),
        ((*ASKED, "--fpir", "0.05"), "how many false alerts are tolerated"),
        (("people", "--fpir", "0.05"), "how long the list is"),
        ((*ASKED, "--list", "list.csv"), "how long the list is"),
        (("people", "--fpir", "0.001", "--list-size", "60"), "150 people cannot show"),
        (("people", "--fpir", "2", "--list-size", "60"), "cannot be calibrated for"),
        (("people", "--fpir", "0.05", "--list-size", "2000"), "10 times longer"),
        ((*ASKED, "--report", "a.report"), "counts only signed"),
        ((*ASKED, "--key", "signer.pem"), "needs a report"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_a_remedy(
    arguments: tuple[str, ...], message: str
) -> None:
    """R-24: too few people, too long a list, or nothing asked."""
    found = run(*arguments)

    assert isinstance(found.exception, ConfigurationError)
    assert message in found.exception.message
    assert found.exception.remedy
