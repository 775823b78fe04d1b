"""Generated walkers in many outfits, rendered as they are read.

No image is stored: the root holds the description of a world, ``world.json``, and a record's path names
an image that is drawn anew from the seed whenever it is read (:mod:`mindreid.walkers.rendered_images`),
the same one in every process. ``mindreid data synthesize --layout outfit_walkers`` writes the description.

Names are ``{pid}_{outfit}_c{camera}_v{view}_f{frame}_s{seed}_{height}x{width}.walker``: persons from 1,
those for training first; outfits of every person and frames from 0, cameras from 1. View ``v`` faces 45·v
degrees, give or take half of that: 0 towards the camera, 2 to the image's right. Everybody passes a camera
in the direction of most, in the opposite one or a little aslant.

Each outfit of training persons has a few images, before cameras that are drawn. Test persons are seen in
every outfit by every camera, once as a query and once in the gallery. Protocols, with the same lists:
*standard* (junk is what has the query's person and camera), *clothes_changing* (so is what has the query's
person and outfit) and *same_clothes* (so is what has the query's person in another outfit).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np

from mindreid.atomic import PathLike, write_json
from mindreid.data.dataset_assembly import assemble, clothes_protocols
from mindreid.data.dataset_files import parse_name, require
from mindreid.data.formats.images import RENDERED_SUFFIX
from mindreid.data.mirrored_views import mirrored_bins
from mindreid.data.records import Dataset, Record, with_outfits, with_shared_outfits
from mindreid.errors import DataError, InvalidArgumentError
from mindreid.text_files import read_text_file
from mindreid.zoo import DATASETS, DatasetEntry

WORLD_FILE = "world.json"
TREE = f"""\
outfit_walkers/
  {WORLD_FILE}   the seed and how many persons, outfits, cameras and images there are"""

#: Directions in which somebody may face, evenly spread.
VIEWS = 8
_NAME = re.compile(
    r"(?P<pid>\d+)_(?P<outfit>\d+)_c(?P<camera>0*[1-9]\d*)_v(?P<view>[0-7])_f(?P<frame>\d+)"
    rf"_s(?P<seed>\d+)_(?P<height>\d+)x(?P<width>\d+){re.escape(RENDERED_SUFFIX)}$"
)
#: Least and greatest value of each of a world's numbers.
_LIMITS = {
    "seed": (0, 2**32 - 1),
    "train_persons": (1, 10**5),
    "test_persons": (1, 10**5),
    "outfits": (1, 1000),
    "test_outfits": (2, 1000),
    "cameras": (2, 99),
    "images": (1, 1000),
    "height": (32, 1024),
    "width": (16, 1024),
}
_MOST_IMAGES = 10**7
#: How many eighths of a turn the directions differ that most take before one camera and the next.
_TURN = 3
_AGAINST_THE_STREAM = 0.35
#: Shares of those who pass aslant: to one side, not at all, to the other.
_ASLANT = (0.25, 0.5, 0.25)


@dataclass(frozen=True)
class RenderedImage:
    """What a name says of an image; the fields are those of the grammar, with the camera from 0."""

    pid: int
    outfit: int
    camid: int
    view: int
    frame: int
    seed: int
    height: int
    width: int

    @property
    def name(self) -> str:
        """The name of the image."""
        return (
            f"{self.pid:04d}_{self.outfit:02d}_c{self.camid + 1}_v{self.view}_f{self.frame}"
            f"_s{self.seed}_{self.height}x{self.width}{RENDERED_SUFFIX}"
        )

    @classmethod
    def parse(cls, name: str) -> RenderedImage:
        """Read a name.

        Raises
        ------
        DataError
            If it is none, or its size is out of range.
        """
        match = parse_name(_NAME, name, name)
        found = {key: int(value) for key, value in match.groupdict().items()}
        image = cls(camid=found.pop("camera") - 1, **found)
        for side in ("seed", "height", "width"):
            least, most = _LIMITS[side]
            if not least <= found[side] <= most:
                raise DataError(f"{side} is from {least} to {most}, not {found[side]}", where=name)
        return image


@dataclass(frozen=True)
class OutfitWorld:
    """How many of what there is.

    Attributes
    ----------
    seed : int
        Persons, wardrobes and cameras.
    train_persons, test_persons : int
        Persons 1 to ``train_persons`` are trained on, those that follow are tested.
    outfits, test_outfits : int
        Outfits of each person of training, and of each that is tested.
    cameras : int
        Cameras.
    images : int
        Images of each outfit in training.
    height, width : int
        Size of the images in pixels.

    Raises
    ------
    InvalidArgumentError
        If a number is out of range, or a split would have more than ten million images.
    """

    seed: int
    train_persons: int
    test_persons: int
    outfits: int = 24
    test_outfits: int = 4
    cameras: int = 4
    images: int = 2
    height: int = 128
    width: int = 64

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            least, most = _LIMITS[name]
            if type(value) is not int or not least <= value <= most:
                raise InvalidArgumentError(f"{name} is a whole number from {least} to {most}, not {value!r}")
        largest = max(self.training_count, self.test_count)
        if largest > _MOST_IMAGES:
            raise InvalidArgumentError(
                f"a split has up to {_MOST_IMAGES:,} images, not {largest:,}",
                fix="take fewer persons, outfits or images",
            )

    @property
    def training_count(self) -> int:
        """How many images the training split has."""
        return self.train_persons * self.outfits * self.images

    @property
    def test_count(self) -> int:
        """How many images query and gallery have each."""
        return self.test_persons * self.test_outfits * self.cameras

    def write(self, root: Path) -> None:
        """Write the description into a folder."""
        write_json(root / WORLD_FILE, asdict(self))

    @classmethod
    def read(cls, path: Path) -> OutfitWorld:
        """Read a description.

        Raises
        ------
        DataError
            If it is damaged or a number is out of range.
        """
        text = read_text_file(path)
        known = [field.name for field in fields(cls)]
        try:
            content = json.loads(text)
            if sorted(content) != sorted(known):
                raise ValueError(f"its keys are not {', '.join(known)}")
            return cls(**content)
        except (ValueError, TypeError, RecursionError, InvalidArgumentError) as error:
            raise DataError(
                f"this describes no world ({error})",
                where=str(path),
                fix="write it by `mindreid data synthesize --layout outfit_walkers`",
            ) from None

    def training_images(self) -> Iterator[RenderedImage]:
        """Yield the images of the training persons."""
        for pid in range(1, self.train_persons + 1):
            for outfit in range(self.outfits):
                rng = self._generator(pid, outfit)
                cameras = rng.permutation(self.cameras).tolist()
                for frame in range(self.images):
                    yield self._image(rng, pid, outfit, cameras[frame % self.cameras], frame)

    def test_images(self, frame: int) -> Iterator[RenderedImage]:
        """Yield the queries (``frame=0``) or the gallery (``frame=1``)."""
        for pid in range(self.train_persons + 1, self.train_persons + self.test_persons + 1):
            for outfit in range(self.test_outfits):
                for camid in range(self.cameras):
                    yield self._image(self._generator(pid, outfit, camid, frame), pid, outfit, camid, frame)

    def _generator(self, *key: int) -> np.random.Generator:
        return np.random.default_rng((self.seed, *key))

    def _image(
        self, rng: np.random.Generator, pid: int, outfit: int, camid: int, frame: int
    ) -> RenderedImage:
        view = _TURN * camid + rng.choice((-1, 0, 1), p=_ASLANT)
        if rng.random() < _AGAINST_THE_STREAM:
            view += VIEWS // 2
        return RenderedImage(pid, outfit, camid, int(view % VIEWS), frame, self.seed, self.height, self.width)


def load(root: PathLike) -> Dataset:
    """Load the records of a world.

    Parameters
    ----------
    root : path
        The folder of ``world.json``.

    Returns
    -------
    Dataset
        With clothes labels and views, 0..7.

    Raises
    ------
    DataError
        If the folder or the description is missing or damaged.
    """
    root = require(root, TREE, (WORLD_FILE,))
    world = OutfitWorld.read(root / WORLD_FILE)
    train = list(world.training_images())
    query, gallery = (list(world.test_images(frame)) for frame in (0, 1))
    query_records, gallery_records = with_shared_outfits(
        *((_records(root, images), _outfits(images)) for images in (query, gallery))
    )
    dataset = assemble(
        "outfit_walkers",
        root,
        with_outfits(_records(root, train), _outfits(train)),
        query_records,
        gallery_records,
        protocols=clothes_protocols(query_records, gallery_records),
        statistics={},
    )
    angles = ((360.0 / VIEWS * view, view) for view in range(VIEWS))
    return replace(dataset, mirrored_views=mirrored_bins(angles))


def _records(root: Path, images: list[RenderedImage]) -> list[Record]:
    return [
        Record((os.path.join(root, image.name),), image.pid, image.camid, view=image.view) for image in images
    ]


def _outfits(images: list[RenderedImage]) -> list[int]:
    return [image.outfit for image in images]


DATASETS.register("outfit_walkers", DatasetEntry(load, TREE, rendered=True))
