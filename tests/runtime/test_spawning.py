"""How a camera's process is started, with what, and how it is ended where it cannot be."""

import subprocess
import sys
from multiprocessing.context import SpawnProcess
from typing import cast

from overt.runtime.spawning import kill_process


class _Stuck:
    """A process that hangs in the kernel: it lives on, however often it is killed."""

    def __init__(self) -> None:
        self.killed, self.waited_s = False, list[float | None]()

    def is_alive(self) -> bool:
        return True

    def kill(self) -> None:
        self.killed = True

    def join(self, timeout: float | None = None) -> None:
        self.waited_s.append(timeout)


def test_nobody_waits_for_ever_for_one_that_hangs_in_the_kernel() -> None:
    stuck = _Stuck()

    kill_process(cast("SpawnProcess", stuck))

    assert stuck.killed
    assert [each is not None and each <= 10 for each in stuck.waited_s] == [True]


def test_a_cameras_process_loads_nothing_that_it_can_do_without() -> None:
    program = "import sys, overt.runtime.worker; print(*sys.modules)"

    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )

    loaded = set(ended.stdout.split())
    assert "overt.runtime.worker" in loaded
    assert not loaded & {"scipy", "matplotlib", "fastapi", "sqlalchemy", "typer"}
    assert not loaded & {"overt.synthetic.street", "overt.storage", "overt.web", "overt.cli"}
