"""Where Overt keeps its files: `OVERT_HOME`, or the XDG data directory."""

import os
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path


@dataclass(frozen=True, slots=True)
class Home:
    """The folder that holds everything Overt writes, and the places inside it."""

    path: Path

    @classmethod
    def current(cls) -> "Home":
        """Return the home named by `OVERT_HOME`, or the platform's usual place for data."""
        named = os.environ.get("OVERT_HOME")
        return cls(Path(named).expanduser() if named else user_data_path("overt"))

    @property
    def models(self) -> Path:
        """The model store: one folder a pack."""
        return self.path / "models"

    @property
    def database(self) -> Path:
        """The SQLite record."""
        return self.path / "overt.sqlite3"

    @property
    def output(self) -> Path:
        """Summaries and annotated rehearsal videos, one folder a run."""
        return self.path / "runs"
