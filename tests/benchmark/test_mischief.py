"""What the benchmark does to one camera's stream, and that it does nothing else to it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from bench.failing import Mischief

_DESCRIBED = (
    b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Type: application/sdp\r\n"
    b"Content-Length: 9\r\n\r\nv=0\r\n$ s="
)


def _packet(number: int, size: int = 700) -> bytes:
    header = bytes([0x80, 96]) + number.to_bytes(2) + (3_000 * number).to_bytes(4) + b"ssrc"
    payload = header + bytes(number % 251 for _ in range(size))
    return b"$\0" + len(payload).to_bytes(2) + payload


@contextmanager
def _stream(sent: bytes) -> Iterator[tuple[Mischief, socket.socket, threading.Event]]:
    """Stand between a camera that sends this in odd pieces, once it is let, and who asks it."""
    camera, begins = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def send() -> None:
        connection, _ = camera.accept()
        with connection, suppress(OSError):  # it is reset at the end
            begins.wait(30)
            for begin in range(0, len(sent), 333):
                connection.sendall(sent[begin : begin + 333])
            connection.recv(1)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    network = Mischief(camera.getsockname()[1])
    try:
        with socket.create_connection(("127.0.0.1", network.port), 30) as client:
            yield network, client, begins
    finally:
        network.end()
        camera.close()


def _received(client: socket.socket, count: int) -> bytes:
    client.settimeout(30)
    data = b""
    while len(data) < count and (more := client.recv(65536)):
        data += more
    return data


def test_a_calm_network_passes_everything_on_as_it_is() -> None:
    sent = _DESCRIBED + b"".join(map(_packet, range(20)))
    with _stream(sent) as (_, client, begins):
        begins.set()

        assert _received(client, len(sent)) == sent


def test_garbage_keeps_packets_whole_and_their_headers() -> None:
    packets = [_packet(number) for number in range(1, 20)]
    sent = _DESCRIBED + b"".join(packets)
    with _stream(sent) as (network, client, begins):
        network.garbles = True
        begins.set()
        received = _received(client, len(sent))

    assert received[: len(_DESCRIBED)] == _DESCRIBED
    for number, packet in enumerate(packets):
        begin = len(_DESCRIBED) + number * len(packet)
        changed = received[begin : begin + len(packet)]
        assert changed[:18] == packet[:18]
        assert changed[18:] != packet[18:]


def test_time_stamps_jump_and_nothing_else_changes() -> None:
    packets = [_packet(number) for number in range(1, 6)]
    with _stream(b"".join(packets)) as (network, client, begins):
        network.jumps = True
        begins.set()
        received = _received(client, sum(map(len, packets)))

    before, after = packets[0], received[: len(packets[0])]
    jump = int.from_bytes(after[8:12]) - int.from_bytes(before[8:12])
    assert jump == 600 * 90_000
    assert after[:8] + after[12:] == before[:8] + before[12:]


def test_a_camera_that_hangs_answers_describe_and_nothing_after() -> None:
    with _stream(_DESCRIBED) as (network, client, begins):
        network.hangs = True
        begins.set()
        assert _received(client, len(_DESCRIBED))[: len(_DESCRIBED)] == _DESCRIBED

        client.sendall(b"SETUP rtsp://127.0.0.1/film RTSP/1.0\r\n\r\n")
        client.settimeout(0.5)
        try:
            heard = client.recv(1)
        except TimeoutError:
            heard = b"nothing"

    assert heard == b"nothing"
