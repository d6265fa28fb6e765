"""CenterFace (Xu et al., 2019, arXiv:1911.03599): decoding of the network's outputs."""

import numpy as np

from overt.vision.detection import Decoded, Outputs

_STRIDE = 4


def decode_centerface(outputs: Outputs, width_px: int, smallest_score: float) -> Decoded:
    """Return the faces at cells of the score map that reach `smallest_score`.

    The network gives, in this order and at a quarter of its input's size: a map of scores, log
    sizes (height first), centre offsets (y first) and five landmarks as (y, x) fractions of
    the box. The width is not needed: the maps keep their shape.
    """
    del width_px
    heat, log_size, offset, points = (array[0] for array in outputs.values())
    rows, columns = np.nonzero(heat[0] >= smallest_score)
    height, width = np.exp(log_size[:, rows, columns]) * _STRIDE
    middle_y = (rows + offset[0, rows, columns] + 0.5) * _STRIDE
    middle_x = (columns + offset[1, rows, columns] + 0.5) * _STRIDE
    left, top = middle_x - width / 2, middle_y - height / 2
    boxes = np.stack([left, top, left + width, top + height], axis=1)
    fractions = points[:, rows, columns].reshape(5, 2, -1)
    landmarks = np.stack([fractions[:, 1] * width + left, fractions[:, 0] * height + top], axis=-1)
    return Decoded(
        boxes.astype(np.float32),
        landmarks.transpose(1, 0, 2).astype(np.float32),
        heat[0, rows, columns],
    )
