"""An entry has one way to be written, and whatever is written otherwise is refused."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overt.audit.canonical import FIRST, Entry, canonical, entry_leaf, parse_leaf, read_time
from overt.errors import AuditError

_AT = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
_ENTRY = Entry(12, b"\xab" * 32, _AT, "system", "alert.raised", {"camera": "east", "score": 0.5})
_LEAF = (
    b'{"at":"2026-11-25T15:00:00.000000Z","by":"system",'
    b'"data":{"camera":"east","score":0.5},"event":"alert.raised","index":12,'
    b'"previous":"abababababababababababababababababababababababababababababababab","v":1}'
)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


def test_an_entry_is_written_as_the_reference_says() -> None:
    assert entry_leaf(_ENTRY) == _LEAF
    assert parse_leaf(_LEAF) == _ENTRY


def test_the_first_entry_names_zeros() -> None:
    assert FIRST.hex() == "0" * 64


@given(
    st.integers(0, 2**53 - 1),
    st.binary(min_size=32, max_size=32),
    st.datetimes(timezones=st.just(UTC)),
    st.dictionaries(st.text(), _JSON, max_size=4),
)
def test_what_is_written_is_read_again_and_written_the_same(
    index: int, previous: bytes, at: datetime, data: dict[str, object]
) -> None:
    leaf = entry_leaf(Entry(index, previous, at, "ref:00", "alert.raised", data))

    entry = parse_leaf(leaf)

    assert (entry.index, entry.previous, entry.at) == (index, previous, at)
    assert entry_leaf(entry) == leaf


def test_times_are_in_utc_with_six_digits() -> None:
    berlin = _AT.astimezone(timezone(timedelta(hours=1)))

    assert entry_leaf(Entry(12, b"\xab" * 32, berlin, "system", "alert.raised", _ENTRY.data)) == (
        _LEAF
    )


def test_a_time_without_its_zone_is_a_fault() -> None:
    with pytest.raises(ValueError, match="zone"):
        entry_leaf(Entry(0, FIRST, datetime(2026, 1, 1), "system", "x", {}))  # noqa: DTZ001


def test_a_hash_of_another_length_is_a_fault() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        entry_leaf(Entry(0, b"", _AT, "system", "x", {}))


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-25T15:00:00Z",
        "2026-11-25T15:00:00.000Z",
        "2026-11-25T15:00:00.000000",
        "2026-11-25T15:00:00.000000+00:00",
        "2026-11-25 15:00:00.000000Z",
        "2026-11-25T15:00:00.000000z",
        "2026-13-25T15:00:00.000000Z",
        "2026-11-25T15:00:00.000000Z\n",
    ],
)
def test_a_time_that_is_written_otherwise_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_time(text)


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), 2**53, b"bytes", {1: "a"}, _AT, "\ud800", {"a": Ellipsis}],
    ids=repr,
)
def test_what_json_cannot_carry_is_refused(value: object) -> None:
    with pytest.raises(AuditError) as caught:
        canonical(value)

    assert caught.value.remedy


def test_numbers_and_keys_are_written_as_rfc_8785_says() -> None:
    written = canonical({"\U0001f600": 1e21, "\ufb33": 1e-7, "b": 1.0, "a": -0.0, "é": 5e-06})

    # Keys are sorted by their UTF-16 code units: an emoji stands before U+FB33.
    assert written.decode() == ('{"a":0,"b":1,"é":0.000005,"\U0001f600":1e+21,"\ufb33":1e-7}')


def changed(**fields: object) -> bytes:
    """Return the example's leaf with fields changed, or left out where None."""
    whole = {**json.loads(_LEAF), **fields}
    return canonical({name: value for name, value in whole.items() if value is not None})


@pytest.mark.parametrize(
    "leaf",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        b'{"at":NaN}',
        _LEAF + b"\n",
        b" " + _LEAF,
        _LEAF.replace(b'"v":1', b'"v":1.0'),
        _LEAF.replace(b'"v":1', b'"v":1,"v":1'),
        _LEAF.replace(b"0.5", b"0.50"),
        _LEAF.replace(b"0.5", b"5e400"),
        _LEAF.replace(b"0.5", b"9" * 5000),
        _LEAF.replace(b"0.5", b"9" * 400),
        _LEAF.replace(b"east", b"\\u0065ast"),
        _LEAF.replace(b"east", b"\\ud800"),
        _LEAF.replace(b"abab", b"ABAB"),
        changed(v=2),
        changed(v=None),
        changed(v="1"),
        changed(v=True),
        changed(more=1),
        changed(index=-1),
        changed(index="12"),
        changed(index=True),
        changed(index=1.5),
        changed(by=""),
        changed(by=7),
        changed(event=["x"]),
        changed(data=[]),
        changed(previous="ab"),
        changed(previous="g" * 64),
        changed(at="2026-11-25T15:00:00Z"),
        changed(at="2026-02-30T15:00:00.000000Z"),
    ],
    ids=lambda leaf: ascii(leaf[-40:]),
)
def test_bytes_that_are_no_entry_are_refused(leaf: bytes) -> None:
    with pytest.raises(AuditError) as caught:
        parse_leaf(leaf)

    assert caught.value.remedy


def test_no_byte_of_an_entry_can_be_changed_into_another_way_to_write_it() -> None:
    for at in range(len(_LEAF)):
        for mask in (0x01, 0x20, 0x80):
            flipped = bytearray(_LEAF)
            flipped[at] ^= mask
            try:
                entry = parse_leaf(bytes(flipped))
            except AuditError:
                continue
            assert entry != _ENTRY
