"""A process that has stopped is told from one that works, and from one that waits its turn."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import pytest

from overt.runtime.stillness import Stillness

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="Linux tells")
LONG_S = 60.0


@contextmanager
def process(work: str) -> Iterator[int]:
    """Run a few words of Python in another process, once they have begun."""
    command = [sys.executable, "-c", f"print(flush=True)\n{work}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        try:
            yield child.pid
        finally:
            child.kill()


def until(what: Callable[[], bool]) -> bool:
    """Wait until it is so, or for long enough."""
    until_s = monotonic() + LONG_S
    while monotonic() < until_s:
        if what():
            return True
        sleep(0.02)
    return False


def test_one_that_sleeps_is_still_but_was_not_stopped() -> None:
    stillness = Stillness()
    with process("import time; time.sleep(600)") as pid:
        assert until(lambda: stillness.look(pid)[1] > 0.5)
        assert not stillness.look(pid)[0]


def test_one_that_is_stopped_is_known_for_it() -> None:
    stillness = Stillness()
    with process("while True: pass") as pid:
        os.kill(pid, signal.SIGSTOP)
        assert until(lambda: stillness.look(pid) > (True, 0.5))


def test_one_that_works_is_never_still_however_little_it_gets_done() -> None:
    stillness = Stillness()
    with process("import os; os.nice(19)\nwhile True: pass") as pid:
        for _ in range(20):
            sleep(0.05)
            assert stillness.look(pid) == (False, 0.0)


def test_one_that_is_gone_is_not_still() -> None:
    with process("") as pid:
        pass
    assert Stillness().look(pid) == (False, 0.0)


def test_what_nobody_saw_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two looks with a long while between them saw two moments, and not the while."""
    clock = iter((100.0, 160.0, 160.2))
    monkeypatch.setattr("overt.runtime.stillness.monotonic", lambda: next(clock))
    stillness = Stillness()
    with process("import time; time.sleep(600)") as pid:
        assert until(lambda: _asleep(pid))
        found = [stillness.look(pid)[1] for _ in range(3)]

    assert found == pytest.approx([0.0, 0.5, 0.7])


def _asleep(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"


@pytest.mark.parametrize(("waits_for", "still"), [("S", True), ("R", False), ("D", False)])
def test_one_of_whose_threads_waits_for_its_turn_or_for_the_disk_is_not_still(
    waits_for: str, *, still: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, state in (("7", "S"), ("7/task/7", "S"), ("7/task/8", waits_for)):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "stat").write_text(f"7 (a ) name) {state} {'0 ' * 20}")
    monkeypatch.setattr("overt.runtime.stillness._PROC", tmp_path)
    stillness = Stillness()
    stillness.look(7)
    sleep(0.02)

    assert (stillness.look(7)[1] > 0) is still
