"""Every kind of contradiction is found where it is, and none where there is none."""

import random
from pathlib import Path

import numpy as np
import pytest

from overt.publication.breaks import levels
from overt.publication.contradictions import CHECKS, Examination, examine, for_programs
from overt.publication.findings import Severity
from overt.publication.imported import read_published, read_statements
from published_files import days, examined, found, row, with_break, words, write_statement

_RECORD = "records/met_lfr_deployments_2023_to_may2025.csv"


def test_a_record_that_is_right_gives_nothing(tmp_path: Path) -> None:
    examination = examined(tmp_path, days(12))

    assert found(examination) == {}
    assert not examination.contradicts_itself


@pytest.mark.parametrize(
    ("check", "changes", "said"),
    [
        ("printed-rate", {"false_alert_rate": "0.08%"}, "0.0890 %, rounded 0.09 %; printed 0.08"),
        ("printed-rate", {"false_alert_rate": "25.00%"}, "the rate of alerts, not of faces"),
        ("printed-rate", {"false_alert_rate": "8.90%"}, "a hundred times off"),
        ("printed-rate", {"false_alert_rate": "0.5%"}, "printed 0.5 %."),
        ("alerts-sum", {"true_unconfirmed": 1}, "3 true confirmed + 1 true unconfirmed"),
        ("outcomes-too-many", {"arrest": 3, "other": 2, "no_action": 1}, "6 outcomes, of 4 alerts"),
        ("outcomes-too-few", {"arrest": 1, "other": 1}, "1 has none"),
        ("arrests", {"arrest": 4, "other": 0}, "4 arrests upon 3 true alerts"),
        ("faces-too-few", {"faces_seen_estimate": 3}, "3 faces seen, yet 4 alerts"),
        ("duration", {"duration": "25h 00m"}, "longer than a day"),
        ("duration", {"duration": "0h 00m"}, "no time at all"),
    ],
)
def test_a_row_that_cannot_be_true_is_found_with_its_arithmetic(
    tmp_path: Path, check: str, changes: dict[str, object], said: str
) -> None:
    rows = days(12)
    rows[4] |= {name: str(value) for name, value in changes.items()}

    examination = examined(tmp_path, rows)

    assert found(examination)[check] == [(6,)]
    assert said in words(examination, check)
    assert examination.contradicts_itself


@pytest.mark.parametrize(
    ("check", "changes", "said"),
    [
        ("rate-precision", {"false_alert_rate": "0.1%"}, "fewer decimals than the 2"),
        ("rate-unit", {"false_alert_rate": "0.0009"}, "without its unit"),
        ("faces-pace", {"faces_seen_estimate": 190_000}, "11 a second"),
        ("threshold-scale", {"min_threshold": "64"}, "not from 0 to 1"),
        ("list-jump", {"watchlist": 15_000}, "none is near it"),
        ("place-name", {"location": "Market Square,"}, "ends in the middle"),
        ("place-name", {"location": "Marke Square"}, "“Market” often"),
        ("writing", {"duration": "5hr 00m"}, "Durations are written in 2 ways"),
        ("writing", {"faces_seen_estimate": "1,123"}, "with a comma here"),
    ],
)
def test_what_is_more_likely_a_slip_is_suspicious_and_no_contradiction(
    tmp_path: Path, check: str, changes: dict[str, object], said: str
) -> None:
    rows = days(12)
    rows[4] |= {name: str(value) for name, value in changes.items()}

    examination = examined(tmp_path, rows)

    assert found(examination)[check] == [(6,)]
    assert said in words(examination, check)
    (suspicious,) = [each for each in examination.found if each.name == check]
    assert suspicious.severity is Severity.SUSPICIOUS


@pytest.mark.parametrize(
    ("false", "faces", "printed", "right"),
    [
        (1, 1123, "0.09%", True),
        (1, 1123, "0.089%", True),
        (1, 1123, "0.08%", False),
        (1, 800, "0.13%", True),  # 0.125 %: half is rounded up
        (1, 800, "0.12%", False),
        (0, 1123, "0%", True),
        (0, 1123, "0.00%", True),
        (2, 1000, "0.2%", True),
    ],
)
def test_a_printed_rate_is_held_against_its_own_decimals_rounded_half_up(
    tmp_path: Path, false: int, faces: int, printed: str, *, right: bool
) -> None:
    one = row(
        alerts=3 + false,
        false_confirmed=false,
        faces_seen_estimate=faces,
        false_alert_rate=printed,
    )

    assert ("printed-rate" not in found(examined(tmp_path, [one]))) is right


def test_outcomes_that_count_the_same_people_are_found_in_every_row(tmp_path: Path) -> None:
    doubled = days(12, other=2, no_action=2)

    examination = examined(tmp_path, doubled)

    (rows,) = found(examination)["outcomes-equal"]
    assert rows == tuple(range(2, 14))
    assert "12 of 12 rows" in words(examination, "outcomes-equal")


def test_outcomes_that_are_equal_by_chance_are_no_contradiction(tmp_path: Path) -> None:
    by_chance = days(12, arrest=1, other=1, no_action=1)

    assert "outcomes-equal" not in found(examined(tmp_path, by_chance))


def test_columns_that_begin_to_differ_have_changed_their_meaning(tmp_path: Path) -> None:
    rows = days(24, arrest=1, other=2, no_action=2)
    for after in rows[12:]:
        after |= {"other": "1", "no_action": "2"}

    examination = examined(tmp_path, rows)

    assert found(examination)["outcomes-changed"] == [(13, 14)]


def test_what_outcomes_add_up_to_is_told_where_it_differs(tmp_path: Path) -> None:
    rows = [*days(3), row(date="06/01/24", arrest=2, other=2)]

    assert "confirmed true alerts in 3 rows; all alerts in 1 row" in words(
        examined(tmp_path, rows), "outcomes-base"
    )


def test_a_day_out_of_order_is_found_with_the_year_it_may_be(tmp_path: Path) -> None:
    rows = days(20)
    rows[9] |= {"date": rows[9]["date"].replace("/24", "/23")}

    examination = examined(tmp_path, rows)

    assert found(examination)["order"] == [(11,)]
    assert "In 2024 it would be in order, with the threshold of 0.6" in words(examination, "order")


def test_a_record_that_runs_backwards_is_in_order(tmp_path: Path) -> None:
    assert found(examined(tmp_path, days(20)[::-1])) == {}


def test_a_record_in_no_order_is_said_to_be_so_once(tmp_path: Path) -> None:
    rows = days(20)
    random.Random(3).shuffle(rows)

    examination = examined(tmp_path, rows)

    assert len(found(examination)["order"]) == 1
    assert "no order of days" in words(examination, "order")


def test_two_lists_of_one_day_that_differ_in_a_digit_are_found(tmp_path: Path) -> None:
    rows = days(12, watchlist=16_199)
    rows.insert(6, rows[5] | {"location": "Station Road", "watchlist": "19199"})

    examination = examined(tmp_path, rows)

    assert found(examination)["lists-of-a-day"] == [(7, 8)] or found(examination)[
        "lists-of-a-day"
    ] == [(8, 7)]
    assert "19,199 stands beside the same day's 16,199" in words(examination, "lists-of-a-day")
    assert "differ in one digit" in words(examination, "lists-of-a-day")


def test_a_row_that_stands_twice_and_one_that_nearly_does(tmp_path: Path) -> None:
    rows = [row(), row(), row(date="03/01/24"), row(date="03/01/24", location="Station Road")]

    examination = examined(tmp_path, rows)

    assert found(examination)["duplicate"] == [(2, 3)]
    assert found(examination)["same-figures"] == [(4, 5)]


def test_thresholds_that_change_are_told_and_two_in_one_day_are_suspicious(tmp_path: Path) -> None:
    rows = [*days(6), *days(12, min_threshold="0.62")[6:]]
    rows.append(rows[-1] | {"location": "Station Road", "min_threshold": "0.64", "alerts": "4"})

    examination = examined(tmp_path, rows)

    assert found(examination)["threshold-changed"] == [(7, 8), (13, 14)]
    assert found(examination)["thresholds-of-a-day"] == [(13, 14)]


def test_a_purpose_that_names_several_is_found_with_the_row_that_ends_it(tmp_path: Path) -> None:
    rows = [*days(4, use_case="1,2,3,4"), *days(8)[4:]]

    examination = examined(tmp_path, rows)

    assert found(examination)["purpose-undivided"] == [(2, 3, 4, 5)]
    assert "from row 6" in words(examination, "purpose-undivided")


def test_a_column_that_nobody_ever_fills_is_told_from_thirty_rows_on(tmp_path: Path) -> None:
    few, many = days(29), days(31)

    assert "column-unused" not in found(examined(tmp_path, few))
    assert "“false unconfirmed” is 0" in words(examined(tmp_path, many), "column-unused")


@pytest.mark.parametrize("factor", [5.0, 0.2])
def test_faces_seen_that_begin_to_mean_something_else_are_found_where_they_do(
    tmp_path: Path, factor: float
) -> None:
    examination = examined(tmp_path, with_break(factor))

    (rows,) = found(examination)["faces-definition"]
    assert abs(rows[0] - 61) <= 2
    assert rows[1] == rows[0] + 1
    assert "at the 6 places visited before and after" in words(examination, "faces-definition")


def test_busier_places_are_suspicious_and_no_other_definition(tmp_path: Path) -> None:
    names = found(examined(tmp_path, with_break(5.0, moved=True)))

    assert "faces-definition" not in names
    assert "faces-level" in names


def test_noise_has_no_breaks() -> None:
    noises = [np.random.default_rng(seed).normal(size=200) for seed in range(30)]

    assert sum(len(levels(each)) > 1 for each in noises) <= 2
    assert len(levels(np.zeros(200))) == 1
    assert len(levels(np.zeros(5))) == 1
    assert levels(np.zeros(0)) == ()


def test_figures_that_begin_to_be_rounded_are_found(tmp_path: Path) -> None:
    rows = with_break(1.0)
    for each in rows[60:]:
        each["faces_seen_estimate"] = str(int(each["faces_seen_estimate"]) // 5 * 5)

    (numbers,) = found(examined(tmp_path, rows))["faces-rounding"]

    assert abs(numbers[0] - 61) <= 2


def test_a_statement_made_elsewhere_is_held_against_all_rows_of_the_place(tmp_path: Path) -> None:
    rows = [row(location="Market Square, north"), row(location="Market Square, south")]
    agreed = write_statement(tmp_path, alerts=8, arrests=4)
    assert "statement" not in found(examined(tmp_path, rows, agreed))

    examination = examined(tmp_path, rows, write_statement(tmp_path, alerts=9, arrests=4))

    assert found(examination)["statement"] == [(2, 3)]
    assert "4 + 4 = 8 alerts and 2 + 2 = 4 arrests in the record; 9 and 4" in words(
        examination, "statement"
    )
    assert "the force's release" in words(examination, "statement")


def test_a_statement_of_a_day_that_the_record_does_not_have_is_told(tmp_path: Path) -> None:
    examination = examined(tmp_path, days(3), write_statement(tmp_path, location="Elsewhere"))

    assert "the record has no row" in words(examination, "statement")


def test_every_check_has_its_own_name_and_what_is_found_is_values(tmp_path: Path) -> None:
    names = [check.name for check in CHECKS]
    examination = examined(tmp_path, [*days(3), row(date="x")])

    assert len(set(names)) == len(names)
    shown = for_programs(examination)
    assert shown["rows"] == 3
    assert shown["unreadable"] == [
        {"row": 5, "column": "date", "why": "“x” is no day like 19/01/24 or 2024-01-19."}
    ]


@pytest.fixture(scope="module")
def published_record(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Examination:
    """What is found in the Metropolitan Police's own record, with one statement of its release."""
    said = write_statement(
        tmp_path_factory.mktemp("said"),
        location="Croydon",
        date="14/12/23",
        alerts=22,
        arrests=10,
    )
    return examine(read_published(data_dir / _RECORD), read_statements(said))


@pytest.mark.data
def test_all_seven_kinds_are_found_in_the_published_record(published_record: Examination) -> None:
    """R-59: what ours makes impossible, with row numbers as a spreadsheet counts them."""
    names = found(published_record)

    assert len(published_record.published.rows) == 277
    assert [rows[0] for rows in names["printed-rate"]] == [
        19, 28, 36, 46, 48, 52, 64, 74, 84, 86, 117,
    ]  # fmt: skip
    assert words(published_record, "printed-rate").count("cut off, not rounded") == 10
    assert names["alerts-sum"] == [(25,)]
    assert [len(rows) for rows in names["outcomes-equal"]] == [180]
    assert names["order"] == [(114,)]
    assert names["lists-of-a-day"] == [(272, 271)]
    assert names["statement"] == [(21, 22)]
    assert [(rows[0], rows[-1], len(rows)) for rows in names["purpose-undivided"]] == [
        (2, 148, 147)
    ]
    broken = [
        published_record.published.rows[rows[1] - 2].day for rows in names["faces-definition"]
    ]
    assert [(day.year, day.month) for day in broken] == [(2024, 1), (2024, 8)]


@pytest.mark.data
def test_others_are_found_in_the_published_record(published_record: Examination) -> None:
    names = found(published_record)

    assert names["outcomes-too-many"] == [(240,)]
    assert names["outcomes-too-few"] == [(47,)]
    assert names["outcomes-changed"] == [(205, 206)]
    assert names["threshold-changed"] == [(113, 115), (123, 124)]
    assert names["faces-rounding"] == [(137, 138)]
    assert "“false unconfirmed” is 0" in words(published_record, "column-unused")
