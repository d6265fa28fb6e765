"""Strangers pass a camera by the hundred: nothing of them is kept, in memory or on the disk."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from bench.passers_by import (
    ACROSS,
    DOWN,
    MOST_DECODED,
    SHOWN_FRAMES,
    Held,
    strangers,
    watch_apart,
    write_clip,
)
from eyes import Eyes, frames
from traces import PassersBy, traces, values_of

from overt.home import Home
from overt.people.office import Office
from overt.vision.store import ModelStore, Pack
from rehearsals import environment, write_deployment, write_drawn_list

pytestmark = [pytest.mark.data, pytest.mark.models]
PEOPLE = 160  # `python -m bench passers-by` lets 1,200 pass
_LISTED = (3, 14, 15)
_LONGEST_S = 300


@pytest.fixture(scope="module")
def clip(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """People who are on no list pass, eight at a time."""
    path = tmp_path_factory.mktemp("clip") / "people.mp4"
    return write_clip(path, strangers(data_dir, PEOPLE))


def test_nothing_of_passers_by_is_held_in_memory_once_they_have_passed(
    clip: Path, store: ModelStore
) -> None:
    """R-32, R-33: shots, templates and crops go with the track, and frames with the buffers."""
    passed = watch_apart(store.folder, clip)

    print(passed)
    assert passed.searched >= 0.9 * PEOPLE
    assert passed.alerts == 0
    assert passed.most.templates >= 8, "the search does find them while they are there"
    assert passed.most.passages <= 16
    assert passed.most.shots <= 5 * 16
    assert passed.most.frames <= 12
    assert passed.most.decoded <= MOST_DECODED
    assert passed.left == Held(frames=passed.left.frames, decoded=passed.left.decoded)


def test_nothing_of_passers_by_is_on_the_disk_after_a_run(
    clip: Path, pack: Pack, new_home: Callable[[], Path]
) -> None:
    """R-32: no template, picture or row of pixels in record, keys, logs, pages or temporary files."""
    home = new_home()
    (home / "tmp").mkdir()
    write_drawn_list(home, _LISTED)
    nobodys = "[decision]\nthreshold = 0.999\n"  # or one stranger in hundreds would be an alert
    path = write_deployment(home, {"gate": clip}, more=nobodys)
    inside = {name: str(home) for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")}
    inside |= {name: str(home / "tmp") for name in ("TMPDIR", "TEMP", "TMP")}
    command = [sys.executable, "-m", "overt", "run", str(path), "--json", "--no-video"]
    out, complaints = _ended(command, home, environment(home, OVERT_DEBUG="1", **inside))
    (home / "out.log").write_bytes(out)
    (home / "complaints.log").write_bytes(complaints)
    told = json.loads(out)
    assert (told["alerts"], told["faces_searched"] >= 0.9 * PEOPLE) == (0, True)

    eyes = Eyes(pack)
    passers = _passers(clip, eyes)
    found = {each.name: traces(each.read_bytes(), passers, eyes) for each in _files(home)}
    for database in ("overt.sqlite3", "keys.sqlite3"):
        values = b"\n".join(values_of(home / database))
        found[f"values of {database}"] = traces(values, passers, eyes)
    found |= {f"opened: {name}": traces(data, passers, eyes) for name, data in _opened(home)}

    assert len(passers.templates) >= 0.9 * PEOPLE
    assert {name: what for name, what in found.items() if what} == {}


def test_a_failure_while_looking_ends_the_camera_and_is_told(clip: Path, store: ModelStore) -> None:
    """Else the camera would wait for ever for somebody to read what it says."""
    script = "import sys; from pathlib import Path; from bench import passers_by as it; "
    script += "it.held = lambda known: 1 / 0; it.watch(*map(Path, sys.argv[1:]))"
    command = [sys.executable, "-c", script, str(store.folder), str(clip)]

    with pytest.raises(subprocess.CalledProcessError) as failed:
        _ended(command, Path(__file__).parents[2], os.environ | {"OVERT_DEBUG": "1"})

    assert b"ZeroDivisionError" in failed.value.stderr


def _ended(command: list[str], folder: Path, told: dict[str, str]) -> tuple[bytes, bytes]:
    """Return what a program wrote; all that it started is killed when it takes too long."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env=told,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            out, complaints = process.communicate(timeout=_LONGEST_S)
        finally:
            with suppress(ProcessLookupError):  # nothing is left of it
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode:
        print(complaints.decode())
        raise subprocess.CalledProcessError(process.returncode, command, out, complaints)
    return out, complaints


def _passers(clip: Path, eyes: Eyes) -> PassersBy:
    """Look at the first of the frames that show each eight people."""
    images = list(islice(frames(clip, every=SHOWN_FRAMES + 1), PEOPLE // (ACROSS * DOWN)))
    templates = np.concatenate([eyes.faces(image) for image in images])
    return PassersBy(templates, tuple(row for image in images for row in eyes.middles(image)))


def _files(home: Path) -> list[Path]:
    models = home / "models"
    return [each for each in home.rglob("*") if each.is_file() and models not in each.parents]


def _opened(home: Path) -> list[tuple[str, bytes]]:
    """What is sealed, opened: the list's pictures and templates, and every alert's crop."""
    with Office.open(Home(home)) as office:
        lists = office.record.watchlists
        references = [
            each
            for facts in lists.all_facts()
            if (watchlist := lists.load(facts.watchlist_id)) is not None
            for each in watchlist.references
        ]
        assert office.record.alerts.of_run() == []
    assert len(references) == len(_LISTED)
    return [(each.reference_id, each.picture_jpeg + each.template.tobytes()) for each in references]
