"""The model store: verified files on disk, and packs opened from them.

Every file is read whole and its SHA-256 checked before any of it is used; what the engine gets
is those very bytes. A file that is missing or differs is refused (principle 9).
"""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from overt.errors import ModelError
from overt.vision.alignment import CHIPS
from overt.vision.centerface import decode_centerface
from overt.vision.detection import Decoder, Detector, DetectorSettings
from overt.vision.dlib_resnet import convert_dlib_resnet
from overt.vision.features import ChipInput, FeatureExtractor
from overt.vision.manifest import Manifest, PackFile, parse_manifest, shipped_manifests
from overt.vision.sessions import Backend, open_session
from overt.vision.yunet import decode_yunet

_DECODERS: dict[str, Decoder] = {"centerface": decode_centerface, "yunet": decode_yunet}
_MANIFEST = "pack.toml"


@dataclass(frozen=True, slots=True)
class FileState:
    """One pack file's state in the store: `problem` is empty when it is as pinned."""

    file: PackFile
    problem: str


class ModelStore:
    """A folder with one folder a pack."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def manifests(self) -> dict[str, Manifest]:
        """Return every pack that is known: those shipped and those added, by name."""
        added = {}
        for path in sorted(self.folder.glob(f"*/{_MANIFEST}")):
            manifest = parse_manifest(path.read_text("utf-8"), origin=str(path))
            added[manifest.name] = manifest
        return {**added, **shipped_manifests()}

    def manifest(self, name: str) -> Manifest:
        """Return the manifest of one pack.

        Raises:
            ModelError: there is no such pack.
        """
        known = self.manifests()
        if name not in known:
            raise ModelError(
                f"There is no model pack called {name!r}.",
                remedy=f"Known packs: {', '.join(sorted(known))}. "
                "Add your own: overt models add PACK.toml.",
            )
        return known[name]

    def verify(self, name: str) -> list[FileState]:
        """Hash every file of a pack and return the state of each."""
        return [FileState(file, self._problem(name, file)) for file in self.manifest(name).file]

    def load(self, name: str) -> "Pack":
        """Return the pack, its files present and as pinned.

        Raises:
            ModelError: the pack is unknown, or a file is missing or changed.
        """
        manifest = self.manifest(name)
        for file in manifest.file:
            self.read(name, file)
        return Pack(self, manifest)

    def read(self, name: str, file: PackFile) -> bytes:
        """Return a file's bytes, checked against its pinned hash.

        Raises:
            ModelError: it is missing, unreadable or changed.
        """
        try:
            data = self.path_of(name, file).read_bytes()
        except FileNotFoundError as error:
            raise ModelError(
                f"The model pack {name!r} is not complete: {file.name} is missing.",
                remedy=_how_to_get(name, file),
            ) from error
        except OSError as error:
            raise ModelError(
                f"{self.path_of(name, file)} cannot be read: {error.strerror}.",
                remedy="Check the permissions of the model store.",
            ) from error
        if hashlib.sha256(data).hexdigest() != file.sha256:
            raise ModelError(
                f"{file.name} of the model pack {name!r} is not the file that was pinned.",
                remedy="It was changed or damaged. " + _how_to_get(name, file),
            )
        return data

    def keep(self, name: str, file: PackFile, data: bytes) -> None:
        """Put a file into the store: checked first, then written whole or not at all.

        Raises:
            ModelError: its hash is not the pinned one, or the store cannot be written.
        """
        _check(file, data)
        _write_whole(self.path_of(name, file), data)

    def add(self, manifest_path: Path, files: Path) -> Manifest:
        """Take in a user's own pack: its manifest, and its files from the folder `files`.

        Raises:
            ModelError: the manifest or a file is unusable; nothing of the pack is kept then.
        """
        manifest, text = self._read_manifest(manifest_path)
        self.add_files(manifest, files)
        if manifest.name not in shipped_manifests():
            _write_whole(self.folder / manifest.name / _MANIFEST, text.encode())
        return manifest

    def add_files(self, manifest: Manifest, files: Path) -> Manifest:
        """Take in from a folder the files that a pack still lacks: all of them, or none.

        Raises:
            ModelError: one is missing, unreadable or not the one that is pinned.
        """
        lacking = [file for file in manifest.file if self._problem(manifest.name, file)]
        contents = [(file, _read_given(files / file.name)) for file in lacking]
        for file, data in contents:
            _check(file, data)
        for file, data in contents:
            self.keep(manifest.name, file, data)
        return manifest

    def path_of(self, name: str, file: PackFile) -> Path:
        """Return where a file of a pack lies, whether or not it is there."""
        return self.folder / name / file.name

    def _problem(self, name: str, file: PackFile) -> str:
        try:
            self.read(name, file)
        except ModelError as error:
            return error.message
        return ""

    def _read_manifest(self, path: Path) -> tuple[Manifest, str]:
        text = _read_given(path).decode("utf-8", errors="replace")
        manifest = parse_manifest(text, origin=str(path))
        shipped = shipped_manifests().get(manifest.name)
        if shipped is not None and shipped.pack_id != manifest.pack_id:
            raise ModelError(
                f"The name {manifest.name!r} belongs to a pack that comes with Overt.",
                remedy="Give your pack another name.",
            )
        return manifest, text


class Pack:
    """A verified model pack, from which detectors and extractors are opened."""

    def __init__(self, store: ModelStore, manifest: Manifest) -> None:
        self._store = store
        self.manifest = manifest

    @property
    def id(self) -> str:
        """Goes into every template and alert; templates of different ids never meet."""
        return self.manifest.pack_id

    def mirroring(self, mirrored: bool) -> "Pack":  # noqa: FBT001 - its name says what it is
        """Return this pack with the mirrored chip, or without: by its id a pack of its own."""
        told = self.manifest.model_dump(mode="json")
        told["features"]["mirrored"] = mirrored
        return Pack(self._store, Manifest.model_validate(told))

    def detector(
        self, settings: DetectorSettings, *, threads: int = 1, backend: Backend = Backend.OPENVINO
    ) -> Detector:
        """Open the pack's detector.

        Raises:
            ModelError: its file is changed or unusable.
        """
        spec = self.manifest.detector
        model = self._store.read(self.manifest.name, self.manifest.file_named(spec.file))
        session = open_session(model, threads=threads, backend=backend)
        return Detector(session, _DECODERS[spec.decoder], settings, takes_bgr=spec.colour == "BGR")

    def extractor(
        self, *, threads: int = 1, backend: Backend = Backend.OPENVINO
    ) -> FeatureExtractor:
        """Open the pack's feature extractor.

        Raises:
            ModelError: its file is changed or unusable.
        """
        spec = self.manifest.features
        data = self._store.read(self.manifest.name, self.manifest.file_named(spec.file))
        model = convert_dlib_resnet(data) if spec.format == "dlib-resnet" else data
        session = open_session(model, threads=threads, backend=backend)
        chip_input = ChipInput(spec.mean, spec.scale, spec.colour == "BGR", spec.mirrored)
        return FeatureExtractor(session, CHIPS[spec.chip], chip_input)


def _check(file: PackFile, data: bytes) -> None:
    found = hashlib.sha256(data).hexdigest()
    if found != file.sha256:
        raise ModelError(
            f"{file.name} has SHA-256 {found[:16]}… where {file.sha256[:16]}… is pinned.",
            remedy="Nothing was kept. Get the file the manifest names, from its publisher.",
        )


def _how_to_get(name: str, file: PackFile) -> str:
    if file.package is not None:
        return f"Get it: overt models pull {name}."
    return f"Get the file from its publisher, then: overt models add {name} --files FOLDER."


def _read_given(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read: {error.strerror}.",
            remedy="Name the manifest and the folder that holds the files it lists.",
        ) from error


def _write_whole(path: Path, data: bytes) -> None:
    """Write beside the target and rename, so that a half-written file is never seen."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as part:
            partial = Path(part.name)
            try:
                part.write(data)
                part.flush()
                os.fsync(part.fileno())
                partial.replace(path)
            finally:
                partial.unlink(missing_ok=True)
    except OSError as error:
        raise ModelError(
            f"The model store {path.parent} cannot be written: {error.strerror}.",
            remedy="Free some space or set OVERT_HOME to a folder you may write. Nothing was kept.",
        ) from error
