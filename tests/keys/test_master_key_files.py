"""Master keys in files: the local file for rehearsals, and the passphrase file with its salt."""

import os
import stat
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from master_key_trials import PASSPHRASE, refusal

from overt.errors import MasterKeyError
from overt.keys import passphrase
from overt.keys.kept import local_file
from overt.keys.master import master_from, try_out
from overt.keys.passphrase import passphrase_file
from overt.keys.private_files import make_private
from overt.keys.sealing import DataKey


def test_the_local_file_is_its_owners_alone_and_made_once(tmp_path: Path) -> None:
    wrapped = local_file(tmp_path / "master.key").wrap(DataKey.new(), "x")
    content = (tmp_path / "master.key").read_bytes()
    local_file(tmp_path / "master.key").unwrap(wrapped, "x")

    assert len(content) == 32
    assert (tmp_path / "master.key").read_bytes() == content
    assert stat.S_IMODE((tmp_path / "master.key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["master.key"]


def test_of_two_that_make_one_file_the_first_wins(tmp_path: Path) -> None:
    assert make_private(tmp_path / "master.key", b"1" * 32)
    assert not make_private(tmp_path / "master.key", b"2" * 32)

    assert (tmp_path / "master.key").read_bytes() == b"1" * 32
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("length", [0, 31, 33, 100])
def test_a_local_file_of_another_length_is_refused(tmp_path: Path, length: int) -> None:
    make_private(tmp_path / "master.key", b"S" * length)

    error = refusal(lambda: try_out(master_from("local", tmp_path)))

    assert "SSSS" not in str(error)


def test_a_home_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    refusal(lambda: try_out(master_from("local", tmp_path / "file")))
    refusal(lambda: try_out(master_from("local", tmp_path / "absent")))


def test_another_master_key_does_not_open_what_one_wrapped(tmp_path: Path) -> None:
    wrapped = local_file(tmp_path / "one").wrap(DataKey.new(), "x")

    with pytest.raises(MasterKeyError, match="does not open the keys") as caught:
        local_file(tmp_path / "other").unwrap(wrapped, "x")

    assert "begun with" in caught.value.remedy


def test_a_wrong_passphrase_opens_nothing(tmp_path: Path, secret_file: Path) -> None:
    wrapped = passphrase_file(secret_file, tmp_path / "salt").wrap(DataKey.new(), "x")
    wrong = tmp_path / "wrong"
    make_private(wrong, b"incorrect horse battery staple")

    with pytest.raises(MasterKeyError, match="does not open the keys") as caught:
        passphrase_file(wrong, tmp_path / "salt").unwrap(wrapped, "x")

    assert "horse" not in str(caught.value)


def test_another_salt_opens_nothing(tmp_path: Path, secret_file: Path) -> None:
    wrapped = passphrase_file(secret_file, tmp_path / "salt").wrap(DataKey.new(), "x")

    with pytest.raises(MasterKeyError, match="does not open the keys"):
        passphrase_file(secret_file, tmp_path / "other").unwrap(wrapped, "x")


def test_the_passphrase_gives_the_key_that_argon2id_gives(
    tmp_path: Path, secret_file: Path
) -> None:
    """RFC 9106's second recommended option: 3 passes, 64 MiB, 4 lanes, 32 bytes."""
    make_private(tmp_path / "salt", b"overt-salt-1 " + b"0a" * 16 + b"\n")
    kdf = Argon2id(salt=b"\x0a" * 16, length=32, iterations=3, lanes=4, memory_cost=64 * 1024)

    held = passphrase_file(secret_file, tmp_path / "salt")._held()

    assert held.reveal() == kdf.derive(PASSPHRASE.encode())


def test_the_salt_is_random_private_and_made_once(tmp_path: Path) -> None:
    first, again = passphrase._salt(tmp_path / "salt"), passphrase._salt(tmp_path / "salt")

    assert first == again != passphrase._salt(tmp_path / "other")
    assert len(first) == 16
    assert stat.S_IMODE((tmp_path / "salt").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content", [b"", b"overt-salt-1 0a", b"overt-salt-2 " + b"0a" * 16, b"\xff"]
)
def test_a_damaged_salt_is_never_replaced(
    tmp_path: Path, secret_file: Path, content: bytes
) -> None:
    make_private(tmp_path / "salt", content)

    error = refusal(lambda: try_out(passphrase_file(secret_file, tmp_path / "salt")))

    assert "salt" in error.message
    assert (tmp_path / "salt").read_bytes() == content


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644, 0o610, 0o777])
def test_a_passphrase_file_that_others_may_read_or_change_is_refused(
    tmp_path: Path, secret_file: Path, mode: int
) -> None:
    secret_file.chmod(mode)

    error = refusal(lambda: try_out(master_from(f"passphrase-file:{secret_file}", tmp_path)))

    assert f"chmod 600 {secret_file}" in error.remedy
    assert PASSPHRASE not in str(error)
    assert not (tmp_path / "master.salt").exists()


def test_the_file_behind_a_link_is_what_must_be_private(tmp_path: Path, secret_file: Path) -> None:
    (tmp_path / "link").symlink_to(secret_file)

    try_out(master_from(f"passphrase-file:{tmp_path}/link", tmp_path))
    secret_file.chmod(0o644)
    refusal(lambda: try_out(master_from(f"passphrase-file:{tmp_path}/link", tmp_path)))


@pytest.mark.parametrize(
    "content",
    [b"", b"\n\n", b"fifteen letters\n", "é".encode() * 15, b"\xff" * 40, b"long " * 1000],
    ids=["empty", "line ends", "fifteen", "fifteen in thirty bytes", "no text", "too long"],
)
def test_a_passphrase_that_cannot_serve_is_refused_and_not_shown(
    tmp_path: Path, content: bytes
) -> None:
    make_private(tmp_path / "weak", content)

    error = refusal(lambda: try_out(passphrase_file(tmp_path / "weak", tmp_path / "salt")))

    assert "fifteen letters" not in str(error)
    assert "é" not in str(error)


def test_line_ends_at_the_end_are_not_part_of_the_passphrase(tmp_path: Path) -> None:
    made = []
    for name, ending in (("none", b""), ("unix", b"\n"), ("dos", b"\r\n")):
        make_private(tmp_path / name, PASSPHRASE.encode() + ending)
        made.append(passphrase._passphrase(tmp_path / name))

    assert made == [PASSPHRASE.encode()] * 3


def test_what_is_no_readable_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir(0o700)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")

    for name in ("pipe", "folder", "dangling", "absent", "absent/below"):
        master = master_from(f"passphrase-file:{tmp_path}/{name}", tmp_path)
        refusal(partial(try_out, master))


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads what it may not")
def test_an_unreadable_file_is_refused(tmp_path: Path, secret_file: Path) -> None:
    secret_file.chmod(0)

    error = refusal(lambda: try_out(master_from(f"passphrase-file:{secret_file}", tmp_path)))

    assert "Permission denied" in error.message
