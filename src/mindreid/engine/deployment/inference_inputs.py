"""What an exported file is run on: images, or sequences of silhouettes, read ahead of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Optional

import numpy as np

from mindreid.config import InputConfig
from mindreid.data.formats.images import decode_image
from mindreid.data.formats.pickles import read_array
from mindreid.data.formats.regular_files import open_regular, stream_checksum
from mindreid.data.sample_loaders import posed_image
from mindreid.data.transforms import resize
from mindreid.data.transforms.silhouette_augmentations import cut_sides
from mindreid.engine.deployment.exported_model import ExportedModel
from mindreid.engine.deployment.input_keypoints import InputKeypoints
from mindreid.errors import DataError

#: Files that each thread reads before the first is asked for: what is read must not fill the memory.
_AHEAD = 8


@dataclass(frozen=True)
class LoadedInput:
    """A file as read.

    Attributes
    ----------
    path : Path
        The file.
    digest : str
        SHA-256 of its content; empty if that could not be read.
    sample : np.ndarray, optional
        uint8 ``[H, W, 3]``, ``[H, W, 6]`` or ``[frames, H, W]``; ``None`` if the embedding is known, or
        on an error.
    error : DataError, optional
        Why the file can't be used.
    """

    path: Path
    digest: str
    sample: Optional[np.ndarray] = None
    error: Optional[DataError] = None


def load_inputs(
    model: ExportedModel,
    paths: Sequence[Path],
    known: Container[str],
    reader_threads: int,
    keypoints: Optional[InputKeypoints] = None,
) -> Iterator[LoadedInput]:
    """Read files in order, in threads; those whose digest is in ``known`` are not decoded."""
    inputs = model.inputs
    if keypoints is not None:
        sample = _posed_sample(inputs, keypoints)
    elif inputs.kind == "silhouettes":
        sample = _sequence_sample(model)
    else:
        sample = _image_sample(inputs)

    def load(path: Path) -> LoadedInput:
        digest = ""
        try:
            with open_regular(path) as stream:
                digest = stream_checksum(stream)
                return LoadedInput(path, digest, None if digest in known else sample(path, stream))
        except DataError as error:
            return LoadedInput(path, digest, error=error)
        except OSError as error:
            reason = DataError(f"cannot read the file: {error.strerror or error}", where=str(path))
            return LoadedInput(path, digest, error=reason)

    with ThreadPoolExecutor(reader_threads) as pool:
        waiting: deque[Future[LoadedInput]] = deque()
        for path in paths:
            waiting.append(pool.submit(load, path))
            if len(waiting) >= _AHEAD * reader_threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _image_sample(inputs: InputConfig) -> Callable[[Path, BinaryIO], np.ndarray]:
    resized = resize(inputs.height, inputs.width, inputs.interpolation)
    unused = np.random.default_rng(0)
    return lambda path, stream: resized(decode_image(stream, str(path)), unused)


def _posed_sample(inputs: InputConfig, keypoints: InputKeypoints) -> Callable[[Path, BinaryIO], np.ndarray]:
    return lambda path, stream: posed_image(decode_image(stream, str(path)), keypoints.of(path), inputs)


def _sequence_sample(model: ExportedModel) -> Callable[[Path, BinaryIO], np.ndarray]:
    cut, length = cut_sides(model.inputs.height, model.inputs.width), model.frames

    def positions(count: int) -> np.ndarray:
        if length is None:
            (row,) = model.selection.evaluation(count)
            # Absent frames fill up batches, and bytes can't tell them; a file takes what is there.
            return row[row >= 0]
        # A shorter sequence is repeated; of a longer one, frames are left out at even distances.
        return np.arange(length) % count if count < length else np.arange(length) * count // length

    unused = np.random.default_rng(0)

    def sample(path: Path, _stream: BinaryIO) -> np.ndarray:
        silhouettes = read_array(path)
        if silhouettes.ndim != 3 or silhouettes.dtype != np.uint8:
            raise DataError("not a sequence of silhouettes, uint8 [frames, H, W]", where=str(path))
        return cut(silhouettes[positions(len(silhouettes))], unused)

    return sample
