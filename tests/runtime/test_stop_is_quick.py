"""A stop that another process puts on record is heard by every camera, and soon."""

from pathlib import Path

import pytest
from bench.stops import stop_times

from overt.vision.store import Pack
from rehearsals import write_deployment, write_drawn_list, write_portrait_clip

pytestmark = pytest.mark.models
_GENEROUS_S = 5.0  # on a busy machine; `python -m bench stops` holds it to the one second of R-52


def test_no_camera_looks_on_once_another_process_has_put_a_stop_on_record(
    scratch_home: Path, pack: Pack, tmp_path: Path
) -> None:
    """R-52: one stop ends the searching of all cameras."""
    clip = write_portrait_clip(tmp_path / "long.mp4", 14, seconds=120)
    write_drawn_list(tmp_path, (3,))
    path = write_deployment(tmp_path, {"gate": clip, "exit": clip})

    (seconds,) = stop_times(scratch_home, path, pack, times=1).seconds

    print(f"{seconds:.2f} s from the stop's commit to the last camera's last frame")
    assert seconds < _GENEROUS_S
