"""A live run with something to hide everywhere, and none of it in the log.

The cameras' addresses have a password, the list has names, somebody is signed in, the master key
lies in the environment, and one camera is not there, so that FFmpeg has something to complain of.
That words hold no more than JSON, `tests/logs` says of every field of every event.
"""

import base64
import csv
import json
import re
import secrets
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from threading import Timer

import pytest

from authorised import Team, a_team, authorised
from overt.audit.events import SignedIn
from overt.home import Home
from overt.people.office import Office
from overt.people.permissions import Person
from overt.storage import Session
from rehearsals import start_overt, write_deployment, write_drawn_list, write_portrait_clip
from rtsp import SECRET, serving

pytestmark = pytest.mark.models
LISTED, OTHERS = 14, (3, 15)
NAME = "Zebediah Canary"

_TOP = 'unit = "croydon"\nexpected_faces = 100\n'
_MORE = """
[intelligence]
reference = "INT/2026/1"
assessed_on = 2024-01-01
recorded_by = "DS Hedy Lamarr 7"

""" + "".join(
    f'[[assessment]]\nid = "{name}"\nfile = "watchlist.csv"\nversion = "1"\n'
    "review_date = 2099-01-01\n\n"
    for name in ("data-protection", "equality", "community")
)


@pytest.fixture(scope="module")
def key() -> str:
    """The master key, as it stands in the environment."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


@pytest.fixture(scope="module")
def office(new_home: Callable[[], Path], key: str) -> Iterator[Office]:
    """An installation whose master key lies in the environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OVERT_MASTER_KEY", "environment:CANARY_KEY")
        patch.setenv("CANARY_KEY", key)
        with closing(Office.open(Home(new_home()))) as opened:
            yield opened


@pytest.fixture(scope="module")
def team(office: Office) -> Team:
    """Its people."""
    return a_team(office)


def _signed_in(office: Office, person: Person) -> str:
    token, now = secrets.token_urlsafe(32), office.now()
    session = Session(
        sha256(token.encode()).hexdigest(), person.account_id, now, now + timedelta(hours=1)
    )
    with office.record.together():
        office.record.accounts.open_session(session)
        office.log.write(SignedIn(person.account_id), by=person.account_id)
    return token


def _write_named_list(folder: Path) -> None:
    path = write_drawn_list(folder, (LISTED, *OTHERS))
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row | {"name": NAME} for row in csv.DictReader(file)]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def _nobody_listens() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _log_of_a_run(office: Office, deployment_id: str) -> str:
    """Start a deployment as a person does, interrupt it once it has alerted; return its log."""
    command = ("deployment", "start", deployment_id, "--log-format", "json")
    with start_overt(*command, home=office.home.path) as process:
        assert process.stderr is not None
        lines: list[str] = []
        wanted = {"alert.committed", "camera.lost"}
        while wanted:
            line = process.stderr.readline()
            assert line, f"it ended without {wanted}: {''.join(lines)}"
            lines.append(line)
            wanted = {event for event in wanted if event not in line}
        process.send_signal(signal.SIGINT)
        too_late = Timer(60, process.kill)
        too_late.start()
        lines += process.stderr  # not `communicate`, which leaves out what lies read ahead here
        process.wait()
        too_late.cancel()
    log = "".join(lines)
    assert process.returncode == 0, log
    return log


def test_the_log_of_a_live_run_holds_nothing_that_is_anybodys(
    office: Office,
    team: Team,
    key: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _write_named_list(tmp_path)
    clip = write_portrait_clip(tmp_path / "camera.mp4", LISTED, seconds=60)
    token = _signed_in(office, team.commander)
    monkeypatch.setenv("OVERT_MASTER_KEY", "environment:CANARY_KEY")
    monkeypatch.setenv("CANARY_KEY", key)
    monkeypatch.setenv("OVERT_SESSION", token)
    with serving(clip) as address:
        gone = re.sub(r":\d+/", f":{_nobody_listens()}/", address)
        cameras = {"gate": address, "mast": gone}
        path = write_deployment(tmp_path, cameras, kind="live", top=_TOP, more=_MORE)
        row = authorised(office, team, path)
        log = _log_of_a_run(office, row.deployment_id)

    hidden = (SECRET, "operator:", "rtsp:", "/clip", "127.0.0.1", *NAME.split(), "drawn-")
    people = (team.commander.name, team.commander.account_id, "Byron", "Hopper")
    keys = (token, key, "CANARY_KEY")
    assert [word for word in (*hidden, *people, *keys) if word in log] == []
    assert "Traceback" not in log
    for event in ("run.began", "camera.opened", "camera.ended", "run.ended"):
        assert event in log
    every = [json.loads(line) for line in log.splitlines()]
    assert all({"at", "level", "event"} <= set(each) for each in every)
