"""A training split and a batch of it that need no dataset, to compile a step with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

import cv2
import numpy as np

from mindreid import zoo
from mindreid.config import Recipe
from mindreid.data.records import Dataset, Record

#: Enough for the batch norms of four replicas, and two images of each person for a triplet.
_PERSONS, _IMAGES = 4, 2
_VIEWS = 3

#: See :func:`mindreid.data.transforms.origin_trace`.
Trace = Callable[[np.random.Generator], np.ndarray]


def stand_in_dataset(recipe: Recipe, folder: Path) -> Dataset:
    """Return records of a few persons with every label, in two outfits each; their images don't exist.

    Their silhouettes do, since objectives read them as they are built: all are one file in ``folder``.
    """
    silhouette = folder / "silhouette.png"
    cv2.imwrite(str(silhouette), np.full((2, 1), 255, np.uint8))
    records = tuple(
        Record(
            (f"{number}.jpg",),
            number // 4,
            number % 4,
            clothes_id=number // 2,
            view=number % _VIEWS,
            silhouette=str(silhouette),
        )
        for number in range(4 * _PERSONS)
    )
    return Dataset(recipe.dataset.name, Path(), records, records, records, {})


def stand_in_batch(recipe: Recipe, dataset: Dataset, trace: Optional[Trace] = None) -> dict[str, np.ndarray]:
    """Return "images" of random numbers, as the recipe's network takes them, and their int32 labels.

    Persons follow each other with two records each, which every sampler's batches have at least. With
    ``trace`` there is "origin", too.
    """
    chosen = [4 * person + image * 2 for person in range(_PERSONS) for image in range(_IMAGES)]
    records = [dataset.train[number] for number in chosen]
    images = np.random.default_rng(0).random((len(records), *image_shape(recipe)), np.float32)
    if recipe.device.normalize:
        images = (255 * images).astype(np.uint8)
    labels: dict[str, Any] = {
        name: np.array([getattr(record, name) for record in records], np.int32)
        for name in ("pid", "camid", "clothes_id", "view")
    }
    if trace is not None:
        labels["origin"] = np.stack([trace(np.random.default_rng(number)) for number in chosen])
    return {"images": images, "index": np.array(chosen, np.int32), **labels}


def image_shape(recipe: Recipe) -> tuple[int, ...]:
    """Return the shape of one row of a training batch: an image's, a clip's or a sequence's."""
    size = (recipe.input.height, recipe.input.width)
    if recipe.frames is None:
        return (recipe.input.channels, *size)
    selection = zoo.FRAMES[recipe.frames.name](**recipe.frames.options)
    count = selection.training(100, np.random.default_rng(0)).shape
    if recipe.input.kind == "silhouettes":
        return (*count, *size)
    return (recipe.input.channels, *count, *size)
