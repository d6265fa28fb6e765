"""A checkpoint is a signed note of which no byte can change unseen."""

import base64
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from overt.audit.checkpoint import Checkpoint, read_note, sign, verifier_key
from overt.errors import AuditError

# The first test vector of RFC 8032, 7.1: its secret and its public key.
_KEY = Ed25519PrivateKey.from_private_bytes(
    bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
)
_NAME = "overt.example/log"
_CHECKPOINT = Checkpoint(
    "overt.example/log", 12, bytes(range(32)), datetime(2026, 11, 25, 15, 0, 0, 250, tzinfo=UTC)
)
_BODY = (
    "overt.example/log\n"
    "12\n"
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    "time 2026-11-25T15:00:00.000250Z\n"
)
_VERIFIER = "overt.example/log+0ea4406b+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"
_NOTE = (
    _BODY
    + "\n— overt.example/log DqRAaxCtdustlcmp8OOImTFmSbb5pll8ztJjzrx/FwknNJLmWesyTt9iuVykg4fz30As4sPKrLxFLXaAPSiAk00DUQQ=\n"
)

_OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))


def test_a_checkpoint_is_the_note_that_was_written_out_by_hand() -> None:
    """R-57: checkpoints are signed, in a format that others' programs read."""
    assert sign(_CHECKPOINT, _NAME, _KEY) == _NOTE
    assert verifier_key(_NAME, _KEY.public_key()) == _VERIFIER


def test_the_note_that_was_written_out_by_hand_is_read() -> None:
    assert read_note(_NOTE, _VERIFIER) == _CHECKPOINT
    assert read_note(_NOTE, _VERIFIER + "\n") == _CHECKPOINT


@given(
    st.from_regex(r"[a-z/. ]{1,20}", fullmatch=True),
    st.integers(0, 10**15),
    st.binary(min_size=32, max_size=32),
    st.datetimes(timezones=st.just(UTC)),
)
def test_what_is_signed_is_read_again(origin: str, size: int, root: bytes, at: datetime) -> None:
    checkpoint = Checkpoint(origin, size, root, at)

    assert read_note(sign(checkpoint, _NAME, _KEY), _VERIFIER) == checkpoint


def refused(note: str, key: str = _VERIFIER) -> bool:
    """Say whether a note is refused, and with what to do about it."""
    try:
        read_note(note, key)
    except AuditError as error:
        return bool(error.remedy)
    return False


def test_no_byte_of_a_note_can_be_flipped() -> None:
    original = _NOTE.encode()
    tried = 0
    for at in range(len(original)):
        for bit in range(8):
            flipped = bytearray(original)
            flipped[at] ^= 1 << bit
            assert refused(flipped.decode("utf-8", "replace")), (at, bit)
            tried += 1

    assert tried > 1_500


def test_no_byte_of_a_key_can_be_flipped() -> None:
    original = _VERIFIER.encode()
    for at in range(len(original)):
        for bit in range(8):
            flipped = bytearray(original)
            flipped[at] ^= 1 << bit
            assert refused(_NOTE, flipped.decode("utf-8", "replace")), (at, bit)


@given(st.data())
def test_nothing_can_be_put_in_or_taken_out(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(_NOTE)))
    cut = data.draw(st.integers(0, 5))
    put_in = data.draw(st.text(alphabet=st.sampled_from("\n =+A0—\r\t\x0b\u2028é"), max_size=5))
    changed = _NOTE[:at] + put_in + _NOTE[at + cut :]

    assert changed == _NOTE or refused(changed)


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    assert refused(text)
    assert refused(_NOTE, text)


def test_spare_bits_of_base64_cannot_carry_a_change() -> None:
    # 68 bytes leave two bits over in the last character before the one "=".
    signature = _NOTE.removesuffix("=\n")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    sibling = alphabet[alphabet.index(signature[-1]) + 1]
    changed = f"{signature[:-1]}{sibling}="
    same = base64.b64decode(changed.rsplit(" ", 1)[1]) == base64.b64decode(_NOTE.rsplit(" ", 1)[1])

    assert same
    assert refused(f"{changed}\n")


def test_a_note_of_another_key_is_refused() -> None:
    assert refused(sign(_CHECKPOINT, _NAME, _OTHER))
    assert refused(_NOTE, verifier_key(_NAME, _OTHER.public_key()))
    assert refused(_NOTE, verifier_key("another.example", _KEY.public_key()))


def test_a_signature_of_ours_that_does_not_fit_is_not_passed_over() -> None:
    other = Checkpoint("overt.example/log", 13, bytes(32), _CHECKPOINT.at)
    moved = sign(other, _NAME, _KEY).rsplit("\n\n", 1)[1]

    assert refused(_NOTE + moved)


def test_signatures_of_witnesses_may_stand_beside_ours() -> None:
    witness = sign(_CHECKPOINT, "witness.example", _OTHER).rsplit("\n\n", 1)[1]

    assert read_note(_NOTE + witness, _VERIFIER) == _CHECKPOINT
    assert refused(_BODY + "\n" + witness)


def test_a_signed_text_that_is_no_checkpoint_is_refused() -> None:
    for body in (
        "overt.example/log\n",
        _BODY.replace("12\n", "012\n"),
        _BODY.replace("12\n", "-1\n"),
        _BODY.replace("12\n", "\uff11\uff12\n"),
        _BODY + "more\n",
        _BODY.replace("00.000250Z", "00.00025Z"),
        _BODY.replace("Hh8=", "Hh9="),
        _BODY.replace("AAEC", "!AEC"),
        _BODY.replace("11-25", "13-25"),
    ):
        key_hash = base64.b64decode(_NOTE.rsplit(" ", 1)[1])[:4]
        signed = base64.b64encode(key_hash + _KEY.sign(body.encode())).decode()
        assert refused(f"{body}\n— {_NAME} {signed}\n"), body


@pytest.mark.parametrize(
    "checkpoint",
    [
        Checkpoint("", 1, bytes(32), _CHECKPOINT.at),
        Checkpoint("two\nlines", 1, bytes(32), _CHECKPOINT.at),
        Checkpoint("o", -1, bytes(32), _CHECKPOINT.at),
        Checkpoint("o", 1, bytes(31), _CHECKPOINT.at),
        Checkpoint("o", 1, bytes(32), datetime(2026, 1, 1)),  # noqa: DTZ001
    ],
    ids=["no origin", "two lines", "negative", "short root", "no zone"],
)
def test_what_cannot_be_a_checkpoint_is_not_signed(checkpoint: Checkpoint) -> None:
    with pytest.raises(ValueError, match=r".+"):
        sign(checkpoint, _NAME, _KEY)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u2028b"])
def test_a_key_s_name_has_no_spaces_and_no_plus_sign(name: str) -> None:
    with pytest.raises(ValueError, match="no spaces"):
        verifier_key(name, _KEY.public_key())
