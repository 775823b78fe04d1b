"""A checkpoint as it is used from Python: pictures in, embeddings out."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Union

import numpy as np
from mindspore import Tensor, nn

from mindreid import zoo
from mindreid.config import InputConfig
from mindreid.data.formats.images import read_image
from mindreid.data.transforms.geometry import resize
from mindreid.engine.checkpoints.checkpoint_files import Description, load_weights, read_description
from mindreid.engine.deployment.wrappers import deployable_network
from mindreid.engine.platform.compilation import compile_function
from mindreid.errors import InvalidArgumentError

Picture = Union[str, "os.PathLike[str]", np.ndarray]


@dataclass(frozen=True)
class TrainedModel:
    """A trained network with the pre-processing that its weights expect; made by :func:`load_model`.

    Attributes
    ----------
    network : nn.Cell
        In evaluation mode; maps normalised images ``[B, 3, height, width]`` to embeddings ``[B, D]``.
    inputs : InputConfig
        Size, resizing and normalisation of its images.
    description : Description
        What the checkpoint says of itself: recipe, epoch, last evaluation.
    batch_size : int
        Images per pass.
    """

    network: nn.Cell
    inputs: InputConfig
    description: Description
    batch_size: int
    _compute: Any = field(repr=False)

    def embed(self, images: Sequence[Picture]) -> np.ndarray:
        """Embed pictures that show one person each, from edge to edge.

        Parameters
        ----------
        images : sequence of path or np.ndarray
            Files, or uint8 RGB ``[h, w, 3]`` of any size.

        Returns
        -------
        np.ndarray
            float32 ``[len(images), D]`` of unit length: the cosine of two persons is a product.

        Raises
        ------
        DataError
            If a file can't be read.
        InvalidArgumentError
            If an array is no such picture.
        """
        resized, unused = self._resize(), np.random.default_rng(0)
        rows = []
        for begin in range(0, len(images), self.batch_size):
            batch = np.stack(
                [resized(_pixels(one), unused) for one in images[begin : begin + self.batch_size]]
            )
            # Always the same number, so that one graph does for all.
            filled = np.pad(batch, ((0, self.batch_size - len(batch)), (0, 0), (0, 0), (0, 0)), mode="edge")
            rows.append(self._compute(Tensor(filled)).asnumpy()[: len(batch)])
        return np.concatenate(rows or [self._nothing()])

    def _resize(self) -> Any:
        return resize(self.inputs.height, self.inputs.width, self.inputs.interpolation)

    def _nothing(self) -> np.ndarray:
        blank = np.zeros((self.batch_size, self.inputs.height, self.inputs.width, 3), np.uint8)
        return np.asarray(self._compute(Tensor(blank)).asnumpy()[:0])


def load_model(checkpoint: Union[str, os.PathLike[str]], *, batch_size: int = 16) -> TrainedModel:
    """Load a checkpoint of ``mindreid train`` or ``mindreid convert`` to embed pictures with it.

    Parameters
    ----------
    checkpoint : path
        For instance ``last.ckpt`` of a run.
    batch_size : int
        Images per pass.

    Raises
    ------
    CheckpointError
        If it is missing or damaged, or no checkpoint of MindReID.
    InvalidArgumentError
        If its network takes something else than single images: silhouettes, clips, or images with poses.

    Examples
    --------
    >>> model = load_model("runs/market/last.ckpt")  # doctest: +SKIP
    >>> anna, ben = model.embed(["anna.jpg", "ben.jpg"])  # doctest: +SKIP
    >>> float(anna @ ben)  # doctest: +SKIP
    """
    if batch_size < 1:
        raise InvalidArgumentError(f"batch_size is at least 1, not {batch_size}")
    path = Path(checkpoint)
    description = read_description(path)
    inputs = InputConfig.model_validate_json(json.dumps(description.recipe["input"]))
    if inputs.kind != "image" or description.recipe.get("frames"):
        raise InvalidArgumentError(
            f"the network of this checkpoint, {description.model!r}, takes more than single images",
            where=str(path),
            fix="use `mindreid export` and `mindreid infer`, which read sequences and poses, too",
        )
    network = zoo.create_model(description.model, **description.network)
    load_weights(path, network, model=description.model)
    network.set_train(False)
    compute = compile_function(deployable_network(network, inputs).construct)
    return TrainedModel(network, inputs, description, batch_size, compute)


def _pixels(picture: Picture) -> np.ndarray:
    if not isinstance(picture, np.ndarray):
        return read_image(Path(picture))
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        raise InvalidArgumentError(
            f"a picture is uint8 RGB [h, w, 3], not {picture.dtype} {list(picture.shape)}"
        )
    return picture
