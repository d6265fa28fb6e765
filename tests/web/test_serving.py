"""`overt serve`: a real server, on this machine alone unless told otherwise."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from overt.cli import serve
from overt.errors import ConfigurationError
from overt.web.paths import ROOT

_PROGRAM = "import typer; from overt.cli import serve; typer.run(serve.serve)"


def _app() -> typer.Typer:
    app = typer.Typer()
    serve.register(app)
    return app


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])  # noqa: S104
def test_addresses_that_others_reach_are_refused(host: str) -> None:
    result = CliRunner().invoke(_app(), ["--host", host])

    assert isinstance(result.exception, ConfigurationError)
    assert "--behind-proxy" in result.exception.remedy


def test_a_port_that_is_taken_is_explained() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = CliRunner().invoke(_app(), ["--port", str(taken.getsockname()[1])])

    assert isinstance(result.exception, ConfigurationError)
    assert "Nothing can listen on 127.0.0.1" in str(result.exception)
    assert "--port" in result.exception.remedy


@pytest.mark.parametrize("told_by", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_interrupted(tmp_path: Path, told_by: signal.Signals) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, "--port", str(port)],
        env={**os.environ, "OVERT_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert _asked(port, "/health", process) == (200, "no-store")
        assert _asked(port, "/accounts", process) == (401, "no-store")
        process.send_signal(told_by)
        told, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()

    assert process.returncode == 0
    assert f"The pages are at http://127.0.0.1:{port}, the API at" in told
    assert "Traceback" not in told
    events = [json.loads(line)["event"] for line in told.splitlines() if line.startswith("{")]
    lived = ["service.started", "service.stopping", "service.stopped"]
    assert [event for event in events if event in lived] == lived


def _asked(port: int, path: str, process: subprocess.Popen[str]) -> tuple[int, str | None]:
    for _ in range(300):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", ROOT + path)
            answer = connection.getresponse()
            answer.read()
        except ConnectionRefusedError:
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.2)
        else:
            return answer.status, answer.headers["cache-control"]
        finally:
            connection.close()
    raise AssertionError("it never listened")
