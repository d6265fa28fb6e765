"""A live frame that has grown old while it waited or was looked at raises nothing."""

from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing import Pipe
from pathlib import Path
from time import monotonic
from types import SimpleNamespace

import numpy as np
import pytest
from camera_jobs import a_gallery, a_job

from overt.runtime.messages import Raised
from overt.runtime.passages import AlertedBefore
from overt.runtime.worker import CameraJob, _Worker
from overt.values import Frame
from overt.vision.store import ModelStore, Pack
from overt.vocabulary import DropCause

pytestmark = pytest.mark.models

_GREY = np.full((120, 160, 3), 90, np.uint8)
_REPEAT_S = 600.0  # longer than models take to be loaded on any machine


def a_frame(number: int, age_s: float) -> Frame:
    return Frame("gate", number, number / 5, datetime.now(UTC), monotonic() - age_s, _GREY)


@pytest.mark.parametrize("live", [True, False])
def test_what_is_too_old_after_detection_is_dropped_as_late(
    store: ModelStore, pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, live: bool
) -> None:
    """Promise R5: a live frame older than three seconds never raises an alert."""
    job = replace(a_job("gate", tmp_path, store.folder, paced=True), lasting=live)
    monkeypatch.setattr(_Worker, "_decode", lambda _self: None)
    ours, theirs = Pipe()
    left = [(0, 3.5), (1, 0.0), (2, 60.0)]  # numbers and ages: loading models takes a while

    def stopped() -> bool:
        if left:
            worker._buffer.put(a_frame(*left.pop(0)))
            return False
        return worker._buffer.finished or not worker._buffer._frames

    worker = _Worker(job, a_gallery(), theirs, stopped)
    with ExitStack() as stack:
        worker._watch(stack)
    state = worker._state()
    for end in (ours, theirs):
        end.close()

    assert state.dropped[DropCause.LATE] == (2 if live else 0)
    assert state.counts.frames == (1 if live else 3)
    assert state.waiting_s < 30, "it looked, though at what was old"


@pytest.mark.parametrize(("age_s", "raised"), [(2.0, True), (2.95, False)])
def test_an_alert_that_took_too_long_to_find_is_left_to_a_later_look(
    store: ModelStore,
    pack: Pack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    age_s: float,
    raised: bool,
) -> None:
    """A machine that is overrun may take a second for features and search alone."""
    job = replace(a_job("gate", tmp_path, store.folder, paced=True), lasting=True)
    monkeypatch.setattr(_Worker, "_decode", lambda _self: None)
    ours, theirs = Pipe()
    worker = _Worker(job, a_gallery(), theirs, lambda: False)
    alert = SimpleNamespace(candidate=SimpleNamespace(subject_id="S1"))
    forgotten: list[set[str]] = []
    sent: list[object] = []

    frame = a_frame(0, age_s)
    clock = [frame.monotonic_s + age_s]

    def slowly(_frame: Frame, _faces: object) -> object:
        clock[0] += 0.1
        return SimpleNamespace(alerts=(alert,))

    monkeypatch.setattr(worker._pipeline, "follow", slowly)
    monkeypatch.setattr(worker._pipeline, "forget", forgotten.append)
    monkeypatch.setattr(worker._pipeline, "template_of", lambda _subject: np.zeros(4, np.float32))
    monkeypatch.setattr(worker, "_send", sent.append)
    monkeypatch.setattr("overt.runtime.worker.monotonic", lambda: clock[0])
    worker._follow(frame, [], None)
    for end in (ours, theirs):
        end.close()

    assert [type(each) for each in sent] == ([Raised] if raised else [])
    assert forgotten == ([] if raised else [{"S1"}])


def _after_an_alert(job: CameraJob) -> CameraJob:
    """Return the job of a process that takes the place of one in which somebody has just alerted."""
    alerted = (AlertedBefore("S-1", np.zeros(128, np.float32), 5.0),)
    settings = replace(job.settings, repeat_s=_REPEAT_S)
    return replace(job, settings=settings, lasting=True, alerted=alerted)


@pytest.mark.parametrize(("away_s", "known"), [(0.0, {"S-1"}), (_REPEAT_S, set())])
def test_the_time_until_a_camera_is_back_counts_for_who_alerted_before(
    store: ModelStore,
    pack: Pack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    away_s: float,
    known: set[str],
) -> None:
    """R-29: one passage gives one alert; whoever comes by after an outage passes anew."""
    monkeypatch.setattr(_Worker, "_decode", lambda _self: None)
    ours, theirs = Pipe()
    job = _after_an_alert(a_job("gate", tmp_path, store.folder, paced=True))
    worker = _Worker(job, a_gallery(), theirs, lambda: False)

    worker._follow(a_frame(0, -away_s), [], None)
    state = worker._state()
    for end in (ours, theirs):
        end.close()

    assert set(state.alerted_ago_s) == known


def test_who_alerted_has_passed_by_when_a_camera_was_away_for_long(
    store: ModelStore, pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the process that takes this one's place would take them for having just alerted."""
    monkeypatch.setattr(_Worker, "_decode", lambda _self: None)
    ours, theirs = Pipe()
    job = _after_an_alert(a_job("gate", tmp_path, store.folder, paced=True))
    worker = _Worker(job, a_gallery(), theirs, lambda: False)
    worker._follow(a_frame(0, 0.0), [], None)
    just = dict(worker._state().alerted_ago_s)
    monkeypatch.setattr("overt.runtime.worker.monotonic", lambda: monotonic() + _REPEAT_S)
    later = dict(worker._state().alerted_ago_s)
    for end in (ours, theirs):
        end.close()

    assert set(just) == {"S-1"}
    assert not later
