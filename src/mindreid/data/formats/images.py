"""One image: from a file to pixels, and from a record to what a network takes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageOps

from mindreid.atomic import PathLike
from mindreid.data.records import Record
from mindreid.errors import DataError

#: ``transform(image, generator)``: HWC pixels in, HWC pixels out; every random draw comes from
#: ``generator``. The last one of a pipeline returns CHW.
Transform = Callable[[np.ndarray, np.random.Generator], np.ndarray]

#: ``load(record, transform, generator)`` makes one row of a batch; all rows have the same shape.
LoadSample = Callable[[Record, Transform, np.random.Generator], np.ndarray]


def read_image(path: PathLike) -> np.ndarray:
    """Read an image file as RGB.

    Greyscale is repeated over the channels, transparent pixels become black, and a rotation noted
    in the EXIF header is carried out.

    Returns
    -------
    np.ndarray
        uint8 ``[H, W, 3]``.

    Raises
    ------
    DataError
        If the file is missing, truncated, damaged, no image, or has more than 8 bits per channel.
    """
    try:
        with Image.open(path) as image:
            image.load()
            return _to_rgb(image)
    except DataError:
        raise
    except Exception as error:  # damaged files make decoders raise almost anything, not just OSError
        raise DataError(
            f"cannot read the image ({type(error).__name__}: {error})",
            where=str(path),
            fix="fetch the file again or take it out of the dataset",
        ) from error


def load_image(record: Record, transform: Transform, generator: np.random.Generator) -> np.ndarray:
    """Read and transform the image of a record.

    Raises
    ------
    DataError
        If the image cannot be read.
    """
    return transform(read_image(record.path), generator)


def _to_rgb(image: Image.Image) -> np.ndarray:
    if image.mode.startswith(("I", "F")):
        raise DataError(
            f"the image has pixels of the kind {image.mode!r}, which do not fit 8 bits",
            where=str(getattr(image, "filename", "")),
            fix="convert it to 8 bits per channel",
        )
    upright = ImageOps.exif_transpose(image)
    if upright.mode in ("LA", "PA", "RGBA") or "transparency" in upright.info:
        opaque = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", opaque.size, (0, 0, 0, 255)), opaque)
    return np.asarray(upright.convert("RGB"))
