"""From a record to a row of a batch: its frames are read, chosen and transformed.

Frames are the images of a record, or lie in one pickled array (:mod:`mindreid.data.formats.pickles`):
silhouettes ``[T, H, W]`` or colour ``[T, 3, H, W]``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional, Union

import numpy as np

from mindreid import zoo
from mindreid.config import Component, InputConfig
from mindreid.data.formats.images import LoadSample, Transform, load_image, read_image
from mindreid.data.formats.pickles import read_array
from mindreid.data.formats.silhouettes import stored_silhouettes
from mindreid.data.frame_selection import FrameSelection, UnorderedFrames
from mindreid.data.part_image import compose_part_image
from mindreid.data.records import Record, Records
from mindreid.data.transforms.geometry import enlarged, five_windows, resize
from mindreid.errors import DataError, InvalidArgumentError

#: Value of the pixels of an absent frame, which no silhouette has.
ABSENT = -1.0


@dataclass(frozen=True)
class SampleLoaders:
    """How a recipe's records become rows; see :data:`mindreid.data.formats.images.LoadSample`.

    Attributes
    ----------
    pieces : callable
        Cuts a record of the training split into what an epoch is drawn from.
    training : callable
        Makes one row.
    evaluation : callable
        Makes all rows of a record, ``[rows, …]``.
    absent_frames : bool
        Whether evaluation's rows may be filled up with frames of :data:`ABSENT`.
    """

    pieces: Callable[[Record], Records]
    training: LoadSample
    evaluation: LoadSample
    absent_frames: bool = False


def sample_loaders(
    frames: Optional[Component], inputs: InputConfig, crop_scale: float = 1.0
) -> Optional[SampleLoaders]:
    """Build the loaders that a recipe's sections ``frames`` and ``input`` describe.

    Parameters
    ----------
    frames, inputs
        The recipe's sections.
    crop_scale : float
        The recipe's ``evaluation.crop_scale``.

    Returns
    -------
    SampleLoaders or None
        ``None`` where a record is one image, looked at as a whole and without its keypoints.

    Raises
    ------
    InvalidArgumentError
        If silhouettes are wanted without ``frames``, crops of anything but single images, part images
        of frames, there is no such selection, or its options are out of range.
    """
    if crop_scale > 1:
        return _five_crops(frames, inputs, crop_scale)
    if inputs.kind == "posed_image":
        return _posed_images(frames, inputs)
    if frames is None:
        if inputs.kind == "silhouettes":
            raise InvalidArgumentError(
                "silhouettes come in sequences, but the recipe does not say which frames are taken",
                fix="add the section frames: {name: unordered}",
            )
        return None
    selection: FrameSelection = zoo.FRAMES[frames.name](**frames.options)
    rows = _silhouette_rows if inputs.kind == "silhouettes" else _image_rows

    def training(record: Record, transform: Transform, generator: np.random.Generator) -> np.ndarray:
        images = open_frames(record)
        return rows(record, images, selection.training(len(images), generator), transform, generator)

    def evaluation(record: Record, transform: Transform, generator: np.random.Generator) -> np.ndarray:
        images = open_frames(record)
        every = selection.evaluation(len(images))
        return np.stack([rows(record, images, positions, transform, generator) for positions in every])

    return SampleLoaders(selection.pieces, training, evaluation, selection.fills_up_with_absent)


def _five_crops(frames: Optional[Component], inputs: InputConfig, scale: float) -> SampleLoaders:
    if frames is not None or inputs.kind != "image":
        raise InvalidArgumentError(
            "five crops are taken of single images only", fix="leave out evaluation.crop_scale"
        )
    large = enlarged(inputs.height, inputs.width, inputs.interpolation, scale)

    def evaluation(record: Record, transform: Transform, generator: np.random.Generator) -> np.ndarray:
        windows = five_windows(large(read_image(record.path), generator), inputs.height, inputs.width)
        return np.stack([transform(window, generator) for window in windows])

    return SampleLoaders(lambda record: (record,), load_image, evaluation)


def _posed_images(frames: Optional[Component], inputs: InputConfig) -> SampleLoaders:
    if frames is not None:
        raise InvalidArgumentError("part images are made of single images only", fix="leave out frames")

    def training(record: Record, transform: Transform, generator: np.random.Generator) -> np.ndarray:
        return transform(posed_image(read_image(record.path), record.keypoints, inputs), generator)

    def evaluation(record: Record, transform: Transform, generator: np.random.Generator) -> np.ndarray:
        return training(record, transform, generator)[None]

    return SampleLoaders(lambda record: (record,), training, evaluation)


def posed_image(image: np.ndarray, keypoints: Optional[np.ndarray], inputs: InputConfig) -> np.ndarray:
    """Resize an image to the input's size and put its part image behind it.

    Parameters
    ----------
    image : np.ndarray
        uint8 ``[H, W, 3]`` of any size.
    keypoints : np.ndarray, optional
        ``[26, 3]`` in pixels of ``image``; see :func:`mindreid.data.part_image.compose_part_image`.
    inputs : InputConfig
        The recipe's ``input``.

    Returns
    -------
    np.ndarray
        uint8 ``[height, width, 6]``.
    """
    whole = resize(inputs.height, inputs.width, inputs.interpolation)(image, np.random.default_rng(0))
    parts = compose_part_image(image, keypoints, inputs.height, inputs.width)
    return np.concatenate([whole, parts], axis=2)


def takes_clips(recipe: Mapping[str, Any]) -> bool:
    """Tell whether the network of a stored recipe takes clips of images: several frames in one row."""
    if not recipe.get("frames") or recipe["input"]["kind"] != "image":
        return False
    return build_frame_selection(recipe).evaluation(1).ndim > 1


def build_frame_selection(recipe: Mapping[str, Any]) -> FrameSelection:
    """Build what chooses the frames of a stored recipe's records; without any, frames in no order."""
    if not recipe.get("frames"):
        return UnorderedFrames()
    frames = Component(**recipe["frames"])
    return zoo.FRAMES[frames.name](**frames.options)


class _ImageFiles(Sequence[np.ndarray]):
    """The images of a record, read when they are asked for."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, position):  # type: ignore[no-untyped-def]
        return read_image(self._paths[position])


Frames = Union[np.ndarray, _ImageFiles]


def open_frames(record: Record) -> Frames:
    """Open the frames of a record.

    Returns
    -------
    sequence
        Of silhouettes, uint8 ``[H, W]``, or of RGB images, uint8 ``[H, W, 3]``.

    Raises
    ------
    DataError
        If the record's array is unreadable, empty, or none of frames.
    """
    if not record.path.endswith(".pkl"):
        return _ImageFiles(record.paths)
    array = read_array(record.path)
    if array.ndim and not len(array):
        raise DataError("the sequence has no frames", where=record.path, fix="take it out of the dataset")
    if array.ndim == 4 and array.shape[1] == 3 and array.dtype == np.uint8:
        return array.transpose(0, 2, 3, 1)
    return stored_silhouettes(array, record.path)


def _silhouette_rows(
    record: Record,
    images: Frames,
    positions: np.ndarray,
    transform: Transform,
    generator: np.random.Generator,
) -> np.ndarray:
    """Transform the chosen silhouettes together, so that whatever is drawn is drawn once for all."""
    if not isinstance(images, np.ndarray) or images.ndim != 3:
        raise DataError("these are colour frames, the recipe's input are silhouettes", where=record.path)
    made = transform(images[positions], generator)
    made[positions < 0] = ABSENT
    return made


def _image_rows(
    record: Record,
    images: Frames,
    positions: np.ndarray,
    transform: Transform,
    generator: np.random.Generator,
) -> np.ndarray:
    """Transform every chosen image with the same draws; several go into a second axis."""
    if isinstance(images, np.ndarray) and images.ndim == 3:
        raise DataError("these are silhouettes, the recipe's input are images", where=record.path)
    seed = int(generator.integers(2**63))
    made = [transform(images[position], np.random.default_rng(seed)) for position in positions.ravel()]
    return np.stack(made, axis=1) if positions.ndim else made[0]
