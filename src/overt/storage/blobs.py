"""The one place where templates and pictures become bytes in the record, and back.

Everything biometric that is stored passes through these four functions, so that encryption
under a deployment's own key has exactly one place to stand.
"""

import numpy as np

from overt.errors import StorageError
from overt.values import Template


def template_to_blob(template: Template) -> bytes:
    """Return a template `(d,)` as its float32 values, little-endian whatever the machine."""
    return np.ascontiguousarray(template, dtype="<f4").tobytes()


def template_from_blob(blob: bytes, dimension: int) -> Template:
    """Return the template `(dimension,)` float32 that `template_to_blob` made into bytes.

    Raises:
        StorageError: the bytes are not `dimension` float32 values.
    """
    if len(blob) != 4 * dimension:
        raise StorageError(
            "A template in the record is damaged.",
            remedy="Import the watchlist again from its files.",
        )
    return np.frombuffer(blob, dtype="<f4").astype(np.float32)


def picture_to_blob(jpeg: bytes) -> bytes:
    """Return an encoded picture as it is to be stored."""
    return jpeg


def picture_from_blob(blob: bytes) -> bytes:
    """Return the encoded picture that `picture_to_blob` stored."""
    return blob
