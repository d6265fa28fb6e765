"""Checking rows: what the policy does not allow is refused, with every reason at once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from example_lists import GOOD_ROW, RULES, TODAY, changed

from overt.errors import WatchlistError
from overt.vocabulary import RefusedRow
from overt.watchlist.entries import CheckedList, ListSource, check_list
from overt.watchlist.rows import write_rows
from overt.watchlist.rules import ALWAYS_REQUIRED

Check = Callable[..., CheckedList]


def reasons(checked: CheckedList, number: int = 2) -> list[RefusedRow]:
    return [refusal.reason for refusal in checked.refusals.get(number, ())]


def test_a_row_that_keeps_to_the_rules_becomes_an_entry(checked: Check) -> None:
    found = checked(GOOD_ROW)

    (entry,) = found.entries
    assert not found.refusals
    assert (entry.subject.category, entry.subject.added_by) == ("wanted", "PC 1234")


@pytest.mark.parametrize("name", sorted(ALWAYS_REQUIRED))
def test_every_required_field_is_required(checked: Check, name: str) -> None:
    found = checked(changed(GOOD_ROW, **{name: "  "}))

    assert reasons(found) == [RefusedRow.MISSING_FIELD]
    assert found.refusals[2][0].detail == name


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"category": "other"}, RefusedRow.UNKNOWN_CATEGORY),
        ({"category": "Wanted"}, RefusedRow.UNKNOWN_CATEGORY),
        ({"picture_source": "social media"}, RefusedRow.UNKNOWN_SOURCE),
        ({"picture_source": "family"}, RefusedRow.UNKNOWN_SOURCE),
        ({"expected_response": "follow"}, RefusedRow.UNKNOWN_RESPONSE),
        ({"picture_date": "30/11/2025"}, RefusedRow.BAD_DATE),
        ({"picture_date": "20251130"}, RefusedRow.BAD_DATE),
        ({"picture_date": "2025-02-30"}, RefusedRow.BAD_DATE),
        ({"picture_date": "2025-02-30\nx"}, RefusedRow.BAD_DATE),
        ({"picture_date": "\u0662025-11-30"}, RefusedRow.BAD_DATE),
        ({"picture_date": str(TODAY + timedelta(days=1))}, RefusedRow.BAD_DATE),
    ],
)
def test_what_the_policy_does_not_allow_is_refused(
    checked: Check, changes: dict[str, str], reason: RefusedRow
) -> None:
    assert reasons(checked(changed(GOOD_ROW, **changes))) == [reason]


def test_a_picture_taken_today_is_allowed(checked: Check) -> None:
    assert checked(changed(GOOD_ROW, picture_date=str(TODAY))).entries


def test_all_of_a_rows_faults_are_given_at_once(checked: Check) -> None:
    bad = changed(GOOD_ROW, reason="", category="anyone", picture_source="web", picture_date="?")

    assert reasons(checked(bad)) == [
        RefusedRow.MISSING_FIELD,
        RefusedRow.UNKNOWN_CATEGORY,
        RefusedRow.UNKNOWN_SOURCE,
        RefusedRow.BAD_DATE,
    ]


def test_an_open_response_is_the_categorys_first_unless_it_is_required(checked: Check) -> None:
    open_row = changed(GOOD_ROW, expected_response="")

    (entry,) = checked(open_row).entries
    required = checked(open_row, rules=replace(RULES, required=frozenset({"expected_response"})))

    assert entry.subject.expected_response == "arrest"
    assert reasons(required) == [RefusedRow.MISSING_FIELD]


def test_every_row_with_an_id_used_twice_is_refused(checked: Check) -> None:
    found = checked(GOOD_ROW, changed(GOOD_ROW, picture="two.png"))

    assert not found.entries
    assert reasons(found, 2) == reasons(found, 3) == [RefusedRow.DUPLICATE_ID]


@pytest.mark.parametrize(
    "changes",
    [
        {"category": "missing", "expected_response": "safeguard"},
        {"reason": "another"},
        {"lawful_basis": "another"},
        {"name": "Another"},
    ],
)
def test_a_subject_whose_rows_disagree_is_refused_whole(
    checked: Check, changes: dict[str, str]
) -> None:
    other = changed(GOOD_ROW, reference_id="R-3", subject_id="S-3")
    found = checked(GOOD_ROW, changed(GOOD_ROW, reference_id="R-2", **changes), other)

    assert RefusedRow.INCONSISTENT_SUBJECT in reasons(found, 2)
    assert RefusedRow.INCONSISTENT_SUBJECT in reasons(found, 3)
    assert [entry.row.reference_id for entry in found.entries] == ["R-3"]


def test_a_subject_may_have_pictures_added_by_different_people(checked: Check) -> None:
    found = checked(GOOD_ROW, changed(GOOD_ROW, reference_id="R-2", added_by="PC 9"))

    assert {entry.subject.added_by for entry in found.entries} == {"PC 1234; PC 9"}


def test_a_list_longer_than_the_policy_permits_is_refused(checked: Check) -> None:
    with pytest.raises(WatchlistError, match="2 rows; the policy permits 1"):
        checked(
            GOOD_ROW, changed(GOOD_ROW, reference_id="2"), rules=replace(RULES, most_references=1)
        )


def test_a_folder_of_pictures_that_is_not_there_is_refused(tmp_path: Path) -> None:
    write_rows(tmp_path / "list.csv", [GOOD_ROW])
    source = ListSource(tmp_path / "list.csv", tmp_path / "nowhere", RULES, TODAY)

    with pytest.raises(WatchlistError, match="nowhere is not there"):
        check_list(source)
