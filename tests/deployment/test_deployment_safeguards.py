"""A live deployment has its safeguards on record before it can be read; a rehearsal needs none."""

import hashlib
import json
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from deployment_files import ASSESSMENTS, ATTACHED, INTELLIGENCE, LIVE, REHEARSAL, Find, Write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reports import ATTACHED_REPORT, FILE, a_report, floor_on, signed

from overt.deployment.attachments import Assessment
from overt.deployment.file import Deployment, examine
from overt.deployment.policy import Policy
from overt.deployment.settings import Flag
from overt.deployment.summary import for_programs, in_words

_NOW = datetime(2024, 1, 19, 12, tzinfo=UTC)
_FLAGGED = LIVE.replace('unit = "', 'flags = ["protest"]\nunit = "')
_SHIPPED = Path(__file__).parents[2] / "src/overt/deployment/policies/uk-policing.toml"
_REPORT = signed(a_report())
_FLOOR = f"{floor_on(_REPORT)}\n[authority]"


def _policy_file(folder: Path, written: str, instead: str) -> None:
    """Write the shipped policy with a change beside the deployment file, as `ours.toml`."""
    text = _SHIPPED.read_text("utf-8")
    assert f"\n{written}\n" in text
    text = text.replace(f"\n{written}\n", f"\n{instead}\n", 1)
    (folder / "ours.toml").write_text(text, "utf-8")


def _under_ours(text: str, decision: str = "") -> str:
    return text.replace("[watchlist]", f'[policy]\nfile = "ours.toml"\n{decision}\n[watchlist]', 1)


def test_what_only_live_deployments_say_is_read_whole(write: Write) -> None:
    """R-5 and R-20: the intelligence and the expected faces are on record before the start."""
    deployment = Deployment.load(write(LIVE))

    assert (deployment.unit, deployment.flags) == ("croydon-north", ())
    assert deployment.expected_faces == 2500
    assert deployment.intelligence is not None
    assert deployment.intelligence.reference == "INT-2024-0117"
    assert deployment.intelligence.assessed_on == date(2024, 1, 17)
    assert "Kay" not in repr(deployment)


def test_assessments_are_attached_by_the_hash_of_their_bytes(write: Write) -> None:
    """R-7: impact assessments are attached by version and hash."""
    deployment = Deployment.load(write(LIVE))

    assert deployment.assessments == tuple(
        Assessment(name, "3.1", hashlib.sha256(content).hexdigest(), date(2024, 6, 30))
        for name, (_, content) in ASSESSMENTS.items()
    )


def test_a_rehearsal_needs_none_of_it(write: Write) -> None:
    deployment = Deployment.load(write(REHEARSAL))

    assert deployment.unit is None
    assert deployment.flags == ()
    assert deployment.intelligence is None
    assert deployment.assessments == ()
    assert deployment.expected_faces is None


def test_a_rehearsal_may_have_it_and_is_not_held_to_its_dates(write: Write) -> None:
    late = (INTELLIGENCE + ATTACHED).replace("2024-", "2023-").replace("2023-01-17", "2025-01-17")

    deployment = Deployment.load(write(REHEARSAL + late))

    assert len(deployment.assessments) == 3


# (what is written, what is written instead, line, in the message, in the remedy)
_MISTAKES = [
    # what is left out
    ('unit = "croydon-north"\n', "", None, "is missing", "live deployment needs it"),
    ("expected_faces = 2500\n", "", None, "is missing", "False alerts are predicted".lower()),
    (INTELLIGENCE, "", None, "section is missing", "[intelligence]"),
    (ATTACHED, "", None, "data-protection is not attached", "Add an [[assessment]]"),
    (ATTACHED, "", None, "community is not attached", "Add an [[assessment]]"),
    # what is wrong in it
    ('"croydon-north"', '"Croydon North"', 7, "small letters", 'Write "croydon-north"'),
    ('"croydon-north"', '" "', 7, "is empty", "The unit that runs it"),
    ("= 2500", "= 0", 8, "at least 1", "How many faces"),
    ("= 2500", '= "2500"', 8, "whole number", "no quotation"),
    ("= 2500", "= true", 8, "whole number", ""),
    ('reference = "INT-2024-0117"\n', "", 37, "is missing", "intelligence record"),
    ('"INT-2024-0117"', '"TBC"', 38, "place of an answer", "intelligence record"),
    ("= 2024-01-17", '= "2024-01-17"', 39, "date without a time", "without quotation"),
    ("= 2024-01-17", "= 2024-01-17T10:00:00Z", 39, "date without a time", "2024-01-19"),
    ("= 2024-01-17", "= 2024-01-20", 39, "after start", "Check the date"),
    ('"dpia.odt"', '"dpia.odd"', 44, "no such file", "Did you mean dpia.odt?"),
    ('"dpia.odt"', '"pictures"', 44, "no such file", ""),
    ('"dpia.odt"', '"/nowhere/at/all"', 44, "no such file", "own folder"),
    ('"dpia.odt"', '"a\\u0001"', 44, "cannot be seen", ""),
    ('version = "3.1"\n', "", 42, "is missing", "document's version"),
    ("= 2024-06-30", "= 2024-01-18", 46, "is past at the start", "reviewed"),
    ("= 2024-06-30", "= 2024-01-18T10:00:00Z", 46, "date without a time", ""),
    ('"equality"', '"equalty"', 49, "not an assessment", "Did you mean equality?"),
    ('"equality"', '"equalty"', 42, "equality is not attached", "Add an"),
    ('"equality"', '"community"', 55, "attached twice", "Keep the current"),
    ('"equality"', '"community"', 42, "equality is not attached", "Add an"),
    ("[[assessment]]", "[[assesment]]", 42, "not a setting", "Did you mean assessment?"),
]


@pytest.mark.parametrize(
    ("written", "instead", "line", "message", "remedy"),
    _MISTAKES,
    ids=[f"{mistake[3]}, {number}" for number, mistake in enumerate(_MISTAKES)],
)
def test_each_omission_of_a_live_deployment_is_named(
    problems_of: Find, written: str, instead: str, line: int | None, message: str, remedy: str
) -> None:
    """R-5, R-7, R-20 and R-63: what a live deployment must have on record."""
    assert written in LIVE

    found = problems_of(LIVE.replace(written, instead, 1))

    said = [each for each in found if message in each.message and each.line == line]
    assert said, [str(each) for each in found]
    assert any(remedy in each.remedy for each in said), said


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(day=st.dates(date(2023, 1, 1), date(2025, 12, 31)))
def test_an_assessment_counts_up_to_its_review_date(problems_of: Find, day: date) -> None:
    """R-7: a past review date blocks the start, and the day itself does not."""
    found = problems_of(LIVE.replace("= 2024-06-30", f"= {day.isoformat()}", 1))

    assert bool(found) == (day < date(2024, 1, 19))


def test_the_review_date_is_held_against_the_day_the_file_writes(problems_of: Find) -> None:
    """An hour past midnight in summer is still the day before in UTC."""
    text = LIVE.replace("2024-01-19T10:00:00+00:00", "2024-01-20T00:30:00+01:00").replace(
        "2024-01-19T16:30:00+00:00", "2024-01-20T05:00:00+01:00"
    )

    assert problems_of(text.replace("= 2024-06-30", "= 2024-01-20")) == []
    assert len(problems_of(text.replace("= 2024-06-30", "= 2024-01-19"))) == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")
def test_an_assessment_that_may_not_be_read_is_a_problem(write: Write, tmp_path: Path) -> None:
    path = write(LIVE)
    (tmp_path / "dpia.odt").chmod(0)

    (found,) = examine(path).problems

    assert "Permission denied" in found.message


def test_what_is_no_document_is_neither_waited_for_nor_read(
    problems_of: Find, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "film").open("wb") as film:
        film.truncate(101 * 1024 * 1024)

    (pipe,) = problems_of(LIVE.replace("dpia.odt", "pipe"))
    (film_,) = problems_of(LIVE.replace("dpia.odt", "film"))

    assert "no such file" in pipe.message
    assert "larger than 100 MiB" in film_.message


def test_a_protest_needs_a_rank_of_its_own(problems_of: Find, write: Write) -> None:
    """R-9: a protest or sensitive-site flag demands additional authority."""
    (found,) = problems_of(_FLAGGED)

    assert (found.line, found.setting) == (14, "[authority] rank")
    assert "a protest or a sensitive site" in found.message
    assert "commander" in found.remedy

    both = _FLAGGED.replace('["protest"]', '["sensitive-site", "protest", "protest"]')
    deployment = Deployment.load(write(both.replace('"Superintendent"', '"Commander"')))

    assert deployment.flags == (Flag.PROTEST, Flag.SENSITIVE_SITE)


def test_a_rehearsal_of_a_protest_needs_no_more_rank(problems_of: Find) -> None:
    assert problems_of('flags = ["protest"]\n' + REHEARSAL) == []


def test_a_policy_without_ranks_for_it_lets_nobody_authorise_a_protest(
    problems_of: Find, tmp_path: Path
) -> None:
    """R-9: nobody may, unless the policy says who."""
    text = _SHIPPED.read_text("utf-8")
    begin, end = text.index("sensitive_ranks"), text.index("sensitive_second")
    (tmp_path / "ours.toml").write_text(text[:begin] + text[end:], "utf-8")

    (found,) = problems_of(_under_ours(_FLAGGED.replace("Superintendent", "Commander")))

    assert (found.line, found.setting) == (7, "flags")
    assert "lets nobody authorise" in found.message


def test_an_unknown_flag_is_guessed(problems_of: Find) -> None:
    found = problems_of(_FLAGGED.replace('["protest"]', '["protests"]'))

    assert "one of: protest, sensitive-site" in found[0].message
    assert found[0].remedy == "Did you mean protest?"


@pytest.mark.parametrize("text", [REHEARSAL, LIVE])
def test_an_urgent_rank_authorises_with_a_reason_only(problems_of: Find, text: str) -> None:
    """R-8: urgent authority demands a reason."""
    urgent = text.replace('"Superintendent"', '"Inspector"')
    reason = '"Inspector"\nurgent_reason = "A child was taken an hour ago."'

    (found,) = problems_of(urgent)

    assert "not a rank" in found.message
    assert problems_of(urgent.replace('"Inspector"', reason)) == []
    (empty,) = problems_of(urgent.replace('"Inspector"', '"Inspector"\nurgent_reason = "n/a"'))
    assert "only holds the place" in empty.message


def test_no_urgency_lowers_the_rank_for_a_protest(problems_of: Find) -> None:
    """R-9: the flag's demand stands beside an urgent reason too."""
    reason = '"Inspector"\nurgent_reason = "It begins in an hour."'

    (found,) = problems_of(_FLAGGED.replace('"Superintendent"', reason))

    assert "a protest or a sensitive site" in found.message


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(threshold=st.floats(0.001, 1, allow_nan=False))
def test_a_live_threshold_is_never_below_its_packs_floor(
    problems_of: Find, tmp_path: Path, threshold: float
) -> None:
    """R-24: below the floor nothing runs without a signed validation report."""
    _policy_file(tmp_path, "[authority]", _FLOOR)

    (tmp_path / FILE).write_bytes(_REPORT)
    decision = f"{ATTACHED_REPORT}[decision]\nthreshold = {threshold!r}"

    found = problems_of(_under_ours(LIVE, decision))

    assert bool(found) == (threshold < 0.04)
    if found:
        assert "below the pack's floor, 0.04" in found[0].message
        assert "Validation 2026" in found[0].remedy


def test_a_floor_is_for_its_own_pack(problems_of: Find, tmp_path: Path) -> None:
    """R-24: the floor is per model."""
    another = signed(a_report("another"))
    (tmp_path / FILE).write_bytes(another)
    _policy_file(tmp_path, "[authority]", f"{floor_on(another, 'another')}\n[authority]")
    decision = "[decision]\nthreshold = 0.05"

    (found,) = problems_of(_under_ours(LIVE, decision))

    assert "cannot be compared" in found.message
    models = f'{decision}\n{ATTACHED_REPORT}pack = "another"'
    assert problems_of(_under_ours(LIVE, models)) == []
    assert problems_of(_under_ours(REHEARSAL, "[decision]\nthreshold = 0.01")) == []


def test_the_policys_own_threshold_stays_the_least_above_a_floor(
    problems_of: Find, tmp_path: Path
) -> None:
    """R-24: a floor permits no less than the policy asks."""
    _policy_file(tmp_path, "[authority]", _FLOOR)
    ours = tmp_path / "ours.toml"
    text = ours.read_text("utf-8").replace("\n[decision]\n", "\n[decision]\nthreshold = 0.06\n", 1)
    ours.write_text(text, "utf-8")

    (tmp_path / FILE).write_bytes(_REPORT)
    decision = f"{ATTACHED_REPORT}[decision]\nthreshold = "

    (found,) = problems_of(_under_ours(LIVE, f"{decision}0.05"))

    assert "asks for less" in found.message
    assert problems_of(_under_ours(LIVE, f"{decision}0.06")) == []


def test_check_says_what_is_on_record_and_how_long_it_is_kept(write: Write) -> None:
    deployment = Deployment.load(write(LIVE))

    words, values = in_words(deployment, _NOW), for_programs(deployment, _NOW)

    assert words["Unit"] == "croydon-north"
    assert "INT-2024-0117" in words["Intelligence"]
    assert "equality 3.1" in words["Assessments"]
    assert words["Footfall"] == "2,500 faces expected"
    assert "alerts 31 days, false ones 24 h" in words["Kept"]
    assert json.loads(json.dumps(values))["assessments"][0]["review_date"] == "2024-06-30"
    assert values["intelligence"]["assessed_on"] == "2024-01-17"


def test_a_rehearsals_summary_is_silent_about_what_it_does_not_have(write: Write) -> None:
    deployment = Deployment.load(write(REHEARSAL))

    assert not {"Unit", "Flags", "Intelligence", "Assessments"} & set(in_words(deployment, _NOW))
    assert for_programs(deployment, _NOW)["intelligence"] is None


def test_the_window_of_a_live_deployment_is_unchanged(write: Write) -> None:
    deployment = Deployment.load(write(LIVE))

    assert deployment.end - deployment.start == timedelta(hours=6, minutes=30)
    assert deployment.policy == Policy.shipped()
