"""What happens to an image between its file and the network.

An image is resized first (unless the list begins with ``resize_crop``) and leaves as CHW. What lies
between is the recipe's list ``augment``, applied in its order. A registered transform is a factory: its
positional parameters are filled from the recipe's section ``input`` by name, its keyword-only
parameters are the options that a list entry may set. Before ``normalize`` pixels are uint8, after it
float32.

What moves or erases pixels does so with numbers of pixels as well, int32 ``[H, W, 1]``, by the same
draws; 0 then is what came from nowhere. So labels of pixels can follow an image.

Sequences of silhouettes have transforms of their own, which take all frames together.
"""

from __future__ import annotations

from collections.abc import Callable

from mindreid import zoo
from mindreid.data.formats.images import Transform
from mindreid.data.transforms.composition import evaluation_transform, origin_trace, training_transform
from mindreid.data.transforms.erasing import random_erasing
from mindreid.data.transforms.geometry import enlarge_crop, flip, pad_crop, resize, resize_crop
from mindreid.data.transforms.normalization import normalize
from mindreid.data.transforms.silhouette_augmentations import SILHOUETTE_STEPS

__all__ = [
    "enlarge_crop",
    "evaluation_transform",
    "flip",
    "normalize",
    "origin_trace",
    "pad_crop",
    "random_erasing",
    "resize",
    "resize_crop",
    "training_transform",
]

_IMAGE_STEPS: tuple[Callable[..., Transform], ...] = (
    enlarge_crop,
    flip,
    normalize,
    pad_crop,
    random_erasing,
    resize_crop,
)

for _factory in (*_IMAGE_STEPS, *SILHOUETTE_STEPS):
    zoo.TRANSFORMS.register(_factory.__name__, _factory)
