"""A camera looks no more often than the policy lets it, and says what it left out."""

from contextlib import ExitStack
from dataclasses import replace
from multiprocessing import Pipe
from pathlib import Path
from time import monotonic

import numpy as np
import pytest
from camera_jobs import a_gallery, a_job

from overt.runtime.pace import PaceSettings
from overt.runtime.worker import _Worker
from overt.vision.store import ModelStore, Pack
from overt.vocabulary import DropCause
from rehearsals import write_clip

pytestmark = pytest.mark.models

_LONGEST_S = 120.0


def test_what_is_not_due_is_left_out_and_every_picture_is_accounted_for(
    store: ModelStore, pack: Pack, tmp_path: Path
) -> None:
    """Promise R7: frames are dropped, and each of them counted; the rest is looked at."""
    picture = np.full((60, 80, 3), 90, np.uint8)
    clip = write_clip(tmp_path / "street.mp4", [picture] * 75, frames_per_second=25)
    pace = PaceSettings(least_per_second=1.0, most_per_second=4.0, smallest_px=640)
    job = replace(a_job("gate", clip, store.folder, paced=True), pace=pace)
    ours, theirs = Pipe()
    until_s = monotonic() + _LONGEST_S

    worker = _Worker(job, a_gallery(), theirs, lambda: monotonic() > until_s)
    worker._send = lambda _message: None
    with ExitStack() as stack:
        worker._watch(stack)
    state = worker._state()
    for end in (ours, theirs):
        end.close()

    assert state.counts.frames + state.dropped.total() == 75
    assert 0 < state.counts.frames <= 4 * 3 + 2
    assert state.dropped[DropCause.NOT_DUE] > 50
    assert state.kept.width_px == 80, "a small picture is not enlarged"
    assert state.kept.floor_per_second == 1.0
