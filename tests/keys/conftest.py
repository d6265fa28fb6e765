"""Fixtures of the master keys' tests."""

from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from master_key_trials import PASSPHRASE, MemoryKeyring

from overt.keys.private_files import make_private


@pytest.fixture
def memory_keyring() -> Iterator[MemoryKeyring]:
    """The system's keyring for one test, in memory."""
    before, backend = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    """A passphrase file as it should be."""
    path = tmp_path / "passphrase"
    make_private(path, PASSPHRASE.encode() + b"\n")
    return path
