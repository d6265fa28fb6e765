"""The deployment files that sections run, written into the benchmark's cache."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.context import Context
from bench.lists import ListFiles
from overt.deployment.file import Deployment

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


@dataclass(frozen=True, slots=True)
class Scene:
    """What a deployment looks at, and with which list."""

    name: str
    source: str
    files: ListFiles
    smallest_face_px: int = 20


def write_deployment(context: Context, scene: Scene, lasts_s: float = 3600.0) -> Path:
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
            end=now + timedelta(seconds=lasts_s),
        ),
        encoding="utf-8",
    )
    Deployment.load(path)
    return path
