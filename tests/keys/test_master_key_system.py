"""Master keys that the system keeps: in the environment, and in the keyring."""

import base64
import sys
from pathlib import Path

import keyring
import keyring.backends.null
import pytest
from master_key_trials import PASSPHRASE, LockedKeyring, MemoryKeyring, refusal

from overt.keys.master import master_from, try_out

_VARIABLE = "OVERT_TEST_MASTER"


def test_a_variable_that_is_not_set_is_said(tmp_path: Path) -> None:
    error = refusal(lambda: try_out(master_from("environment:OVERT_NOT_SET", tmp_path)))

    assert "OVERT_NOT_SET" in error.message


@pytest.mark.parametrize("text", ["", "c2VjcmV0", "s3cret!" * 7, "é" * 44, "S" * 44, "53" * 32])
def test_a_variable_that_holds_no_key_is_refused_and_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv(_VARIABLE, text)

    error = refusal(lambda: try_out(master_from(f"environment:{_VARIABLE}", tmp_path)))

    assert not text or text not in str(error)


def test_the_keyring_holds_32_random_bytes_under_overts_name(
    memory_keyring: MemoryKeyring, tmp_path: Path
) -> None:
    try_out(master_from("keyring:station", tmp_path))
    try_out(master_from("keyring:van", tmp_path))

    assert set(memory_keyring.entries) == {("overt", "station"), ("overt", "van")}
    made = {base64.b64decode(entry, validate=True) for entry in memory_keyring.entries.values()}
    assert {len(key) for key in made} == {32}
    assert len(made) == 2


def test_a_keyring_entry_that_is_no_key_is_refused_and_not_replaced(
    memory_keyring: MemoryKeyring, tmp_path: Path
) -> None:
    memory_keyring.entries["overt", "station"] = PASSPHRASE

    error = refusal(lambda: try_out(master_from("keyring:station", tmp_path)))

    assert PASSPHRASE not in str(error)
    assert memory_keyring.entries["overt", "station"] == PASSPHRASE


def test_a_locked_keyring_is_said_without_its_own_words(
    memory_keyring: MemoryKeyring, tmp_path: Path
) -> None:
    keyring.set_keyring(LockedKeyring())

    error = refusal(lambda: try_out(master_from("keyring:station", tmp_path)))

    assert "KeyringLocked" in error.message
    assert PASSPHRASE not in str(error)


def test_a_keyring_that_keeps_nothing_is_refused(
    memory_keyring: MemoryKeyring, tmp_path: Path
) -> None:
    keyring.set_keyring(keyring.backends.null.Keyring())  # type: ignore[no-untyped-call]

    refusal(lambda: try_out(master_from("keyring:station", tmp_path)))


def test_without_the_package_the_remedy_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)

    error = refusal(lambda: try_out(master_from("keyring:station", tmp_path)))

    assert "overt[keyring]" in error.remedy
