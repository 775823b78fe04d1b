"""Places of keypoints held against the sizes of the images they were found in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Optional

import numpy as np

from mindreid.data.formats.images import open_image
from mindreid.errors import DataError
from mindreid.preprocess.views.pose_files import Pose

#: EXIF's tag of the orientation, and those of its values that turn an image on its side.
_ORIENTATION, _ON_ITS_SIDE = 0x0112, (5, 6, 7, 8)
#: A point this share of the image's size beyond its border is far outside.
_FAR_OUTSIDE = 0.5


def image_size(path: Path) -> tuple[int, int]:
    """Read width and height of an image as a viewer shows it, from the file's header.

    Raises
    ------
    DataError
        If the file is missing or no image.
    """
    try:
        with open_image(path) as image:
            turned = image.getexif().get(_ORIENTATION) in _ON_ITS_SIDE
            return (image.height, image.width) if turned else (image.width, image.height)
    except Exception as error:  # damaged files make decoders raise almost anything
        raise DataError(f"cannot read the image ({type(error).__name__})", where=str(path)) from None


def to_pixels(pose: Pose, size: tuple[int, int]) -> Pose:
    """Turn places that are shares of the image's width and height into pixels."""
    return replace(pose, keypoints=pose.keypoints * [*size, 1.0])


def lies_outside(pose: Optional[Pose], size: tuple[int, int]) -> bool:
    """Tell whether most points that are seen lie far outside of an image of this width and height."""
    if pose is None:
        return False
    seen = pose.keypoints[pose.keypoints[:, 2] > 0, :2] / size
    far = ((seen < -_FAR_OUTSIDE) | (seen > 1 + _FAR_OUTSIDE)).any(axis=1)
    return bool(len(far)) and float(np.mean(far)) > 0.5
