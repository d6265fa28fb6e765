"""YuNet (Wu et al., 2023, doi:10.1007/s11633-023-1423-y): decoding of the network's outputs."""

import numpy as np

from overt.vision.detection import Decoded, Outputs

_STRIDES = (8, 16, 32)


def decode_yunet(outputs: Outputs, width_px: int, smallest_score: float) -> Decoded:
    """Return the faces of the network as OpenCV Zoo publishes it (2023mar, BGR input).

    Each stride has four outputs with one row a cell, row by row of the picture: class score,
    objectness, box (centre offset in cells, then log size) and five landmarks (offsets in
    cells). A face's score is the geometric mean of the first two.
    """
    parts = [_decode_stride(outputs, stride, width_px, smallest_score) for stride in _STRIDES]
    return Decoded(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.landmarks for part in parts]),
        np.concatenate([part.scores for part in parts]),
    )


def _decode_stride(outputs: Outputs, stride: int, width_px: int, smallest_score: float) -> Decoded:
    face, presence, box, points = (
        outputs[f"{name}_{stride}"][0] for name in ("cls", "obj", "bbox", "kps")
    )
    scores = np.sqrt(np.clip(face[:, 0], 0, 1) * np.clip(presence[:, 0], 0, 1))
    cells = np.nonzero(scores >= smallest_score)[0]
    row, column = np.divmod(cells, width_px // stride)
    corner = np.stack([column, row], axis=1)
    middle = (corner + box[cells, :2]) * stride
    half = np.exp(box[cells, 2:]) * stride / 2
    landmarks = (corner[:, None, :] + points[cells].reshape(-1, 5, 2)) * stride
    return Decoded(
        np.hstack([middle - half, middle + half]).astype(np.float32),
        landmarks.astype(np.float32),
        scores[cells].astype(np.float32),
    )
