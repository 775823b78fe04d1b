"""Images of walkers that nobody has stored: drawn from what their names say, whenever they are read."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Union

import numpy as np

from mindreid.atomic import atomic_folder, write_json
from mindreid.data.datasets.outfit_walkers import VIEWS, OutfitWorld, RenderedImage
from mindreid.data.formats.images import RENDERED_SUFFIX
from mindreid.data.generated_marker import MARKER, WALKERS
from mindreid.walkers.persons.clothing import draw_outfit
from mindreid.walkers.persons.individual import draw_individual
from mindreid.walkers.population import check_population, count_for_training
from mindreid.walkers.rendered_file import open_rendered_file, write_rendered_file
from mindreid.walkers.seeding import generator
from mindreid.walkers.walk import Walk, render_walk
from mindreid.zoo import RENDERERS

_OCCLUSION = 0.1
#: Bytes of images that are kept for the next epoch: 10,000 of 128 × 64 pixels.
_KEPT_BYTES = 2**28


class KeptImages:
    """Images in memory: the first ones up to a limit, as epochs in random order gain nothing from the last.

    Those of a world that has them in a file are read there. May be used by several threads.

    Parameters
    ----------
    limit : int
        Bytes of pixels.
    """

    def __init__(self, limit: int) -> None:
        self._limit, self._bytes = limit, 0
        self._images: dict[str, np.ndarray] = {}
        self._lock = threading.Lock()

    def __call__(self, path: str) -> np.ndarray:
        """Return the image of a path's name as :func:`render_image` makes it, read-only."""
        root, name = os.path.split(path)
        rendered = open_rendered_file(Path(root))
        image = rendered(name) if rendered else None
        return self._keep(name) if image is None else image

    def _keep(self, name: str) -> np.ndarray:
        kept = self._images.get(name)
        if kept is not None:
            return kept
        image = render_image(name)
        image.flags.writeable = False
        with self._lock:
            if name not in self._images and self._bytes + image.nbytes <= self._limit:
                self._images[name] = image
                self._bytes += image.nbytes
        return image


def render_image(name: str) -> np.ndarray:
    """Render the image of a name of :mod:`mindreid.data.datasets.outfit_walkers`.

    Returns
    -------
    ndarray
        uint8 RGB ``[H, W, 3]``, the same for the same name whatever was rendered before.

    Raises
    ------
    DataError
        If the name is none.
    """
    image = RenderedImage.parse(name)
    walk = Walk(image.pid, image.outfit, image.camid, image.frame)
    sector = 360.0 / VIEWS
    turn = generator(image.seed, "facing", *vars(walk).values()).uniform(-0.5, 0.5)
    (frame,) = render_walk(
        image.seed,
        walk,
        1,
        size=(image.height, image.width),
        occlusion=_OCCLUSION,
        azimuth=sector * (image.view + turn),
        body=draw_individual(image.seed, image.pid),
        outfit=draw_outfit(image.seed, image.pid, image.outfit, dyed=True),
    )
    return frame.image


def synthesize_world(
    root: Union[str, Path],
    ids: int,
    seed: int,
    *,
    outfits: int = 24,
    cameras: int = 4,
    images: int = 2,
    test_share: float = 0.375,
    in_one_file: bool = False,
) -> dict[str, int]:
    """Write the description of a world whose images are rendered as they are read, whole or not at all.

    Parameters
    ----------
    root : path
        A folder that is not there yet, or is empty.
    ids : int
        Persons, training and test together; at least 2.
    seed : int
        The world: persons, wardrobes and cameras.
    outfits : int
        Outfits of each training person.
    cameras : int
        At least 2.
    images : int
        Images of each outfit in training.
    test_share : float
        Share of persons for testing, in (0, 1).
    in_one_file : bool
        Render all images now, into one file, for several runs; 24 kB an image.

    Returns
    -------
    dict
        Number of images by split.

    Raises
    ------
    InvalidArgumentError
        If a number makes no sense.
    DataError
        If ``root`` is not empty.
    """
    check_population(ids, test_share)
    train = count_for_training(ids, test_share)
    world = OutfitWorld(seed, train, ids - train, outfits, cameras=cameras, images=images)
    with atomic_folder(root) as folder:
        world.write(folder)
        write_json(folder / MARKER, {"kind": WALKERS})
        if in_one_file:
            write_rendered_file(folder, world, render_image)
    return {"train": world.training_count, "query": world.test_count, "gallery": world.test_count}


RENDERERS.register(RENDERED_SUFFIX, KeptImages(_KEPT_BYTES))
