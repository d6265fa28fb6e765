"""The drawn street as a film: drawn once, so that drawing takes nothing from what is measured."""

import hashlib
from fractions import Fraction
from pathlib import Path

import av

from bench.context import Context
from bench.deployments import Scene
from bench.lists import ListFiles
from overt import synthetic
from overt.synthetic.source import street_from_source
from overt.synthetic.street import DrawnStreet
from overt.synthetic.watchlist import write_watchlist

_LISTED = 200


def drawn_scene(context: Context) -> Scene:
    """Return a scene with the usual drawn street, or a short one, and its list of 200."""
    source = "drawn:people=8,listed=4,seconds=15" if context.quick else "drawn:street"
    folder = context.cache / f"drawn-{drawing_version()}"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "watchlist.csv").exists():
        with context.progress("drawing the list") as progress:
            write_watchlist(folder, progress=lambda done: progress(done, _LISTED))
    film = folder / ("short.mp4" if context.quick else "street.mp4")
    if not film.exists():
        _film(context, street_from_source(source), film)
    files = ListFiles(folder / "watchlist.csv", folder)
    return Scene("drawn-street", str(film), files, smallest_face_px=40)


def busy_film(context: Context) -> Path:
    """Return a film of a street in which everybody who passes is listed, for alerts to be many."""
    source = "drawn:seed=11,people=24,listed=24,seconds=40"
    film = Path(drawn_scene(context).source).with_name("busy.mp4")
    if not film.exists():
        _film(context, street_from_source(source), film)
    return film


def drawing_version() -> str:
    """Return a hash over the code that draws: people drawn by two versions do not look alike."""
    digest = hashlib.sha256()
    for module in sorted(Path(synthetic.__file__).parent.glob("*.py")):
        digest.update(module.read_bytes())
    return digest.hexdigest()[:8]


def _film(context: Context, street: DrawnStreet, path: Path) -> None:
    """Write a street as H.264, near enough to lossless; nothing half-written is left."""
    partial = path.with_suffix(".part.mp4")
    with av.open(str(partial), "w") as film, street, context.progress("drawing") as progress:
        stream = film.add_stream("libx264", rate=25, options={"crf": "16", "preset": "veryfast"})
        stream.width, stream.height = street.info.width, street.info.height
        stream.pix_fmt = "yuv420p"
        for frame in street:
            picture = av.VideoFrame.from_ndarray(frame.image, format="rgb24")
            picture.pts, picture.time_base = frame.sequence, Fraction(1, 25)
            film.mux(stream.encode(picture))
            progress(frame.sequence + 1, street.info.expected_frames or 0)
        film.mux(stream.encode(None))
    partial.rename(path)
