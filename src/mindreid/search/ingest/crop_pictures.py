"""Crops and boxes as an index keeps them."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from mindreid.search.index.tracklets import BOX

_JPEG_QUALITY = 95


def pack_boxes(boxes: Sequence[tuple[int, float, np.ndarray]]) -> np.ndarray:
    """Turn frames, seconds and boxes ``[4 or more]`` into an array of :data:`BOX`."""
    packed = np.zeros(len(boxes), BOX)
    for place, (frame, seconds, box) in zip(packed, boxes):
        place["frame"], place["seconds"] = frame, seconds
        for side, value in zip(("left", "top", "width", "height"), box):
            place[side] = value
    return packed


def encode_crop(image: np.ndarray) -> bytes:
    """Return a crop as JPEG."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=_JPEG_QUALITY)
    return stream.getvalue()


def decode_crop(picture: bytes) -> np.ndarray:
    """Return a crop's pixels, uint8 RGB ``[h, w, 3]``."""
    with Image.open(io.BytesIO(picture)) as image:
        return np.asarray(image.convert("RGB"))
