"""Network cameras: a real RTSP server, and servers that behave badly."""

import itertools
import socket
import ssl
import subprocess
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import av
import pytest
from example_clips import corner_colours, make_clip

from overt.capture import CaptureSettings, NewestFrame, open_source
from overt.capture.video import VideoSource
from overt.errors import SourceError
from overt.values import Frame
from overt.vocabulary import DropCause
from rtsp import SECRET, serving

QUICK = CaptureSettings(open_timeout_s=0.5, read_timeout_s=0.5)
PATIENT = CaptureSettings(camera="gate", open_timeout_s=20, read_timeout_s=20)


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a camera that shows one second of pictures."""
    clip = make_clip(tmp_path_factory.mktemp("rtsp") / "clip.mp4", frames=25, size=(160, 120))
    with serving(clip) as address:
        yield address


def test_a_camera_s_pictures_arrive_dated_now_until_it_stops(camera: str) -> None:
    before = datetime.now(UTC)
    frames: list[Frame] = []
    with open_source(camera, PATIENT) as source:
        info = source.info
        with pytest.raises(SourceError, match="stopped sending") as caught:
            frames.extend(source)

    assert SECRET not in str(caught.value)
    assert (
        info.width,
        info.height,
        info.live,
        info.duration_s,
        info.expected_frames,
    ) == (160, 120, True, None, None)
    assert SECRET not in repr(info)
    assert len(frames) > 12
    assert {"RGBW"} == {corner_colours(frame.image) for frame in frames[1:-1]}
    times = [frame.captured_at for frame in frames]
    assert before <= times[0]
    assert times == sorted(times)
    assert times[-1] <= datetime.now(UTC)
    moments = [frame.presentation_s for frame in frames]
    assert all(one < two for one, two in itertools.pairwise(moments))


def test_a_slow_reader_gets_the_newest_picture_and_the_rest_is_counted(camera: str) -> None:
    buffer = NewestFrame()
    delivered = []

    def decode() -> None:
        try:
            with open_source(camera, PATIENT) as source:
                for frame in source:
                    delivered.append(frame.sequence)
                    buffer.put(frame)
        except SourceError as error:
            buffer.finish(error)

    decoder = threading.Thread(target=decode, daemon=True)
    decoder.start()
    first = buffer.take(30)
    decoder.join(30)
    last = buffer.take(30)

    assert first is not None
    assert last is not None
    assert last.sequence == delivered[-1]
    assert buffer.finished
    assert isinstance(buffer.error, SourceError)
    assert 2 + buffer.dropped[DropCause.OVERTAKEN] == len(delivered)


def test_a_camera_that_sends_what_cannot_be_decoded_is_given_up_before_its_process_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process would be ended after 4.5 seconds; opening it anew costs next to nothing."""
    decoded, clock = VideoSource._decoded, _Awake()
    told: list[float] = []

    def garbled(self: VideoSource, packet: Any) -> Any:
        if len(told) == 10:
            raise av.error.InvalidDataError(1, "garbage")
        told.append(clock())
        return decoded(self, packet)

    monkeypatch.setattr(VideoSource, "_decoded", garbled)
    monkeypatch.setattr("overt.capture.video.monotonic", clock)
    clip = make_clip(tmp_path / "clip.mp4", frames=250, size=(64, 48))
    with (
        serving(clip) as address,
        open_source(address, PATIENT) as source,
        pytest.raises(SourceError, match="nothing that it sends can be decoded"),
    ):
        list(source)

    assert 3.4 < clock() - told[-1] < 4.5
    assert source.dropped[DropCause.DAMAGED] > 50


class _Awake:
    """A clock that counts no pause of the machine; it is asked at every picture."""

    def __init__(self) -> None:
        self._asked_s, self._now_s = monotonic(), 0.0

    def __call__(self) -> float:
        """Return the time."""
        now_s = monotonic()
        self._now_s += min(now_s - self._asked_s, 0.25)
        self._asked_s = now_s
        return self._now_s


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """Answer connections on a loopback port with `serve`, one after another."""

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    serve(connection)
                except OSError:
                    continue

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def answer(connection: socket.socket, reply: bytes) -> None:
    """Give every request the same reply, under the request's own number."""
    while request := connection.recv(4096):
        number = next((line for line in request.split(b"\r\n") if line[:5] == b"CSeq:"), b"CSeq: 1")
        connection.sendall(reply.replace(b"CSEQ", number))


def answer_in_turn(connection: socket.socket, replies: list[bytes]) -> None:
    """Give each request the next of these replies, and none after the last."""
    for reply in replies:
        request = connection.recv(4096)
        number = next((line for line in request.split(b"\r\n") if line[:5] == b"CSeq:"), b"CSeq: 1")
        connection.sendall(reply.replace(b"CSEQ", number))


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (b'RTSP/1.0 401 No\r\nCSEQ\r\nWWW-Authenticate: Basic realm="x"\r\n\r\n', "password"),
        (b"RTSP/1.0 403 No\r\nCSEQ\r\n\r\n", "password"),
        (b"RTSP/1.0 404 No\r\nCSEQ\r\n\r\n", "no such stream"),
        (b"RTSP/1.0 500 No\r\nCSEQ\r\n\r\n", "failed"),
    ],
)
def test_a_camera_that_refuses_is_reported_without_its_password(reply: bytes, words: str) -> None:
    with listening(lambda connection: answer(connection, reply)) as port:
        check_refusal(port, words, PATIENT)


@pytest.mark.parametrize("reply", [b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b""], ids=["other", "silent"])
def test_what_does_not_answer_as_a_camera_is_given_up(reply: bytes) -> None:
    with listening(lambda connection: answer(connection, reply)) as port:
        check_refusal(port, "did not answer in time, or not as an RTSP camera", QUICK)


@pytest.mark.parametrize("status", [b"301 Moved", b"302 Found", b"305 Proxy"])
def test_a_camera_that_sends_us_elsewhere_is_not_followed(status: bytes) -> None:
    """Wherever it points, a camera has nobody here connect to what was never checked."""
    followed: list[socket.socket] = []
    with listening(followed.append) as elsewhere:
        reply = b"RTSP/1.0 %s\r\nCSEQ\r\nLocation: rtsp://127.0.0.1:%d/x\r\n\r\n"
        moved = reply % (status, elsewhere)
        sound = b"RTSP/1.0 200 OK\r\nCSEQ\r\nPublic: DESCRIBE\r\n\r\n"
        with listening(lambda connection: answer_in_turn(connection, [sound, moved])) as port:
            check_refusal(port, "not followed", PATIENT)

    assert followed == []


def check_refusal(port: int, words: str, settings: CaptureSettings) -> None:
    source = f"rtsp://operator:{SECRET}@127.0.0.1:{port}/{SECRET}?key={SECRET}"
    with pytest.raises(SourceError, match=words) as caught:
        open_source(source, settings)

    assert f"rtsp://127.0.0.1:{port}/…" in caught.value.message
    assert caught.value.remedy
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_a_port_where_nothing_listens_is_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]

    with pytest.raises(SourceError, match="refuses the connection"):
        open_source(f"rtsp://127.0.0.1:{port}/clip", QUICK)


def test_a_host_that_cannot_be_found_is_reported() -> None:
    with pytest.raises(SourceError, match="cannot be found"):
        open_source(f"rtsp://operator:{SECRET}@camera.invalid/clip", QUICK)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate that only its owner trusts, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    paths = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command += ["-out", str(paths[0]), "-keyout", str(paths[1])]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except OSError:
        pytest.skip("No openssl command to make a certificate with")
    return paths


@pytest.fixture
def secure_camera(certificate: tuple[Path, Path]) -> Iterator[str]:
    """The address of a secure camera, which has no such stream as anybody asks for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            answer(secure, b"RTSP/1.0 404 No\r\nCSEQ\r\n\r\n")

    with listening(serve) as port:
        yield f"rtsps://operator:{SECRET}@localhost:{port}/clip"


def test_a_secure_camera_must_be_who_it_says(
    certificate: tuple[Path, Path], secure_camera: str
) -> None:
    source = secure_camera
    trusting = replace(PATIENT, tls_ca_file=certificate[0])
    careless = replace(PATIENT, tls_verify=False)
    with pytest.raises(SourceError, match="securely"):
        open_source(source, PATIENT)
    with pytest.raises(SourceError, match="securely"):  # a right certificate of another host
        open_source(source.replace("localhost", "127.0.0.1"), trusting)
    for settings in (trusting, careless):
        with pytest.raises(SourceError, match="no such stream"):
            open_source(source, settings)


def test_a_secure_camera_is_trusted_where_the_machine_trusts_its_authority(
    certificate: tuple[Path, Path], secure_camera: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))

    with pytest.raises(SourceError, match="no such stream"):
        open_source(secure_camera, PATIENT)
