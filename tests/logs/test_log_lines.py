"""Lines of the log: their form, and that nothing gets into one that has no place in it."""

import io
import json
import logging
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from typing import ClassVar, get_args, get_origin

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overt.capture import redact
from overt.logs import fault, hear, tell
from overt.logs.allowed import WITHHELD, harmless, hints, mark_of
from overt.logs.events import (
    AlertCommitted,
    AlertNotRaised,
    CameraBack,
    CameraLost,
    LibraryWarned,
    LogEvent,
    Part,
    ServiceNotReady,
    SignInRefused,
    every_event,
)
from overt.logs.pipe import only_what_is_allowed, written
from overt.logs.settings import LogFormat, LogLevel
from overt.vocabulary import LossCause

SECRET = "s3cr3t"  # noqa: S105  what no line may hold
ALERT = "0123456789abcdef"


class Log:
    """What was written, as lines and as what the JSON ones say."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def lines(self) -> list[str]:
        """Every line."""
        return self.stream.getvalue().splitlines()

    @property
    def said(self) -> list[dict[str, object]]:
        """What each line says, where they are JSON."""
        return [json.loads(line) for line in self.lines]


@contextmanager
def logged(form: LogFormat = LogFormat.JSON, level: LogLevel = LogLevel.INFO) -> Iterator[Log]:
    """Write the log of a block where the test can read it, once the block is left."""
    log = Log()
    with redirect_stderr(log.stream), written(form, level):
        yield log


def test_a_line_is_json_with_its_time_in_utc_its_level_and_its_event() -> None:
    with logged() as log:
        tell(CameraLost("gate", LossCause.STALLED))

    (said,) = log.said
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", str(said.pop("at")))
    assert said == {
        "level": "warning",
        "event": "camera.lost",
        "camera": "gate",
        "cause": LossCause.STALLED.value,
    }


def test_a_line_for_people_says_the_same_in_words() -> None:
    with logged(LogFormat.TEXT) as log:
        tell(CameraLost("gate", LossCause.STALLED))
        tell(CameraBack("gate", 12.3456789))

    first, second = log.lines
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC  warning  camera\.lost +"
        r'camera=gate  cause="delivered no picture"',
        first,
    )
    assert second.endswith("after_s=12.346")


def test_what_is_below_the_level_is_not_written() -> None:
    with logged(level=LogLevel.WARNING) as log:
        tell(CameraBack("gate", 1.0))
        tell(CameraLost("gate", LossCause.DIED))

    assert [said["event"] for said in log.said] == ["camera.lost"]


def test_where_nobody_listens_nothing_is_written(capfd: pytest.CaptureFixture[str]) -> None:
    tell(CameraLost("gate", LossCause.DIED))

    assert capfd.readouterr() == ("", "")


# --- redaction ------------------------------------------------------------------------------


def _form_of(event: LogEvent) -> dict[str, object]:
    with logged() as log:
        tell(event)
    (said,) = log.said
    return said


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (AlertCommitted(SECRET, "gate", 0.1), "alert"),
        (AlertCommitted("S-104 Ada Byron", "gate", 0.1), "alert"),
        (SignInRefused(f"the password {SECRET}"), "why"),
        (AlertNotRaised("gate", "rtsp://10.0.0.5/live"), "why"),
        (CameraLost("gate", SECRET), "cause"),  # type: ignore[arg-type]
        (AlertCommitted(ALERT, "gate", float("nan")), "latency_s"),
        (AlertCommitted(ALERT, "gate", {"name": SECRET}), "latency_s"),  # type: ignore[arg-type]
        (LibraryWarned("lib", f"x:1 {SECRET} and more"), "line"),
    ],
)
def test_what_has_not_the_form_of_its_field_is_withheld(event: LogEvent, field: str) -> None:
    said = _form_of(event)

    assert said[field] == WITHHELD
    assert SECRET not in str(said)


def test_fields_that_no_event_declares_never_pass() -> None:
    told = {"event": "camera.lost", "camera": "gate", "password": SECRET, "exc_info": True}

    assert only_what_is_allowed(None, "info", told) == {"event": "camera.lost", "camera": "gate"}


def test_an_event_that_is_not_known_is_withheld_whole() -> None:
    @dataclass(frozen=True, slots=True)
    class Blurted(LogEvent):
        """What somebody added elsewhere in a hurry."""

        name: ClassVar[str] = "blurted"
        level: ClassVar[int] = logging.ERROR
        password: str

    said = _form_of(Blurted(SECRET))

    assert said["event"] == "line.withheld"
    assert SECRET not in str(said)


@pytest.mark.parametrize("form", LogFormat)
@pytest.mark.parametrize(
    "name",
    [
        "gate\r\n2026-01-01 00:00:00 UTC  error    fault",
        "gate\x1b[2J\x1b]0;title\x07",
        "gate\u2028\u202eetag",
        'gate" level="error',
        "gate\ud800",
    ],
)
def test_a_name_cannot_end_its_line_or_steer_a_terminal(form: LogFormat, name: str) -> None:
    with logged(form) as log:
        tell(CameraLost(name, LossCause.DIED))

    assert len(log.stream.getvalue().split("\n")) == 2
    assert log.stream.getvalue().rstrip("\n").isprintable()


@given(
    noise=st.lists(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=8)),
    scheme=st.sampled_from(["rtsp://", "rtsps://", "RTSP:", "http://", "x:", "//", "rtsp:/"]),
    where=st.sampled_from(
        ["{0}u:{1}@10.0.0.5/live", "{0}10.0.0.5/{1}", "{0}10.0.0.5/a?p={1}", "{0}{1}@h", "{0}:{1}@"]
    ),
)
def test_no_address_in_a_name_shows_a_secret(noise: list[str], scheme: str, where: str) -> None:
    name = "".join(noise[:2]) + " " + where.format(scheme, SECRET)

    assert SECRET not in harmless(name)


def test_an_address_shows_no_more_than_where_cameras_are_shown() -> None:
    address = f"rtsp://operator:{SECRET}@10.0.0.5:554/live"

    assert harmless(address) == "rtsp:…"
    assert redact(address) == "rtsp://10.0.0.5:554/…"


@pytest.mark.parametrize("kind", list(every_event()), ids=lambda kind: kind.__name__)
def test_every_field_says_what_may_stand_in_it(kind: type[LogEvent]) -> None:
    for name, hint in hints(kind).items():
        plain = {hint, *get_args(hint)} if get_origin(hint) is not None else {hint}
        assert mark_of(hint) or str not in plain, f"{kind.__name__}.{name} could hold anything"
        assert name not in {"at", "event"}
    assert kind.__doc__


@pytest.mark.parametrize("form", LogFormat)
@pytest.mark.parametrize("kind", list(every_event()), ids=lambda kind: kind.__name__)
def test_no_field_of_any_event_lets_a_secret_through(kind: type[LogEvent], form: LogFormat) -> None:
    blurted = f"rtsp://operator:{SECRET}@10.0.0.5/live\r\n{{}}"
    told = {
        name: (blurted,) * 20 if get_origin(hint) is tuple else blurted
        for name, hint in hints(kind).items()
    }

    with logged(form) as log:
        tell(kind(**told))

    assert len(log.lines) == 1
    assert SECRET not in log.lines[0]
    assert "10.0.0.5" not in log.lines[0]
    assert kind.name in log.lines[0]


# --- faults and libraries -------------------------------------------------------------------


def _fail() -> None:
    password = SECRET
    try:
        print({"a": 1}[password])
    except KeyError as error:
        raise RuntimeError(f"cannot open rtsp://operator:{password}@10.0.0.5") from error


@pytest.mark.parametrize("form", LogFormat)
def test_a_fault_is_told_by_its_classes_and_lines_alone(form: LogFormat) -> None:
    with logged(form) as log:
        try:
            _fail()
        except RuntimeError as error:
            fault(Part.CLOCK, error)

    (line,) = log.lines
    assert "RuntimeError" in line
    assert "KeyError" in line
    assert re.search(r"test_log_lines:\d+ _fail", line)
    assert SECRET not in line
    assert "10.0.0.5" not in line


def test_a_library_is_told_of_by_where_it_spoke() -> None:
    with logged() as log:
        try:
            _fail()
        except RuntimeError:
            logging.getLogger("some.library").exception("cannot open %s", SECRET)
        logging.getLogger("uvicorn.error").warning("Invalid HTTP request %s.", SECRET)
        logging.getLogger("uvicorn.error").error("Traceback:\n%s", SECRET)
        logging.getLogger("some.library").info("nothing to see")

    failed, invalid, traced = log.said
    assert failed["library"] == "some.library"
    assert failed["error"] == ["RuntimeError", "KeyError"]
    assert "words" not in failed
    assert invalid["words"] == "Invalid HTTP request %s."
    assert "words" not in traced
    assert SECRET not in "".join(log.lines)


def test_what_was_told_is_not_told_again_by_who_passes_it_on() -> None:
    with logged() as log:
        try:
            _fail()
        except RuntimeError as error:
            fault(Part.CLOCK, error)
            logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")

    assert [said["event"] for said in log.said] == ["fault"]


def test_a_warning_is_told_without_its_words() -> None:
    with warnings.catch_warnings(), logged() as log:
        warnings.simplefilter("always")
        warnings.warn(f"deprecated {SECRET}", DeprecationWarning, stacklevel=1)

    (said,) = log.said
    assert (said["library"], said["error"]) == ("python", ["DeprecationWarning"])
    assert str(said["line"]).startswith("test_log_lines:")
    assert SECRET not in str(said)


def test_a_thread_that_fails_is_told_of() -> None:
    with logged() as log:
        thread = threading.Thread(target=_fail)
        thread.start()
        thread.join()

    (said,) = log.said
    assert (said["event"], said["part"]) == ("fault", "thread")
    assert SECRET not in str(said)


def test_the_hooks_are_put_back() -> None:
    before = (warnings.showwarning, threading.excepthook, len(logging.getLogger().handlers))

    with logged(), hear(lambda _event: None):
        tell(ServiceNotReady(("The record cannot be written.",)))

    assert before == (
        warnings.showwarning,
        threading.excepthook,
        len(logging.getLogger().handlers),
    )


def test_ffmpeg_says_nothing_of_the_addresses_it_is_given() -> None:
    assert av.logging.get_level() is None
