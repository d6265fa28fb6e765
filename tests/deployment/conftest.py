"""A folder with what a deployment file names, and ways to examine a file in it."""

from pathlib import Path

import pytest
from deployment_files import ASSESSMENTS, Find, Write

from overt.deployment.file import examine
from overt.deployment.problems import Problem


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a deployment file beside the list, pictures and recording it names."""
    (tmp_path / "watchlist.csv").write_text("reference_id\n")
    (tmp_path / "pictures").mkdir()
    for name, content in ASSESSMENTS.values():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "street.mp4").write_bytes(b"not looked into here")

    def write(text: str | bytes) -> Path:
        path = tmp_path / "croydon.toml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


@pytest.fixture
def problems_of(write: Write) -> Find:
    """Write a deployment file and return the problems found in it."""

    def find(text: str | bytes) -> list[Problem]:
        return list(examine(write(text)).problems)

    return find
