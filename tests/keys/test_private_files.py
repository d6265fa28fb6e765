"""Files that hold secrets are read only where nobody else may, and are whole or not there."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from overt.errors import MasterKeyError
from overt.keys.private_files import make_private, read_or_make, read_private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def written(path: Path, content: bytes = b"secret", permissions: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(permissions)
    return path


@pytest.mark.parametrize("permissions", [0o600, 0o400])
def test_a_file_of_its_owner_alone_is_read(tmp_path: Path, permissions: int) -> None:
    assert read_private(written(tmp_path / "f", permissions=permissions), 6) == b"secret"


@pytest.mark.parametrize("permissions", [0o640, 0o620, 0o604, 0o602, 0o601, 0o666, 0o755])
def test_a_file_that_others_may_touch_is_refused(tmp_path: Path, permissions: int) -> None:
    with pytest.raises(MasterKeyError, match="Others than its owner") as refused:
        read_private(written(tmp_path / "f", permissions=permissions), 100)
    assert "chmod 600" in refused.value.remedy
    assert "secret" not in str(refused.value)


def test_a_link_is_as_private_as_what_it_leads_to(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(written(tmp_path / "f", permissions=0o644))
    with pytest.raises(MasterKeyError, match="Others than its owner"):
        read_private(link, 100)
    (tmp_path / "f").chmod(0o600)
    assert read_private(link, 100) == b"secret"


def test_what_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyError, match="too long"):
        read_private(written(tmp_path / "f"), 5)


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir(mode=0o700)
    for name in ("pipe", "folder"):
        with pytest.raises(MasterKeyError, match="is not a file"):
            read_private(tmp_path / name, 100)


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyError, match="cannot be read"):
        read_private(tmp_path / "none-such", 100)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become nobody")
def test_what_may_not_be_read_is_told(tmp_path: Path) -> None:
    path = written(tmp_path / "f", permissions=0o600)
    os.seteuid(65534)
    try:
        with pytest.raises(MasterKeyError, match="cannot be read"):
            read_private(path, 100)
    finally:
        os.seteuid(0)


def test_what_is_made_is_its_owners_alone_whatever_the_mask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        assert make_private(tmp_path / "f", b"secret")
    finally:
        os.umask(old)
    assert mode(tmp_path / "f") == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["f"], "nothing half-made is left"


def test_what_is_there_is_never_written_over(tmp_path: Path) -> None:
    written(tmp_path / "f", b"first")
    (tmp_path / "dangling").symlink_to(tmp_path / "none-such")
    assert not make_private(tmp_path / "f", b"second")
    assert not make_private(tmp_path / "dangling", b"second")
    assert (tmp_path / "f").read_bytes() == b"first"
    assert {each.name for each in tmp_path.iterdir()} == {"f", "dangling"}


def test_what_cannot_be_made_is_told(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyError, match="cannot be made"):
        make_private(tmp_path / "no-folder" / "f", b"secret")


_FULL = """
import resource, signal, sys
from pathlib import Path
from overt.errors import MasterKeyError
from overt.keys.private_files import make_private
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (3, 3))
try:
    make_private(Path(sys.argv[1]), b"secret")
except MasterKeyError as error:
    print(error.message)
"""


def test_a_full_disk_leaves_no_half_a_secret(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _FULL, str(tmp_path / "f")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "cannot be made" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_made_once_and_then_read(tmp_path: Path) -> None:
    path = tmp_path / "f"
    assert read_or_make(path, lambda: b"one", 10) == b"one"
    assert read_or_make(path, lambda: b"other", 10) == b"one"


_AT_ONCE = """
import os, sys
from pathlib import Path
from overt.keys.private_files import read_or_make

def make_at_once(start, answers):
    os.read(start, 1)
    os.write(answers, read_or_make(Path(sys.argv[1]), lambda: os.urandom(32), 32))
    os._exit(0)

start, go = os.pipe()
reading, writing = os.pipe()
children = [os.fork() or make_at_once(start, writing) for _ in range(8)]
os.write(go, b"x" * 8)
for child in children:
    os.waitpid(child, 0)
answers = os.read(reading, 4096)
print(len(answers), len({answers[at:at + 32] for at in range(0, len(answers), 32)}))
"""


def test_processes_that_make_one_file_at_once_agree_on_it(tmp_path: Path) -> None:
    for number in range(5):
        command = [sys.executable, "-c", _AT_ONCE, str(tmp_path / str(number))]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        assert done.stdout.split() == [str(8 * 32), "1"]
    assert len(list(tmp_path.iterdir())) == 5
