"""Where a network looks: the feature maps that it offers, beside what it was shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from mindspore import Tensor, nn

from mindreid.config import InputConfig, Recipe
from mindreid.data.formats.images import load_image
from mindreid.data.records import Record
from mindreid.data.sample_loaders import sample_loaders
from mindreid.data.transforms import evaluation_transform


@dataclass(frozen=True)
class Activations:
    """One record as a network sees it.

    Attributes
    ----------
    image : np.ndarray
        uint8 ``[H, W, 3]``, what went in; of a sequence, its middle frame.
    maps : dict of str to np.ndarray
        float32 ``[h, w]`` in [0, 1] by name: the length of the feature vector at each place, from
        the least to the greatest of the image.
    """

    image: np.ndarray
    maps: dict[str, np.ndarray]


def offers_maps(network: nn.Cell) -> bool:
    """Tell whether a network has the optional method ``maps(images) -> {name: [B, C, h, w]}``."""
    return callable(getattr(network, "maps", None))


def activations_of(recipe: Recipe, network: nn.Cell, record: Record) -> Activations:
    """Show a record to a network in evaluation mode and read its maps; the network offers some.

    Raises
    ------
    DataError
        If the record cannot be read.
    """
    row = _evaluation_row(recipe, record)
    was_training = network.training
    network.set_train(False)
    try:
        maps = network.maps(Tensor(row[None]))
    finally:
        network.set_train(was_training)
    lengths = {
        name: np.linalg.norm(value.asnumpy()[0].astype(np.float32), axis=0) for name, value in maps.items()
    }
    return Activations(_shown(row, recipe.input), {name: _stretch(value) for name, value in lengths.items()})


def _evaluation_row(recipe: Recipe, record: Record) -> np.ndarray:
    transform, generator = evaluation_transform(recipe.input), np.random.default_rng(0)
    loaders = sample_loaders(recipe.frames, recipe.input)
    if loaders is None:
        return load_image(record, transform, generator)
    return loaders.evaluation(record, transform, generator)[0]


def _shown(row: np.ndarray, inputs: InputConfig) -> np.ndarray:
    """Turn an input back into a picture: an image, the middle of a clip's, or of the silhouettes."""
    if inputs.kind == "silhouettes":
        values = np.repeat(row[len(row) // 2][..., None], 3, axis=2)
    else:
        image = row[:, row.shape[1] // 2] if row.ndim == 4 else row
        values = image.transpose(1, 2, 0) * np.array(inputs.std) + np.array(inputs.mean)
    return np.clip(np.round(values * 255), 0, 255).astype(np.uint8)


def _stretch(values: np.ndarray) -> np.ndarray:
    lowest, highest = values.min(), values.max()
    return (values - lowest) / max(highest - lowest, np.finfo(np.float32).tiny)
