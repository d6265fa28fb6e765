"""What somebody has put on the server for applications: lists, pictures, documents, recordings.

A list holds names and faces, so it is carried to the server by whoever may and is not sent
through a browser. Forms choose among what lies in the folders of `incoming`; nobody types a
path, and nothing outside those folders can be chosen.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from overt.home import Home

_LISTS = frozenset({"csv", "json"})
_DOCUMENTS = frozenset({"pdf", "odt", "docx", "doc", "rtf", "txt", "md", "html"})
_RECORDINGS = frozenset({"mp4", "mkv", "avi", "mov", "m4v", "webm", "ts"})
_POLICIES = frozenset({"toml"})

_MOST = 200
"""Entries of each kind that a form offers; a folder of pictures may hold thousands of others."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """What lies in the folders of `folder`, as `folder/name`, by what it may be used for."""

    folder: Path
    lists: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    recordings: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()

    @classmethod
    def of(cls, home: Home) -> "Incoming":
        """Look at what is there now; a folder that cannot be read counts as empty."""
        folder = home.path / "incoming"
        folders = [each.name for each in _entries(folder) if each.is_dir(follow_symlinks=False)]
        inside = [
            (f"{name}/{each.name}", each.is_dir(follow_symlinks=False))
            for name in folders
            for each in _entries(folder / name)
        ]
        files = [name for name, is_folder in inside if not is_folder]
        return cls(
            folder,
            lists=_of(files, _LISTS),
            pictures=tuple(sorted([*folders, *(name for name, is_folder in inside if is_folder)])),
            documents=_of(files, _DOCUMENTS),
            recordings=_of(files, _RECORDINGS),
            policies=_of(files, _POLICIES),
        )


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield a folder's files and folders; links may lead out, and are passed over."""
    try:
        with os.scandir(folder) as entries:
            for each in entries:
                plain = each.is_file(follow_symlinks=False) or each.is_dir(follow_symlinks=False)
                if plain and each.name.isprintable() and not each.name.startswith("."):
                    yield each
    except OSError:
        return


def _of(files: list[str], kinds: frozenset[str]) -> tuple[str, ...]:
    found = [name for name in files if name.rpartition(".")[2].lower() in kinds]
    return tuple(sorted(found)[:_MOST])
