"""The way in to all data: a dataset by its name, or the one of a recipe."""

from __future__ import annotations

import logging
from dataclasses import replace
from itertools import chain
from typing import Any, Optional

from mindreid.config import Recipe
from mindreid.data.keypoint_table import attach_keypoints
from mindreid.data.mirrored_views import join_mirrored_views
from mindreid.data.records import Dataset
from mindreid.data.sample_loaders import sample_loaders
from mindreid.data.silhouette_files import attach_silhouettes
from mindreid.data.summary import format_summary
from mindreid.data.view_table import attach_views
from mindreid.errors import ConfigError
from mindreid.zoo import DATASETS, check_options

logger = logging.getLogger(__name__)


def load_dataset(
    name: str,
    root: str,
    *,
    views: Optional[str] = None,
    keypoints: Optional[str] = None,
    silhouettes: Optional[str] = None,
    **options: Any,
) -> Dataset:
    """Load a dataset's records.

    Parameters
    ----------
    name : str
        A registered dataset, e.g. ``"market1501"``.
    root : str
        The folder that was unpacked.
    views : str, optional
        A table of viewpoint labels made by ``mindreid data views``, which fills ``Record.view``.
    keypoints : str, optional
        A table made by ``mindreid data keypoints``, which fills ``Record.keypoints``.
    silhouettes : str, optional
        A folder of the training images' masks, which fills their ``Record.silhouette``.
    **options
        The loader's own options, e.g. ``variant="detected"`` for CUHK03.

    Returns
    -------
    mindreid.data.records.Dataset
        With ``.train``, ``.query``, ``.gallery``, ``.protocols`` and ``.statistics``.

    Raises
    ------
    DataError
        If the folder is missing, laid out differently, or a split is empty; or if ``views`` is no
        such table or lacks training images, or ``keypoints`` is none or lacks images, or
        ``silhouettes`` lacks training images.
    InvalidArgumentError
        If there is no such dataset, or it has no such option.
    """
    load = DATASETS[name].load
    check_options(f"the dataset {name!r}", load, options)
    dataset = load(root, **options)
    if views is not None:
        dataset = attach_views(dataset, views)
    if keypoints is not None:
        dataset = attach_keypoints(dataset, keypoints)
    if silhouettes is not None:
        dataset = attach_silhouettes(dataset, silhouettes)
    return dataset


def open_dataset(recipe: Recipe) -> Dataset:
    """Load the recipe's dataset, log what it holds, and cut its training split as the recipe says.

    Where the recipe mirrors images at random, views that mirroring changes are joined in the training split.

    Raises
    ------
    ConfigError
        If the records are tracklets, and the recipe does not say which frames are taken; or if its
        input takes keypoints and it names none.
    """
    source = recipe.dataset
    if recipe.input.kind == "posed_image" and source.keypoints is None:
        raise ConfigError(
            "the recipe's input takes keypoints of every image, and it names no table of them",
            where="dataset.keypoints",
            fix="make one with `mindreid data keypoints` and pass --set dataset.keypoints=FILE.csv",
        )
    beside = {"views": source.views, "keypoints": source.keypoints, "silhouettes": source.silhouettes}
    dataset = load_dataset(source.name, source.root, **beside, **source.options)
    logger.info("%s", format_summary(dataset))
    for warning in dataset.warnings:
        logger.warning("%s: %s", dataset.root, warning)
    if dataset.mirrored_views and any(step.name == "flip" for step in recipe.augment):
        logger.info("images are mirrored at random: views and their mirror images count as one in training")
        dataset = join_mirrored_views(dataset)
    loaders = sample_loaders(recipe.frames, recipe.input)
    if loaders is not None:
        return replace(dataset, train=tuple(chain.from_iterable(map(loaders.pieces, dataset.train))))
    if any(len(record.paths) > 1 for record in dataset.train):
        raise ConfigError(
            f"the records of {dataset.name!r} are tracklets, and the recipe names no frames to take",
            where="frames",
            fix="add the section frames: {name: clips}",
        )
    return dataset
