"""The cut-out of a face that an alert will show, with everyone else in it hidden."""

from collections.abc import Sequence

import cv2
import numpy as np

from overt.errors import OvertError
from overt.reporting.blur import hide_faces
from overt.values import FaceDetection, RGBImage

_MARGIN = 0.4  # of the box on every side: hair, chin and ears help a person compare
_LARGEST_SIDE_PX = 640


def cut_out(image: RGBImage, face: FaceDetection, others: Sequence[FaceDetection]) -> RGBImage:
    """Return a copy of the part of `image` around `face`, at most 640 px a side.

    `others` are all faces of the picture, `face` among them or not; those that reach into the
    cut-out are hidden in it (principle 5).
    """
    height, width = image.shape[:2]
    margin_x, margin_y = _MARGIN * face.width_px, _MARGIN * face.height_px
    x1 = int(np.clip(face.box_px[0] - margin_x, 0, width - 1))
    y1 = int(np.clip(face.box_px[1] - margin_y, 0, height - 1))
    x2 = int(np.clip(np.ceil(face.box_px[2] + margin_x), x1 + 1, width))
    y2 = int(np.clip(np.ceil(face.box_px[3] + margin_y), y1 + 1, height))
    part = image[y1:y2, x1:x2].copy()
    shift = np.array([x1, y1, x1, y1], np.float32)
    beside = [other.box_px - shift for other in others if other is not face]
    return _shrunk(hide_faces(part, np.stack(beside)) if beside else part)


def encode_jpeg(image: RGBImage, quality: int = 92) -> bytes:
    """Return `image` as a JPEG file's bytes.

    Raises:
        OvertError: the encoder refuses it.
    """
    done, data = cv2.imencode(
        ".jpg", np.ascontiguousarray(image[:, :, ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    if not done:
        raise OvertError("A picture could not be encoded as JPEG.")
    return bytes(data)


def _shrunk(image: RGBImage) -> RGBImage:
    scale = _LARGEST_SIDE_PX / max(image.shape[:2])
    if scale >= 1:
        return image
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
