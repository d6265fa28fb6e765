"""What systemd is told, over a real socket."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from overt.cli.service_manager import ALIVE, READY, STOPPING, ServiceManager


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """A socket at which a service manager listens."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(5)
        yield listening


def test_it_is_told_word_by_word(manager: socket.socket) -> None:
    ours = ServiceManager.of({"NOTIFY_SOCKET": manager.getsockname()})

    for word in (READY, ALIVE, STOPPING):
        ours.tell(word)

    assert [manager.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_an_address_without_a_file_serves_too() -> None:
    name = f"overt-test-{os.getpid()}"
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listening:
        listening.bind(f"\0{name}")
        listening.settimeout(5)
        ServiceManager.of({"NOTIFY_SOCKET": f"@{name}"}).tell(READY)
        assert listening.recv(100) == b"READY=1"


def test_where_nobody_listens_nothing_is_told_and_nothing_fails(tmp_path: Path) -> None:
    ServiceManager.of({}).tell(READY)
    ServiceManager.of({"NOTIFY_SOCKET": str(tmp_path / "gone")}).tell(READY)


def test_children_are_not_told_of_it(manager: socket.socket) -> None:
    environment = {
        "NOTIFY_SOCKET": manager.getsockname(),
        "WATCHDOG_USEC": "30000000",
        "WATCHDOG_PID": str(os.getpid()),
        "PATH": "/usr/bin",
    }

    ours = ServiceManager.of(environment)

    assert ours.watchdog_s == 30
    assert environment == {"PATH": "/usr/bin"}


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "soon"},
        {"WATCHDOG_USEC": "9", "WATCHDOG_PID": "1"},
    ],
)
def test_without_a_watchdog_of_its_own_it_need_not_beat(environment: dict[str, str]) -> None:
    assert ServiceManager.of(environment).watchdog_s is None


def test_signs_of_life_come_three_times_in_the_time_that_is_allowed(manager: socket.socket) -> None:
    now_s = 0.0
    ours = ServiceManager(manager.getsockname(), 30.0, lambda: now_s)

    for _ in range(60):
        ours.beat()
        now_s += 1

    manager.setblocking(False)
    told = [manager.recv(100) for _ in range(6)]
    assert told == [b"WATCHDOG=1"] * 6
    with pytest.raises(BlockingIOError):
        manager.recv(100)


def test_a_clock_that_is_set_back_silences_no_sign_of_life(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = ServiceManager(manager.getsockname(), 0.03)
    ours.beat()
    set_back_s = time.time() - 600
    monkeypatch.setattr(time, "time", lambda: set_back_s)
    time.sleep(0.02)
    ours.beat()

    assert [manager.recv(100) for _ in range(2)] == [b"WATCHDOG=1"] * 2
