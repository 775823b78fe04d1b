"""Trees of small datasets on disk, written in the released grammar."""

import io

import numpy as np
import pytest
from PIL import Image

from mindreid.zoo import DATASETS


def encode(suffix, pixels=None):
    """Encode an image, by default a black pixel."""
    stream = io.BytesIO()
    pixels = np.zeros((1, 1, 3), np.uint8) if pixels is None else pixels
    Image.fromarray(pixels).save(stream, {".png": "PNG", ".jpg": "JPEG"}[suffix.lower()])
    return stream.getvalue()


_PIXEL = {suffix: encode(suffix) for suffix in (".png", ".jpg")}


@pytest.fixture(scope="session")
def write_images():
    """Write one-pixel images at paths below a root, in an order that is not the sorted one."""

    def write(root, paths):
        for path in np.random.default_rng(0).permutation(list(paths)):
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(_PIXEL[file.suffix.lower()])
        return root

    return write


@pytest.fixture(scope="session")
def write_shots(write_images):
    """Write shots in the layout of a registered dataset, as a generator of images does."""

    def write(name, root, shots):
        layout = DATASETS[name].layout
        write_images(root, [layout.relative_path(shot) for shot in shots])
        write_images(root, [path for shot in shots for path in layout.extra_paths(shot)])
        layout.write_lists(root, shots)
        return root

    return write
