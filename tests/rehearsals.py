"""Deployments to be run by tests: their files, lists and recordings, and the command itself."""

import csv
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import av
import cv2
import numpy as np

from overt.cli.boundary import run
from overt.runtime.messages import CameraState, Ended
from overt.runtime.views import Listed
from overt.storage import AlertRecord
from overt.synthetic.faces import portrait
from overt.synthetic.identity import Person
from overt.synthetic.watchlist import COLUMNS
from overt.values import RGBImage

_DEPLOYMENT = """\
name = "{name}"
kind = "{kind}"
use_case = "intelligence-led"
location = "North End, Croydon"
start = {start:%Y-%m-%dT%H:%M:%S}Z
end = {end:%Y-%m-%dT%H:%M:%S}Z
{top}
[authority]
applicant = "Insp Ada Byron 123"
authorising_officer = "Supt Grace Hopper 456"
rank = "superintendent"
why = "To hold the software to what it says."
where = "The recording is here."
who = "People who agreed to it, drawn people and public figures."
necessity = "A promise is kept or not; only a run shows which."
proportionality = "Nobody is looked for."
less_intrusive_alternatives = "Reading the code, which was done as well."

[watchlist]
csv = "{csv}"
images = "{images}"
{more}
"""

_CAMERA = """
[[camera]]
name = "{name}"
source = "{source}"
smallest_face_px = 20
"""


class Watching:
    """A view that remembers what it was told, and does something at a camera's first frame."""

    def __init__(
        self,
        at_first_frame: Callable[[], None] = lambda: None,
        at_alert: Callable[[AlertRecord], None] = lambda _record: None,
    ) -> None:
        self.alerts: list[AlertRecord] = []
        self.endings: list[Ended] = []
        self.notes: list[str] = []
        self._at_first_frame, self._at_alert = at_first_frame, at_alert
        self._seen = False

    def enrolling(self, done: int, entries: int) -> None:
        """Pass over it."""

    def listed(self, listed: Listed) -> None:
        """Pass over it."""

    def alert(self, record: AlertRecord) -> None:
        """Remember an alert."""
        self._at_alert(record)
        self.alerts.append(record)

    def state(self, state: CameraState) -> None:
        """Do what is to be done at the first frame."""
        if state.counts.frames and not self._seen:
            self._seen = True
            self._at_first_frame()

    def ended(self, ended: Ended) -> None:
        """Remember how a camera ended."""
        self.endings.append(ended)

    def noted(self, words: str) -> None:
        """Remember what concerns the whole run."""
        self.notes.append(words)


def write_deployment(folder: Path, cameras: Mapping[str, str | Path], **changes: Any) -> Path:
    """Write `deployment.toml` with these cameras' names and sources, and return its path.

    `changes` may hold `name`, `kind`, `start`, `end`, `csv`, `images`, and `more` text,
    or `top` settings before the sections.
    """
    now = datetime.now(UTC)
    settings: dict[str, Any] = {
        "name": "Held to it",
        "kind": "rehearsal",
        "start": now - timedelta(hours=1),
        "end": now + timedelta(hours=1),
        "csv": "watchlist.csv",
        "images": ".",
        "top": "",
        "more": "",
    }
    text = _DEPLOYMENT.format(**settings | changes)
    text += "".join(_CAMERA.format(name=name, source=source) for name, source in cameras.items())
    path = folder / "deployment.toml"
    path.write_text(text, encoding="utf-8")
    return path


def write_list(folder: Path, pictures: Mapping[str, Path]) -> Path:
    """Write `watchlist.csv` of subjects and the one picture each has; pictures lie in `folder`."""
    path = folder / "watchlist.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(_row(subject, picture) for subject, picture in pictures.items())
    return path


def _row(subject: str, picture: Path) -> dict[str, str]:
    return {
        "reference_id": f"{subject}-1",
        "subject_id": subject,
        "name": subject,
        "picture": str(picture),
        "category": "wanted-by-court",
        "reason": "None: a test",
        "lawful_basis": "None needed: a test",
        "picture_source": "custody",
        "picture_date": "2024-01-01",
        "added_by": "A test",
        "expected_response": "arrest",
    }


def save_picture(path: Path, image: RGBImage) -> Path:
    """Write a picture in the format its ending names, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image[:, :, ::-1])
    return path


def write_drawn_list(folder: Path, seeds: tuple[int, ...]) -> Path:
    """Write a list of drawn people; the subject of seed 3 is `drawn-3`."""
    pictures = {
        f"drawn-{seed}": save_picture(
            folder / f"drawn-{seed}.png", portrait(Person.from_seed(seed))
        ).relative_to(folder)
        for seed in seeds
    }
    return write_list(folder, pictures)


def write_clip(path: Path, images: list[RGBImage], *, frames_per_second: int = 5) -> Path:
    """Write pictures of one size as a video, and return its path."""
    height, width = images[0].shape[:2]
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(
            "libx264", rate=frames_per_second, options={"preset": "ultrafast", "crf": "18"}
        )
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, frames_per_second)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_portrait_clip(path: Path, seed: int, *, seconds: int) -> Path:
    """Write a video of a drawn person who faces the camera, five pictures a second."""
    face = cv2.resize(portrait(Person.from_seed(seed)), (240, 300), interpolation=cv2.INTER_AREA)
    image = np.full((360, 480, 3), 120, np.uint8)
    image[40:340, 120:360] = face
    return write_clip(path, [image] * (5 * seconds))


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return the environment for `overt` with everything it may write inside `home`."""
    return os.environ | {"OVERT_HOME": str(home), "COLUMNS": "100", "PYTHONUTF8": "1"} | more


def overt(
    *arguments: str | Path, home: Path, into: Path | None = None, **more: Any
) -> subprocess.CompletedProcess[str]:
    """Run `overt` without a terminal in `home` and return how it ended.

    What it writes goes `into` another folder where one is given.
    """
    return subprocess.run(
        [sys.executable, "-m", "overt", *map(str, arguments)],
        capture_output=True,
        check=False,
        cwd=home,
        encoding="utf-8",
        env=environment(into or home),
        timeout=240,
        **more,
    )


def overt_here(
    *arguments: str | Path, home: Path, into: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Do as `overt`, in this process: quicker, for what is refused before a camera is opened."""
    with (
        patch.dict(os.environ, environment(into or home)),
        chdir(home),
        redirect_stdout(StringIO()) as out,
        redirect_stderr(StringIO()) as complaints,
    ):
        status = run([*map(str, arguments)])
    return subprocess.CompletedProcess(arguments, status, out.getvalue(), complaints.getvalue())


def start_overt(*arguments: str | Path, home: Path) -> subprocess.Popen[str]:
    """Start `overt` in `home`, as a shell would, and return the process."""
    return subprocess.Popen(
        [sys.executable, "-m", "overt", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=home,
        encoding="utf-8",
        env=environment(home),
        start_new_session=True,
        # Whoever runs the tests in the background may have had SIGINT ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )
