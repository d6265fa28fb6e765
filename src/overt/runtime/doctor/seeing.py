"""What looks: model packs and their networks, and the cameras of a deployment file."""

from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic

from pydantic import TypeAdapter, ValidationError

from overt.capture import CaptureSettings, SourceInfo, open_source
from overt.deployment.file import Camera, Deployment, examine
from overt.errors import OvertError
from overt.keys.memory import harden_process
from overt.runtime.doctor.findings import Finding, attention, fine, wrong
from overt.runtime.memory_limit import limit_memory
from overt.runtime.spawning import kill_process, start_process
from overt.synthetic import SCHEME
from overt.synthetic.faces import portrait
from overt.synthetic.identity import Person
from overt.vision.store import ModelStore
from overt.watchlist.faces import FaceFinder

_SLOW_S = 0.5
_FACE = 3  # any drawn person will do
_OPENING_S = 5.0
_LONGEST_S = 20.0
"""A library may block for ever whatever limits it was given; after this a camera is given up."""

_MOST_BYTES = 64 * 1024
_TOLD: TypeAdapter[str | tuple[str, str]] = TypeAdapter(str | tuple[str, str])


def packs(store: ModelStore, wanted: str) -> Iterator[Finding]:
    """Hash the files of the pack that is wanted, and of every other that somebody has put there."""
    known = store.manifests()
    if wanted not in known:
        yield wrong(f"pack {wanted}", "There is no such model pack.", "Run: overt models list.")
    others = [each for each in sorted(known) if (store.folder / each).is_dir() and each != wanted]
    for name in [*([wanted] if wanted in known else []), *others]:
        yield pack(name, [state.problem for state in store.verify(name)])


def pack(name: str, problems: list[str]) -> Finding:
    """Judge a pack by what is wrong with each of its files; empty where nothing is."""
    bad = [each for each in problems if each]
    if bad:
        return wrong(
            f"pack {name}",
            " ".join(bad),
            f"Run: overt models pull {name}, or overt models add for a pack of your own.",
        )
    return fine(f"pack {name}", "It is complete, and every hash is as pinned.")


def inference(store: ModelStore, name: str) -> Finding:
    """Find a drawn face with a pack and take its template, and say how long that takes."""
    try:
        pack_ = store.load(name)
        picture, finder, extractor = (
            portrait(Person.from_seed(_FACE)),
            FaceFinder(pack_),
            pack_.extractor(),
        )
        for _ in range(2):  # the first time, the engine makes ready for the picture's size
            began_s = monotonic()
            faces = finder.find(picture)
            extractor.extract(extractor.align(picture, faces))
            took_s = monotonic() - began_s
    except OvertError as error:
        return wrong("inference", error.message, error.remedy)
    return looked(len(faces), took_s)


def looked(faces: int, took_s: float) -> Finding:
    """Judge how many faces were found in the picture of one, and how long it took."""
    if faces != 1:
        return wrong(
            "inference",
            f"In a drawn picture of one face {faces} were found.",
            "Verify the pack: overt models verify. If it is whole, report this as a fault.",
        )
    words = f"A drawn face was found and its template taken in {1000 * took_s:.0f} ms."
    if took_s > _SLOW_S:
        return attention(
            "inference",
            words,
            "See what else this machine does; a camera needs it ten times faster.",
        )
    return fine("inference", words)


def deployment_file(path: Path) -> tuple[Deployment | None, Finding]:
    """Read a deployment file, and say whether it can be used. What it says is not shown."""
    found = examine(path)
    if found.deployment is None:
        count = len(found.problems)
        words = f"It cannot be used: {count} problem{'s' if count != 1 else ''}."
        return None, wrong("deployment file", words, f"Run: overt deployment check {path}.")
    return found.deployment, fine("deployment file", "It can be used.")


def camera(given: Camera) -> Finding:
    """Open a camera's source, and say what comes from it; credentials are never shown."""
    if given.source.address.startswith(SCHEME):
        return fine(f"camera {given.name}", "It is a drawn street.")
    settings = CaptureSettings(
        camera=given.name,
        open_timeout_s=_OPENING_S,
        read_timeout_s=_OPENING_S,
        rtsp_transport=given.transport,
    )

    return seen(given.name, partial(_opened, given.source.address, settings))


def seen(name: str, look: Callable[[], SourceInfo], longest_s: float = _LONGEST_S) -> Finding:
    """Judge what a camera's source says of itself, which is waited for only so long.

    `look` is called in a process of its own, without a secret: it decodes what strangers send.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_tell, args=(look, theirs), daemon=True)
    with ours:
        start_process(process)
        theirs.close()
        try:
            told = _TOLD.validate_json(ours.recv_bytes(_MOST_BYTES)) if ours.poll(longest_s) else ""
        except (EOFError, OSError, ValidationError):
            told = ("What it sends cannot be decoded.", "See whether it plays elsewhere.")
        finally:
            kill_process(process)
    if isinstance(told, tuple):
        return wrong(f"camera {name}", *told)
    if not told:
        return wrong(
            f"camera {name}",
            f"No picture came within {longest_s:.0f} seconds.",
            "Check the camera, its network and its address.",
        )
    return fine(f"camera {name}", told)


def _opened(address: str, settings: CaptureSettings) -> SourceInfo:
    with open_source(address, settings) as source:
        return source.info


def _tell(look: Callable[[], SourceInfo], pipe: Connection) -> None:
    """Say in words what was seen, or what is wrong and what to do: the target of a process."""
    harden_process()
    limit_memory()
    told: str | tuple[str, str]
    try:
        told = _in_words(look())
    except OvertError as error:
        told = error.message, error.remedy
    pipe.send_bytes(_TOLD.dump_json(told))


def _in_words(info: SourceInfo) -> str:
    parts = [f"{info.width}x{info.height} pixels"]
    if info.frames_per_second:
        parts.append(f"{info.frames_per_second:.4g} frames a second")
    if info.codec:
        parts.append(info.codec)
    return f"{', '.join(parts)}."
