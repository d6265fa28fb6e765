"""A master key behind a program: real programs that serve, refuse, hang and babble."""

import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from overt.errors import MasterKeyError
from overt.keys.command import CommandKey
from overt.keys.master import master_from, try_out
from overt.keys.sealing import DataKey

# A small KMS: AES-256-GCM under its own key, with the purpose as associated data.
_KMS = """
import base64, json, os, sys
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
request = json.load(sys.stdin)
assert sorted(request) == ["data", "purpose"]
data, cipher = base64.b64decode(request["data"]), AESGCM(b"K" * 32)
bound = request["purpose"].encode()
if sys.argv[1:] == ["wrap"]:
    nonce = os.urandom(12)
    data = nonce + cipher.encrypt(nonce, data, bound)
elif sys.argv[1:] == ["unwrap"]:
    data = cipher.decrypt(data[:12], data[12:], bound)
else:
    sys.exit(64)
print(json.dumps({"data": base64.b64encode(data).decode()}))
"""

# One that takes no notice of the purpose, and hardly hides the key.
_CARELESS = """
import base64, json, sys
data = base64.b64decode(json.load(sys.stdin)["data"])
print(json.dumps({"data": base64.b64encode(bytes(255 - byte for byte in data)).decode()}))
"""

_ECHO = "import sys; sys.stdout.write(sys.stdin.read())"
_BLURTED = "what a program should not have said"
_PURPOSE = "list/1 'é' \"quoted\" $(touch x)"


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], Path]:
    """Write a program in Python and return its path."""

    def write(source: str) -> Path:
        path = tmp_path / "kms program"
        path.write_text(f"#!{sys.executable}\n{source}", "utf-8")
        path.chmod(stat.S_IRWXU)
        return path

    return write


def test_a_program_wraps_and_unwraps(program: Callable[[str], Path], tmp_path: Path) -> None:
    master = master_from(f"command:{program(_KMS)}", tmp_path)
    key = DataKey.new()

    wrapped = master.wrap(key, _PURPOSE)

    assert key.reveal() not in wrapped
    assert master.unwrap(wrapped, _PURPOSE).reveal() == key.reveal()
    assert master.apart
    try_out(master)


def test_a_program_that_refuses_is_said(program: Callable[[str], Path]) -> None:
    master = CommandKey([str(program(_KMS))])
    wrapped = bytearray(master.wrap(DataKey.new(), "list/1"))
    wrapped[-1] ^= 1

    with pytest.raises(MasterKeyError, match="refused to unwrap"):
        master.unwrap(bytes(wrapped), "list/1")


def test_a_key_is_bound_to_its_purpose_even_where_the_program_is_careless(
    program: Callable[[str], Path],
) -> None:
    master = CommandKey([str(program(_CARELESS))])
    key = DataKey.new()
    wrapped = master.wrap(key, "list/1")

    assert master.unwrap(wrapped, "list/1").reveal() == key.reveal()
    for purpose, data in (("list/2", wrapped), ("list/1", wrapped[:-1]), ("list/1", wrapped[1:])):
        with pytest.raises(MasterKeyError, match="does not open the keys"):
            master.unwrap(data, purpose)


def test_a_program_that_gives_the_key_back_unwrapped_is_refused(
    program: Callable[[str], Path],
) -> None:
    with pytest.raises(MasterKeyError, match="unwrapped"):
        CommandKey([str(program(_ECHO))]).wrap(DataKey.new(), "list/1")


def test_a_program_that_hangs_is_ended(program: Callable[[str], Path]) -> None:
    master = CommandKey([str(program("import time; time.sleep(60)"))], limit_s=0.5)
    began = time.monotonic()

    with pytest.raises(MasterKeyError, match=r"within 0\.5 s"):
        master.wrap(DataKey.new(), "list/1")

    assert time.monotonic() - began < 10.0


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "garbage",
        "[]",
        "{}",
        "7",
        "null",
        '{"data": 7}',
        '{"data": null}',
        '{"data": "*"}',
        '{"data": "é"}',
        "[" * 100_000,
    ],
)
def test_an_answer_that_is_none_is_refused_and_not_shown(
    program: Callable[[str], Path], answer: str
) -> None:
    source = f"import sys; sys.stdin.read(); sys.stdout.buffer.write({answer.encode()!r})"
    master = CommandKey([str(program(source))])

    for act in (lambda: master.wrap(DataKey.new(), "x"), lambda: master.unwrap(b"w", "x")):
        with pytest.raises(MasterKeyError, match="something else") as caught:
            act()
        assert caught.value.__suppress_context__
        assert caught.value.remedy


@pytest.mark.parametrize(
    "ending", ["sys.exit(3)", "raise ValueError(secret)", "os.kill(os.getpid(), 9)"]
)
def test_what_a_failing_program_says_is_never_shown(
    program: Callable[[str], Path], ending: str, capfd: pytest.CaptureFixture[str]
) -> None:
    source = f"import os, sys; secret = {_BLURTED!r}; print(secret); print(secret, file=sys.stderr)"

    with pytest.raises(MasterKeyError, match="refused to wrap") as caught:
        CommandKey([str(program(f"{source}\n{ending}"))]).wrap(DataKey.new(), "x")

    assert _BLURTED not in str(caught.value)
    assert _BLURTED not in "".join(capfd.readouterr())


def test_a_program_that_reads_nothing_is_no_trouble(program: Callable[[str], Path]) -> None:
    with pytest.raises(MasterKeyError, match="something else"):
        CommandKey([str(program("print('{}')"))]).wrap(DataKey.new(), "x" * 1_000_000)


def test_a_program_that_is_not_there_or_cannot_be_run_is_said(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("no program", "utf-8")

    for name in ("absent", "data", "."):
        with pytest.raises(MasterKeyError, match="cannot be run") as caught:
            CommandKey([str(tmp_path / name)]).wrap(DataKey.new(), "x")
        assert caught.value.remedy


def test_arguments_are_passed_as_they_stand_and_never_shown(
    program: Callable[[str], Path],
) -> None:
    source = f"import sys; sys.argv.remove({_BLURTED!r})\n{_KMS}"
    master = CommandKey([str(program(source)), _BLURTED])

    try_out(master)
    assert _BLURTED not in f"{master} {master!r} {master.name}"
