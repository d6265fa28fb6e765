"""An evaluation from templates to report: repeatable, resumable, and honest about what it lacks."""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from overt.errors import ConfigurationError, StorageError
from overt.evaluation.datasets import Dataset, Photograph
from overt.evaluation.extraction import Extracted, Failure
from overt.evaluation.replot import replotted, side_by_side
from overt.evaluation.report import Report, read_report
from overt.evaluation.request import Material, Request, usual_sizes
from overt.evaluation.run import Clock, measure, write_all
from overt.evaluation.sections import told
from overt.vision.store import ModelStore, Pack
from overt.vocabulary import RefusedRow

_PEOPLE, _DIMENSION = 120, 32


@contextmanager
def _steps(_: str) -> Iterator[Callable[[int, int], None]]:
    yield lambda _done, _of: None


@pytest.fixture(scope="module")
def invented(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """The shipped manifest, without any of its files: nothing here looks at a picture."""
    store = ModelStore(tmp_path_factory.mktemp("models"))
    return Pack(store, store.manifest("standard"))


def people(
    photographs: Callable[[int], int] = lambda n: 1 + n % 4, *, group: bool = False
) -> tuple[Dataset, Extracted]:
    """Return people who do not exist, with templates that are alike within one person."""
    random = np.random.default_rng(5)
    named = [
        Photograph(
            f"p{n:03d}/{k}.png",
            f"p{n:03d}",
            Path(f"p{n:03d}/{k}.png"),
            group="AB"[n % 2] if group else "",
            consent=group and n % 5 != 0,
        )
        for n in range(_PEOPLE)
        for k in range(photographs(n))
    ]
    centres = random.normal(size=(_PEOPLE, _DIMENSION))
    own = [int(each.subject_id[1:]) for each in named]
    rows = centres[own] + 0.7 * random.normal(size=(len(named), _DIMENSION))
    templates = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    dataset = Dataset("invented", tuple(named))
    return dataset, Extracted(
        dataset=dataset.name,
        dataset_sha256=dataset.sha256,
        pack_id="invented-1",
        photograph_ids=tuple(each.photograph_id for each in named),
        subject_ids=tuple(each.subject_id for each in named),
        groups=tuple(each.group for each in named),
        consents=tuple(each.consent for each in named),
        templates=templates,
    )


def measured(request: Request, pack: Pack, made: tuple[Dataset, Extracted] | None = None) -> Report:
    return measure(request, pack, Material(*(made or people())), Clock(_steps))


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Request:
    folder = tmp_path_factory.mktemp("evaluation")
    return Request(
        dataset=folder, output=folder / "out", cache=folder, quick=True, list_sizes=(60, 100)
    )


@pytest.fixture(scope="module")
def report(asked: Request, invented: Pack) -> Report:
    return measured(asked, invented)


def test_every_protocol_is_done_and_the_report_can_be_read_back(
    report: Report, asked: Request
) -> None:
    assert read_report(asked.output).repeatable() == report.repeatable()
    assert [each.list_size for each in report.open_set] == [60, 100]
    assert {each.score for each in report.open_set[0].scores} == {"raw", "s-norm"}
    assert {each.list_size for each in report.closed_set} == {_PEOPLE}
    assert report.verification is not None
    assert (report.verification.genuine, report.groups) == (report.verification.impostor, None)
    assert (report.data.subjects, report.data.subjects_with_several) == (120, 90)


def test_intervals_hold_the_values_and_curves_fall(report: Report) -> None:
    for found in report.open_set:
        for result in found.scores:
            for point in result.points:
                assert point.tpir.value is not None
                assert point.tpir.low is not None
                assert point.tpir.high is not None
                assert point.tpir.low <= point.tpir.value <= point.tpir.high
                assert point.strangers <= point.fpir * found.non_mated + 1e-9
            fnir = np.array(result.curve.y)
            assert (np.diff(fnir) <= 0).all()


def test_the_same_asked_twice_gives_the_same_but_for_times(
    report: Report, asked: Request, invented: Pack, tmp_path: Path
) -> None:
    again = measured(replace(asked, output=tmp_path), invented)

    assert again.repeatable() == report.repeatable()
    kept, written = (
        {path.name: path.read_bytes() for path in (folder / "scores").iterdir()}
        for folder in (asked.output, tmp_path)
    )
    assert kept == written


def test_another_seed_draws_other_people(
    report: Report, asked: Request, invented: Pack, tmp_path: Path
) -> None:
    other = measured(replace(asked, output=tmp_path, seed=1, list_sizes=(60,)), invented)

    assert other.open_set[0] != report.open_set[0]
    assert "The seeds differ" in side_by_side(report, other).note


def test_scores_that_were_kept_are_not_made_again(
    report: Report, asked: Request, invented: Pack
) -> None:
    before = {path: path.stat().st_mtime_ns for path in (asked.output / "scores").iterdir()}
    clock = Clock(_steps)

    again = measure(asked, invented, Material(*people()), clock)

    assert again.repeatable() == report.repeatable()
    assert before == {path: path.stat().st_mtime_ns for path in (asked.output / "scores").iterdir()}
    assert not [step for step in clock.seconds if "searches" in step]


def test_scores_of_something_else_are_made_again(
    asked: Request, report: Report, invented: Pack, tmp_path: Path
) -> None:
    """Damaged ones as well."""
    once = replace(asked, output=tmp_path, list_sizes=(60,))
    measured(once, invented)
    (tmp_path / "scores" / "open-set-60.npz").write_bytes(b"damaged")

    again = measured(once, invented)

    assert again.open_set[0] == report.open_set[0]


def test_any_threshold_is_read_from_what_was_kept(report: Report, asked: Request) -> None:
    point = report.open_set[0].scores[1].points[1]
    (at,) = (
        row
        for row in replotted(asked.output, fpir=point.fpir)
        if (row.list_size, row.score) == (60, "s-norm")
    )

    assert at.threshold == point.threshold.value
    assert at.tpir.value == pytest.approx(point.tpir.value, abs=1e-12)
    assert at.fpir.count == pytest.approx(point.strangers * 3)
    high, low = (replotted(asked.output, threshold=t)[0].fpir.count for t in (0.9, -2.0))
    assert high == 0 < low


def test_a_folder_without_scores_says_so(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no scores"):
        replotted(tmp_path, fpir=0.01)


def test_two_reports_stand_side_by_side(report: Report) -> None:
    shorter = replace(report, open_set=report.open_set[:1])

    table = side_by_side(report, shorter)

    assert len(table.rows) == 2 + 1 + 2 * 2 * 5
    assert sum(row[2] == "\N{EN DASH}" for row in table.rows) == 10


def test_failures_are_counted_named_and_searched_for_in_vain(
    asked: Request, report: Report, invented: Pack, tmp_path: Path
) -> None:
    dataset, extracted = people()
    lost = Photograph("p003/=9.png", "p003", Path("p003/9.png"))
    whole = Dataset("invented", (*dataset.photographs, lost))
    failing = replace(
        extracted,
        dataset_sha256=whole.sha256,
        failures=(Failure(lost.photograph_id, "p003", RefusedRow.NO_FACE),),
    )

    found = measured(replace(asked, output=tmp_path, list_sizes=(60,)), invented, (whole, failing))

    assert (found.data.fta.count, found.data.fta.of) == (1, len(whole.photographs))
    assert found.data.left_out[str(RefusedRow.NO_FACE).replace("_", " ")] == 1
    rows = list(csv.DictReader((tmp_path / "problems.csv").read_text("utf-8").splitlines()))
    assert "p003/=9.png" in {row["photograph_id"].lstrip("'") for row in rows}
    searches = found.open_set[0].mated + found.open_set[0].non_mated
    assert searches > report.open_set[0].mated + report.open_set[0].non_mated - 3


def test_groups_are_told_of_those_who_agreed(
    asked: Request, invented: Pack, tmp_path: Path
) -> None:
    found = measured(
        replace(asked, output=tmp_path, list_sizes=(60,)),
        invented,
        people(lambda _: 6, group=True),
    )

    assert found.groups is not None
    assert found.groups.without_consent == 24
    assert {each.group for each in found.groups.false_alerts.figures} == {"A", "B"}
    assert read_report(tmp_path) == found
    assert "groups" in {section.key for section in told(found)}


def test_a_list_longer_than_the_people_is_named_and_the_others_are_done(
    asked: Request, invented: Pack, tmp_path: Path
) -> None:
    found = measured(replace(asked, output=tmp_path, list_sizes=(40, 9_000)), invented)

    assert [each.list_size for each in found.open_set] == [40]
    assert any("9,000" in note for note in found.notes)
    assert any("too small to be its own cohort" in note for note in found.notes)


def test_a_run_that_cannot_be_done_says_so_and_still_names_the_problems(
    asked: Request, invented: Pack, tmp_path: Path
) -> None:
    alone = people(lambda _: 1)
    with pytest.raises(ConfigurationError, match="single usable photograph") as refused:
        measured(replace(asked, output=tmp_path), invented, alone)
    assert "second photograph" in refused.value.remedy
    assert (tmp_path / "problems.csv").exists()

    with pytest.raises(ConfigurationError, match="cannot be drawn"):
        measured(replace(asked, output=tmp_path, list_sizes=(9_000,)), invented)


def test_a_data_set_too_small_for_folds_leaves_pairs_out_and_says_so(
    asked: Request, invented: Pack, tmp_path: Path
) -> None:
    found = measured(
        replace(asked, output=tmp_path, list_sizes=(60,)),
        invented,
        people(lambda n: 2 if n < 4 else 1),
    )

    assert found.verification is None
    assert any(note.startswith("Pairs were not compared") for note in found.notes)


def test_all_files_are_written_for_their_owner_only(
    report: Report, asked: Request, tmp_path: Path
) -> None:
    short = replace(report, open_set=(), verification=None, closed_set=())
    paths = write_all(asked.output, short)

    assert {path.name for path in paths} == {
        "report.json",
        "report.html",
        "report.pdf",
        "problems.csv",
        "label-errors.csv",
    }
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o600}


def test_usual_sizes_leave_strangers() -> None:
    assert usual_sizes(2_848) == (600, 2_000, 2_563)
    assert all(0 < size < people for people in (2, 3, 50, 700) for size in usual_sizes(people))


def test_doubtful_labels_are_found_and_rates_given_with_and_without_them(
    asked: Request, invented: Pack, tmp_path: Path
) -> None:
    dataset, extracted = people(lambda _: 4)
    alike = extracted.subject_ids.index("p007"), extracted.subject_ids.index("p100")
    for k in range(4):  # one person stands there under two ids
        extracted.templates[alike[1] + k] = extracted.templates[alike[0] + k]
    once = replace(asked, output=tmp_path, list_sizes=(60,))

    found = measured(once, invented, (dataset, extracted)).label_errors

    assert found is not None
    assert {"p007", "p100"} in [set(each.subjects) for each in found.found]
    assert found.without == "all that are listed"
    assert [each.fpir for each in found.rates] == [0.01, 0.003]
    assert (tmp_path / "label-errors.csv").exists()

    excluded = tuple(f"p100/{k}.png" for k in range(4))
    without = measure(once, invented, Material(dataset, extracted, excluded), Clock(_steps))

    assert without.data.subjects == 119
    assert without.data.left_out["left out as asked"] == 4
    assert without.label_errors is not None
    assert without.label_errors.photographs == 4
    rate = without.label_errors.rates[0]
    assert rate.without.value == without.open_set[0].scores[1].points[2].tpir.value
