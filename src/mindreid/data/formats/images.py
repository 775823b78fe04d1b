"""One image: from a file to pixels, and from a record to what a network takes."""

from __future__ import annotations

import functools
import logging
import os
import threading
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from typing import BinaryIO, Union

import numpy as np
from PIL import Image, UnidentifiedImageError

from mindreid.atomic import PathLike
from mindreid.data.formats.regular_files import open_regular
from mindreid.data.records import Record
from mindreid.errors import DataError
from mindreid.zoo import RENDERERS

logger = logging.getLogger(__name__)

#: ``transform(image, generator)``: HWC pixels in, HWC pixels out; every random draw comes from
#: ``generator``. The last one of a pipeline returns CHW.
Transform = Callable[[np.ndarray, np.random.Generator], np.ndarray]

#: ``load(record, transform, generator)`` makes one row of a batch; all rows have the same shape.
LoadSample = Callable[[Record, Transform, np.random.Generator], np.ndarray]

#: Endings of image files, in lower case.
IMAGE_SUFFIXES = (
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".webp", ".gif", ".tif", ".tiff",
)  # fmt: skip
#: Ending of the names of images that are in no file: each is rendered from what its name says.
RENDERED_SUFFIX = ".walker"
#: What is decoded. Pillow could do more, some of it by starting other programs (PostScript).
_FORMATS = ("JPEG", "MPO", "PNG", "BMP", "DIB", "GIF", "WEBP", "TIFF", "PPM", "JPEG2000", "AVIF")
#: How other files begin that are named like images, and what to do with them.
_OTHERS = (
    (b"%PDF", "it is a PDF document: save its pictures as JPEG or PNG"),
    (b"version https://git-lfs", "it is a pointer of Git LFS: run `git lfs pull`"),
    (b"<!DOCTYPE", "it is a web page: fetch the image itself"),
    (b"<html", "it is a web page: fetch the image itself"),
    (b"%!PS", "it is PostScript: save it as JPEG or PNG"),
)
_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")
#: Pixels. Beyond it Pillow warns of files that are small on disk and fill the memory.
_LARGEST = 89_478_485
#: Pixels above which only one image is decoded at a time, whatever the number of reader threads.
_LARGE = 2**24
_one_large_image = threading.Lock()
# An error of our own follows, one line instead of two.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)

#: EXIF orientations, as they are undone.
_UPRIGHT: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: pixels.swapaxes(0, 1)[:, ::-1],
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: lambda pixels: pixels.swapaxes(0, 1)[::-1],
}
_ORIENTATION, _BITS, _PHOTOMETRIC = 0x0112, 258, 262


def read_image(path: PathLike) -> np.ndarray:
    """Read an image file as RGB, as a viewer would show it on a white page.

    ======================  =================================================================
    greyscale, 1 bit        repeated over the channels
    palettes, CMYK          converted; colour profiles are not applied
    16 bits per channel     scaled to 8, from the file's full range of values
    transparent pixels      white, translucent ones mixed with it
    EXIF or TIFF rotation   carried out
    animations, pages       the first picture; the log names the file
    ======================  =================================================================

    What ends in :data:`RENDERED_SUFFIX` is no file: it is rendered.

    Returns
    -------
    np.ndarray
        uint8 ``[H, W, 3]``.

    Raises
    ------
    DataError
        If the file is missing, no regular file, empty, truncated, damaged, no image, has pixels
        without a range of their own (32 bits, floating point), or more than 89 million of them.
    """
    if os.fspath(path).endswith(RENDERED_SUFFIX):
        return RENDERERS[RENDERED_SUFFIX](os.fspath(path))
    with open_regular(path) as stream:
        return decode_image(stream, str(path))


def decode_image(stream: BinaryIO, where: str) -> np.ndarray:
    """Read an image from an open file; see :func:`read_image`. ``where`` names it in errors."""
    try:
        with open_image(stream) as image:
            pixels = image.width * image.height
            if pixels > _LARGEST:
                raise Image.DecompressionBombError
            with _one_large_image if pixels > _LARGE else nullcontext():
                if getattr(image, "n_frames", 1) > 1 and image.format != "MPO":
                    _say_first_frame(where)
                image.load()
                return _to_rgb(image, where)
    except DataError:
        raise
    except Image.DecompressionBombError:
        raise DataError(
            f"the image has more than {_LARGEST // 10**6} million pixels", where=where, fix="make it smaller"
        ) from None
    except UnidentifiedImageError:
        stream.seek(0)
        raise _cannot_read(_what_else(stream.read(32)), where) from None
    except Exception as error:  # damaged files make decoders raise almost anything, not just OSError
        raise _cannot_read(f"{type(error).__name__}: {error}", where) from error


def open_image(file: Union[PathLike, BinaryIO]) -> Image.Image:
    """Open an image with decoders that start no other program; its pixels are not read yet.

    Raises
    ------
    OSError
        If the file is missing or no such image; damaged ones raise almost anything.
    """
    return Image.open(file, formats=_formats())


def load_image(record: Record, transform: Transform, generator: np.random.Generator) -> np.ndarray:
    """Read and transform the image of a record.

    Raises
    ------
    DataError
        If the image cannot be read.
    """
    return transform(read_image(record.path), generator)


@functools.lru_cache(maxsize=1)
def _formats() -> tuple[str, ...]:
    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


@functools.cache
def _say_first_frame(where: str) -> None:
    logger.warning("several pictures in one file, of which the first is read: %s", where)


def _cannot_read(reason: str, where: str) -> DataError:
    fix = "fetch the file again or take it out of the dataset"
    return DataError(f"cannot read the image ({reason})", where=where, fix=fix)


def _what_else(head: bytes) -> str:
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC:
        return "it is HEIC: save it as JPEG"
    return next((text for start, text in _OTHERS if head.startswith(start)), "it is no image, or damaged")


def _to_rgb(image: Image.Image, where: str) -> np.ndarray:
    if image.mode.startswith(("I", "F")):
        pixels = np.repeat(_eight_bits(image, where)[..., None], 3, axis=2)
    else:
        pixels = np.asarray(_opaque(image))
    upright = _UPRIGHT.get(_orientation(image))
    return pixels if upright is None else np.ascontiguousarray(upright(pixels))


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # a damaged header hides the rotation, not the image
        return 1


def _opaque(image: Image.Image) -> Image.Image:
    if image.mode in ("RGBa", "La"):  # premultiplied, from which Pillow converts to nothing else
        image = image.convert(image.mode.upper())
    if image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info:
        opaque = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", opaque.size, (255, 255, 255, 255)), opaque)
    return image if image.mode == "RGB" else image.convert("RGB")


def _eight_bits(image: Image.Image, where: str) -> np.ndarray:
    """Scale grey pixels of 16 (or TIFF: 9 to 15) bits to uint8 ``[H, W]``."""
    # PNG and PNM of 16 bits come as 32-bit integers from some versions of Pillow.
    if not image.mode.startswith("I;16") and not (image.mode == "I" and image.format in ("PNG", "PPM")):
        raise DataError(
            f"the image has pixels of the kind {image.mode!r}, which do not say what white is",
            where=where,
            fix="convert it to 8 bits per channel",
        )
    tags = getattr(image, "tag_v2", {})
    white = 2 ** int(np.ravel(tags.get(_BITS, 16))[0]) - 1
    values = np.asarray(image).astype(np.uint32)
    grey = ((np.minimum(values, white) * 255 + white // 2) // white).astype(np.uint8)
    if tags and tags.get(_PHOTOMETRIC) == 0:
        grey = 255 - grey
    transparent = image.info.get("transparency")
    return grey if transparent is None else np.where(values == transparent, np.uint8(255), grey)
