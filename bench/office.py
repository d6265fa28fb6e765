"""An office with people, a run and drawn alerts, for what is measured of the record alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np

from overt.audit.events import DeploymentDrafted, RunBegan
from overt.deployment.policy import Policy
from overt.home import Home
from overt.people.office import Office
from overt.people.permissions import Person
from overt.runtime.crops import encode_jpeg
from overt.runtime.filing import AlertFiling, FiledUnder
from overt.runtime.standing import Rehearsed, Standing
from overt.storage import DeploymentRow, ListFacts, Run
from overt.values import Alert, Candidate, Quality, Subject, Watchlist
from overt.vocabulary import DeploymentKind, DeploymentState, Role

NOON = datetime(2026, 7, 4, 12, tzinfo=UTC)
KEPT = timedelta(days=31)
LIST = "cd" * 32
SUBJECTS = 200
SUBJECT_NAME = "Listed Person"


def open_office(home: Path) -> Office:
    """Open the office of a folder, which is begun where there is none."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Office.open(Home(home))


def person(name: str, *roles: Role) -> Person:
    """Return somebody signed in, who needs no account here."""
    return Person(name, name, name.title(), "north", "inspector", frozenset(roles))


def crop_jpeg(size_px: int) -> bytes:
    """Return a JPEG of noise: as large as a sharp face's."""
    noise = np.random.default_rng(size_px).integers(0, 255, (size_px // 4, size_px // 4, 3))
    return encode_jpeg(np.kron(noise, np.ones((4, 4, 1))).astype(np.uint8))


def alert(alert_id: str, crop: bytes, subject: int = 0) -> Alert:
    """Return the alert of an id; the same one however often it is asked for."""
    return Alert(
        alert_id=alert_id,
        kind=DeploymentKind.REHEARSAL,
        camera="gate",
        track_id=7,
        first_seen_at=NOON,
        captured_at=NOON + timedelta(seconds=2),
        raised_at=NOON + timedelta(seconds=2.5),
        latency_s=0.31,
        presentation_s=2.0,
        candidate=Candidate(1, f"S-{subject % SUBJECTS}", f"R-{subject % SUBJECTS}", 0.947, 0.043),
        runner_up=Candidate(2, "S-0", "R-0", 0.881, 0.008),
        threshold=0.03,
        shots=5,
        agreeing=4,
        pack_id="standard@1",
        policy_version="2026-07-01",
        zone_px=((0.0, 0.0), (640.0, 0.0), (640.0, 360.0)),
        box_px=(100.5, 80.25, 160.0, 150.75),
        quality=Quality(41.5, 123.4, 0.48, -12.25, 3.0, 0.5, 0.71),
        crop_jpeg=crop,
    )


def begin_run(office: Office, run_id: str) -> Run:
    """Put a run on record, with its entry of the log."""
    run = Run(
        run_id=run_id,
        deployment="Benchmark",
        kind=DeploymentKind.REHEARSAL,
        use_case="Measuring",
        location="Nowhere",
        window_start=NOON,
        window_end=NOON + timedelta(hours=4),
        deployment_text='name = "Benchmark"\n',
        authority={"applicant": "Bench Sergeant 1"},
        policy_version="2026-07-01",
        policy_sha256="ab" * 32,
        watchlist_id=LIST,
        watchlist_subjects=SUBJECTS,
        watchlist_references=SUBJECTS,
        pack_id="standard@1",
        software_version="0",
        started_at=NOON,
    )
    with office.record.together():
        office.record.runs.begin(run)
        event = RunBegan(run_id, "", run.kind, LIST, SUBJECTS, run.pack_id, 0.03, run.policy_sha256)
        office.log.write(event)
    return run


def live_deployment(
    office: Office,
    unit: str = "north",
    watchlist_id: str = LIST,
    policy: Policy | None = None,
    lasts: timedelta = timedelta(hours=5),
) -> DeploymentRow:
    """Put a unit's live deployment and its list on record, as far as a run asks for them."""
    row = _deployment(unit, watchlist_id, policy or Policy.shipped(), office.now())
    row = replace(row, window_end=office.now() + lasts)
    facts = ListFacts(
        watchlist_id=watchlist_id,
        pack_id=row.pack_id,
        manifest_sha256=watchlist_id,
        key_id=office.keys.new("watchlist"),
        deployment_id=row.deployment_id,
        imported_by="applicant",
        imported_at=row.created_at,
        validated_at=row.created_at,
        destroy_after=row.created_at + KEPT,
        size_subjects=SUBJECTS,
        size_references=0,
        approved_by="officer",
        approved_at=row.created_at,
    )
    with office.record.together():
        listed = Watchlist(watchlist_id, row.pack_id, _subjects(policy or Policy.shipped()), ())
        office.record.watchlists.save(office.record.watchlists.sealed(listed, facts, row.name))
        office.record.deployments.add(row)
        event = DeploymentDrafted(row.deployment_id, "", "", watchlist_id, watchlist_id)
        office.log.write(event)
    return row


def _subjects(policy: Policy) -> tuple[Subject, ...]:
    category = policy.categories[0]
    return tuple(
        Subject(
            subject_id=f"S-{number}",
            name=f"{SUBJECT_NAME} {number}",
            category=category.id,
            reason="none",
            lawful_basis="none",
            expected_response=category.expected_responses[0],
            added_by="applicant",
        )
        for number in range(SUBJECTS)
    )


def _deployment(unit: str, watchlist_id: str, policy: Policy, now: datetime) -> DeploymentRow:
    return DeploymentRow(
        deployment_id=uuid4().hex,
        name=f"Benchmark {unit}",
        unit=unit,
        kind=DeploymentKind.REHEARSAL,
        state=DeploymentState.LIVE,
        use_case="Measuring",
        location="Nowhere",
        window_start=now - timedelta(hours=1),
        window_end=now + timedelta(hours=5),
        applicant="applicant",
        deployment_text="",
        sealed_file=None,
        file_sha256=watchlist_id,
        policy_text=policy.data.decode(),
        policy_sha256=policy.sha256,
        policy_version=policy.version,
        pack_id="standard@1",
        watchlist_id=watchlist_id,
        terms={"threshold": 0.03},
        terms_sha256=watchlist_id,
        appraisal={},
        sealed_appraisal=None,
        flags=(),
        created_at=now,
    )


def filing_of(office: Office, run: Run, standing: Standing | None = None) -> AlertFiling:
    """Return what a run of the product commits its alerts with."""
    under = FiledUnder(run.run_id, run.watchlist_id, lambda: datetime.now(UTC) + KEPT)
    return AlertFiling(office, standing or Rehearsed(), under)
