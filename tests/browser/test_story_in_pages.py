"""A deployment from its application to its review, through the pages alone, in real browsers.

A service in a process of its own, real models, a camera's process on a drawn street, and seven
people at screens of their own. Nothing is patched and no interface but the pages is used, until
the log is held against what was seen.
"""

import json
import re
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from screens import Screens, a_team, served_by_command
from steps import (
    RAISED_MS,
    act,
    card,
    draft,
    fill_in_application,
    open_alert,
    open_console,
    send_decision,
    state_of,
)
from street import put_list

from overt.home import Home
from overt.people.office import Office
from overt.vocabulary import AlertStage, DeploymentState, Disposal

pytestmark = pytest.mark.models

_VIABLE = "Viable: it may be the same person"
_REASON = "Necessary and proportionate: nobody is there."


def test_a_deployment_goes_from_its_application_to_its_review_through_the_pages(
    screens: Screens, scratch_home: Path
) -> None:
    """R-1, R-41, R-44, R-45, R-46, R-49, R-50, R-52, R-63: the whole chain, as people see it."""
    with Office.open(Home(scratch_home)) as office:
        team = a_team(office)
    put_list(scratch_home)
    with served_by_command(scratch_home) as address:
        kept = _kept_outside(screens.at(address, team))
        deployment_id = _applied_for(screens)
        _authorised(screens, deployment_id)
        _searched_and_decided(screens, deployment_id)
        log = _reviewed(screens, deployment_id)
        screens.close()  # before the service ends, which they would complain of
    _demand_intact(log, kept)
    with Office.open(Home(scratch_home)) as office:
        _demand_on_record(office, deployment_id)


def _kept_outside(screens: Screens) -> Path:
    """Fetch the log's key and a checkpoint before anything happens, as an auditor keeps them."""
    auditor, folder = screens.of("auditor"), screens.folder / "kept"
    for name, saved in (("log.s key", "log.key"), ("Latest checkpoint", "checkpoint.txt")):
        auditor.goto("/audit")
        with auditor.expect_download() as downloading:
            auditor.get_by_role("link", name=re.compile(name)).click()
        downloading.value.save_as(folder / saved)
    return folder


def _applied_for(screens: Screens) -> str:
    page = screens.of("applicant")
    screens.shot(page, "applicant-first-page")
    fill_in_application(page)
    screens.shot(page, "application", whole=True)
    deployment_id = draft(page)
    screens.shot(page, "draft", whole=True)
    act(page, deployment_id, "Submit the application")
    assert state_of(page, deployment_id) == DeploymentState.SUBMITTED
    return deployment_id


def _authorised(screens: Screens, deployment_id: str) -> None:
    commander, authoriser = screens.of("commander"), screens.of("authoriser")
    act(commander, deployment_id, "Approve this list")
    screens.shot(commander, "list-approved")
    authoriser.goto(f"/deployments/{deployment_id}")
    screens.shot(authoriser, "beside-the-sign-off", whole=True)
    act(authoriser, deployment_id, "Authorise these terms", _REASON)
    screens.shot(authoriser, "authorised")
    assert state_of(commander, deployment_id) == DeploymentState.AUTHORISED


def _searched_and_decided(screens: Screens, deployment_id: str) -> None:
    operator, second = screens.of("operator"), screens.of("second")
    officer, commander = screens.phone_of("officer"), screens.of("commander")
    act(operator, deployment_id, "Start searching")
    for page in (operator, second):
        open_console(page, deployment_id)
    officer.goto("/officer")
    commander.goto(f"/deployments/{deployment_id}/command")

    expect(card(operator, AlertStage.NEW)).to_be_visible(timeout=RAISED_MS)
    expect(operator.locator(".tile canvas").first).to_be_visible()
    screens.shot(operator, "alert-at-the-console")
    expect(officer.locator(".card[data-alert]")).to_have_count(0)
    _decided_by_two(screens, operator, second)

    _engaged(screens, officer)
    expect(card(operator, AlertStage.CLOSED)).to_be_attached()
    screens.shot(commander, "command", whole=True)
    commander.get_by_role("button", name=re.compile("^STOP")).click()
    expect(commander.get_by_text("Nothing is searched.")).to_be_visible(timeout=60_000)
    screens.shot(commander, "stopped")


def _decided_by_two(screens: Screens, operator: Page, second: Page) -> None:
    open_alert(operator)
    expect(card(second, AlertStage.CLAIMED)).to_be_visible()
    screens.shot(operator, "the-two-pictures")
    send_decision(operator, _VIABLE, "Subject", "Environment")

    expect(card(second, AlertStage.WAITING)).to_be_visible()
    screens.shot(second, "waits-for-a-second-person")
    open_alert(second)
    send_decision(second, _VIABLE, "Subject")
    expect(card(second, AlertStage.SENT)).to_be_attached()


def _engaged(screens: Screens, officer: Page) -> None:
    expect(card(officer)).to_be_visible()
    screens.shot(officer, "on-the-phone")
    card(officer).get_by_role("link").click()
    expect(officer.locator("[data-faces] img").first).to_be_visible()
    screens.shot(officer, "on-the-phone-two-pictures", whole=True)
    officer.get_by_role("button", name="Acknowledge").click()
    officer.get_by_label("Engage", exact=False).first.check()
    officer.get_by_role("button", name="Record my decision").click()
    expect(officer.get_by_role("timer")).to_be_visible()
    officer.get_by_label("Name and date of birth asked").check()
    officer.get_by_label("Document shown").check()
    screens.shot(officer, "the-stop", whole=True)
    officer.get_by_role("button", name="End of stop").click()
    officer.get_by_label("True alert, confirmed").check()
    officer.get_by_label("Arrest").check()
    screens.shot(officer, "the-outcome", whole=True)
    officer.get_by_role("button", name="Record and close").click()
    expect(officer.get_by_text("Recorded and closed")).to_be_visible()
    expect(officer.locator("[data-faces]")).to_have_count(0)
    screens.shot(officer, "closed-on-the-phone")


def _reviewed(screens: Screens, deployment_id: str) -> Path:
    commander, authoriser = screens.of("commander"), screens.of("authoriser")
    act(commander, deployment_id, "Close, and delete the list", "All alerts are closed.")
    act(authoriser, deployment_id, "Record the review", "One alert, one arrest, none false.")
    assert state_of(authoriser, deployment_id) == DeploymentState.REVIEWED
    screens.shot(authoriser, "reviewed", whole=True)

    auditor = screens.of("auditor")
    auditor.goto("/audit")
    screens.shot(auditor, "oversight", whole=True)
    auditor.get_by_role("button", name="Verify now").click()
    expect(auditor.get_by_text("The log is intact.")).to_be_visible()
    screens.shot(auditor, "verified")
    auditor.goto("/audit")
    with auditor.expect_download() as downloading:
        auditor.get_by_role("button", name="Export the log").click()
    exported = screens.folder / "log.zip"
    downloading.value.save_as(exported)
    return exported


def _demand_intact(exported: Path, kept: Path) -> None:
    """Verify the export as somebody outside does, with what was fetched at the beginning."""
    folder = exported.with_suffix("")
    with zipfile.ZipFile(exported) as packed:
        packed.extractall(folder)
    program = [sys.executable, "-m", "overt_verify", str(folder / "overt-log"), "--json"]
    held = ["--key", str(kept / "log.key"), "--retained", str(kept)]
    checked = subprocess.run([*program, *held], capture_output=True, check=False, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert json.loads(checked.stdout)["retained"] == 1


def _demand_on_record(office: Office, deployment_id: str) -> None:
    row = office.record.deployments.find(deployment_id)
    (place,) = office.record.alerts.places_of(deployment_id)
    outcome = office.record.reviews.outcome(place.alert_id)

    assert row.state is DeploymentState.REVIEWED
    assert outcome is not None
    assert (outcome.true_alert, outcome.confirmed, outcome.engaged) == (True, True, True)
    assert outcome.disposal is Disposal.ARREST
    assert len(office.record.reviews.adjudications(place.alert_id)) == 2
    assert office.record.watchlists.facts(row.watchlist_id) is None

    events = [json.loads(leaf)["event"] for _, leaf in office.record.journal.entries()]
    counted = Counter(events)
    assert counted["deployment.moved"] == 6
    assert counted["alert.raised"] == 1
    assert counted["alert.adjudicated"] == 2
    assert counted["deletion.finished"] >= 1
    order = [
        *("deployment.drafted", "watchlist.approved", "run.began", "alert.raised"),
        *("alert.face-seen", "alert.adjudicated", "alert.closed", "run.ended"),
    ]
    assert [events.index(each) for each in order] == sorted(events.index(each) for each in order)
