"""The deployment files that sections run, written into the benchmark's cache."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.context import Context
from bench.lists import ListFiles
from overt.deployment.file import Deployment
from overt.deployment.policy import Policy

_TEXT = """\
# Written by the benchmark: a rehearsal on recorded material, to measure the pipeline.
name = "Benchmark, {name}"
kind = "rehearsal"
use_case = "intelligence-led"
location = "A recording"
start = {start:%Y-%m-%dT%H:%M:%S}Z
end = {end:%Y-%m-%dT%H:%M:%S}Z

[authority]
applicant = "Bench Sergeant 1"
authorising_officer = "Bench Superintendent 2"
rank = "superintendent"
why = "To measure the pipeline on recorded material."
where = "Nowhere: the material is recorded."
who = "People of a public benchmark set, none of whom is sought."
necessity = "Nothing else measures the whole way from a picture to an alert."
proportionality = "Only published recordings are looked at."
less_intrusive_alternatives = "Drawn people, which are measured as well."

[watchlist]
csv = "{rows}"
images = "{pictures}"

[[camera]]
name = "{name}"
source = "{source}"
smallest_face_px = {smallest_face_px}
"""

_LIVE_TEXT = """\
# Written by the benchmark: drawn people on a street that is played over RTSP.
name = "Benchmark, live"
kind = "live"
use_case = "crime-hotspot"
location = "Nowhere"
start = {start:%Y-%m-%dT%H:%M:%S}Z
end = {end:%Y-%m-%dT%H:%M:%S}Z
unit = "north"
expected_faces = 1000

[authority]
applicant = "Bench Inspector 1"
authorising_officer = "Bench Superintendent 2"
rank = "Superintendent"
why = "To measure what becomes of cameras that fail."
where = "Nowhere: the street is drawn."
who = "Nobody: everybody is drawn."
necessity = "Nothing else goes through every part of a live run."
proportionality = "Nobody is looked at."
less_intrusive_alternatives = "There is nothing less intrusive than people who do not exist."

[watchlist]
csv = "watchlist.csv"
images = "."

[intelligence]
reference = "BENCH-1"
assessed_on = {start:%Y-%m-%d}
recorded_by = "Bench Constable 3"

[[assessment]]
id = "data-protection"
file = "dpia.odt"
version = "1"
review_date = {reviewed:%Y-%m-%d}
"""
_LIVE_CAMERA = """
[[camera]]
name = "{name}"
source = "{source}"
smallest_face_px = 20
"""


def live_deployment_of(cameras: Mapping[str, str], lasts: timedelta) -> Deployment:
    """Return a live deployment with these cameras' names and addresses, as the record keeps one."""
    now = datetime.now(UTC)
    text = _LIVE_TEXT.format(start=now, end=now + lasts, reviewed=now + timedelta(days=90))
    for name, source in cameras.items():
        text += _LIVE_CAMERA.format(name=name, source=source)
    policy = Policy.shipped()
    return Deployment.recorded(Path("/live.toml"), text.encode(), policy, ("ab" * 32,))


@dataclass(frozen=True, slots=True)
class Scene:
    """What a deployment looks at, and with which list."""

    name: str
    source: str
    files: ListFiles
    smallest_face_px: int = 20


def write_deployment(context: Context, scene: Scene) -> Path:
    """Write the deployment file of a scene, check it, and return its path."""
    now = datetime.now(UTC)
    folder = context.cache / "deployments"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{scene.name}.toml"
    path.write_text(
        _TEXT.format(
            name=scene.name,
            source=scene.source,
            smallest_face_px=scene.smallest_face_px,
            rows=scene.files.rows,
            pictures=scene.files.pictures,
            start=now,
            end=now + timedelta(hours=1),
        ),
        encoding="utf-8",
    )
    Deployment.load(path)
    return path
