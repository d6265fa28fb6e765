"""What a terminal says of cameras: their pace, how closely they look, and what falls short."""

from collections import Counter
from io import StringIO

from rich.console import Console

from overt.cli.run_view import PlainView
from overt.runtime.counts import Counts
from overt.runtime.messages import CameraState, Ended
from overt.runtime.pace import Kept
from overt.vocabulary import DropCause


def said_of(kept: Kept) -> str:
    """What plain lines say of a camera."""
    out = StringIO()
    dropped = Counter({DropCause.NOT_DUE: 500})
    state = CameraState("gate", Counts(frames=40), dropped, kept)
    PlainView(Console(file=out)).ended(Ended(state))
    return out.getvalue()


def test_a_camera_s_pace_is_said_with_the_width_it_looks_at() -> None:
    said = said_of(Kept(11.94, 960, 28, 6.0))

    assert "gate: 40 frames, 11.9 at 960 px a second, 500 dropped" in said
    assert "FLOOR" not in said


def test_a_camera_below_the_policy_s_floor_is_said_in_words() -> None:
    """Promise R10."""
    said = said_of(Kept(3.14, 640, 42, 6.0, below_floor=True))

    assert "BELOW THE POLICY'S FLOOR: 3.1 of 6 frames a second" in said
