"""Where Overt keeps its files: `OVERT_HOME`, or the XDG data directory."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path


@dataclass(frozen=True, slots=True)
class Home:
    """The folder that holds everything Overt writes, and the places inside it."""

    path: Path

    @classmethod
    def current(cls) -> "Home":
        """Return the home named by `OVERT_HOME`, or the platform's usual place for data.

        Where there is none yet it is made, for this user alone: it will hold a watchlist.
        Where it cannot be made, whoever writes first says so.
        """
        named = os.environ.get("OVERT_HOME")
        path = Path(named).expanduser() if named else user_data_path("overt")
        with suppress(OSError):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return cls(path)

    @property
    def models(self) -> Path:
        """The model store: one folder a pack."""
        return self.path / "models"

    @property
    def database(self) -> Path:
        """The SQLite record."""
        return self.path / "overt.sqlite3"

    @property
    def keys(self) -> Path:
        """The key store, which is never part of a backup."""
        return self.path / "keys.sqlite3"

    @property
    def session(self) -> Path:
        """Where `overt login` keeps the token of who is signed in on this account."""
        return self.path / "session"

    @property
    def output(self) -> Path:
        """Summaries and annotated rehearsal videos, one folder a run."""
        return self.path / "runs"
