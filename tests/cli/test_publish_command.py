"""`overt publish`: a record is handed out by somebody, and any record is held against itself."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import pytest
from bench.drawn_day import CROYDON, UNIT, Day, StandingClock
from desk import Desk, a_desk, run_in

from acts import change_behind, entries
from overt.home import Home
from overt.people.office import Office
from overt.people.permissions import Person
from overt.vocabulary import Role

_SHORT = replace(CROYDON[1], arrests=1, other=0, false=1)


@dataclass(frozen=True, slots=True)
class Held:
    """A desk at whose home a deployment was held and closed, and another one has ended."""

    desk: Desk
    closed: str
    ended: str

    @property
    def auditor(self) -> Person:
        """Who publishes here."""
        return self.desk.scene.person(Role.AUDITOR)


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    home = tmp_path_factory.mktemp("home")
    clock = StandingClock(_SHORT.begins)
    with Office.open(Home(home), clock) as office:
        day = Day(office, clock, 2)
        closed, other = day.hold(_SHORT), day.begin(_SHORT)
        day.search(other, replace(_SHORT, arrests=0, false=0))
    with a_desk(home) as desk:
        yield Held(desk, closed.deployment_id, other.deployment_id)


def test_a_record_is_written_with_its_hash_on_the_log(held: Held, tmp_path: Path) -> None:
    path = tmp_path / "record.csv"

    ended = held.desk.run(held.auditor, "publish", "record", held.closed[:8], "--output", path)

    assert ended.status == 0, ended
    digest = sha256(path.read_bytes()).hexdigest()
    assert digest in ended.out
    last = entries(held.desk.scene.office)[-1]
    assert (last["event"], last["data"]["sha256"]) == ("record.published", digest)


@pytest.mark.parametrize("layout", ["csv", "json", "html", "met-csv"])
def test_what_is_written_is_found_to_add_up(held: Held, tmp_path: Path, layout: str) -> None:
    path = tmp_path / "record"
    written = held.desk.run(held.auditor, "publish", "record", held.closed, "--format", layout)
    path.write_text(written.out, encoding="utf-8", newline="")

    ended = run_in(tmp_path, "publish", "check", path, "--json")

    found = json.loads(ended.out)
    assert ended.status == 0
    assert (found["format"], found["rows"], found["contradictions"]) == (layout, 1, [])


def test_several_deployments_make_one_file_which_says_of_itself_what_it_is(
    held: Held, tmp_path: Path
) -> None:
    path = tmp_path / "day.json"
    options: list[str | Path] = ["--format", "json", "--output", path, "--json"]

    ended = held.desk.run(held.auditor, "publish", "record", held.closed, held.ended, *options)

    said, document = json.loads(ended.out), json.loads(path.read_bytes())
    assert said["standing"] == document["standing"] == "provisional"
    assert [each["standing"] for each in document["rows"]] == ["final", "provisional"]
    assert said["sha256"] == sha256(path.read_bytes()).hexdigest()


def test_what_is_provisional_is_not_written_in_the_mets_columns(held: Held) -> None:
    options = ["--format", "met-csv"]

    ended = held.desk.run(held.auditor, "publish", "record", held.ended, *options)

    assert ended.status == 1
    assert "provisional" in ended.err
    assert "Close the deployment first" in ended.err


def test_a_file_that_is_there_is_not_written_over(held: Held, tmp_path: Path) -> None:
    path = tmp_path / "record.csv"
    path.write_text("mine")
    size = held.desk.scene.office.record.journal.tree().size

    ended = held.desk.run(held.auditor, "publish", "record", held.closed, "--output", path)

    assert ended.status == 1
    assert path.read_text() == "mine"
    assert "record.published" not in {
        each["event"] for each in entries(held.desk.scene.office)[size:]
    }


def test_json_about_nothing_is_refused(held: Held) -> None:
    ended = held.desk.run(held.auditor, "publish", "record", held.closed, "--json")

    assert ended.status == 1
    assert "--format json" in ended.err


def test_who_may_not_publish_is_refused_and_units_keep_to_themselves(held: Held) -> None:
    person = held.desk.scene.person
    command = ("publish", "record", held.closed)

    assert held.desk.run(person(Role.OPERATOR, UNIT), *command).refused
    assert held.desk.run(person(Role.COMMANDER, "brixton"), *command).refused
    assert held.desk.run(person(Role.COMMANDER, UNIT), *command).status == 0
    assert held.desk.run(None, *command).status == 1


def test_a_file_that_does_not_add_up_ends_with_status_1_and_each_row(
    held: Held, tmp_path: Path
) -> None:
    path = tmp_path / "record.csv"
    held.desk.run(held.auditor, "publish", "record", held.closed, "--output", path)
    path.write_bytes(path.read_bytes().replace(b",0.089047,", b",0.080000,"))

    ended = run_in(tmp_path, "publish", "check", path)

    assert ended.status == 1
    assert "1 contradiction" in ended.out
    wanted = "false_per_face_percent is 0.080000, but comes to 0.089047"
    assert f"rates-are-their-arithmetic: row 2: {wanted}" in ended.out


@pytest.mark.data
def test_the_mets_own_record_does_not_add_up(tmp_path: Path, data_dir: Path) -> None:
    record = next((data_dir / "records").glob("met_lfr*.csv"))

    ended = run_in(tmp_path, "publish", "check", record)

    assert ended.status == 1
    assert "row 28: " in ended.out, "Croydon, 23 January 2024, printed 0.08 %"


def test_a_record_that_was_changed_is_not_handed_out(held: Held) -> None:
    """R-59."""
    office, statement = held.desk.scene.office, "UPDATE runs SET watchlist_subjects = ?"
    change_behind(office, statement, 19199)

    ended = held.desk.run(held.auditor, "publish", "record", held.closed)
    change_behind(office, statement, 2)

    assert (ended.status, ended.out) == (1, "")
    assert "19,199 people were listed, but 2 were approved" in ended.err
