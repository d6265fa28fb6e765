"""The line that no traceback crosses: every way a command can end, as an exit status.

| status | meaning |
|---|---|
| 0 | done |
| 1 | refused or failed, with a message and a remedy |
| 2 | the command line was not understood |
| 70 | a fault in Overt itself (`EX_SOFTWARE` of sysexits.h) |
| 130 | stopped by Ctrl-C (128 + SIGINT, as shells count) |
"""

import io
import os
import sys
from collections.abc import Sequence

from overt.errors import OvertError

REFUSED = 1
FAULT = 70
STOPPED = 130


def run(arguments: Sequence[str]) -> int:
    """Run `overt` with these arguments and return its exit status."""
    _write_what_the_terminal_cannot_show()
    try:
        status = _status_of(arguments)
    except OvertError as error:
        status = _refused(error)
    except KeyboardInterrupt:
        status = STOPPED
    except BrokenPipeError:  # whoever read our output has had enough of it
        status = REFUSED
    except Exception as error:  # noqa: BLE001  the boundary: a fault becomes words
        status = _fault(error)
    if status == STOPPED:
        _say("stopped.")
    return _flushed(status)


def _status_of(arguments: Sequence[str]) -> int:
    """Return the status the command asks for by leaving, as Typer's commands do."""
    from overt.cli.app import app

    try:
        app(list(arguments), prog_name="overt")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    return 0


def _refused(error: OvertError) -> int:
    _trace()
    _say(error.message, error.remedy)
    return REFUSED


def _fault(error: Exception) -> int:
    _trace()
    # The exception's own words are left out: they could hold a name or a password.
    reason = getattr(error, "strerror", None) or type(error).__name__
    _say(
        f"sorry, something went wrong that should not have ({reason}).",
        "Run it again with OVERT_DEBUG=1 in the environment to see where, and please report it.",
    )
    return FAULT


def _trace() -> None:
    if os.environ.get("OVERT_DEBUG") == "1":
        import traceback

        traceback.print_exc()


def _say(message: str, remedy: str = "") -> None:
    from overt.cli.screen import complain

    complain(message, remedy)


def _write_what_the_terminal_cannot_show() -> None:
    """Have characters outside the terminal's encoding replaced, not raised over."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _flushed(status: int) -> int:
    """Flush what is left of the output now, where a closed pipe can still be dealt with."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return status or REFUSED
    except OSError as error:
        _say(f"the output cannot be written: {error.strerror}.")
        return status or REFUSED
    return status
