"""Embeddings of many images by an exported file: in batches, with progress, resumable."""

from __future__ import annotations

import csv
import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from mindreid.atomic import atomic_path, remove_stale_temporaries, write_json
from mindreid.data.images import read_image
from mindreid.data.transforms import resize
from mindreid.engine.exported_model import ExportedModel
from mindreid.engine.runtimes import Runtime
from mindreid.errors import DataError, InvalidArgumentError

logger = logging.getLogger(__name__)

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
EMBEDDINGS, INDEX = "embeddings.npy", "index.csv"
_RUN, _PARTS = "run.json", "parts"
#: Batches between two savings.
_BATCHES_PER_PART = 16


@dataclass(frozen=True)
class Embedded:
    """Images and their embeddings, row by row.

    Attributes
    ----------
    paths : list of str
        As listed.
    rows : np.ndarray
        float32 ``[N, D]``.
    """

    paths: list[str]
    rows: np.ndarray


def list_inputs(source: Path) -> list[Path]:
    """List the images in a folder and below it, or those that a text file names.

    Parameters
    ----------
    source : Path
        A folder, or a file with one path per line, relative to the file's own folder.

    Raises
    ------
    DataError
        If there is no such folder or file, or it names no image.
    """
    if source.is_dir():
        found = sorted(path for path in source.rglob("*") if _is_image(path))
    elif source.is_file():
        lines = source.read_text(encoding="utf-8").splitlines()
        found = [source.parent / line.strip() for line in lines if line.strip()]
    else:
        raise DataError("there is no such folder or list", where=str(source))
    if not found:
        raise DataError(f"no image ({', '.join(SUFFIXES)}) is there", where=str(source))
    return found


def embed_images(
    runtime: Runtime,
    model: ExportedModel,
    paths: Sequence[Path],
    output: Path,
    *,
    batch_size: int = 32,
    loaders: int = 4,
) -> Embedded:
    """Write ``embeddings.npy`` and ``index.csv`` to ``output``, or go on where a run was interrupted.

    Parameters
    ----------
    runtime : Runtime
        Has loaded the model.
    model : ExportedModel
        Says how images are resized.
    paths : sequence of Path
        The images.
    output : Path
        A folder that is new, empty, or of an interrupted run on the same images.
    batch_size : int
        Images per pass; the last batch is filled up, so that nothing is compiled twice.
    loaders : int
        Threads that read images.

    Raises
    ------
    DataError
        If an image can't be read, or ``output`` holds something else. What was embedded before is
        kept for the next time.
    """
    if model.inputs.kind != "image":
        raise InvalidArgumentError(f"this model takes {model.inputs.kind}, not images", where=str(model.path))
    _enter(output, model, paths, batch_size)
    size = batch_size * _BATCHES_PER_PART
    parts = [paths[begin : begin + size] for begin in range(0, len(paths), size)]
    with tqdm(total=len(paths), desc="embedding", unit="image", disable=None) as progress:
        for number, part in enumerate(parts):
            target = output / _PARTS / f"{number:06d}.npy"
            if not target.exists():
                with atomic_path(target) as temporary:
                    np.save(temporary, _embed(runtime, model, part, batch_size, loaders))
            progress.update(len(part))
    return _finish(output, [str(path) for path in paths], len(parts))


def read_embedded(folder: Path) -> Embedded:
    """Read what :func:`embed_images` wrote.

    Raises
    ------
    DataError
        If the folder does not hold a finished run.
    """
    try:
        with (folder / INDEX).open(newline="", encoding="utf-8") as file:
            paths = [line["path"] for line in csv.DictReader(file)]
        rows = np.load(folder / EMBEDDINGS)
    except (OSError, ValueError, KeyError):
        raise DataError(
            f"{EMBEDDINGS} and {INDEX} of a finished run are not there", where=str(folder)
        ) from None
    if len(rows) != len(paths):
        raise DataError(f"{EMBEDDINGS} and {INDEX} are not of the same run", where=str(folder))
    return Embedded(paths, rows)


def is_embedded(folder: Path) -> bool:
    """Tell whether a folder holds embeddings rather than images."""
    return (folder / EMBEDDINGS).is_file()


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


def _enter(output: Path, model: ExportedModel, paths: Sequence[Path], batch_size: int) -> None:
    names = "\n".join(str(path.resolve()) for path in paths)
    run = {
        "model_sha256": model.sha256,
        "images": len(paths),
        "images_sha256": hashlib.sha256(names.encode()).hexdigest(),
        "batch_size": batch_size,
    }
    output.mkdir(parents=True, exist_ok=True)
    remove_stale_temporaries(output)
    known = output / _RUN
    if known.is_file():
        if json.loads(known.read_text(encoding="utf-8")) != run:
            raise DataError(
                "this folder holds another run: of another model, batch size or images",
                where=str(output),
                fix="name a new folder or delete it",
            )
        logger.info("going on with the run in %s", output)
    elif any(output.iterdir()):
        raise DataError("this is not an empty folder", where=str(output), fix="name a new folder")
    write_json(known, run)


def _embed(
    runtime: Runtime, model: ExportedModel, paths: Sequence[Path], batch_size: int, loaders: int
) -> np.ndarray:
    rows = [runtime(batch)[:valid] for batch, valid in _batches(model, paths, batch_size, loaders)]
    return np.concatenate(rows)


def _batches(
    model: ExportedModel, paths: Sequence[Path], batch_size: int, loaders: int
) -> Iterator[tuple[np.ndarray, int]]:
    resized = resize(model.inputs.height, model.inputs.width, model.inputs.interpolation)
    unused = np.random.default_rng(0)
    with ThreadPoolExecutor(loaders) as pool:
        images = pool.map(lambda path: resized(read_image(path), unused), paths)
        for begin in range(0, len(paths), batch_size):
            valid = min(batch_size, len(paths) - begin)
            batch = np.stack([next(images) for _ in range(valid)])
            yield np.pad(batch, ((0, batch_size - valid), (0, 0), (0, 0), (0, 0)), mode="edge"), valid


def _finish(output: Path, paths: list[str], parts: int) -> Embedded:
    folder = output / _PARTS
    rows = np.concatenate([np.load(folder / f"{number:06d}.npy") for number in range(parts)])
    with atomic_path(output / INDEX) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("row", "path"))
        writer.writerows(enumerate(paths))
    with atomic_path(output / EMBEDDINGS) as temporary:
        np.save(temporary, rows)
    return Embedded(paths, rows)
