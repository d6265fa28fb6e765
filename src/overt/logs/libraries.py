"""What libraries and Python itself say, told as events of ours.

Their words may hold anything: a library that cannot open an address quotes it. So only where
and what kind of thing happened is told; of the web server the sentence, which is a constant of
its program, without what it would be filled in with.
"""

import logging
import re
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from overt.logs.events import LibraryFailed, LibraryWarned, Part
from overt.logs.telling import fault, kinds_and_trace, tell, was_told

_OF_CONSTANTS = frozenset({"uvicorn.error"})
"""Loggers whose sentences are constants, filled in with arguments."""

_SENTENCE = re.compile(r"[A-Za-z][A-Za-z ,;'.%()-]*")


@contextmanager
def libraries_told() -> Iterator[None]:
    """Have what libraries, warnings and failing threads say told while the block runs."""
    root, handler = logging.getLogger(), _Handler(logging.WARNING)
    shown, thrown, unraised = warnings.showwarning, threading.excepthook, sys.unraisablehook
    raises = logging.raiseExceptions
    root.addHandler(handler)
    logging.raiseExceptions = False
    warnings.showwarning = _warned
    threading.excepthook = _thread_failed
    sys.unraisablehook = _not_raised
    try:
        yield
    finally:
        root.removeHandler(handler)
        logging.raiseExceptions = raises
        warnings.showwarning, threading.excepthook, sys.unraisablehook = shown, thrown, unraised


class _Handler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        """Tell a record of Python's `logging`, unless we told what it is about."""
        error = record.exc_info[1] if record.exc_info else None
        if was_told(error):
            return
        kind = LibraryFailed if record.levelno >= logging.ERROR else LibraryWarned
        line = f"{record.module}:{record.lineno} {record.funcName}"
        kinds, trace = kinds_and_trace(error) if error is not None else ((), ())
        tell(kind(record.name, line, _words(record), kinds, trace))


def _words(record: logging.LogRecord) -> str | None:
    if record.name not in _OF_CONSTANTS or not isinstance(record.msg, str):
        return None
    sentence = record.msg.strip()
    return sentence if _SENTENCE.fullmatch(sentence) else None


def _warned(
    message: Warning | str,  # noqa: ARG001  never told
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001
    line: str | None = None,  # noqa: ARG001
) -> None:
    tell(LibraryWarned("python", f"{Path(filename).stem}:{lineno}", None, (category.__name__,)))


def _thread_failed(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_value is not None:
        fault(Part.THREAD, failed.exc_value)


def _not_raised(failed: "sys.UnraisableHookArgs") -> None:
    if failed.exc_value is not None:
        fault(Part.CLEANING_UP, failed.exc_value)
