"""`overt demo`: a service on a folder of its own, whose cast is one click away, and nothing left."""

import http.client
import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from overt.cli import demo
from overt.web.cookies import COOKIE
from rehearsals import overt, start_overt

pytestmark = pytest.mark.models


@pytest.fixture
def process(scratch_home: Path) -> Iterator[subprocess.Popen[str]]:
    with start_overt("demo", "--ready", "--json", "--port", "0", home=scratch_home) as started:
        try:
            yield started
        finally:
            started.kill()


def _begun(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate()[1]
    said: dict[str, Any] = json.loads(line)
    return said


def _asked(
    port: int, method: str, path: str, body: str = "", cookie: str = ""
) -> tuple[int, str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        headers = {"content-type": "application/x-www-form-urlencoded", "cookie": cookie}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers.get("set-cookie", "")
    finally:
        connection.close()


def test_a_visitor_is_somebody_with_one_click_and_nothing_is_left(
    process: subprocess.Popen[str], scratch_home: Path
) -> None:
    """One click a part, an authorised deployment, and no trace once it is stopped."""
    said = _begun(process)
    port, home = int(said["address"].rpartition(":")[2]), Path(said["home"])
    assert home.is_dir()
    assert "Everybody in this demonstration is drawn" in _asked(port, "GET", "/")[1]

    status, _, given = _asked(port, "POST", "/demonstration", "name=commander")
    shown = _asked(port, "GET", f"/deployments/{said['deployment']}", cookie=given.split(";")[0])
    assert (status, shown[0]) == (303, 200)
    assert given.startswith(COOKIE)
    assert "Start searching" in shown[1]

    process.send_signal(signal.SIGTERM)
    _, complaints = process.communicate(timeout=60)
    assert process.returncode == 0, complaints
    assert "Traceback" not in complaints
    assert not home.exists()
    assert {each.name for each in scratch_home.iterdir()} == {"models"}


def test_a_street_that_does_not_exist_is_explained_before_anything_is_drawn(
    scratch_home: Path,
) -> None:
    for more in ([], ["--no-console"]):
        told = overt("demo", "--source", "drawn:cars=3", *more, home=scratch_home)
        assert told.returncode == 1
        assert "A drawn street has no 'cars'." in told.stderr


def test_no_browser_opens_without_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """One in a terminal would stand in the way of what is said there."""
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    demo._open_browser("http://127.0.0.1:1")
    assert opened == []
    monkeypatch.setenv("DISPLAY", ":0")
    demo._open_browser("http://127.0.0.1:1")
    assert opened == ["http://127.0.0.1:1"]
