"""What is sealed opens under its key and in its place only, and every change to it is seen."""

import copy
import json
import pickle
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import assume, given
from hypothesis import strategies as st

from overt.errors import SealingError
from overt.keys import sealing
from overt.keys.sealing import DataKey, open_sealed, seal

places = st.dictionaries(st.text(max_size=8), st.text(max_size=8) | st.integers(), max_size=4)
KEY = DataKey(bytes(range(32)))
PLACE: dict[str, str | int] = {"what": "template", "list": "ab", "entry": "cd", "version": 1}


@given(plain=st.binary(max_size=200), bound_to=places)
def test_what_is_sealed_is_opened_exactly(plain: bytes, bound_to: dict[str, str | int]) -> None:
    """R-39: it is sealed with AES-256-GCM, and bound to its place."""
    key = DataKey.new()
    sealed = seal(key, plain, bound_to)
    assert open_sealed(key, sealed, bound_to) == plain
    assert len(sealed) == 29 + len(plain)
    assert len(plain) < 4 or plain not in sealed


@given(bound_to=places, other=places)
def test_what_is_sealed_for_one_place_does_not_open_in_another(
    bound_to: dict[str, str | int], other: dict[str, str | int]
) -> None:
    assume(json.dumps(bound_to, sort_keys=True) != json.dumps(other, sort_keys=True))
    with pytest.raises(SealingError):
        open_sealed(KEY, seal(KEY, b"plain", bound_to), other)


@pytest.mark.parametrize("name", PLACE)
def test_two_values_whose_places_differ_in_one_word_cannot_be_swapped(name: str) -> None:
    other = {**PLACE, name: 2 if name == "version" else "other"}
    here, there = seal(KEY, b"one", PLACE), seal(KEY, b"two", other)
    for sealed, bound_to in ((here, other), (there, PLACE)):
        with pytest.raises(SealingError):
            open_sealed(KEY, sealed, bound_to)


def test_a_number_and_its_digits_are_two_places() -> None:
    with pytest.raises(SealingError):
        open_sealed(KEY, seal(KEY, b"", {"version": 1}), {"version": "1"})


def test_the_order_in_which_a_place_is_given_does_not_matter() -> None:
    sealed = seal(KEY, b"plain", PLACE)
    assert open_sealed(KEY, sealed, dict(reversed(PLACE.items()))) == b"plain"


def test_every_flipped_bit_and_every_cut_is_seen() -> None:
    sealed = seal(KEY, b"a template, or a face", PLACE)
    changed = [
        sealed[:at] + bytes([sealed[at] ^ 1 << bit]) + sealed[at + 1 :]
        for at in range(len(sealed))
        for bit in range(8)
    ]
    cut = [sealed[:length] for length in range(len(sealed))]
    for wrong in [*changed, *cut, sealed + b"\0", b""]:
        with pytest.raises(SealingError) as refused:
            open_sealed(KEY, wrong, PLACE)
        assert refused.value.remedy
    print(f"{len(changed)} flipped bits and {len(cut)} cuts, all refused")


@given(st.binary(max_size=100))
def test_no_bytes_open_by_chance(sealed: bytes) -> None:
    with pytest.raises(SealingError):
        open_sealed(KEY, sealed, {})


def test_a_key_opens_nothing_of_another() -> None:
    with pytest.raises(SealingError):
        open_sealed(DataKey.new(), seal(DataKey.new(), b"plain", {}), {})


def test_the_format_is_the_one_written_down() -> None:
    nonce, plain = bytes(range(100, 112)), b"what it says"
    sealed = sealing._seal(KEY, plain, {"what": "template", "list": "ü", "n": 7}, nonce)
    # Written out here and not computed: what is on disks must open for as long as it is kept.
    bound = b'\x01{"list":"\\u00fc","n":7,"what":"template"}'
    body = AESGCM(bytes(range(32))).encrypt(nonce, plain, bound)
    assert sealed == b"\x01" + nonce + body
    assert body.hex() == "3f73bf12598022be4d03269beb3c480d86b556df12dee50ad121c0e0"


def test_no_nonce_comes_twice() -> None:
    nonces = {seal(KEY, b"", {})[1:13] for _ in range(2_000)}
    assert len(nonces) == 2_000


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_has_32_bytes(length: int) -> None:
    with pytest.raises(ValueError, match="expected 32 bytes"):
        DataKey(bytes(length))


def test_a_wiped_key_does_nothing_more() -> None:
    key = DataKey.new()
    sealed, held = seal(key, b"plain", {}), key._bytes
    view = memoryview(held)
    with pytest.raises(BufferError):
        key.wipe()  # somebody looks at it; it is overwritten all the same
    assert bytes(view) == bytes(32)
    view.release()
    key.wipe()
    key.wipe()
    assert not held
    for use in (
        key.reveal,
        lambda: seal(key, b"", {}),
        lambda: open_sealed(key, sealed, {}),
        lambda: key.pseudonym("p", "c"),
    ):
        with pytest.raises(SealingError, match="no longer in memory"):
            use()


def test_a_key_that_nobody_has_any_more_is_overwritten() -> None:
    key = DataKey.new()
    held = key._bytes
    del key

    assert not any(held)


def test_a_key_is_never_shown_nor_carried_away() -> None:
    key = DataKey(b"0123456789abcdef" * 2)
    for text in (str(key), repr(key), f"{key}", repr([key])):
        assert "0123" not in text
        assert b"0123456789abcdef".hex() not in text
    for carry in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="does not leave"):
            carry(key)
    assert not hasattr(key, "__dict__")


def test_no_error_says_what_was_sealed_or_with_what() -> None:
    key = DataKey(b"0123456789abcdef" * 2)
    with pytest.raises(SealingError) as refused:
        open_sealed(key, seal(key, b"A. Name", {"entry": "S-1"}), {"entry": "S-2"})
    assert not re.search("0123|A. Name|S-1|S-2", f"{refused.value!r}{refused.value}")
    assert refused.value.__cause__ is None


@given(st.text(), st.text())
def test_a_pseudonym_is_the_same_for_the_same_and_differs_else(one: str, other: str) -> None:
    key = DataKey.new()
    assert re.fullmatch("[0-9a-f]{32}", key.pseudonym("p", one))
    assert (key.pseudonym("p", one) == key.pseudonym("p", other)) == (one == other)
    assert key.pseudonym("p", one) != key.pseudonym("q", one)
    assert key.pseudonym("p", one) != DataKey.new().pseudonym("p", one)


def test_sealing_has_no_second_way_in() -> None:
    source = Path(sealing.__file__).read_text("utf-8")
    assert source.count("AESGCM(") == 2
    assert source.count("token_bytes(_NONCE_BYTES)") == 1
