"""What an exported file is run on: images, or sequences of silhouettes, found and made into batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from mindreid.config import InputConfig
from mindreid.data.formats.images import read_image
from mindreid.data.formats.pickles import read_array
from mindreid.data.frame_selection import UnorderedFrames
from mindreid.data.transforms import resize
from mindreid.data.transforms.silhouette_augmentations import cut_sides
from mindreid.errors import DataError

#: Endings of the files that hold one input, by the recipe's kind of input.
SUFFIXES = {
    "image": (".jpg", ".jpeg", ".png", ".bmp", ".webp"),
    "silhouettes": (".pkl",),
}


def list_inputs(source: Path, kind: str = "image") -> list[Path]:
    """List the inputs in a folder and below it, or those that a text file names.

    Parameters
    ----------
    source : Path
        A folder, or a file with one path per line, relative to the file's own folder.
    kind : {"image", "silhouettes"}
        What the network takes.

    Raises
    ------
    DataError
        If there is no such folder or file, or it names no input.
    """
    suffixes = SUFFIXES[kind]
    if source.is_dir():
        found = sorted(path for path in source.rglob("*") if _is_input(path, suffixes))
    elif source.is_file():
        lines = source.read_text(encoding="utf-8").splitlines()
        found = [source.parent / line.strip() for line in lines if line.strip()]
    else:
        raise DataError("there is no such folder or list", where=str(source))
    if not found:
        raise DataError(f"no {kind} file ({', '.join(suffixes)}) is there", where=str(source))
    return found


def input_batches(
    inputs: InputConfig, paths: Sequence[Path], batch_size: int, reader_threads: int
) -> Iterator[tuple[np.ndarray, int]]:
    """Yield batches in order, with the number of rows that count.

    Images are filled up to ``batch_size``, so that one graph takes them all: uint8
    ``[batch_size, H, W, 3]``. Sequences come alone, filled up by repeating frames to one of few
    lengths: uint8 ``[1, frames, H, W]``.

    Raises
    ------
    DataError
        If a file can't be read.
    """
    if inputs.kind == "silhouettes":
        size, load = 1, _sequence_loader(inputs)
    else:
        size, load = batch_size, _image_loader(inputs)
    with ThreadPoolExecutor(reader_threads) as pool:
        rows = pool.map(load, paths)
        for begin in range(0, len(paths), size):
            valid = min(size, len(paths) - begin)
            batch = np.stack([next(rows) for _ in range(valid)])
            missing = ((0, size - valid),) + ((0, 0),) * (batch.ndim - 1)
            yield np.pad(batch, missing, mode="edge"), valid


def _is_input(path: Path, suffixes: tuple[str, ...]) -> bool:
    return path.suffix.lower() in suffixes and not path.name.startswith(".") and path.is_file()


def _image_loader(inputs: InputConfig) -> Callable[[Path], np.ndarray]:
    resized = resize(inputs.height, inputs.width, inputs.interpolation)
    unused = np.random.default_rng(0)
    return lambda path: resized(read_image(path), unused)


def _sequence_loader(inputs: InputConfig) -> Callable[[Path], np.ndarray]:
    cut, frames = cut_sides(inputs.height, inputs.width), UnorderedFrames()
    unused = np.random.default_rng(0)

    def load(path: Path) -> np.ndarray:
        silhouettes = read_array(path)
        if silhouettes.ndim != 3 or silhouettes.dtype != np.uint8:
            raise DataError("not a sequence of silhouettes, uint8 [frames, H, W]", where=str(path))
        return cut(silhouettes[frames.evaluation(len(silhouettes))[0]], unused)

    return load
