"""What a camera says comes through as it was said, and nothing else comes through at all."""

import json
import os
import pickle
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from threading import Event, Thread
from time import monotonic

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from example_records import an_alert
from overt.capture import Link
from overt.errors import OvertError, PackMismatchError, SourceError
from overt.runtime.counts import Counts
from overt.runtime.message_codec import NoMessageError, next_message, send_message
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


def heard(said: Message) -> Message:
    """What is heard of a message that a process sent."""
    with a_pipe() as (ours, theirs):
        send_message(theirs, said)
        return next_message(ours, GATE)


def words_of(said: Message) -> bytes:
    """A message as bytes."""
    with a_pipe() as (ours, theirs):
        send_message(theirs, said)
        return ours.recv_bytes()


def heard_of(words: bytes) -> Message:
    """What is heard of these bytes."""
    with a_pipe() as (ours, theirs):
        saying = Thread(
            target=theirs.send_bytes, args=(words,)
        )  # a pipe holds no more than so much
        saying.start()
        try:
            return next_message(ours, GATE)
        finally:
            saying.join()


def with_field(said: Message, path: str, value: object) -> bytes:
    """A message as bytes, one of whose fields is another thing."""
    name, _, text = words_of(said).partition(b"\n")
    whole = json.loads(text)
    *way, last = path.split(".")
    part = whole[0]
    for each in way:
        part = part[each]
    assert last in part
    part[last] = value
    return name + b"\n" + json.dumps(whole).encode()


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


def test_an_alert_s_times_are_utc_again() -> None:
    message = heard(Raised(an_alert(camera=GATE), 2.5, np.zeros(128, np.float32)))

    assert isinstance(message, Raised)
    assert message.alert.captured_at.tzinfo is UTC


@pytest.mark.parametrize(
    "words",
    [
        b"",
        b"\n",
        b"Beat",
        b"Beat\nnull",
        b"CameraState\n[{}]",
        b"Beat\n" + 2000 * b"[",
        pickle.dumps(Beat(a_state())),
        words_of(Beat(replace(a_state(), camera="another"))),
        words_of(Beat(a_state())).replace(b"Beat", b"Picture"),
    ],
    ids=range(9),
)
def test_what_is_no_message_of_this_camera_is_none(words: bytes) -> None:
    with pytest.raises(NoMessageError):
        heard_of(words)


_ALERTED = Raised(an_alert(camera=GATE), 2.5, np.zeros(128, np.float32))


@pytest.mark.parametrize(
    ("said", "field", "value"),
    [
        (Beat(a_state()), "state.counts", "many"),
        (Beat(a_state()), "state.counts.frames", "7"),
        (Beat(a_state()), "state.counts.frames", 2**63),
        (Beat(a_state()), "state.counts.frames", -1),
        (Beat(a_state()), "state.link.lost_s", 1e300),
        (Beat(a_state()), "state.ages.counts", {"20000": 1}),
        (Beat(a_state()), "state.alerted_ago_s", {str(k): 1.0 for k in range(50_000)}),
        (Beat(a_state()), "state.waiting_s", float("nan")),
        (Beat(a_state()), "state.dropped", {"because": 3}),
        (Changed(a_state()), "state.link.why", None),
        (Ended(a_state()), "error", "it broke"),
        (Ended(a_state()), "error", ["SystemExit", "it broke", ""]),
        (Picture(GATE, 3, 1.5, b"a picture"), "jpeg", 3),
        (_ALERTED, "alert.candidate", None),
        (_ALERTED, "alert.candidate.comparison_score", float("inf")),
        (_ALERTED, "alert.captured_at", "2026-07-04T12:00:00"),
        (_ALERTED, "alert.shots", 10**30),
        (_ALERTED, "template", "a template"),
        (_ALERTED, "alert.raised_at", "9999-12-31T23:59:59Z"),
        (_ALERTED, "template", [[1.0, 0.0]]),
        (_ALERTED, "template", []),
        (_ALERTED, "template", [1e39]),
    ],
    ids=lambda part: str(part)[:20],
)
def test_a_message_with_a_field_of_another_kind_is_none(
    said: Message, field: str, value: object
) -> None:
    """It would be added up, stored or shown, and end the run there, with all its other cameras."""
    with pytest.raises(NoMessageError):
        heard_of(with_field(said, field, value))


@given(st.binary(max_size=200))
def test_noise_is_no_message(noise: bytes) -> None:
    with pytest.raises(NoMessageError):
        heard_of(noise)


@given(st.data())
def test_a_spoilt_message_is_heard_or_refused_and_nothing_else(data: st.DataObject) -> None:
    whole = bytearray(words_of(Beat(a_state())))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with suppress(NoMessageError):
        assert heard_of(bytes(whole)).camera == GATE


def test_nothing_that_is_said_takes_much_memory() -> None:
    """Nine bytes of a pickle take gigabytes of whoever reads them; so does a list of faults."""
    said = [
        b"\x80\x04Nr\xff\xff\xff\x7f.",
        with_field(Beat(a_state()), "state.alerted_ago_s", {str(k): 1.0 for k in range(9_000)}),
        with_field(_ALERTED, "alert.zone_px", 9_000 * [[]]),
        with_field(_ALERTED, "template", 19_000 * [{}]),
    ]
    for words in said:
        tracemalloc.start()
        with suppress(NoMessageError):
            heard_of(words)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 10_000_000


def test_what_is_longer_than_any_message_is_not_read() -> None:
    with a_pipe() as (ours, theirs):
        os.write(theirs.fileno(), (1 << 30).to_bytes(4, "big"))
        with pytest.raises(OSError, match="length"):
            next_message(ours, GATE)


def test_what_is_said_too_slowly_is_waited_for_no_longer_than_anything() -> None:
    with a_pipe() as (ours, theirs):
        ended = Event()

        def trickle() -> None:
            os.write(theirs.fileno(), (1000).to_bytes(4, "big"))
            while not ended.wait(0.05):
                os.write(theirs.fileno(), b"1")

        trickling = Thread(target=trickle)
        trickling.start()
        began_s = monotonic()
        try:
            with pytest.raises(BlockingIOError):
                next_message(ours, GATE, within_s=0.5)
        finally:
            ended.set()
            trickling.join()
        assert monotonic() - began_s < 5


def test_the_name_of_a_file_that_is_no_text_is_said_as_well_as_can_be() -> None:
    message = heard(Ended(a_state(), "street\udcff.mp4", SourceError("no \udcff", remedy="\udcff")))

    assert isinstance(message, Ended)
    assert message.note == "street?.mp4"
    assert str(message.error) == "no ? ?"
