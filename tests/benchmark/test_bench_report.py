"""The benchmark's own workings: what it writes can be read, and what is missing is said."""

import io
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from bench.context import Context, MissingError
from bench.machine import stamp
from bench.memory import Memory, memory_of
from bench.render import Report, show, write
from bench.results import Claim, Grid
from rich.console import Console


@dataclass(frozen=True, slots=True)
class Found:
    """A result of a section that looked at frames."""

    frames: int

    def claims(self) -> Iterator[Claim]:
        """Claim eight frames."""
        yield Claim("frames", "≥ 8", str(self.frames), self.frames >= 8)

    def grids(self) -> Iterator[Grid]:
        """Show them."""
        yield Grid("looked at", ("frames",), ((str(self.frames),),), "a note")


@pytest.fixture
def report() -> Report:
    return Report(stamp("a-pack"), True, {"crowd": Found(7)}, {"peer": "It is not there."})


def test_the_json_holds_every_figure_claim_and_skipped_section(
    report: Report, tmp_path: Path
) -> None:
    write(report, tmp_path / "new" / "results.json")

    told = json.loads((tmp_path / "new" / "results.json").read_text("utf-8"))
    assert told["results"] == {"crowd": {"frames": 7}}
    assert told["claims"][0]["met"] is False
    assert told["skipped"] == {"peer": "It is not there."}
    assert told["stamp"]["pack_id"] == "a-pack"
    assert len(told["stamp"]["commit"]) in {0, 40}


def test_the_screen_says_what_does_not_hold_and_what_was_skipped(report: Report) -> None:
    console = Console(width=160, record=True, file=io.StringIO())

    show(report, console)

    text = console.export_text()
    assert "does not" in text
    assert "peer was not measured. It is not there." in text
    assert "a note" in text


def test_missing_data_is_named_with_a_remedy(tmp_path: Path) -> None:
    context = Context(tmp_path, tmp_path, quick=True, peer_python=Path(sys.executable))

    with pytest.raises(MissingError, match="OVERT_DATA"):
        context.need("lfw-dev")


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="Linux tells, others not")
def test_memory_counts_shared_pages_once_in_the_proportional_size() -> None:
    memory = memory_of(os.getpid())

    assert 0 < memory.unshared <= memory.proportional <= memory.resident
    assert memory.higher_of(Memory()) == memory


def test_a_process_that_is_gone_takes_no_memory() -> None:
    assert memory_of(2**22 + 1) == Memory()
