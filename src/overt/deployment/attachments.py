"""The impact assessments that a deployment file attaches: read, hashed and held to the policy."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from overt.deployment.document import Document
from overt.deployment.problems import Problem, nearest_beside
from overt.deployment.settings import AssessmentFile
from overt.deployment.source import resolved, standing

_MAX_MIB = 100
"""An assessment is a document; this stops a video given by mistake."""

_MOST = 20
"""As many as a policy may ask for."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """An attached impact assessment: `sha256` (hex) is over its file's bytes.

    `version` is as its owner numbers it; it counts up to and including its `review_date`.
    """

    id: str
    version: str
    sha256: str
    review_date: date


def hashes_of(document: Document) -> tuple[tuple[str, ...], list[Problem]]:
    """Return the SHA-256 (hex) of each attached file, and every one that cannot be read.

    The hash is empty where the file is missing or cannot be read: requirement R-7.
    """
    hashes: list[str] = []
    problems: list[Problem] = []
    for index in range(min(document.count("assessment"), _MOST)):
        where = ("assessment", index, "file")
        written = document.text_at(*where)
        found, message = _hash(resolved(written, document.path.parent)) if written else ("", "")
        hashes.append(found)
        if message:
            path = resolved(written, document.path.parent)
            remedy = nearest_beside(path) or "Paths begin from the deployment file's own folder."
            problems.append(document.problem(where, message, remedy))
    return tuple(hashes), problems


def attached(sections: Sequence[AssessmentFile], hashes: Sequence[str]) -> Iterator[Assessment]:
    """Yield what the file attaches, once nothing is wrong with it."""
    for section, sha256 in zip(sections, hashes, strict=True):
        yield Assessment(section.id, section.version, sha256, section.review_date)


def _hash(path: Path) -> tuple[str, str]:
    """Return a file's hash and nothing, or nothing and what is wrong with it."""
    if standing(path) != "file":  # opening a pipe could wait for ever
        return "", "there is no such file."
    try:
        with path.open("rb") as file:
            if path.stat().st_size > _MAX_MIB * 1024 * 1024:
                return "", f"is larger than {_MAX_MIB} MiB."
            return hashlib.file_digest(file, "sha256").hexdigest(), ""
    except OSError as error:
        return "", f"cannot be read: {error.strerror}."
