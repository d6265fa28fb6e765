"""Knocking at a camera's door: what is asked, what counts as news, and that nothing is given away."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import pairwise

import pytest

from overt.capture import asking
from overt.capture.knocking import KNOCK_S, Door
from overt.errors import SourceError


class Clock:
    """A clock that is put on by hand."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now_s


def heard(words: list[str]) -> list[bool]:
    """Knock once a moment, and return which of these answers were news."""
    clock, left = Clock(), list(words)
    door = Door(lambda: left.pop(0), clock=clock)
    news = []
    for _ in words:
        clock.now_s += 2 * KNOCK_S
        news.append(door.has_news())
    return news


def test_an_answer_after_silence_is_news_and_the_same_answer_again_is_not() -> None:
    assert heard(["", "", "401", "401", "401"]) == [False, False, True, False, False]


def test_another_answer_is_news_and_silence_never_is() -> None:
    assert heard(["404", "404", "200", "", "200"]) == [True, False, True, False, True]


def test_nobody_is_knocked_up_more_often_than_every_two_seconds() -> None:
    clock, knocks = Clock(), list[float]()

    def ask() -> str:
        knocks.append(clock())
        return ""

    door = Door(ask, clock=clock)
    door.rest()
    for _ in range(2000):
        clock.now_s += 0.05
        door.has_news()

    assert 100 / (1.3 * KNOCK_S) <= len(knocks) <= 100 / KNOCK_S
    assert min(later - knock for knock, later in pairwise(knocks)) >= KNOCK_S


def test_what_is_heard_after_a_steady_stream_is_news_again() -> None:
    clock = Clock()
    door = Door(lambda: "200", clock=clock)
    assert door.has_news()
    door.forget()
    clock.now_s += 2 * KNOCK_S
    assert door.has_news()


@contextmanager
def camera(answer: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """Answer the first who asks, and keep what was asked."""
    asked: list[bytes] = []
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def reply() -> None:
            client, _ = server.accept()
            with client:
                asked.append(client.recv(4096))
                client.sendall(answer)

        thread = threading.Thread(target=reply, daemon=True)
        thread.start()
        yield server.getsockname()[1], asked
        thread.join(30)


def test_a_camera_is_asked_for_its_stream_without_its_password() -> None:
    with camera(b"RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\n\r\n") as (port, asked):
        word = asking(f"rtsp://operator:s3cr3t@127.0.0.1:{port}/street?channel=2")()

    assert word == "401"
    assert asked[0].startswith(f"DESCRIBE rtsp://127.0.0.1:{port}/street?channel=2 RTSP".encode())
    assert b"s3cr3t" not in asked[0]


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (b"RTSP/1.0 200 OK\r\n\r\n", "200"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "listens"),
        (b"\x15\x03\x01" + bytes(200), "listens"),
        (b"", ""),
    ],
)
def test_whatever_answers_has_a_word(answer: bytes, word: str) -> None:
    with camera(answer) as (port, _):
        assert asking(f"rtsp://127.0.0.1:{port}/street")() == word


def test_nobody_there_says_nothing() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        silent = asking(f"rtsp://127.0.0.1:{port}/street")()
    assert silent == ""
    assert asking(f"rtsp://127.0.0.1:{port}/street")() == ""
    assert asking("webcam:/dev/video987")() == ""
    assert asking("webcam:/dev/null")() == "listens"


def test_a_secure_camera_is_told_nothing() -> None:
    with camera(b"") as (port, asked):
        assert asking(f"rtsps://operator:s3cr3t@127.0.0.1:{port}/secret")() == "listens"
    assert asked == [b""]


def test_no_link_local_address_is_knocked_at() -> None:
    assert asking("rtsp://169.254.169.254/latest")() == ""


def test_an_address_of_no_allowed_kind_has_no_door() -> None:
    with pytest.raises(SourceError):
        asking("http://127.0.0.1/street")
