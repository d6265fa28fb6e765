"""`overt publish notice`: who may make one, and what comes of it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import Desk, a_desk

from overt.vocabulary import Role


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with a_desk(tmp_path) as made:
        yield made


def test_a_draft_goes_to_standard_output_with_a_warning(desk: Desk) -> None:
    row = desk.drafted()
    applicant = desk.scene.person(Role.APPLICANT)

    ended = desk.run(applicant, "publish", "notice", row.deployment_id[:8], "--kind", "text")

    assert ended.status == 0
    assert "Live facial recognition: North End, Croydon" in ended.out
    assert "DRAFT" in ended.out
    assert "DRAFT" in ended.err


@pytest.mark.parametrize("kind", ["poster", "leaflet", "web"])
def test_a_page_is_written_to_a_file_that_everybody_may_read(desk: Desk, kind: str) -> None:
    row = desk.drafted()
    path = desk.home / "notice.html"
    auditor = desk.scene.person(Role.AUDITOR)

    ended = desk.run(
        auditor, "publish", "notice", row.deployment_id, "--kind", kind, "--output", path
    )

    assert ended.status == 0
    assert f"Wrote {path}" in ended.out
    text = path.read_text("utf-8")
    assert text.startswith("<!doctype html>")
    assert "North End, Croydon" in text
    assert path.stat().st_mode & 0o044
    assert [each.name for each in desk.home.glob(".notice*")] == []


def test_programs_are_told_what_a_notice_says(desk: Desk) -> None:
    row = desk.drafted()

    ended = desk.run(
        desk.scene.person(Role.COMMANDER), "publish", "notice", row.deployment_id, "--json"
    )

    told = json.loads(ended.out)
    assert told["standing"] == "draft"
    assert told["location"] == "North End, Croydon"
    assert told["reference"] == row.deployment_id[:12]


def test_nobody_makes_another_units_notice_or_one_without_signing_in(desk: Desk) -> None:
    row = desk.drafted()
    stranger = desk.scene.person(Role.COMMANDER, unit="brixton")

    assert desk.run(stranger, "publish", "notice", row.deployment_id).refused
    unknown = desk.run(None, "publish", "notice", row.deployment_id)
    assert unknown.status == 1
    assert "Nobody is signed in" in unknown.err


def test_a_language_there_is_none_of_is_refused_with_those_there_are(desk: Desk) -> None:
    row = desk.drafted()
    applicant = desk.scene.person(Role.APPLICANT)

    ended = desk.run(applicant, "publish", "notice", row.deployment_id, "--language", "cy")

    assert ended.status == 1
    assert "There are: en" in ended.err
