"""What watches the service: readiness, metrics, and the port that monitoring reads."""

import http.client
import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from api_calls import Answer, Caller
from api_world import World

from overt.runtime.metrics import CONTENT_TYPE
from overt.vocabulary import Role
from overt.web.app import make_app
from overt.web.guard import Guard
from overt.web.metrics import MetricsPort
from overt.web.paths import METRICS, ROOT

_PROGRAM = "import typer; from overt.cli import serve; typer.run(serve.serve)"


def test_anybody_is_told_that_it_is_ready(world: World) -> None:
    answer = world.anybody.call("GET", f"{ROOT}/ready")

    assert (answer.status, answer.json()) == (200, {"state": "ready", "reasons": []})


def test_anybody_is_told_why_it_is_not_and_no_more(world: World) -> None:
    world.scene.office.log.checkpoint()
    world.as_(world.scene.person(Role.OPERATOR)).call("POST", f"{ROOT}/retention/apply")  # logged
    world.scene.clock.forward(minutes=11)

    answer = world.anybody.call("GET", f"{ROOT}/ready")

    assert answer.status == 503
    assert answer.json() == {
        "state": "not ready",
        "reasons": ["The log has not been signed for too long."],
    }


@pytest.mark.parametrize("role", sorted(set(Role)))
def test_metrics_are_for_auditors_and_administrators(shared_world: World, role: Role) -> None:
    answer = shared_world.as_(shared_world.scene.person(role)).call("GET", METRICS)

    allowed = role in {Role.AUDITOR, Role.ADMINISTRATOR}
    assert answer.status == (200 if allowed else 403)
    assert (b"overt_build_info" in answer.body) is allowed
    if allowed:
        assert answer.headers["content-type"] == CONTENT_TYPE
        assert answer.headers["cache-control"] == "no-store"


def test_metrics_are_for_nobody_else(shared_world: World) -> None:
    answer = shared_world.anybody.call("GET", METRICS)

    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert b"overt_" not in answer.body


def _at(world: World, port: int, method: str, path: str) -> Answer:
    """What a port answers; the caller's own requests come in at 443."""
    app = make_app(world.scene.office)
    service = MetricsPort(Guard(app, world.scene.office), app.state.metrics, port)
    return Caller(service, world.loop).call(method, path)


def test_the_port_for_monitoring_answers_that_and_nothing_else(shared_world: World) -> None:
    scope_port = _port_of(shared_world)

    assert b"overt_build_info" in _at(shared_world, scope_port, "GET", METRICS).body
    for method, path in (("GET", "/"), ("GET", f"{ROOT}/me"), ("POST", METRICS), ("GET", "/x")):
        answer = _at(shared_world, scope_port, method, path)
        assert (answer.status, answer.body) == (404, b"There is only GET /metrics here.\n")


def test_other_ports_keep_the_guard(shared_world: World) -> None:
    other = _port_of(shared_world) + 1

    assert _at(shared_world, other, "GET", METRICS).status == 401
    assert _at(shared_world, other, "GET", f"{ROOT}/health").status == 200


def _port_of(world: World) -> int:
    """The port at which a caller's requests come in."""
    seen: list[int] = []

    async def looks(scope: dict[str, object], receive: object, send: object) -> None:
        server = scope["server"]
        assert isinstance(server, tuple)
        seen.append(server[1])
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        Caller(looks, world.loop).call("GET", "/")  # type: ignore[arg-type]
    return seen[0]


def test_a_service_tells_its_manager_and_its_monitoring(tmp_path: Path) -> None:
    """A real `overt serve`: ready, alive, stopping, and numbers at a port of their own."""
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        port, scraped = one.getsockname()[1], two.getsockname()[1]
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(120)
        process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, "--port", str(port), "--metrics-port", str(scraped)],
            env={
                **os.environ,
                "OVERT_HOME": str(tmp_path / "home"),
                "NOTIFY_SOCKET": str(tmp_path / "notify"),
                "WATCHDOG_USEC": "3000000",
            },
            stdout=subprocess.DEVNULL,
        )
        try:
            assert manager.recv(100) == b"READY=1"
            assert [manager.recv(100) for _ in range(2)] == [b"WATCHDOG=1"] * 2
            assert _status(scraped, METRICS) == 200
            assert _status(scraped, f"{ROOT}/health") == 404
            assert _status(port, METRICS) == 401
            process.send_signal(signal.SIGTERM)
            words = iter(lambda: manager.recv(100), b"STOPPING=1")
            assert set(words) <= {b"WATCHDOG=1"}
            assert process.wait(60) == 0
        finally:
            process.kill()
            process.wait()


def _status(port: int, path: str) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", path)
        return connection.getresponse().status
