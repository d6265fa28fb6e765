"""How the log is written, as commands are told."""

import logging
from enum import StrEnum


class LogFormat(StrEnum):
    """The form of a line: words for people, or JSON for programs."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """From which level on events are written."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def number(self) -> int:
        """The level as Python's `logging` counts it."""
        return logging.getLevelNamesMapping()[self.value.upper()]
