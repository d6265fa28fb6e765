"""Master keys that this process holds: what holds for every kind, and what a setting may say."""

import base64
import pickle
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from master_key_trials import PASSPHRASE, MemoryKeyring, refusal

from overt.errors import MasterKeyError, SealingError
from overt.keys.held import HeldKey
from overt.keys.master import MasterKey, master_from, try_out
from overt.keys.sealing import DataKey

_VARIABLE = "OVERT_TEST_MASTER"


@pytest.fixture(params=["local", "passphrase-file", "environment", "keyring"])
def setting(
    request: pytest.FixtureRequest,
    secret_file: Path,
    memory_keyring: MemoryKeyring,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """A setting of each kind, with what it needs in place."""
    monkeypatch.setenv(_VARIABLE, base64.b64encode(bytes(range(32))).decode())
    return {
        "local": "local",
        "passphrase-file": f"passphrase-file:{secret_file}",
        "environment": f"environment:{_VARIABLE}",
        "keyring": "keyring:station",
    }[str(request.param)]


def test_each_kind_unwraps_what_it_wrapped_after_a_restart(setting: str, tmp_path: Path) -> None:
    key = DataKey.new()

    wrapped = master_from(setting, tmp_path).wrap(key, "list/1")

    assert key.reveal() not in wrapped
    assert master_from(setting, tmp_path).unwrap(wrapped, "list/1").reveal() == key.reveal()
    try_out(master_from(setting, tmp_path))


def test_each_kind_refuses_another_purpose_and_changed_bytes(setting: str, tmp_path: Path) -> None:
    master = master_from(setting, tmp_path)
    wrapped = master.wrap(DataKey.new(), "list/1")

    for purpose in ("list/2", "", "list/1 "):
        with pytest.raises(MasterKeyError, match="does not open the keys"):
            master.unwrap(wrapped, purpose)
    for index in range(len(wrapped)):
        changed = bytearray(wrapped)
        changed[index] ^= 0x80
        with pytest.raises(MasterKeyError, match="does not open the keys"):
            master.unwrap(bytes(changed), "list/1")
    for length in (0, 1, 29, len(wrapped) - 1):
        with pytest.raises(MasterKeyError, match="does not open the keys"):
            master.unwrap(wrapped[:length], "list/1")


def test_each_kind_says_what_it_is_and_never_what_it_holds(setting: str, tmp_path: Path) -> None:
    master = master_from(setting, tmp_path)
    master.wrap(DataKey.new(), "list/1")

    assert isinstance(master, HeldKey)
    shown = f"{master} {master!r} {master.name}"
    for secret in _forms_of(master._held().reveal()):
        assert secret not in shown
    assert PASSPHRASE not in shown
    with pytest.raises(TypeError, match="does not leave the process"):
        pickle.dumps(master)


def test_only_a_key_beside_the_record_is_not_apart(setting: str, tmp_path: Path) -> None:
    assert master_from(setting, tmp_path).apart == (setting != "local")


def test_nothing_is_made_or_read_before_it_is_needed(tmp_path: Path) -> None:
    master_from("local", tmp_path)
    master_from(f"passphrase-file:{tmp_path}/none", tmp_path)

    assert list(tmp_path.iterdir()) == []


@given(secret=st.binary(min_size=32, max_size=32), purpose=st.text(max_size=40))
def test_any_key_comes_back_for_any_purpose(secret: bytes, purpose: str) -> None:
    master = HeldKey("test", lambda: DataKey(bytes(32)), apart=True)

    assert master.unwrap(master.wrap(DataKey(secret), purpose), purpose).reveal() == secret


def test_a_wiped_key_is_not_wrapped(tmp_path: Path) -> None:
    key = DataKey.new()
    key.wipe()

    with pytest.raises(SealingError, match="no longer in memory"):
        master_from("local", tmp_path).wrap(key, "list/1")


def test_threads_share_one_fetch() -> None:
    fetched: list[DataKey] = []

    def fetch() -> DataKey:
        fetched.append(DataKey.new())
        return fetched[-1]

    master = HeldKey("test", fetch, apart=True)
    threads = [threading.Thread(target=master.wrap, args=(DataKey.new(), "x")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(fetched) == 1


@pytest.mark.parametrize(
    "setting",
    [
        "",
        "local:",
        "local:/somewhere",
        "passphrase-file",
        "passphrase-file:",
        f"passphrase-file:{PASSPHRASE}",
        "passphrase-file:relative/path",
        "passphrase-file:/nul\0byte",
        "environment",
        "environment:",
        f"environment:{PASSPHRASE}",
        "environment:" + "ab" * 32,
        "environment:" + base64.b64encode(bytes(32)).decode(),
        f"keyring:{PASSPHRASE}",
        "command:program",
        "vault:secret",
        PASSPHRASE,
        "x" * 10_000,
    ],
)
def test_a_setting_that_names_no_master_key_is_refused_and_not_shown(
    tmp_path: Path, setting: str
) -> None:
    error = refusal(lambda: master_from(setting, tmp_path))

    secret = setting.partition(":")[2]
    assert len(secret) < 8 or secret not in str(error)
    assert PASSPHRASE not in str(error)


@pytest.mark.parametrize(
    ("setting", "meant"),
    [
        ("passphrase:/p", "passphrase-file:/path"),
        ("env:NAME", None),
        ("enviroment:NAME", "environment:NAME"),
        ("Local", "local"),
        ("key-ring:x", "keyring:NAME"),
        ("comand:/p", "command:/path/to/program"),
    ],
)
def test_a_slip_of_the_pen_is_answered_with_what_was_meant(
    tmp_path: Path, setting: str, meant: str | None
) -> None:
    error = refusal(lambda: master_from(setting, tmp_path))

    assert (f"Perhaps {meant}?" in error.remedy) == (meant is not None)
    for choice in (
        "local",
        "passphrase-file:/path",
        "environment:NAME",
        "keyring:NAME",
        "command:",
    ):
        assert choice in error.remedy


def test_try_out_finds_a_master_key_that_gives_back_something_else() -> None:
    class Forgetful:
        """A third party's master key that is broken."""

        name = "forgetful"
        apart = True

        def wrap(self, key: DataKey, purpose: str) -> bytes:  # noqa: ARG002
            return b""

        def unwrap(self, wrapped: bytes, purpose: str) -> DataKey:  # noqa: ARG002
            return DataKey.new()

    master: MasterKey = Forgetful()

    refusal(lambda: try_out(master))


def _forms_of(key: bytes) -> list[str]:
    return [key.hex(), base64.b64encode(key).decode(), repr(key)[2:-1]]
