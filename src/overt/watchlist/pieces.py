"""How many pieces a picture file is made of, counted before any decoder reads it.

A file within every limit of size can still keep a decoder busy for minutes: a JPEG by thousands
of scans, each of which goes over the whole picture again, and a JPEG or PNG by millions of empty
segments, each of which is read with care. No photograph is made so. Only the outer structure is
walked here, and never further than the limits.
"""

import re
from collections.abc import Iterator

MOST_PIECES = 10_000
"""A PNG of `MAX_BYTES` in the usual chunks of 8 KB has 2,560; a JPEG far fewer segments."""

MOST_SCANS = 20
"""libjpeg's own progressive scripts have 10 scans, or 18 for CMYK."""

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG_MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])")  # not the restarts within a scan
_START_OF_SCAN, _END = 0xDA, 0xD9
_BARE = (0x01, 0xD8)  # they stand alone, without a length


def has_too_many_pieces(data: bytes) -> bool:
    """Tell whether a picture file has more pieces or more scans than photographs have."""
    scans = 0
    walk = _png_chunks(data) if data.startswith(_PNG) else _jpeg_segments(data)
    for pieces, is_scan in enumerate(walk, start=1):
        scans += is_scan
        if pieces > MOST_PIECES or scans > MOST_SCANS:
            return True
    return False


def _png_chunks(data: bytes) -> Iterator[bool]:
    at = len(_PNG)
    while at + 8 <= len(data):
        yield False
        at += 12 + int.from_bytes(data[at : at + 4])


def _jpeg_segments(data: bytes) -> Iterator[bool]:
    """Give for each segment whether it begins a scan; nothing where this is no JPEG.

    Inside a scan a byte of 255 is followed by 0 or is a restart, so that the next other marker
    ends it.
    """
    if not data.startswith(b"\xff\xd8"):
        return
    at = 2
    while (marker := _JPEG_MARKER.search(data, at)) is not None and marker[1][0] != _END:
        at, kind = marker.end(), marker[1][0]
        yield kind == _START_OF_SCAN
        if kind not in _BARE:
            at += int.from_bytes(data[at : at + 2])
