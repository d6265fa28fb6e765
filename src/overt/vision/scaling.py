"""Making pictures smaller."""

import cv2
import numpy as np

from overt.values import RGBImage


def reduced(image: RGBImage, size: tuple[int, int]) -> RGBImage:
    """Return a picture at a size, (width, height), that is no larger than its own.

    It is halved as far as that goes, every pixel counting, and interpolated from there: on a
    picture of 1080p that takes 2 ms where averaging over odd areas takes 10.
    """
    width, height = size
    while image.shape[1] >= 2 * width and image.shape[0] >= 2 * height:
        half = (image.shape[1] // 2, image.shape[0] // 2)
        image = np.asarray(cv2.resize(image, half, interpolation=cv2.INTER_AREA), np.uint8)
    if (image.shape[1], image.shape[0]) == size:
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), np.uint8)
