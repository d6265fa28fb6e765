"""`overt run` as people use it, on the real clip: one alert, its pictures, and nobody else's."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from eyes import Eyes, frames
from public_figures import references, strangers

from overt.storage import Record
from overt.values import RGBImage, Templates
from overt.vision.store import Pack
from rehearsals import overt, overt_here, write_deployment, write_drawn_list, write_list

pytestmark = [pytest.mark.data, pytest.mark.models]
ALERTED = "lin-manuel-miranda"


@dataclass(frozen=True)
class Finished:
    """A run that is over: its home, how the command ended, and the JSON it wrote."""

    home: Path
    ended: subprocess.CompletedProcess[str]
    result: dict[str, Any]

    @property
    def video(self) -> Path:
        """The run's one video."""
        (video,) = self.result["videos"]
        return Path(video)


@pytest.fixture(scope="module")
def stage(data_dir: Path, new_home: Callable[[], Path]) -> Finished:
    """The clip of a stage, run once with its three people and 150 others listed."""
    home = new_home()
    write_list(home, references(data_dir) | strangers(data_dir, 150))
    clip = data_dir / "video/stage-640x360.mp4"
    deployment = write_deployment(home, {"stage": clip}, images=data_dir, name="Stage rehearsal")
    ended = overt("run", deployment, "--json", home=home)
    assert ended.returncode == 0, ended.stderr
    return Finished(home, ended, json.loads(ended.stdout))


def test_the_one_listed_person_who_is_seen_well_raises_the_one_alert(stage: Finished) -> None:
    listed = overt("alerts", "list", "--json", home=stage.home)

    (alert,) = json.loads(listed.stdout)
    assert alert["candidate"]["subject_id"] == ALERTED
    assert alert["candidate"]["normalised_score"] >= alert["threshold"]
    assert alert["kind"] == "rehearsal"
    assert alert["run_id"] == stage.result["run_id"]
    assert stage.result["alerts"] == 1
    assert stage.result["frames"] == 275
    uncovered = ("frames_dropped", "losses", "lost_s", "below_floor_s")
    assert not any(stage.result[each] for each in uncovered)
    assert stage.result["ending"] == "completed"
    assert "REHEARSAL: Possible match 1 - for a person to decide" in stage.ended.stderr


def test_an_alert_is_shown_with_its_two_pictures(stage: Finished) -> None:
    (alert,) = json.loads(overt("alerts", "list", "--json", home=stage.home).stdout)

    shown = overt("alerts", "show", alert["alert_id"][:6], "--picture", "side.png", home=stage.home)

    assert shown.returncode == 0
    assert "possible match, for a person to decide" in shown.stdout
    assert ALERTED in shown.stdout
    assert "%" not in shown.stdout
    picture = cv2.imread(str(stage.home / "side.png"))
    assert picture is not None
    assert min(picture.shape[:2]) > 100


def test_the_summary_is_one_page_that_loads_nothing(stage: Finished) -> None:
    page = Path(stage.result["summary"]).read_text("utf-8")

    assert "REHEARSAL" in page
    assert "Stage rehearsal" in page
    assert "<script" not in page.lower()
    assert not re.findall(r"""(?:src|href|action)\s*=\s*["']?\s*(?:[a-z]+:)?//""", page)
    assert not re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", page)
    assert not re.findall(r"\bon[a-z]+\s*=\s*[\"']", page)


def test_the_video_shows_no_face_that_could_be_searched_but_the_alerted_one(
    stage: Finished, pack: Pack, data_dir: Path
) -> None:
    eyes = Eyes(pack)
    clip = data_dir / "video/stage-640x360.mp4"
    original = _searchable(frames(clip, every=5), eyes)
    shown = _searchable(frames(stage.video), eyes)

    assert len(original) > 60  # so that finding few is the hiding's doing
    assert 20 < len(shown) < 100
    mean = shown.mean(axis=0) / np.linalg.norm(shown.mean(axis=0))
    reference = cv2.imread(str(data_dir / references(data_dir)[ALERTED]))
    assert reference is not None
    (listed,) = eyes.faces(np.asarray(reference[:, :, ::-1], np.uint8))
    assert float(mean @ listed) > 0.95
    assert (shown @ mean).min() > pack.manifest.same_person_floor


def _searchable(images: Iterator[RGBImage], eyes: Eyes) -> Templates:
    found = [face for image in images for face in eyes.found(image)]
    return np.stack([face.template for face in found if face.searchable])


def test_every_frame_of_the_video_says_rehearsal(stage: Finished) -> None:
    images = list(frames(stage.video))

    assert len(images) == 275
    for image in images:
        red, green, blue = image[2:10].reshape(-1, 3).T.astype(int)
        assert ((red > 200) & (green > 140) & (blue < 90)).mean() > 0.5  # the banner's amber


_LIVE = """
[intelligence]
reference = "INT/1"
assessed_on = 2024-01-01
recorded_by = "DS Hedy Lamarr 7"
"""
_ASSESSMENT = """
[[assessment]]
id = "{name}"
file = "watchlist.csv"
version = "1"
review_date = 2099-01-01
"""


def test_a_live_deployment_does_not_run_from_its_file(scratch_home: Path) -> None:
    """R-1: its camera is searched under an authority that people gave, or not at all."""
    write_drawn_list(scratch_home, (3,))
    names = ("data-protection", "equality", "community")
    more = _LIVE + "".join(_ASSESSMENT.format(name=name) for name in names)
    path = write_deployment(
        scratch_home,
        {"gate": "rtsp://127.0.0.1/x"},
        kind="live",
        top='unit = "croydon"\nexpected_faces = 100\n',
        more=more,
    )

    ended = overt_here("run", path, home=scratch_home)

    assert ended.returncode == 1
    assert "starts from its authority" in ended.stderr
    assert "→" in ended.stderr
    with Record.open(scratch_home / "overt.sqlite3") as record:
        assert record.runs.all() == []


def test_a_rehearsal_never_looks_through_a_camera(scratch_home: Path) -> None:
    write_drawn_list(scratch_home, (3,))
    path = write_deployment(scratch_home, {"gate": "rtsp://operator:s3cr3t@127.0.0.1/x"})

    ended = overt_here("run", path, home=scratch_home)

    assert ended.returncode == 1
    assert "is a network camera" in ended.stderr
    assert "s3cr3t" not in ended.stderr
    assert not (scratch_home / "overt.sqlite3").exists()
