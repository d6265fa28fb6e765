"""A crowd walks past, nobody of it is listed, and nothing of anybody stays on the disk."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from eyes import Eyes, frames
from public_figures import strangers
from traces import (
    LIKE,
    PassersBy,
    passers_by,
    pictures_in,
    traces,
    unit_vectors_in,
    values_of,
)

from overt.home import Home
from overt.people.office import Office
from overt.values import RGBImage, Template, Templates
from overt.vision.store import Pack
from rehearsals import environment, write_deployment, write_list

pytestmark = [pytest.mark.data, pytest.mark.models]
LISTED = 60


@pytest.fixture(scope="module")
def eyes(pack: Pack) -> Eyes:
    """The pack's networks."""
    return Eyes(pack)


@pytest.fixture(scope="module")
def crowd_clip(data_dir: Path) -> Path:
    """People who walk towards the camera; none of them is known to us."""
    return data_dir / "video/street-crowd-1080p.mp4"


@pytest.fixture(scope="module")
def crowd(crowd_clip: Path, eyes: Eyes) -> PassersBy:
    """What the software could have kept of them."""
    return passers_by(crowd_clip, eyes, every=10)


@dataclass(frozen=True)
class Left:
    """What a run left behind: its folder, with everything it could write to inside."""

    folder: Path

    @property
    def files(self) -> list[Path]:
        """Every file there but the models."""
        models = self.folder / "models"
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return [path for path in found if models not in path.parents]


@pytest.fixture(scope="module")
def left(data_dir: Path, crowd_clip: Path, new_home: Callable[[], Path]) -> Left:
    """A run on the crowd, with home, temporary folder and record all in one place."""
    home = new_home()
    (home / "tmp").mkdir()
    write_list(home, strangers(data_dir, LISTED))
    path = write_deployment(home, {"street": crowd_clip}, images=data_dir)
    inside = {name: str(home) for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")}
    inside |= {name: str(home / "tmp") for name in ("TMPDIR", "TEMP", "TMP")}
    ended = subprocess.run(
        [sys.executable, "-m", "overt", "run", str(path), "--json"],
        check=True,
        cwd=home,
        env=environment(home, OVERT_DEBUG="1", **inside),
        capture_output=True,
        timeout=300,
    )
    (home / "out.log").write_bytes(ended.stdout)
    (home / "complaints.log").write_bytes(ended.stderr)
    assert json.loads(ended.stdout)["alerts"] == 0
    assert json.loads(ended.stdout)["faces_searched"] >= 5
    return Left(home)


def _jpeg(image: RGBImage) -> bytes:
    return cv2.imencode(".jpg", image[:, :, ::-1])[1].tobytes()


PLANTED: dict[str, Callable[[Template, RGBImage], bytes]] = {
    "float16": lambda template, _: template.astype("<f2").tobytes(),
    "float32": lambda template, _: template.astype("<f4").tobytes(),
    "float64": lambda template, _: template.astype("<f8").tobytes(),
    "base64": lambda template, _: base64.b64encode(template.tobytes()),
    "decimals": lambda template, _: json.dumps([round(float(x), 5) for x in template]).encode(),
    "a picture": lambda _, image: _jpeg(image),
    "a picture in a page": lambda _, image: (
        b"data:image/jpeg;base64," + base64.b64encode(_jpeg(image))
    ),
    "pixels": lambda _, image: image.tobytes(),
}


@pytest.mark.parametrize("form", PLANTED)
def test_the_search_finds_what_is_planted(
    form: str, crowd_clip: Path, crowd: PassersBy, eyes: Eyes
) -> None:
    content = PLANTED[form](crowd.templates[3], next(frames(crowd_clip)))

    assert traces(b"\x01before" + content + b"after" * 200, crowd, eyes)


def test_the_search_finds_nothing_in_nothing(crowd: PassersBy, eyes: Eyes) -> None:
    assert not traces(b"nothing" * 1000, crowd, eyes)


def test_a_run_writes_nothing_but_its_record_its_page_and_its_video(left: Left) -> None:
    names = {path.name for path in left.files}

    assert names <= {
        *("deployment.toml", "watchlist.csv", "out.log", "complaints.log"),
        *("overt.sqlite3", "overt.sqlite3-wal", "overt.sqlite3-shm"),
        *("keys.sqlite3", "keys.sqlite3-wal", "keys.sqlite3-shm", "master.key"),
        *("summary.html", "street.mp4"),
    }


def test_no_template_picture_or_pixel_of_a_passer_by_is_left_anywhere(
    left: Left, crowd: PassersBy, eyes: Eyes
) -> None:
    found = {path.name: traces(path.read_bytes(), crowd, eyes) for path in left.files}
    found["values"] = traces(b"\n".join(values_of(left.folder / "overt.sqlite3")), crowd, eyes)

    assert len(crowd.templates) > 50
    assert len(crowd.rows) > 50
    assert {name: what for name, what in found.items() if what} == {}


def test_the_record_holds_the_list_s_templates_and_portraits_sealed(left: Left) -> None:
    """R-39: what is on the disk shows nobody's face and no template, listed or not."""
    listed = _listed(left)

    values = b"\n".join(values_of(left.folder / "overt.sqlite3"))
    vectors = unit_vectors_in(values, listed.shape[1])

    assert len(listed) > 0.8 * LISTED
    assert not (vectors @ listed.T.astype(np.float64) > LIKE).any()
    assert pictures_in(values) == []


def test_no_face_in_the_video_is_like_the_face_that_was_there(
    left: Left, crowd_clip: Path, eyes: Eyes
) -> None:
    (video,) = left.folder.glob("runs/*/street.mp4")
    listed = _listed(left)
    apart = np.quantile((listed @ listed.T)[np.triu_indices(len(listed), 1)], 0.999)

    original = [eyes.found(image) for image in frames(crowd_clip, every=5)]
    shown = [eyes.found(image) for image in frames(video, every=5)]

    assert len(shown) == len(original) == 21
    assert sum(map(len, shown)) < sum(map(len, original)) / 5
    recognised = [
        float(seen.template @ true.template)
        for there, here in zip(original, shown, strict=True)
        for seen in here
        for true in there
        if true.searchable and seen.is_at(true) and seen.template @ true.template > apart
    ]
    assert recognised == []


def _listed(left: Left) -> Templates:
    """Return the templates of everybody on the list, as the record holds them."""
    with Office.open(Home(left.folder)) as office:
        watchlist = office.record.watchlists.load(office.record.runs.all()[0].watchlist_id)
        assert not office.record.alerts.of_run()
    assert watchlist is not None
    return np.stack([reference.template for reference in watchlist.references])
