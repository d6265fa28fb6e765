"""`overt deployment new` and `check`, as a person and as a program use them."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from overt.cli import screen
from overt.cli.boundary import run

_FILE = """\
name = "Croydon"
kind = "live"
use_case = "crime-hotspot"
location = "North End"
start = 2024-01-19T10:00:00+00:00
end = 2024-01-19T16:30:00+00:00
unit = "croydon"
expected_faces = 900
[authority]
applicant = "Insp Ada Byron"
authorising_officer = "Supt Grace Hopper"
rank = "Superintendent"
why = "To find [bold]them[/bold]."
where = "Here."
who = "They."
necessity = "Patrols failed."
proportionality = "It is grave."
less_intrusive_alternatives = "Visits."
[watchlist]
csv = "list.csv"
images = "."
[[camera]]
name = "north-end"
source = "rtsp://viewer:hunter2@10.0.0.5/live"
zone = [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]
[intelligence]
reference = "INT-2024-0117"
assessed_on = 2024-01-17
recorded_by = "DC Alan Kay 789"
"""
_ASSESSMENT = """\
[[assessment]]
id = "{}"
file = "list.csv"
version = "1"
review_date = 2024-12-31
"""
_FILE += "".join(map(_ASSESSMENT.format, ("data-protection", "equality", "community")))


class _Ended(NamedTuple):
    status: int
    out: str
    err: str


class _Here:
    """A folder with a deployment file `d.toml` in it, to run commands in."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capture = capture
        (folder / "list.csv").write_text("")
        (folder / "d.toml").write_text(_FILE)

    def run(self, *arguments: str) -> _Ended:
        """Run `overt deployment` with these arguments."""
        status = run(["deployment", *arguments])
        return _Ended(status, *self._capture.readouterr())


@pytest.fixture
def here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[_Here]:
    """A folder to run commands in, on a wide screen."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    screen.out.cache_clear()
    yield _Here(tmp_path, capsys)
    screen.out.cache_clear()


def test_a_new_file_is_written_once_and_then_kept(here: _Here) -> None:
    first = here.run("new")
    written = (here.folder / "deployment.toml").read_bytes()
    second = here.run("new")

    assert first.status == 0
    assert "overt deployment check deployment.toml" in first.out
    assert second.status == 1
    assert "is there already" in second.err
    assert "--force" in second.err
    assert (here.folder / "deployment.toml").read_bytes() == written

    third = here.run("new", "--force", "--kind", "live")

    assert third.status == 0
    assert 'kind = "live"' in (here.folder / "deployment.toml").read_text()


def test_checking_the_template_lists_each_blank(here: _Here) -> None:
    here.run("new")

    ended = here.run("check")

    assert ended.status == 1
    assert "It will not start: 14 problems" in ended.out
    assert ended.out.count("is empty") == 14
    assert ended.err == ""


def test_check_says_what_will_happen_and_what_it_cannot_know(here: _Here) -> None:
    ended = here.run("check", "d.toml")

    assert ended.status == 0
    for part in [
        "LIVE",
        "paragraph 2.3(a)",
        "Fri 19 Jan 2024, 10:00",
        "its window is over",
        "croydon",
        "INT-2024-0117",
        "900 faces expected",
        "list.csv",
        "Overt UK policing",
        "2 shots that agree",
        "rtsp://10.0.0.5/…",
        "50% of the picture",
        "overt models verify",
    ]:
        assert part in ended.out
    assert "hunter2" not in ended.out


def test_times_are_shown_here_and_in_utc(here: _Here, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "CET-1")
        time.tzset()
        ended = here.run("check", "d.toml")
    time.tzset()

    assert "Fri 19 Jan 2024, 11:00 CET (10:00 UTC)" in ended.out


def test_check_for_programs_is_json_without_secrets(here: _Here) -> None:
    ended = here.run("check", "--json", "d.toml")

    found = json.loads(ended.out)
    assert ended.status == 0
    assert found["ok"] is True
    assert found["problems"] == []
    assert found["deployment"]["start"] == "2024-01-19T10:00:00+00:00"
    assert found["deployment"]["authority"]["why"] == "To find [bold]them[/bold]."
    assert found["deployment"]["cameras"][0]["source"] == "rtsp://10.0.0.5/…"
    assert "hunter2" not in ended.out


@pytest.mark.parametrize("name", ["gone.toml", ".", "list.csv"])
def test_a_file_that_cannot_be_read_is_json_too(here: _Here, name: str) -> None:
    ended = here.run("check", "--json", name)

    found = json.loads(ended.out)
    assert ended.status == 1
    assert found["ok"] is False
    assert found["deployment"] is None
    (problem,) = found["problems"]
    assert problem["message"]
    assert problem["remedy"]


@pytest.mark.parametrize(
    "command", [["deployment", "check"], ["deployment", "check", "--json"], ["run"]]
)
def test_a_cameras_address_given_for_a_file_is_shown_without_its_password(
    here: _Here, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    status = run([*command, "rtsp://viewer:hunter2@10.0.0.5/live"])

    said = "".join(capsys.readouterr())
    assert status == 1
    assert "rtsp://10.0.0.5/" in said
    assert "no such file" in said
    assert "hunter2" not in said
    assert here.run("check", "gone.toml").out.startswith("gone.toml")


def test_problems_for_programs_carry_their_lines(here: _Here) -> None:
    text = _FILE.replace('"North End"', '""').replace("Supt Grace Hopper", "insp  ada byron")
    (here.folder / "d.toml").write_text(text)

    ended = here.run("check", "--json", "d.toml")

    problems = json.loads(ended.out)["problems"]
    assert [(each["line"], each["setting"]) for each in problems] == [
        (4, "location"),
        (11, "[authority] authorising_officer"),
    ]
