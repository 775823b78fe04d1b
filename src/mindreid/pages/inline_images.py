"""Pictures within the page itself."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from mindreid.pages.markup import Markup, element

_JPEG_QUALITY = 82


def inline_image(pixels: np.ndarray, alt: str, *, lossless: bool = False) -> Markup:
    """Build an image of uint8 ``[H, W, 3]``, or of grey ``[H, W]``.

    Parameters
    ----------
    pixels : np.ndarray
        What it shows.
    alt : str
        What it tells somebody who does not see it.
    lossless : bool
        PNG in place of JPEG: smaller for silhouettes.
    """
    stream = io.BytesIO()
    picture = Image.fromarray(pixels)
    if lossless:
        picture.save(stream, "PNG", optimize=True)
    else:
        picture.save(stream, "JPEG", quality=_JPEG_QUALITY, optimize=True)
    kind = "png" if lossless else "jpeg"
    source = f"data:image/{kind};base64,{base64.b64encode(stream.getvalue()).decode()}"
    height, width = pixels.shape[:2]
    return element("img", src=source, alt=alt, width=width, height=height)
