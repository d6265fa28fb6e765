"""An authorised deployment with a large list before a film, for a console to be opened on.

The list is that of the drawn street, filled up to 12,000 references with random templates which
carry real portraits' bytes. The threshold is near nothing, so that nearly everybody who walks
towards the camera is put before an operator: what is measured is time, and a passage of somebody
who is not listed takes the same way as any other.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import cycle
from pathlib import Path
from typing import Any

import av

from bench.context import Context
from bench.deployments import Scene, write_deployment
from bench.drawn import drawn_scene
from bench.lists import enrolled, random_templates
from bench.live_view import scaled_film
from overt.deployment import lifecycle
from overt.deployment.file import Deployment
from overt.people.accounts import Credentials, NewAccount, add
from overt.people.office import Office
from overt.people.permissions import Person
from overt.runtime.drafting import _row, _weighed  # what drafting does once a list is enrolled
from overt.values import Reference, Subject, Watchlist
from overt.vocabulary import Role
from overt.watchlist import governance
from overt.watchlist.enrolment import EnrolmentReport, RowResult
from overt.watchlist.keeping import Keeping, keep, sealed
from overt.watchlist.rows import Row

REFERENCES = 12_000
UNIT = "bench"
_THRESHOLD = 0.001
_DECISION = f"\n[decision]\nthreshold = {_THRESHOLD}\n"
_RANKS = {Role.AUTHORISING_OFFICER: "superintendent", Role.COMMANDER: "chief inspector"}


@dataclass(frozen=True, slots=True)
class Ready:
    """A deployment that an operator may start, and what the operator signs in with."""

    deployment_id: str
    operator: str
    credentials: Credentials


def ready(context: Context, office: Office, times: int) -> Ready:
    """Put a deployment on record whose camera plays the street's film so many times over."""
    drawn = drawn_scene(context)
    film = repeated(scaled_film(context, Path(drawn.source)), times)
    scene = Scene("console", str(film), drawn.files, smallest_face_px=60)
    path = write_deployment(context, scene)
    path.write_text(path.read_text("utf-8").replace("\n[watchlist]", f"{_DECISION}\n[watchlist]"))
    people = {role: _hired(office, role) for role in Role if role is not Role.ADMINISTRATOR}
    deployment_id = _drafted(
        context, office, people[Role.APPLICANT][0], filled_up(enrolled(context, drawn.files)), path
    )
    row = office.record.deployments.find(deployment_id)
    row = lifecycle.submit(office, people[Role.APPLICANT][0], row)
    governance.approve(office, people[Role.COMMANDER][0], row)
    lifecycle.authorise(office, people[Role.AUTHORISING_OFFICER][0], row, "a measurement of time")
    operator, credentials = people[Role.OPERATOR]
    return Ready(deployment_id, operator.name, credentials)


def filled_up(base: Watchlist) -> Watchlist:
    """Return a list with random templates for people who do not exist, up to `REFERENCES`."""
    names = [f"random-{number:05d}" for number in range(REFERENCES - len(base.references))]
    templates = random_templates(len(names), base.references[0].template.size)
    subjects: list[Subject] = [replace(base.subjects[0], subject_id=each) for each in names]
    references: list[Reference] = [
        replace(pattern, reference_id=name, subject_id=name, template=template)
        for pattern, name, template in zip(cycle(base.references), names, templates, strict=False)
    ]
    return Watchlist(
        uuid.uuid4().hex * 2,
        base.pack_id,
        (*base.subjects, *subjects),
        (*base.references, *references),
    )


def _drafted(
    context: Context, office: Office, applicant: Person, watchlist: Watchlist, path: Path
) -> str:
    deployment, deployment_id = Deployment.load(path), uuid.uuid4().hex
    row = Row(2)
    report = EnrolmentReport(
        watchlist, tuple(RowResult(row, reference=each) for each in watchlist.references)
    )
    keeping = Keeping(
        deployment_id=deployment_id,
        deployment=deployment.name,
        by=applicant.account_id,
        destroy_after=deployment.end + timedelta(hours=24),
    )
    bound, appraisal = _weighed(deployment, context.pack, report)
    with office.record.together():
        kept = keep(office, sealed(office, report, keeping))
        office.record.deployments.add(_row(office, applicant, deployment, kept, bound, appraisal))
    return deployment_id


def _hired(office: Office, role: Role) -> tuple[Person, Credentials]:
    head = Person("0" * 32, "head", "Head", UNIT, "", frozenset({Role.ADMINISTRATOR}))
    rank = _RANKS.get(role, "constable")
    wanted = NewAccount(role, f"Bench {role}", UNIT, rank, frozenset({role}), date(2099, 1, 1))
    made = add(office, head, wanted)
    return Person(made.account_id, role, wanted.full_name, UNIT, rank, wanted.roles), made


def repeated(film: Path, times: int) -> Path:
    """Write a film anew, so many times over, without decoding it; nothing half-written is left."""
    path = film.with_suffix(f".{times}-times.mp4")
    if path.exists():
        return path
    partial = path.with_suffix(".part.mp4")
    with av.open(str(film)) as before, av.open(str(partial), "w") as after:
        read: Any = before.streams.video[0]
        stream = after.add_stream_from_template(read)
        for packet in _packets(before, read, times):
            packet.stream = stream
            after.mux(packet)
    partial.rename(path)
    return path


def _packets(film: Any, stream: Any, times: int) -> Iterator[Any]:
    length = round(stream.frames / stream.average_rate / stream.time_base)
    step = Fraction(1) / stream.average_rate / stream.time_base
    for again in range(times):
        film.seek(0)
        for packet in film.demux(stream):
            if packet.dts is None:
                continue
            packet.pts += again * length
            packet.dts += again * length
            packet.duration = round(step)
            yield packet
