"""Work done in several processes comes back in order, and its failure comes back too."""

import math
import os

import pytest

from overt.runtime.side_by_side import side_by_side


def test_what_is_done_side_by_side_comes_back_in_order() -> None:
    assert list(side_by_side(math.sqrt, [9, 4, 1], processes=2)) == [3, 2, 1]


def test_what_fails_in_another_process_is_raised_here() -> None:
    with pytest.raises(ValueError, match="math domain error"):
        list(side_by_side(math.sqrt, [4, -1, 9], processes=2))


@pytest.mark.parametrize(("jobs", "processes"), [([0], 2), ([0, 0], 1), ([], 2)])
def test_no_process_is_started_where_one_will_do(jobs: list[int], processes: int) -> None:
    done = list(side_by_side(lambda _job: os.getpid(), jobs, processes=processes))

    assert done == [os.getpid()] * len(jobs)
