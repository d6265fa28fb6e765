"""A deployment from its draft to its review, each step a command of whose task it is."""

import json
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from desk import HERE, Desk, Ended, a_desk

import overt_verify
from overt.cli.alert_decisions import Closing, Decision
from overt.cli.alert_stops import Check, OnTheStreet
from overt.vocabulary import (
    AdjudicationDecision,
    Disposal,
    IdentityCheck,
    OfficerDecision,
    Role,
)
from rehearsals import write_deployment, write_drawn_list, write_portrait_clip

pytestmark = pytest.mark.models

_LISTED, _OTHERS = 7, (11, 23)


@dataclass(slots=True)
class Told:
    """A story that has been told: the desk, the deployment, its alert, and what was written."""

    desk: Desk
    deployment: str
    alert: str
    written: dict[str, Ended]

    def json(self, role: Role, *words: str | Path) -> Any:
        """Return what a command says to somebody of this role, as JSON."""
        ended = self.desk.run(self.desk.scene.person(role), *words, "--json")
        assert ended.status == 0, ended
        return json.loads(ended.out)


@pytest.fixture(scope="module")
def told(new_home: Callable[[], Path]) -> Iterator[Told]:
    """The whole story, told once; every step has to succeed."""
    home = new_home()
    path = _deployment(home)
    with a_desk(home) as desk:
        told = Told(desk, "", "", {})

        def does(role: Role, *words: str | Path) -> str:
            ended = desk.run(desk.scene.person(role), *words)
            told.written[" ".join(map(str, words[:2]))] = ended
            assert ended.status == 0, (words, ended)
            return ended.out

        drafted = json.loads(does(Role.APPLICANT, "deployment", "draft", path, "--json"))
        told.deployment = drafted["deployment_id"]
        _is_authorised(told.deployment[:10], drafted, does)
        started = does(Role.COMMANDER, "deployment", "start", told.deployment, "--json")
        assert json.loads(started)["alerts"] == 1, started
        words = ("alerts", "list", "--deployment", told.deployment, "--json")
        (alert,) = json.loads(does(Role.OPERATOR, *words))
        told.alert = alert["alert_id"]
        _is_decided(desk, told.alert, does)
        _is_over(told.deployment, does)
        yield told


Does = Callable[..., str]


def _deployment(home: Path) -> Path:
    write_drawn_list(home, (_LISTED, *_OTHERS))
    clip = write_portrait_clip(home / "gate.mp4", _LISTED, seconds=4)
    top = f'unit = "{HERE}"\nexpected_faces = 100'
    return write_deployment(home, {"gate": clip}, top=top, name="Rehearsed in full")


def _is_authorised(deployment: str, drafted: dict[str, Any], does: Does) -> None:
    assert (drafted["subjects"], drafted["refused"]) == (3, 0)
    does(Role.APPLICANT, "deployment", "submit", deployment)
    does(Role.COMMANDER, "watchlist", "show", deployment)
    does(Role.COMMANDER, "watchlist", "approve", deployment)
    does(Role.APPLICANT, "watchlist", "withdraw", deployment, "drawn-23", "--reason", "an error")
    does(Role.APPLICANT, "watchlist", "revalidate", deployment, "watchlist.csv")
    why = "necessary and proportionate"
    does(Role.AUTHORISING_OFFICER, "deployment", "authorise", deployment, "--reason", why)


def _is_decided(desk: Desk, alert: str, does: Does) -> None:
    does(Role.OPERATOR, "alerts", "claim", alert)
    does(Role.OPERATOR, "alerts", "show", alert, "--picture", "side.png")
    decision = ("--decision", "viable", "--factor", "subject", "--factor", "environment")
    does(Role.OPERATOR, "alerts", "adjudicate", alert, *decision)
    second = desk.scene.somebody(Role.OPERATOR)
    assert desk.run(second, "alerts", "claim", alert).status == 0
    assert desk.run(second, "alerts", "adjudicate", alert, *decision).status == 0
    does(Role.ENGAGEMENT_OFFICER, "alerts", "acknowledge", alert)
    does(Role.ENGAGEMENT_OFFICER, "alerts", "engage", alert, "--decision", "engage")
    tried = ("--check", "asked", "--check", "document")
    does(Role.ENGAGEMENT_OFFICER, "alerts", "end-stop", alert, *tried)
    closed = ["--true", "--confirmed", "--engaged", "--disposal", "conditions-checked"]
    does(Role.ENGAGEMENT_OFFICER, "alerts", "close", alert, *closed)
    case = ("--case", "CR 17/26", "--asked-by", "the-investigator", "--until", _in_a_month())
    does(Role.AUTHORISING_OFFICER, "retention", "hold", alert, *case)


def _is_over(deployment: str, does: Does) -> None:
    does(Role.COMMANDER, "deployment", "close", deployment, "--note", "quiet")
    findings = ("--findings", "all was as it should be")
    does(Role.AUTHORISING_OFFICER, "deployment", "review", deployment, *findings)
    does(Role.ADMINISTRATOR, "retention", "apply")


def _in_a_month() -> str:
    return f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}"


def test_every_act_of_it_is_shown_with_who_when_and_why(told: Told) -> None:
    """R-9: the whole life of a deployment stands on record, and who did what in it."""
    shown = told.json(Role.AUDITOR, "deployment", "show", told.deployment)

    assert shown["state"] == "reviewed"
    assert [act["act"] for act in shown["acts"]] == [
        *("submit", "authorise", "start", "end", "close", "review")
    ]
    assert shown["acts"][1]["reason"] == "necessary and proportionate"
    assert shown["acts"][1]["by"].startswith("authorising-officer-")
    assert shown["acts"][3]["by"] == "system"
    assert shown["watchlist"] is None
    assert shown["alerts"] == 1
    assert shown["authorised_terms_sha256"] == shown["terms_sha256"]


def test_it_is_shown_in_words_as_well(told: Told) -> None:
    ended = told.desk.run(
        told.desk.scene.person(Role.COMMANDER), "deployment", "show", told.deployment
    )

    assert "necessary and proportionate" in ended.out
    assert "destroyed" in ended.out
    assert "false alerts" in ended.out
    assert ended.err == ""


def test_whoever_may_see_names_saw_who_is_listed_and_who_looks_alike(told: Told) -> None:
    shown = told.written["watchlist show"].out

    assert "drawn-7" in shown
    assert "Who looks alike:" in shown
    assert "References that resemble many people:" in shown


def test_the_picture_is_its_owner_s_alone_and_its_writing_is_on_the_log(told: Told) -> None:
    picture = told.desk.home / "side.png"
    events = told.json(Role.AUDITOR, "audit", "log", "--last", "500")

    assert stat.S_IMODE(picture.stat().st_mode) == 0o600
    (seen,) = [each for each in events if each["event"] == "alert.face-seen"]
    (written,) = [each for each in events if each["event"] == "record.exported"]
    assert seen["data"]["alert"] == written["data"]["thing"] == told.alert
    assert seen["by"].startswith("operator-")


def test_the_list_is_gone_with_a_receipt_and_the_alert_is_kept_for_its_case(told: Told) -> None:
    """R-22, R-38: the list is destroyed at the close; a hold keeps what a case needs."""
    receipts = told.json(Role.AUDITOR, "retention", "receipts")
    due = told.json(Role.AUDITOR, "retention", "list")
    holds = told.json(Role.AUDITOR, "retention", "holds")
    (hold,) = [each for each in holds if each["stands"] == "yes"]  # another test renews it

    assert [(each["what"], each["reason"]) for each in receipts] == [
        ("watchlist", "deployment closed")
    ]
    assert receipts[0]["finished_at"]
    assert [(each["what"], each["id"], each["held"]) for each in due] == [
        ("alert", told.alert, True)
    ]
    assert hold["case_number"] == "CR 17/26"


def test_a_subject_learns_on_which_lists_they_were(told: Told) -> None:
    """R-23: inclusions outlive the list, and the question is on the log."""
    (listed,) = told.json(Role.AUDITOR, "watchlist", "inclusions", "drawn-7")
    (withdrawn,) = told.json(Role.AUDITOR, "watchlist", "inclusions", "drawn-23")

    assert listed["deployment"] == "Rehearsed in full"
    assert withdrawn["listed_until"] < listed["listed_until"]


def test_the_log_names_people_and_not_who_is_listed(told: Told) -> None:
    words = ("audit", "log", "--last", "500")
    events = told.json(Role.ADMINISTRATOR, *words)
    shown = told.desk.run(told.desk.scene.person(Role.AUDITOR), *words)

    moves = [each for each in events if each["event"] == "deployment.moved"]
    assert moves[1]["data"]["reason"] == "necessary and proportionate"
    assert moves[0]["by"].startswith("applicant-")
    (raised,) = [each for each in events if each["event"] == "alert.raised"]
    assert raised["data"]["subject"].startswith("ref:")
    assert "deployment.moved" in shown.out
    assert "drawn-7" not in shown.out + json.dumps(events)


def test_outsiders_find_the_log_intact(told: Told) -> None:
    """R-57: the log is exported by a command, and verified by a program that shares no code."""
    auditor, folder = told.desk.scene.person(Role.AUDITOR), told.desk.home / "log"

    ended = told.desk.run(auditor, "audit", "export", folder)
    key = told.desk.run(auditor, "audit", "key").out.strip()
    report = overt_verify.verify(folder, key, [folder / "checkpoints"])
    again = told.desk.run(auditor, "audit", "export", folder)

    assert ended.status == 0
    assert report.problems == []
    assert report.entries > 20
    assert again.status == 1
    assert "not empty" in again.err


def test_the_log_is_verified_in_place(told: Told) -> None:
    auditor = told.desk.scene.person(Role.AUDITOR)

    ended = told.desk.run(auditor, "audit", "verify", "--json")

    assert ended.status == 0, ended
    assert json.loads(ended.out)["intact"] is True


def test_the_record_is_copied_for_its_owner_alone_and_once(told: Told) -> None:
    copy = told.desk.home / "copy.sqlite3"
    administrator = told.desk.scene.person(Role.ADMINISTRATOR)

    assert told.desk.run(administrator, "record", "back-up", copy).status == 0
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert told.desk.run(administrator, "record", "back-up", copy).status == 1
    unmounted = told.desk.home / "unmounted" / "copy.sqlite3"
    assert told.desk.run(administrator, "record", "back-up", unmounted).status == 1
    assert not unmounted.parent.exists()
    report = overt_verify.verify(copy, told.desk.scene.office.log.verifier, [])
    assert report.problems == []


def test_auditors_list_alerts_without_who_they_are_against(told: Told) -> None:
    words = ("alerts", "list", "--deployment", told.deployment)
    (for_auditors,) = told.json(Role.AUDITOR, *words)
    (for_operators,) = told.json(Role.OPERATOR, *words)

    assert for_auditors["candidate"]["subject_id"] is None
    assert for_operators["candidate"]["subject_id"] == "drawn-7"
    assert for_auditors["outcome"]["disposal"] == "conditions checked"
    assert for_auditors["decisions"] == ["viable", "viable"]


def test_the_queue_says_how_far_people_are_without_a_name(told: Told) -> None:
    """R-48: priority and expected response stand in the queue."""
    (queued,) = told.json(Role.OPERATOR, "alerts", "queue", told.deployment)
    shown = told.desk.run(
        told.desk.scene.person(Role.ENGAGEMENT_OFFICER), "alerts", "queue", told.deployment
    )

    assert (queued["stage"], queued["decisions"], queued["needed"]) == ("closed", 2, 2)
    assert queued["engaged_at"] <= queued["released_at"]
    assert "closed" in shown.out
    assert "drawn-7" not in shown.out + json.dumps(queued)


def test_nobody_signed_in_sees_no_alert_of_a_deployment(told: Told) -> None:
    listed = told.desk.run(None, "alerts", "list", "--json")
    shown = told.desk.run(None, "alerts", "show", told.alert)

    assert json.loads(listed.out) == []
    assert shown.status == 1
    assert "Nobody is signed in." in shown.err


def test_a_deployment_is_listed_for_its_unit_and_for_no_other(told: Told) -> None:
    stranger = told.desk.scene.person(Role.COMMANDER, unit="elsewhere")

    listed = told.json(Role.OPERATOR, "deployment", "list")
    strange = told.desk.run(stranger, "deployment", "list", "--json")

    assert [each["deployment_id"] for each in listed] == [told.deployment]
    assert json.loads(strange.out) == []


def test_a_released_hold_lets_the_clocks_run(told: Told) -> None:
    authoriser = told.desk.scene.person(Role.AUTHORISING_OFFICER)
    holds = told.json(Role.AUDITOR, "retention", "holds")
    (hold,) = [each for each in holds if each["stands"] == "yes"]

    first = told.desk.run(authoriser, "retention", "release", hold["hold_id"][:8])
    second = told.desk.run(authoriser, "retention", "release", hold["hold_id"][:8])
    case = ("--case", "CR 17/26", "--asked-by", "the-investigator", "--until", _in_a_month())
    held_again = told.desk.run(authoriser, "retention", "hold", told.alert, *case)

    assert (first.status, second.status, held_again.status) == (0, 1, 0)
    assert "has ended already" in second.err


@pytest.mark.parametrize("words", ["decide nothing", "say nothing of factors"])
def test_nothing_is_decided_for_an_operator(told: Told, words: str) -> None:
    """R-45: no decision and no factor is preselected."""
    given = ["--factor", "subject"] if words == "decide nothing" else ["--decision", "viable"]

    operator = told.desk.scene.person(Role.OPERATOR)

    assert told.desk.run(operator, "alerts", "adjudicate", told.alert, *given).status == 2


def test_the_words_of_the_command_line_are_those_of_the_record() -> None:
    pairs = [
        (Decision, AdjudicationDecision),
        (Closing, Disposal),
        (OnTheStreet, OfficerDecision),
        (Check, IdentityCheck),
    ]

    for here, there in pairs:
        assert [each.name for each in here] == [each.name for each in there]
