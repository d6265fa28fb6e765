"""What `overt demo` serves: an office in a folder of its own, its cast, and their application.

The folder is a new one each time and is deleted at the end; nothing of the visitor's own record,
keys or accounts is opened, and the master key lies beside the record, as it may where nobody is
real. The models are the visitor's own.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from overt.cli import screen
from overt.cli.drawn_deployment import write_deployment, write_watchlist
from overt.deployment import lifecycle
from overt.deployment.file import Deployment
from overt.home import Home
from overt.people.office import Office
from overt.people.permissions import Person
from overt.runtime.drafting import draft
from overt.storage import DeploymentRow
from overt.synthetic.source import parse_street
from overt.vision.store import ModelStore
from overt.watchlist import governance
from overt.web.pages.demonstration import UNIT, Actor, Demonstration, demonstrated, guard_of

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp

_STREET = "drawn:seed=405,people=32,listed=6,seconds=900"
"""A quarter of an hour with somebody every half minute. Chosen for its beginning: somebody listed
comes into sight after 25 s and the next after 140 s, so that a newcomer has time for the first.
When all of it was searched, each of the six listed raised an alert, and nobody else did."""

_LISTED = 60
"""Enough for a list; drawing three times as many takes most of a minute."""

_MORE = f"""\
unit = "{UNIT}"
expected_faces = 32
"""
_ZONE = "zone = [[0.06, 0.12], [0.94, 0.12], [0.94, 1.0], [0.06, 1.0]]\n"

_OPEN = timedelta(hours=8)
_ELSEWHERE = ("OVERT_MASTER_KEY", "OVERT_WITNESS")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A demonstration that is ready to be served: `service` is `app` with its guard."""

    app: "FastAPI"
    service: "ASGIApp"
    home: Path
    cast: Sequence[Actor]
    deployment_id: str


@contextmanager
def prepared(source: str = "", *, ready: bool = False) -> Iterator[Prepared]:
    """Make a demonstration, and delete all of it when the block is left.

    `ready` has the authority given already.

    Raises:
        ConfigurationError: there is no such street.
        ModelError: the models have not been pulled.
    """
    parse_street(source or _STREET)
    models = Home.current().models
    ModelStore(models).load("standard")  # rather told before anything is drawn
    with tempfile.TemporaryDirectory(prefix="overt-demo-", ignore_cleanup_errors=True) as folder:
        home = Home(Path(folder))
        home.models.symlink_to(models.absolute())
        for setting in _ELSEWHERE:  # the visitor's own keys and witness are no part of this
            os.environ.pop(setting, None)
        with Office.open(home) as office:
            demonstration = Demonstration.begin(office)
            people = {each.name: each.person for each in demonstration.cast}
            row = _drafted(office, people["applicant"], source or _STREET)
            if ready:
                _authorise(office, people, row)
            app = demonstrated(office, demonstration)
            service = guard_of(app, office)
            yield Prepared(app, service, home.path, demonstration.cast, row.deployment_id)


def _drafted(office: Office, applicant: Person, source: str) -> DeploymentRow:
    from rich.progress import Progress

    folder = office.home.path / "incoming" / "drawn"  # from where a visitor may apply anew
    write_watchlist(folder, source, _LISTED)
    now = datetime.now(UTC)
    path = write_deployment(folder, source, (now, now + _OPEN), more=_MORE, zone=_ZONE)
    with Progress(console=screen.err(), transient=True) as progress:
        task = progress.add_task("enrolling it", total=None)
        made = draft(
            office,
            applicant,
            Deployment.load(path),
            lambda done, total: progress.update(task, completed=done, total=total),
        )
    return made.row


def _authorise(office: Office, people: dict[str, Person], row: DeploymentRow) -> None:
    row = lifecycle.submit(office, people["applicant"], row)
    governance.approve(office, people["commander"], row)
    lifecycle.authorise(office, people["authoriser"], row, "Nobody is there to be intruded upon.")
