"""All images of a world in one file, rendered once for several runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Optional

import numpy as np
from tqdm import tqdm

from mindreid.data.datasets.outfit_walkers import WORLD_FILE, OutfitWorld, RenderedImage
from mindreid.errors import DataError

#: uint8 ``[images, H, W, 3]`` in NumPy's format: for training, queries, gallery.
IMAGES_FILE = "images.npy"


class RenderedFile:
    """The file of a world's images, looked up by their names.

    Parameters
    ----------
    root : Path
        The world's folder.

    Raises
    ------
    DataError
        If the file is damaged, or of another world than the folder's.
    """

    def __init__(self, root: Path) -> None:
        world, path = OutfitWorld.read(root / WORLD_FILE), root / IMAGES_FILE
        self._rows = {image.name: row for row, image in enumerate(_images(world))}
        try:
            self._pixels = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise DataError(
                f"these are no images ({error})", where=str(path), fix="delete the file: images are rendered"
            ) from None
        if self._pixels.shape != _shape(world) or self._pixels.dtype != np.uint8:
            raise DataError(
                f"these are no images of the world in {WORLD_FILE}",
                where=str(path),
                fix="delete the file: images are rendered",
            )

    def __call__(self, name: str) -> Optional[np.ndarray]:
        """Return an image, uint8 ``[H, W, 3]`` and read-only; ``None`` if the world has no such image."""
        row = self._rows.get(name)
        return None if row is None else self._pixels[row]


@lru_cache(maxsize=8)
def open_rendered_file(root: Path) -> Optional[RenderedFile]:
    """Return the file of a world's images, ``None`` if there is none."""
    return RenderedFile(root) if (root / IMAGES_FILE).exists() else None


def write_rendered_file(root: Path, world: OutfitWorld, render: Callable[[str], np.ndarray]) -> None:
    """Render all images of a world into one file; ``render`` makes one of its name."""
    pixels = np.lib.format.open_memmap(root / IMAGES_FILE, "w+", np.uint8, _shape(world))
    images = tqdm(_images(world), "images", len(pixels), unit="image", disable=None)
    for row, image in enumerate(images):
        pixels[row] = render(image.name)
    pixels.flush()


def _images(world: OutfitWorld) -> Iterator[RenderedImage]:
    yield from world.training_images()
    for frame in (0, 1):
        yield from world.test_images(frame)


def _shape(world: OutfitWorld) -> tuple[int, int, int, int]:
    return world.training_count + 2 * world.test_count, world.height, world.width, 3
