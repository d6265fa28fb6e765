"""`overt evaluate` as a person runs it: the report, what is read from it, and clear refusals."""

import json
import os
import signal
from pathlib import Path

import pytest
from PIL import Image

from overt.cli import boundary
from overt.evaluation import run
from overt.synthetic.faces import portrait
from overt.synthetic.identity import Person
from overt.vision.store import Pack


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three people with two photographs each, and two things that cannot be used."""
    root = tmp_path_factory.mktemp("data") / "drawn"
    for number in range(3):
        folder = root / f"p{number}"
        folder.mkdir(parents=True)
        for seed in range(2):
            picture = Image.fromarray(portrait(Person.from_seed(number), seed))
            picture.save(folder / f"p{number}_{seed + 1:04d}.jpg", quality=95)
    (root / "p0" / "notes.txt").write_text("no picture", "utf-8")
    (root / "p0" / "damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n damaged")
    return root


@pytest.fixture
def home(scratch_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with models, and a folder of its own to be in."""
    monkeypatch.setenv("OVERT_HOME", str(scratch_home))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)
    return scratch_home


def overt(*arguments: str) -> int:
    return boundary.run(["evaluate", *arguments])


@pytest.mark.models
def test_a_data_set_is_evaluated_and_its_report_read_again(
    people: Path, home: Path, pack: Pack, capsys: pytest.CaptureFixture[str]
) -> None:
    assert overt("run", str(people), "--quick", "--list-size", "2") == 0

    said = capsys.readouterr()
    assert said.err == ""
    assert "1 of 7" in said.out
    assert "file is no picture" in said.out
    assert "too small to be its own cohort" in said.out
    folder = Path("drawn-report")
    made = {path.name for path in folder.iterdir()}
    assert made >= {"report.json", "report.html", "report.pdf", "problems.csv", "scores"}
    report = json.loads((folder / "report.json").read_text("utf-8"))
    assert report["stamp"]["pack"]["pack_id"] == pack.id

    assert overt("replot", "drawn-report", "--threshold", "0.9", "--json") == 0
    assert {row["score"] for row in json.loads(capsys.readouterr().out)} == {"raw", "s-norm"}

    assert overt("replot", "drawn-report", "--fpir", "0.1") == 0
    assert "the lowest that no more than 10 % reach" in capsys.readouterr().out

    assert overt("compare", "drawn-report", "drawn-report") == 0
    assert "FTA" in capsys.readouterr().out

    assert (home / "evaluation").is_dir()
    assert overt("forget") == 0
    assert not (home / "evaluation").exists()


@pytest.mark.models
def test_what_is_stopped_says_that_what_was_done_is_kept(
    people: Path,
    home: Path,
    pack: Pack,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run, "extract", lambda *_: os.kill(os.getpid(), signal.SIGINT))

    assert overt("run", str(people)) == boundary.STOPPED
    assert "what was done is kept" in capsys.readouterr().err


@pytest.mark.models
def test_what_cannot_be_used_is_refused_with_a_remedy(
    home: Path, pack: Pack, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("empty").mkdir()

    assert overt("run", "empty") == boundary.REFUSED
    said = capsys.readouterr().err
    assert "No photograph of the data set" in said
    assert "→" in said


def test_a_threshold_and_an_fpir_at_once_are_refused(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert overt("replot", ".", "--threshold", "0.9", "--fpir", "0.1") == boundary.REFUSED
    assert "Either a threshold or an FPIR" in capsys.readouterr().err
    assert overt("replot", ".", "--threshold", "0.9") == boundary.REFUSED
    assert "no scores" in capsys.readouterr().err
    assert overt("compare", ".", ".") == boundary.REFUSED
    assert "no evaluation" in capsys.readouterr().err


def test_nothing_to_forget_is_no_error(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert overt("forget") == 0
    assert "No templates" in capsys.readouterr().out
