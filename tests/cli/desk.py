"""A desk with a scratch home: who is signed in at it, and what a command came to."""

import os
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from acts import HERE, Clock, Scene, drafted
from overt.audit.events import SignedIn
from overt.cli import screen
from overt.cli.boundary import run
from overt.home import Home
from overt.people.office import Office
from overt.people.permissions import Person
from overt.storage import DeploymentRow, Session
from overt.vocabulary import Role

MAY_NOT = "You may not do this"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its status and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def refused(self) -> bool:
        """Whether it was refused because of who asked."""
        return self.status == 1 and MAY_NOT in self.err


@dataclass(slots=True)
class Desk:
    """A home, the office in it, and its people."""

    home: Path
    scene: Scene

    def run(self, person: Person | None, *arguments: str | Path, **environment: str) -> Ended:
        """Run a command as somebody who is signed in, in this process."""
        token = {"OVERT_SESSION": self.token(person)} if person else {}
        return run_in(self.home, *arguments, **token, **environment)

    def token(self, person: Person) -> str:
        """A session of somebody's, as signing in opens it."""
        token, now = uuid4().hex, datetime.now(UTC)
        digest = sha256(token.encode()).hexdigest()
        session = Session(digest, person.account_id, now, now + timedelta(hours=12))
        with self.scene.office.record.together():
            self.scene.office.record.accounts.open_session(session)
            self.scene.office.log.write(SignedIn(person.account_id), by=person.account_id)
        return token

    def drafted(self, **changes: Any) -> DeploymentRow:
        """A deployment whose window is now, drafted by the applicant of this unit."""
        now = datetime.now(UTC).replace(microsecond=0)
        window: dict[str, Any] = {
            "start": (now - timedelta(hours=1)).isoformat(),
            "end": (now + timedelta(hours=3)).isoformat(),
        }
        return drafted(self.scene, self.scene.person(Role.APPLICANT), **window | changes)


def run_in(home: Path, *arguments: str | Path, **environment: str) -> Ended:
    """Run a command in a home, in this process, with nobody's session but what is given."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OVERT_")}
    clean |= {"OVERT_HOME": str(home), "COLUMNS": "200"} | environment
    with (
        patch.dict(os.environ, clean, clear=True),
        chdir(home),
        redirect_stdout(StringIO()) as out,
        redirect_stderr(StringIO()) as complaints,
    ):
        screen.out.cache_clear()  # or it would be as wide as somebody's before
        screen.err.cache_clear()
        status = run([*map(str, arguments)])
    return Ended(status, out.getvalue(), complaints.getvalue())


@contextmanager
def a_desk(home: Path) -> Iterator[Desk]:
    """A desk whose people are of the unit `HERE`, and whose clock is the machine's."""
    with Office.open(Home(home)) as office:
        yield Desk(home, Scene(office, Clock(datetime.now(UTC))))


__all__ = ["HERE", "Desk", "Ended", "a_desk", "run_in"]
