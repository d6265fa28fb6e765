"""What a terminal says of cameras: their pace, how closely they look, what falls short, and why."""

from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from overt.capture import Link
from overt.cli.run_view import LiveView, PlainView
from overt.deployment.file import Deployment
from overt.runtime.counts import Counts
from overt.runtime.messages import CameraState, Ended
from overt.runtime.pace import Kept
from overt.vocabulary import DropCause, LinkState
from rehearsals import write_deployment


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


REFUSED = "The camera at rtsp://10.0.0.5:554/… refuses the user name or password."


def away(link: LinkState) -> CameraState:
    """A camera that has not been looked at for ten seconds."""
    return CameraState("gate", waiting_s=10.0, link=Link(link, why=REFUSED))


@pytest.mark.parametrize("link", [LinkState.LOST, LinkState.OPENING])
def test_plain_lines_say_why_a_camera_is_lost(link: LinkState) -> None:
    out = StringIO()

    PlainView(Console(file=out)).state(away(link))

    assert f"NO PICTURE: {REFUSED}" in out.getvalue()


def test_why_a_camera_was_lost_is_not_said_once_it_delivers() -> None:
    out = StringIO()

    PlainView(Console(file=out)).state(away(LinkState.PLAYING))

    assert "NO PICTURE" not in out.getvalue()


def test_the_live_view_says_why_a_camera_is_lost(tmp_path: Path) -> None:
    (tmp_path / "watchlist.csv").touch()
    deployment = Deployment.load(write_deployment(tmp_path, {"gate": "drawn:street"}))
    console = Console(file=StringIO(), width=300, record=True)

    with LiveView(console, deployment) as view:
        view.state(away(LinkState.LOST))

    assert f"NO PICTURE for 10 s: {REFUSED}" in console.export_text()
