"""Made-up values for the tests of storage and reporting, fixed or drawn by Hypothesis."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import uuid4

import cv2
import numpy as np
from hypothesis import strategies as st

from overt.audit.canonical import Entry, entry_leaf
from overt.audit.merkle import HASH_BYTES, Frontier, leaf_hash
from overt.keys.master import MasterKey, master_from
from overt.storage import AlertRecord, Filing, KeyStore, ListFacts, Record, Run
from overt.values import (
    Alert,
    Candidate,
    Quality,
    Reference,
    RunStatistics,
    StageTime,
    Subject,
    Watchlist,
)
from overt.vocabulary import DeploymentKind, DropCause, NotSearchable

NOON = datetime(2026, 7, 4, 12, 0, 0, 123456, tzinfo=UTC)


def jpeg(width: int = 90, height: int = 120, hue: int = 0) -> bytes:
    """A drawn shape, encoded: an oval on a plain ground, nobody's face."""
    image = np.full((height, width, 3), (200, 190 - hue, 180), np.uint8)
    centre, axes = (width // 2, height // 2), (max(width // 4, 1), max(height // 3, 1))
    cv2.ellipse(image, centre, axes, 0, 0, 360, (90 + hue, 120, 160), -1)
    return cv2.imencode(".jpg", image)[1].tobytes()


def a_quality() -> Quality:
    return Quality(41.5, 123.4, 0.48, -12.25, 3.0, 0.5, 0.71)


def a_run(**changes: Any) -> Run:
    run = Run(
        run_id=uuid4().hex,
        deployment="High Street, Saturday",
        kind=DeploymentKind.REHEARSAL,
        use_case="Persons wanted on warrant",
        location="High Street, between the station and the market",
        window_start=NOON,
        window_end=NOON + timedelta(hours=4),
        deployment_text='name = "High Street, Saturday"\n',
        authority={"applicant": "Sgt A. Example", "authorising_officer": "Supt B. Example"},
        policy_version="2026-07-01",
        policy_sha256="ab" * 32,
        watchlist_id="cd" * 32,
        watchlist_subjects=2,
        watchlist_references=3,
        pack_id="standard@1",
        software_version="0.1.0",
        started_at=NOON,
    )
    return replace(run, **changes)


def an_alert(**changes: Any) -> Alert:
    alert = Alert(
        alert_id=uuid4().hex,
        kind=DeploymentKind.REHEARSAL,
        camera="gate",
        track_id=7,
        first_seen_at=NOON,
        captured_at=NOON + timedelta(seconds=2),
        raised_at=NOON + timedelta(seconds=2.5),
        latency_s=0.31,
        presentation_s=2.002,
        candidate=Candidate(1, "S-1", "R-1", 0.947, 0.043),
        runner_up=Candidate(2, "S-2", "R-3", 0.881, 0.008),
        threshold=0.03,
        shots=5,
        agreeing=4,
        pack_id="standard@1",
        policy_version="2026-07-01",
        zone_px=((0.0, 0.0), (640.0, 0.0), (640.0, 360.0)),
        box_px=(100.5, 80.25, 160.0, 150.75),
        quality=a_quality(),
        crop_jpeg=jpeg(),
    )
    return replace(alert, **changes)


def a_subject(number: int = 1, **changes: Any) -> Subject:
    subject = Subject(
        subject_id=f"S-{number}",
        name=f"Example Person {number}",
        category="wanted on warrant",
        reason="Failed to appear at court, warrant 0001/26",
        lawful_basis="Police and Criminal Evidence Act 1984, s. 24",
        expected_response="Speak to them; arrest if the officer is satisfied of who they are",
        added_by="Sgt A. Example",
    )
    return replace(subject, **changes)


def a_reference(number: int = 1, subject: int = 1, **changes: Any) -> Reference:
    template = np.random.default_rng(number).normal(size=128).astype(np.float32)
    reference = Reference(
        reference_id=f"R-{number}",
        subject_id=f"S-{subject}",
        pack_id="standard@1",
        template=template / np.linalg.norm(template),
        picture_jpeg=jpeg(hue=10 * number),
        picture_source="custody",
        picture_date=date(2023, 11, 5),
        quality=a_quality(),
    )
    return replace(reference, **changes)


def a_watchlist(watchlist_id: str = "cd" * 32) -> Watchlist:
    return Watchlist(
        watchlist_id=watchlist_id,
        pack_id="standard@1",
        subjects=(a_subject(1), a_subject(2)),
        references=(a_reference(1, 1), a_reference(2, 1), a_reference(3, 2)),
    )


def a_key_store(folder: Path, master: MasterKey | None = None) -> KeyStore:
    """The key store of a folder, under a master key in a file beside it."""
    return KeyStore.open(folder / "keys.sqlite3", master or master_from("local", folder))


@contextmanager
def a_record(folder: Path, **options: Any) -> Iterator[Record]:
    """The record of a folder, with its keys, open until the block is left."""
    with (
        a_key_store(folder) as keys,
        Record.open(folder / "overt.sqlite3", keys, **options) as record,
    ):
        yield record


def an_entry(record: Record, **data: Any) -> str:
    """Add an entry that says nothing in particular to the log; return its leaf hash (hex)."""
    tree = record.journal.tree()
    previous = tree.last or bytes(HASH_BYTES)
    leaf = entry_leaf(Entry(tree.size, previous, datetime.now(UTC), "system", "test.made", data))
    hashed = leaf_hash(leaf)
    grown = Frontier.from_bytes(tree.size, tree.frontier).append(hashed)
    record.journal.append(leaf, hashed, grown.to_bytes())
    return hashed.hex()


@contextmanager
def recorded(record: Record) -> Iterator[None]:
    """Make the changes of the block together with an entry of the log."""
    with record.together():
        yield
        an_entry(record)


def a_filing(record: Record, alert: Alert, **changes: Any) -> Filing:
    """How an alert may be filed: under a new key, for a month."""
    filing = Filing(
        key_id=record.keys.new("alert"),
        entry=record.watchlists.pseudonym(alert.candidate.subject_id),
        erase_after=NOON + timedelta(days=31),
    )
    return replace(filing, **changes)


def list_facts(record: Record, watchlist: Watchlist, **changes: Any) -> ListFacts:
    """What may be known of a list, whose key is a new one."""
    facts = ListFacts(
        watchlist_id=watchlist.watchlist_id,
        pack_id=watchlist.pack_id,
        manifest_sha256="ef" * 32,
        key_id=record.keys.new("watchlist"),
        deployment_id=None,
        imported_by="an account",
        imported_at=NOON,
        validated_at=NOON,
        destroy_after=NOON + timedelta(days=1),
        size_subjects=len(watchlist.subjects),
        size_references=len(watchlist.references),
    )
    return replace(facts, **changes)


def begun(record: Record, **changes: Any) -> Run:
    """A run that the record knows."""
    run = a_run(**changes)
    with recorded(record):
        record.runs.begin(run)
    return run


def raised(record: Record, run: Run, alert: Alert | None = None) -> AlertRecord:
    """An alert that the record keeps."""
    alert = alert or an_alert(kind=run.kind)
    filing = a_filing(record, alert)
    with recorded(record):
        return record.alerts.add(run.run_id, alert, filing)


def saved(record: Record, watchlist: Watchlist, **changes: Any) -> ListFacts:
    """A list that the record keeps."""
    facts = list_facts(record, watchlist, **changes)
    with recorded(record):
        record.watchlists.save(record.watchlists.sealed(watchlist, facts, "High Street, Saturday"))
    return facts


def an_alert_record(run: Run, alert: Alert, number: int = 1) -> AlertRecord:
    """An alert as the record would give it back."""
    return AlertRecord(
        alert, run.run_id, run.deployment, number, "0a" * 16, NOON + timedelta(days=31)
    )


def some_statistics() -> RunStatistics:
    return RunStatistics(
        frames=9_120,
        frames_dropped={DropCause.OVERTAKEN: 41, DropCause.DAMAGED: 2},
        detections=30_411,
        not_searchable={
            NotSearchable.TOO_SMALL: 9_204,
            NotSearchable.TURNED: 5_511,
            NotSearchable.BLURRED: 2_980,
            NotSearchable.CUT_OFF: 310,
        },
        faces_seen=812,
        faces_searched=655,
        alerts=2,
        duration_s=421.5,
        peak_memory_mb=611.25,
        stage_times=(
            StageTime("detection", 9_120, 15.5, 22.1),
            StageTime("tracking", 9_120, 0.4, 0.9),
            StageTime("features", 4_011, 3.1, 4.8),
            StageTime("search", 2_870, 0.2, 0.4),
        ),
    )


reals = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(max_size=30)
counts = st.integers(0, 2**53)
moments = st.datetimes(
    datetime(1970, 1, 2),  # noqa: DTZ001 (Hypothesis adds the zone)
    datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-9, minutes=-30))]),
)
qualities = st.builds(
    Quality,
    *[reals] * 7,
    reasons=st.lists(st.sampled_from(NotSearchable), unique=True).map(tuple),
)
candidates = st.builds(Candidate, st.integers(1, 999), texts, texts, reals, reals)
points = st.tuples(reals, reals)
alerts = st.builds(
    Alert,
    alert_id=texts,
    kind=st.just(DeploymentKind.REHEARSAL),
    camera=texts,
    track_id=st.integers(0, 2**63 - 1),
    first_seen_at=moments,
    captured_at=moments,
    raised_at=moments,
    latency_s=reals,
    presentation_s=reals,
    candidate=candidates,
    runner_up=st.none() | candidates,
    threshold=reals,
    shots=st.integers(0, 999),
    agreeing=st.integers(0, 999),
    pack_id=texts,
    policy_version=texts,
    zone_px=st.lists(points, max_size=6).map(tuple),
    box_px=st.tuples(reals, reals, reals, reals),
    quality=qualities,
    crop_jpeg=st.binary(max_size=200),
)
statistics = st.builds(
    RunStatistics,
    frames=counts,
    frames_dropped=st.dictionaries(st.sampled_from(DropCause), counts),
    detections=counts,
    not_searchable=st.dictionaries(st.sampled_from(NotSearchable), counts),
    faces_seen=counts,
    faces_searched=counts,
    alerts=counts,
    duration_s=reals,
    peak_memory_mb=reals,
    stage_times=st.lists(st.builds(StageTime, texts, counts, reals, reals), max_size=3).map(tuple),
    lost_s=reals,
    below_floor_s=reals,
)
