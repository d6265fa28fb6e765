"""A log that cannot be written costs lines, and nothing else."""

import json
import os
import subprocess
import sys
import threading

from overt.logs.writer import LineWriter

_STOPS = """
import os, sys
from overt.logs import tell
from overt.logs.events import ServiceStopping
from overt.logs.pipe import written
from overt.logs.settings import LogFormat, LogLevel
{before}
with written(LogFormat.JSON, LogLevel.INFO):
    for _ in range(5000):
        tell(ServiceStopping())
print("went on")
"""


def _lost(count: int) -> str:
    return json.dumps({"lost": count})


def test_a_pipe_that_nobody_reads_makes_nobody_wait_and_says_later_what_was_lost() -> None:
    reading, writing = os.pipe()
    writer = LineWriter(_lost, writing)
    for _ in range(5000):  # more than the pipe and the queue take
        writer.msg("x" * 500)
    read: list[bytes] = []
    emptying = threading.Thread(target=_read_to_the_end, args=(reading, read))
    emptying.start()
    writer.close(wait_s=60.0)
    os.close(writing)
    emptying.join()
    os.close(reading)

    lines = b"".join(read).decode().splitlines()
    lost = [json.loads(line)["lost"] for line in lines if "lost" in line]
    assert sum(lost) > 1000
    assert sum(lost) + len(lines) - len(lost) == 5000


def _read_to_the_end(descriptor: int, read: list[bytes]) -> None:
    while data := os.read(descriptor, 1 << 20):
        read.append(data)


def test_a_disk_that_is_full_loses_lines_and_stops_nothing() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    writer = LineWriter(_lost, full)

    for _ in range(10):
        writer.msg("a line")
    writer.close()
    os.close(full)


def _ran(before: str, stderr: int | None = subprocess.DEVNULL) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _STOPS.format(before=before)],
        check=False,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        timeout=120,
    )


def test_a_program_goes_on_without_standard_error() -> None:
    for before in ("os.close(2)", "sys.stderr = None", "sys.stderr.close()"):
        ended = _ran(before)

        assert (ended.returncode, ended.stdout) == (0, "went on\n"), before


def test_a_program_whose_log_nobody_reads_ends_all_the_same() -> None:
    reading, writing = os.pipe()
    try:
        ended = _ran("", stderr=writing)
    finally:
        os.close(writing)
        os.close(reading)

    assert (ended.returncode, ended.stdout) == (0, "went on\n")


_CHILD = """
import os, sys
from overt.logs import fault
from overt.logs.events import Part
from overt.logs.pipe import written_in_child
with written_in_child():
    os.write(2, b"rtsp://operator:s3cr3t@10.0.0.5: 401 Unauthorized")
    print("s3cr3t", file=sys.stderr)
    try:
        raise ValueError("s3cr3t")
    except ValueError as error:
        fault(Part.CAMERA, error)
raise ValueError("s3cr3t")
"""


def _child(**environment: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", _CHILD],
        check=False,
        capture_output=True,
        env=os.environ | environment,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 1
    return ended.stderr


def test_a_cameras_process_says_its_own_events_and_nothing_else() -> None:
    (line,) = _child(OVERT_LOG_OF_CHILDREN="json:info").splitlines()

    said = json.loads(line)
    assert (said["event"], said["part"], said["error"]) == ("fault", "camera", ["ValueError"])
    assert "s3cr3t" not in line


def test_a_cameras_process_says_nothing_where_its_parent_writes_no_log() -> None:
    assert _child() == ""


def test_a_cameras_process_says_all_where_a_developer_asks() -> None:
    assert "401 Unauthorized" in _child(OVERT_DEBUG="1")
