"""What a camera says comes through as it was said, and nothing else comes through at all."""

import os
import pickle
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from example_records import an_alert
from overt.capture import Link
from overt.errors import OvertError, PackMismatchError, SourceError
from overt.runtime.counts import Counts
from overt.runtime.listening import next_message
from overt.runtime.messages import Beat, CameraState, Changed, Ended, Message, Picture, Raised
from overt.runtime.pace import Kept
from overt.runtime.timing import Spread
from overt.vocabulary import DropCause, LinkState, LossCause, NotSearchable

GATE = "gate"


def a_state() -> CameraState:
    """A state with something in every field."""
    counts = Counts(frames=7, detections=9, not_searchable=Counter({NotSearchable.BLURRED: 2}))
    spread = Spread()
    spread.add(0.1)
    return CameraState(
        GATE,
        counts,
        Counter({DropCause.LATE: 3}),
        Kept(6.1, 640, 42, 6.0, below_floor=True, below_floor_s=1.5, held_up=True),
        link=Link(LinkState.LOST, losses=Counter({LossCause.BROKEN: 1}), why="it was cut"),
        alerted_ago_s={"subject": 1.0},
        film_length_s=3.0,
        ages=spread,
        stages={"detection": spread},
    )


def an_error(kind: type[OvertError]) -> OvertError:
    """An error as it is raised somewhere."""
    return kind("it did not work.", remedy="Try again.")


@contextmanager
def a_pipe() -> Iterator[tuple[Connection, Connection]]:
    ours, theirs = Pipe()
    with ours, theirs:
        yield ours, theirs


def heard(said: object) -> Message:
    """What is heard of an object that a process sent."""
    with a_pipe() as (ours, theirs):
        theirs.send(said)
        return next_message(ours, GATE)


@pytest.mark.parametrize(
    "message",
    [
        Beat(a_state()),
        Changed(a_state()),
        Ended(a_state(), "a note"),
        Picture(GATE, 3, 1.5, b"a picture" * 10_000),
    ],
    ids=lambda message: type(message).__name__,
)
def test_what_a_camera_says_comes_through_as_it_was_said(message: Message) -> None:
    assert heard(message) == message


def test_an_alert_comes_through_with_its_template() -> None:
    alert, template = an_alert(camera=GATE), np.linspace(-1, 1, 128, dtype=np.float32)

    message = heard(Raised(alert, np.float32(2.5).item(), template))

    assert isinstance(message, Raised)
    assert message.alert == alert
    np.testing.assert_array_equal(message.template, template)


@pytest.mark.parametrize("kind", [SourceError, PackMismatchError, OvertError])
def test_an_error_comes_through_with_its_remedy(kind: type[OvertError]) -> None:
    message = heard(Ended(a_state(), error=an_error(kind)))

    assert isinstance(message, Ended)
    assert type(message.error) is kind
    assert str(message.error) == "it did not work. Try again."


class Harm:
    """A pickle that has whoever reads it make a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self._folder),)


def test_nothing_is_done_for_a_camera_that_was_taken_over(tmp_path: Path) -> None:
    harm, state = Harm(tmp_path / "harm"), a_state()
    assert pickle.loads(pickle.dumps(Harm(tmp_path / "works"))) is None  # noqa: S301

    for said in (harm, Beat(replace(state, camera=harm)), Ended(state, note=harm)):  # type: ignore[arg-type]
        with pytest.raises(pickle.UnpicklingError):
            heard(said)

    assert [each.name for each in tmp_path.iterdir()] == ["works"]


@pytest.mark.parametrize(
    "said",
    [None, {"camera": GATE}, a_state(), Beat(replace(a_state(), camera="another")), print, Path],
    ids=str,
)
def test_what_is_no_message_of_this_camera_is_none(said: object) -> None:
    with pytest.raises(pickle.UnpicklingError):
        heard(said)


@pytest.mark.parametrize(
    "said",
    [
        Beat(replace(a_state(), counts="many")),  # type: ignore[arg-type]
        Beat(replace(a_state(), counts=replace(a_state().counts, frames="7"))),  # type: ignore[arg-type]
        Beat(replace(a_state(), dropped=Counter({"late": 3}))),  # type: ignore[dict-item]
        Changed(replace(a_state(), link=replace(a_state().link, why=None))),  # type: ignore[arg-type]
        Ended(a_state(), error="it broke"),  # type: ignore[arg-type]
        Picture(GATE, 3, 1.5, "a picture"),  # type: ignore[arg-type]
        Raised(replace(an_alert(camera=GATE), candidate=None), 2.5, np.zeros(128, np.float32)),  # type: ignore[arg-type]
        Raised(an_alert(camera=GATE), 2.5, "a template"),  # type: ignore[arg-type]
    ],
    ids=lambda said: type(said).__name__,
)
def test_a_message_with_a_field_of_another_kind_is_none(said: Message) -> None:
    """It would be added up, stored or shown, and end the run there, with all its other cameras."""
    with pytest.raises(pickle.UnpicklingError):
        heard(said)


@given(st.binary(max_size=200))
def test_noise_is_no_message(noise: bytes) -> None:
    with a_pipe() as (ours, theirs):
        theirs.send_bytes(noise)
        with pytest.raises(pickle.UnpicklingError):
            next_message(ours, GATE)


@given(st.data())
def test_a_spoilt_message_is_heard_or_refused_and_nothing_else(data: st.DataObject) -> None:
    whole = bytearray(pickle.dumps(Beat(a_state())))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with a_pipe() as (ours, theirs):
        theirs.send_bytes(bytes(whole))
        with suppress(pickle.UnpicklingError):
            assert next_message(ours, GATE).camera == GATE


def test_what_is_longer_than_any_message_is_not_read() -> None:
    with a_pipe() as (ours, theirs):
        os.write(theirs.fileno(), (1 << 30).to_bytes(4, "big"))
        with pytest.raises(OSError, match="length"):
            next_message(ours, GATE)
