"""Work done in several processes comes back in order, and its failure comes back too."""

import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import pytest

from overt.runtime.crew import side_by_side

_PARENT = """
import sys
from overt.runtime.crew import side_by_side
from test_work_side_by_side import say_pid_and_wait
if __name__ == "__main__":
    list(side_by_side(say_pid_and_wait, sys.argv[1:], processes=2))
"""


def say_pid_and_wait(folder: str) -> None:
    """Leave a file named by the process, and be busy for long."""
    (Path(folder) / str(os.getpid())).touch()
    sleep(600)


def test_what_is_done_side_by_side_comes_back_in_order() -> None:
    assert list(side_by_side(math.sqrt, [9, 4, 1], processes=2)) == [3, 2, 1]


def test_what_fails_in_another_process_is_raised_here() -> None:
    with pytest.raises(ValueError, match="math domain error"):
        list(side_by_side(math.sqrt, [4, -1, 9], processes=2))


@pytest.mark.parametrize(("jobs", "processes"), [([0], 2), ([0, 0], 1), ([], 2)])
def test_no_process_is_started_where_one_will_do(jobs: list[int], processes: int) -> None:
    done = list(side_by_side(lambda _job: os.getpid(), jobs, processes=processes))

    assert done == [os.getpid()] * len(jobs)


def test_no_process_outlives_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(tmp_path), str(tmp_path)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])},
        stderr=subprocess.DEVNULL,
    )
    try:
        _await(lambda: len(list(tmp_path.iterdir())) == 2)
    finally:
        parent.kill()
        parent.wait()

    children = [int(file.name) for file in tmp_path.iterdir()]
    _await(lambda: not any(map(_runs, children)))


def _runs(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"  # nobody may be there to bury it


def _await(it_is_so: Callable[[], bool]) -> None:
    until_s = monotonic() + 60
    while not it_is_so():
        assert monotonic() < until_s
        sleep(0.05)
