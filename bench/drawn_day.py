"""Deployments that were never held, through the product's own acts: what a record is proved with.

Their figures are those of six deployments in Croydon in January 2024 as they were published;
their list, their alerts and everybody in them are invented. Drafting, authority, alerts, stops,
outcomes, closing and erasing are the product's own functions on a real record and log; only
cameras and faces are missing, and the clock stands where it is put.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import numpy as np

from overt import __version__
from overt.audit.events import DeploymentDrafted, RunBegan, RunEnded
from overt.deployment import lifecycle
from overt.deployment.file import Deployment
from overt.deployment.policy import Policy
from overt.deployment.recorded import seal_file
from overt.deployment.terms import Bound, terms_hash, terms_of
from overt.people.office import Office
from overt.people.permissions import Person
from overt.review import adjudication, engagement
from overt.runtime.crops import encode_jpeg
from overt.runtime.filing import AlertFiling, FiledUnder
from overt.runtime.standing import Authorised
from overt.storage import AlertPlace, DeploymentRow, End, Outcome, Run
from overt.values import (
    Alert,
    Candidate,
    Quality,
    Reference,
    RunStatistics,
    Subject,
    Watchlist,
)
from overt.vocabulary import (
    AdjudicationDecision,
    AdjudicationFactor,
    DeploymentKind,
    DeploymentState,
    Disposal,
    DropCause,
    IdentityCheck,
    LossCause,
    OfficerDecision,
    Role,
    RunEnding,
)
from overt.watchlist import governance
from overt.watchlist.enrolment import EnrolmentReport, RowResult
from overt.watchlist.keeping import Keeping, keep, sealed
from overt.watchlist.rows import Row

PACK = "drawn-1-000000000000"
THRESHOLD = 0.04
UNIT = "croydon"
LISTED, SEEDED = "S-1", "S-2"
"""Whom alerts are against: somebody listed, and somebody listed as a test."""

_KEPT = timedelta(days=31)
_STOP = timedelta(minutes=6)
_SEARCHED = 0.8
_FRAMES_S, _DROPPED = 10, 0.002
_QUALITY = Quality(41.5, 123.4, 0.48, -12.25, 3.0, 0.5, 0.71)
_PICTURE = encode_jpeg(np.full((32, 24, 3), 128, np.uint8))

_FILE = """\
name = "Drawn, {location}"
kind = "live"
use_case = "crime-hotspot"
location = "{location}, Croydon"
start = {start}
end = {end}
unit = "{unit}"
expected_faces = 2500

[authority]
applicant = "Drawn Inspector 1"
authorising_officer = "Drawn Superintendent 2"
rank = "Superintendent"
why = "To prove that a record adds up."
where = "Nowhere: nobody passes."
who = "Nobody: the list is invented."
necessity = "Nothing else goes through every act."
proportionality = "Nobody is looked at."
less_intrusive_alternatives = "A record made up by hand, which proves less."

[watchlist]
csv = "watchlist.csv"
images = "pictures"

[[camera]]
name = "mast"
source = "rtsps://10.0.0.5:554/mast"

[intelligence]
reference = "DRAWN-1"
assessed_on = {assessed}
recorded_by = "Drawn Constable 3"

[[assessment]]
id = "data-protection"
file = "dpia.odt"
version = "1"
review_date = {reviewed}
"""


@dataclass(frozen=True, slots=True)
class Shift:
    """One deployment: where and when, for how long, what it saw, and how its alerts ended.

    `other` are true alerts of people whose conditions were checked, and `false` false ones, all
    engaged; `unseen` are true ones whom nobody met, and `seeded` those of somebody who consented
    to be listed as a test. With several thresholds, as many runs follow one another in equal
    parts.
    """

    location: str
    begins: datetime
    minutes: int
    faces: int
    arrests: int
    other: int
    false: int = 0
    unseen: int = 0
    seeded: int = 0
    thresholds: tuple[float, ...] = (THRESHOLD,)

    @property
    def endings(self) -> list[Outcome]:
        """How its alerts end: outcomes whose `entry` is the subject's id, for now."""
        unseen = (True, False, False, Disposal.NOT_ENGAGED)
        kinds = (
            (self.arrests, LISTED, (True, True, True, Disposal.ARREST)),
            (self.other, LISTED, (True, True, True, Disposal.CONDITIONS_CHECKED)),
            (self.false, LISTED, (False, True, True, Disposal.NO_ACTION)),
            (self.unseen, LISTED, unseen),
            (self.seeded, SEEDED, unseen),
        )
        return [
            Outcome("", subject, "", self.begins, *ending)
            for count, subject, ending in kinds
            for _ in range(count)
        ]


def _shift(
    where: str, day: int, lasts: tuple[int, int], faces: int, ends: tuple[int, int, int]
) -> Shift:
    begins = datetime(2024, 1, day, 10, tzinfo=UTC)
    return Shift(where, begins, 60 * lasts[0] + lasts[1], faces, *ends)


CROYDON: tuple[Shift, ...] = (
    _shift("North End", 19, (6, 33), 1_512, (5, 8, 0)),
    _shift("North End", 23, (6, 18), 1_123, (5, 4, 1)),
    _shift("George Street", 23, (3, 59), 1_879, (3, 5, 0)),
    _shift("Church Street", 25, (5, 58), 1_222, (6, 8, 0)),
    _shift("London Road", 25, (4, 58), 785, (3, 6, 0)),
    _shift("Church Street", 30, (5, 29), 2_205, (7, 5, 0)),
)
"""Six deployments as published: 66 alerts, 65 true, 1 false, 29 arrests, 8,726 faces."""


class Clock(Protocol):
    """A clock that stands where it is put."""

    now: datetime

    def __call__(self) -> datetime:
        """Return the time."""


@dataclass(slots=True)
class StandingClock:
    """The clock of an office that is opened for this."""

    now: datetime

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now


@dataclass(frozen=True, slots=True)
class Day:
    """An office, its clock, and who works there; `listed` people are on each list."""

    office: Office
    clock: Clock
    listed: int
    policy: Policy = field(default_factory=Policy.shipped)

    def person(self, role: Role, number: int = 1) -> Person:
        """Return whoever has a role."""
        name = f"{role}-{number}"
        rank = "superintendent" if role is Role.AUTHORISING_OFFICER else "inspector"
        return Person(f"drawn-{name}", name, f"Drawn {role}", UNIT, rank, frozenset({role}))

    def hold(self, shift: Shift) -> DeploymentRow:
        """Hold a deployment from its draft to its closing, and return it as it is then."""
        row = self.begin(shift)
        self.search(row, shift)
        return self.finish(row)

    def begin(self, shift: Shift, *, urgently: bool = False) -> DeploymentRow:
        """Draft, approve, authorise and start a deployment."""
        office = self.office
        self.clock.now = shift.begins - timedelta(hours=4)
        row = self.draft(shift)
        row = lifecycle.submit(office, self.person(Role.APPLICANT), row)
        governance.approve(office, self.person(Role.COMMANDER), row)
        officer = self.person(Role.AUTHORISING_OFFICER)
        authorise = lifecycle.authorise_urgently if urgently else lifecycle.authorise
        row = authorise(office, officer, row, "necessary and proportionate")
        self.clock.now = shift.begins
        return lifecycle.start(office, self.person(Role.COMMANDER), row)

    def search(self, row: DeploymentRow, shift: Shift) -> None:
        """Search in as many runs as there are thresholds, and have every alert end."""
        endings, parts = shift.endings, len(shift.thresholds)
        length = timedelta(minutes=shift.minutes) / parts
        for part, threshold in enumerate(shift.thresholds):
            run = self.begin_run(row, threshold)
            ends, mine = self.clock.now + length, endings[part::parts]
            between = 0.9 * length / max(len(mine), 1)
            for ending in mine:
                began = self.clock.now
                self._end_alert(self.raise_alert(row, run, threshold, ending.entry), ending)
                self.clock.now = max(self.clock.now, began + between)
            self.clock.now = max(self.clock.now, ends)
            self._end_run(run, shift.faces // parts, len(mine))

    def finish(self, row: DeploymentRow) -> DeploymentRow:
        """End and close a deployment, which destroys its list."""
        row = lifecycle.end(self.office, row.deployment_id, "the window is over")
        return lifecycle.close(self.office, self.person(Role.COMMANDER), row, "all went as planned")

    def draft(self, shift: Shift) -> DeploymentRow:
        """Draft a deployment, its list sealed, as `overt.runtime.drafting` does."""
        office, applicant = self.office, self.person(Role.APPLICANT)
        text = _FILE.format(
            location=shift.location,
            start=shift.begins.isoformat(),
            end=(shift.begins + timedelta(hours=8)).isoformat(),
            unit=UNIT,
            assessed=shift.begins.date() - timedelta(days=2),
            reviewed=shift.begins.date() + timedelta(days=90),
        )
        deployment = Deployment.recorded(Path("/d.toml"), text.encode(), self.policy, ("ab" * 32,))
        watchlist, deployment_id = _a_list(self.listed), uuid4().hex
        results = tuple(RowResult(_NO_ROW, reference=each) for each in watchlist.references)
        until = deployment.end + timedelta(hours=self.policy.retention.list_hours)
        keeping = Keeping(deployment_id, deployment.name, applicant.account_id, until)
        with office.record.together():
            kept = keep(office, sealed(office, EnrolmentReport(watchlist, results), keeping))
            bound = Bound(
                watchlist.watchlist_id,
                len(watchlist.subjects),
                len(watchlist.references),
                PACK,
                min(shift.thresholds),
            )
            row = _row(office, applicant, deployment, (deployment_id, kept.watchlist_id), bound)
            office.record.deployments.add(row)
            event = DeploymentDrafted(
                deployment_id,
                row.file_sha256,
                row.policy_sha256,
                row.watchlist_id,
                bound.manifest_sha256,
            )
            office.log.write(event, by=applicant.account_id)
        return row

    def begin_run(self, row: DeploymentRow, threshold: float) -> Run:
        """Begin a run under a threshold, as a run of the product does."""
        watchlists = self.office.record.watchlists
        facts, gone = watchlists.facts(row.watchlist_id), watchlists.withdrawn(row.watchlist_id)
        assert facts is not None
        run = Run(
            run_id=uuid4().hex,
            deployment=row.name,
            kind=DeploymentKind.LIVE,
            use_case=row.use_case,
            location=row.location,
            window_start=row.window_start,
            window_end=row.window_end,
            deployment_text=row.deployment_text,
            authority={},
            policy_version=row.policy_version,
            policy_sha256=row.policy_sha256,
            watchlist_id=row.watchlist_id,
            watchlist_subjects=facts.size_subjects - len(gone),
            watchlist_references=facts.size_references - len(gone),
            pack_id=row.pack_id,
            software_version=__version__,
            started_at=self.clock.now,
            deployment_id=row.deployment_id,
        )
        began = RunBegan(
            run.run_id,
            row.deployment_id,
            run.kind,
            run.watchlist_id,
            run.watchlist_references,
            run.pack_id,
            threshold,
            run.policy_sha256,
        )
        with self.office.record.together():
            self.office.record.runs.begin(run)
            self.office.log.write(began)
        return run

    def raise_alert(
        self, row: DeploymentRow, run: Run, threshold: float, subject: str
    ) -> AlertPlace:
        """Raise an alert against a subject just now."""
        now = self.clock.now
        seeded = frozenset({SEEDED})
        under = FiledUnder(run.run_id, run.watchlist_id, lambda: now + _KEPT, seeded=seeded)
        filing = AlertFiling(self.office, Authorised(self.office, row), under)
        stored = filing.commit(_an_alert(now, threshold, subject))
        filing.close()
        assert stored is not None
        return self.office.record.alerts.place(stored.alert.alert_id)

    def _end_alert(self, place: AlertPlace, ending: Outcome) -> None:
        """Decide on an alert, stop somebody where it says so, and close it."""
        office, officer = self.office, self.person(Role.ENGAGEMENT_OFFICER)
        for number in (1, 2):
            operator = self.person(Role.OPERATOR, number)
            adjudication.adjudicate(
                office,
                operator,
                place,
                AdjudicationDecision.VIABLE,
                [AdjudicationFactor.SUBJECT],
            )
        engagement.acknowledge(office, officer, place)
        met = OfficerDecision.ENGAGE if ending.engaged else OfficerDecision.NOT_FOUND
        engagement.decide(office, officer, place, met)
        if ending.engaged:
            self.clock.now += _STOP
            engagement.end_stop(office, officer, place, [IdentityCheck.DOCUMENT])
        outcome = Outcome(
            place.alert_id,
            "",
            "",
            ending.at,
            ending.true_alert,
            ending.confirmed,
            ending.engaged,
            ending.disposal,
        )
        adjudication.close(office, officer, outcome)

    def _end_run(self, run: Run, faces: int, alerts: int) -> None:
        seconds = (self.clock.now - run.started_at).total_seconds()
        frames = int(seconds * _FRAMES_S)
        statistics = RunStatistics(
            frames=frames,
            frames_dropped={DropCause.OVERTAKEN: int(frames * _DROPPED)},
            detections=20 * faces,
            not_searchable={},
            faces_seen=faces,
            faces_searched=int(faces * _SEARCHED),
            alerts=alerts,
            duration_s=seconds,
            peak_memory_mb=600.0,
            losses={LossCause.BROKEN: 2, LossCause.STALLED: 1},
            lost_s=90.0,
            below_floor_s=120.0,
        )
        ended = RunEnded(run.run_id, RunEnding.COMPLETED, faces, statistics.faces_searched, alerts)
        with self.office.record.together():
            end = End(self.clock.now, RunEnding.COMPLETED, "", statistics)
            self.office.record.runs.end(run.run_id, end)
            self.office.log.write(ended)


_NO_ROW = Row(2)


def _an_alert(now: datetime, threshold: float, subject: str) -> Alert:
    return Alert(
        alert_id=uuid4().hex,
        kind=DeploymentKind.LIVE,
        camera="mast",
        track_id=1,
        first_seen_at=now - timedelta(seconds=2),
        captured_at=now - timedelta(seconds=1),
        raised_at=now,
        latency_s=0.3,
        presentation_s=1.0,
        candidate=Candidate(1, subject, "R-1", 0.947, threshold + 0.01),
        runner_up=None,
        threshold=threshold,
        shots=3,
        agreeing=3,
        pack_id=PACK,
        policy_version="drawn",
        zone_px=((0.0, 0.0), (640.0, 0.0), (640.0, 360.0)),
        box_px=(100.0, 80.0, 160.0, 150.0),
        quality=_QUALITY,
        crop_jpeg=_PICTURE,
    )


def _a_list(size: int) -> Watchlist:
    """Return a list of invented people, one picture each, under an id of its own."""
    templates = np.random.default_rng(size).normal(size=(size, 128)).astype(np.float32)
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    subjects, references = zip(*_entries(templates), strict=True)
    return Watchlist(uuid4().hex * 2, PACK, subjects, references)


def _entries(templates: np.ndarray) -> Iterator[tuple[Subject, Reference]]:
    for number, template in enumerate(templates, 1):
        subject = Subject(
            f"S-{number}",
            f"Drawn Person {number}",
            "wanted-warrant",
            "drawn",
            "drawn",
            "drawn",
            "drawn",
        )
        yield (
            subject,
            Reference(
                f"R-{number}",
                subject.subject_id,
                PACK,
                template,
                _PICTURE,
                "drawn",
                date(2023, 1, 1),
                _QUALITY,
            ),
        )


def _row(
    office: Office, applicant: Person, deployment: Deployment, ids: tuple[str, str], bound: Bound
) -> DeploymentRow:
    terms = terms_of(deployment, bound)
    return DeploymentRow(
        deployment_id=ids[0],
        name=deployment.name,
        unit=UNIT,
        kind=deployment.kind,
        state=DeploymentState.DRAFT,
        use_case=deployment.use_case.wording,
        location=deployment.location,
        window_start=deployment.start,
        window_end=deployment.end,
        applicant=applicant.account_id,
        deployment_text=deployment.redacted_text,
        sealed_file=seal_file(office, ids[0], deployment),
        file_sha256=deployment.sha256,
        policy_text=deployment.policy.data.decode(),
        policy_sha256=deployment.policy.sha256,
        policy_version=deployment.policy.version,
        pack_id=bound.pack_id,
        watchlist_id=ids[1],
        terms=terms,
        terms_sha256=terms_hash(terms),
        appraisal={},
        sealed_appraisal=None,
        flags=(),
        created_at=office.now(),
    )
