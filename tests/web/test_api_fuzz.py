"""Whatever is sent, the API answers in its own words and by the table.

`OVERT_API_CASES` says how many cases are sent in all; with 20000 it takes about twenty minutes:

    OVERT_API_CASES=20000 python -m pytest tests/web/test_api_fuzz.py -s
"""

import os
from collections.abc import Iterator

import pytest
from api_fuzz import Findings, Fuzz, fuzz_operation, fuzz_raw, operations
from api_world import World

_CASES = int(os.environ.get("OVERT_API_CASES", "600"))
_TAGS = {
    # room: its share of the cases
    "sessions": 0.02,  # each attempt to sign in is meant to be slow
    "accounts": 0.14,
    "deployments": 0.22,
    "watchlists": 0.14,
    "alerts": 0.14,
    "retention": 0.12,
    "audit": 0.05,
    "health": 0.01,
}
_RAW = 1 - sum(_TAGS.values())


@pytest.fixture(scope="module")
def total() -> Iterator[Findings]:
    """What all the tests here found together."""
    found = Findings()
    yield found
    print(f"\nall together: {found.told()}")


@pytest.mark.parametrize("tag", list(_TAGS))
def test_no_case_of_a_room_ends_in_a_fault_or_in_what_the_table_refuses(
    world: World, total: Findings, tag: str
) -> None:
    """R-62: whatever a client sends, as whichever role."""
    fuzz = Fuzz(world, Findings())
    every = operations(tag)

    for each in every:
        fuzz_operation(fuzz, each, round(_CASES * _TAGS[tag] / len(every)))

    _demand_clean(fuzz.found, total, tag)


def test_no_bytes_at_all_end_in_a_fault(world: World, total: Findings) -> None:
    fuzz = Fuzz(world, Findings())

    fuzz_raw(fuzz, round(_CASES * _RAW))

    _demand_clean(fuzz.found, total, "raw bytes")


def _demand_clean(found: Findings, total: Findings, what: str) -> None:
    total.statuses += found.statuses
    total.faults += found.faults
    total.wrong += found.wrong
    total.odd += found.odd
    print(f"\n{what}: {found.told()}")
    assert found.cases > 0
    assert found.faults == []
    assert found.wrong == []
    assert found.odd == []
