"""Counting a file's pieces: photographs have few, and no file is walked beyond the limits."""

import time

import pytest

from hostile_pictures import FORMS, chunk, drawn, encoded, png, with_metadata
from overt.watchlist.pieces import MOST_PIECES, MOST_SCANS, has_too_many_pieces


@pytest.mark.parametrize("form", FORMS)
def test_photographs_with_all_their_metadata_have_few(form: str) -> None:
    assert not has_too_many_pieces(with_metadata(form))
    assert not has_too_many_pieces(encoded(drawn(4_000, 3_000), form))


def test_scans_are_counted_and_what_looks_like_one_inside_a_segment_is_not() -> None:
    whole = encoded(drawn(), "JPEG", progressive=True, comment=b"\xff\xda" * 100)
    scan = whole[whole.rindex(b"\xff\xda") : -2]
    scans = whole.count(b"\xff\xda") - 100

    for count, too_many in ((MOST_SCANS - scans, False), (MOST_SCANS - scans + 1, True)):
        assert has_too_many_pieces(whole[:-2] + scan * count + whole[-2:]) is too_many


def test_what_follows_a_jpegs_end_does_not_count() -> None:
    assert not has_too_many_pieces(encoded(drawn(), "JPEG") + b"\xff\xda\x00\x02" * 100)


def test_chunks_are_counted() -> None:
    for count, too_many in ((MOST_PIECES - 2, False), (MOST_PIECES - 1, True)):
        assert has_too_many_pieces(png((9, 9), chunk(b"tEXt", b"") * count)) is too_many


@pytest.mark.parametrize("size", range(12))
def test_a_file_may_end_anywhere(size: int) -> None:
    assert not has_too_many_pieces(encoded(drawn(), "JPEG")[:size])
    assert not has_too_many_pieces(encoded(drawn(), "PNG")[:size])
    assert not has_too_many_pieces(b"\xff" * size)


@pytest.mark.parametrize(
    "piece", [b"\xff", b"\xff\x00", b"\xff\xd0", b"\xff\x01", b"\xff\xfe\x00\x02"]
)
def test_counting_is_quick_in_the_worst_file(piece: bytes) -> None:
    data = b"\xff\xd8" + piece * (20 * 2**20 // len(piece)) + b"\x00"

    started = time.process_time()
    has_too_many_pieces(data)

    assert time.process_time() - started < 1
