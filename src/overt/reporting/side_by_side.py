"""One alert as a picture: the camera's crop and the reference, side by side at equal size.

It is made for a person who has to decide. The words say what is known and what is not; the
comparison score stands small at the foot, beside its threshold, and is never a probability.
"""

from datetime import tzinfo
from pathlib import Path

import cv2
import numpy as np

from overt.errors import ImageError
from overt.reporting import wording
from overt.reporting.files import write_whole
from overt.reporting.lettering import Colour, Ink, lines, write
from overt.reporting.overlay import AMBER
from overt.storage import AlertRecord, Enrolled
from overt.values import RGBImage
from overt.vocabulary import DeploymentKind

Facts = list[tuple[str, str]]

_PANEL = 560
_GAP = 32
_WIDTH = 2 * _PANEL + 3 * _GAP
_RIGHT = _PANEL + 2 * _GAP

_PAPER: Colour = (250, 250, 247)
_DARK: Colour = (20, 24, 31)
_NAVY: Colour = (16, 36, 66)
_WHITE: Colour = (255, 255, 255)
_GREY: Colour = (91, 98, 110)
_BEHIND: Colour = (221, 223, 226)

_TITLE = Ink(38, _WHITE, 700)
_SUBTITLE = Ink(21, (200, 212, 230))
_BANNER = Ink(28, _DARK, 800)
_CAPTION = Ink(23, _DARK, 600)
_KEY = Ink(18, _GREY)
_VALUE = Ink(20, _DARK, 450)
_SMALL = Ink(17, _GREY)

_KEY_WIDTH = 112
_LINE = 29


def side_by_side(
    record: AlertRecord, enrolled: Enrolled | None, zone: tzinfo | None = None
) -> RGBImage:
    """Return the alert's picture, RGB uint8, 1,216 pixels wide.

    `enrolled` is None where the reference has been destroyed with its watchlist; then its
    place is left empty and says so. Local times are in `zone`, or in this machine's own.

    Raises:
        ImageError: a stored picture cannot be decoded.
    """
    canvas = np.full((3_000, _WIDTH, 3), _PAPER, np.uint8)
    y = _head(canvas, record)
    y = _panels(canvas, y, record, enrolled)
    seen = _rows(canvas, (_GAP, y), _seen(record, zone))
    listed = _rows(canvas, (_RIGHT, y), _listed(record, enrolled))
    end = _foot(canvas, max(seen, listed), record)
    return np.ascontiguousarray(canvas[:end])


def write_side_by_side(
    path: Path, record: AlertRecord, enrolled: Enrolled | None, zone: tzinfo | None = None
) -> None:
    """Write the alert's picture as JPEG (`.jpg`, `.jpeg`) or else PNG, for its owner only.

    Raises:
        ImageError: a stored picture cannot be decoded.
        StorageError: the file cannot be written.
    """
    suffix = ".jpg" if path.suffix.lower() in {".jpg", ".jpeg"} else ".png"
    drawn = cv2.cvtColor(side_by_side(record, enrolled, zone), cv2.COLOR_RGB2BGR)
    write_whole(path, cv2.imencode(suffix, drawn)[1].tobytes())


def _head(canvas: RGBImage, record: AlertRecord) -> int:
    top = 0
    if record.alert.kind is DeploymentKind.REHEARSAL:
        canvas[:54] = AMBER
        write(canvas, (_GAP, 38), wording.REHEARSAL, _BANNER)
        top = 54
    canvas[top : top + 118] = _NAVY
    write(canvas, (_GAP, top + 57), wording.POSSIBLE_MATCH, _TITLE)
    about = f"Alert {record.number} · {record.deployment}"
    write(canvas, (_GAP, top + 95), lines(about, _SUBTITLE, _WIDTH - 2 * _GAP, 1)[0], _SUBTITLE)
    return top + 118


def _panels(canvas: RGBImage, y: int, record: AlertRecord, enrolled: Enrolled | None) -> int:
    write(canvas, (_GAP, y + 44), "Seen by the camera", _CAPTION)
    write(canvas, (_RIGHT, y + 44), "Reference on the watchlist", _CAPTION)
    top = y + 60
    _panel(canvas, (_GAP, top), record.alert.crop_jpeg)
    if enrolled is not None:
        _panel(canvas, (_RIGHT, top), enrolled.reference.picture_jpeg)
    else:
        canvas[top : top + _PANEL, _RIGHT : _RIGHT + _PANEL] = _BEHIND
        write(canvas, (_RIGHT + _GAP, top + _PANEL // 2), wording.PICTURE_GONE, _VALUE)
    return top + _PANEL + 46


def _panel(canvas: RGBImage, corner: tuple[int, int], jpeg: bytes) -> None:
    """Put a picture as large as it fits into its square, undistorted, in the middle."""
    x, y = corner
    canvas[y : y + _PANEL, x : x + _PANEL] = _BEHIND
    picture = _decoded(jpeg)
    scale = _PANEL / max(picture.shape[:2])
    width, height = (max(1, round(scale * side)) for side in picture.shape[1::-1])
    how = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    left, top = x + (_PANEL - width) // 2, y + (_PANEL - height) // 2
    fitted = cv2.resize(picture, (width, height), interpolation=how)
    canvas[top : top + height, left : left + width] = fitted


def _decoded(jpeg: bytes) -> RGBImage:
    found = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR_RGB) if jpeg else None
    if found is None:
        raise ImageError(
            "A picture in the record cannot be decoded.",
            remedy="The record may be damaged: restore it from a backup.",
        )
    return found.astype(np.uint8, copy=False)


def _seen(record: AlertRecord, zone: tzinfo | None) -> Facts:
    alert = record.alert
    return [
        ("Camera", alert.camera),
        ("Seen", wording.in_utc_and_local(alert.captured_at, zone)),
        ("First seen", wording.in_utc_and_local(alert.first_seen_at, zone)),
        ("Picture", wording.quality_in_words(alert.quality)),
        ("Evidence", wording.evidence_in_words(alert)),
    ]


def _listed(record: AlertRecord, enrolled: Enrolled | None) -> Facts:
    candidate = record.alert.candidate
    ids = ("Subject", f"{candidate.subject_id} · reference {candidate.reference_id}")
    if enrolled is None:
        return [ids]
    subject, reference = enrolled.subject, enrolled.reference
    age = wording.age_in_words(reference.picture_date, record.alert.captured_at.date())
    return [
        ids,
        ("Name", subject.name),
        ("Category", subject.category),
        ("Reason", subject.reason),
        ("Response", subject.expected_response),
        ("Taken", f"{wording.in_words(reference.picture_date)}, {age}"),
        ("Picture", wording.quality_in_words(reference.quality)),
    ]


def _rows(canvas: RGBImage, corner: tuple[int, int], facts: Facts) -> int:
    x, y = corner
    for key, value in facts:
        write(canvas, (x, y), key, _KEY)
        for line in lines(value, _VALUE, _PANEL - _KEY_WIDTH, 3):
            write(canvas, (x + _KEY_WIDTH, y), line, _VALUE)
            y += _LINE
        y += 8
    return y


def _foot(canvas: RGBImage, y: int, record: AlertRecord) -> int:
    alert = record.alert
    canvas[y : y + 1, _GAP:-_GAP] = _BEHIND
    made_with = f"Pack {alert.pack_id} · policy {alert.policy_version} · alert {alert.alert_id}"
    for line in (wording.scores_in_words(alert), made_with):
        y += 28
        write(canvas, (_GAP, y), lines(line, _SMALL, _WIDTH - 2 * _GAP, 1)[0], _SMALL)
    return y + 24
