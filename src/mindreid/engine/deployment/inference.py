"""Embeddings of many images or sequences by an exported file: in batches, with progress, resumable."""

from __future__ import annotations

import csv
import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from mindreid.atomic import atomic_path, remove_stale_temporaries, write_json
from mindreid.engine.deployment.exported_model import ExportedModel
from mindreid.engine.deployment.inference_inputs import input_batches
from mindreid.engine.deployment.runtimes import Runtime
from mindreid.errors import DataError

logger = logging.getLogger(__name__)

EMBEDDINGS, INDEX = "embeddings.npy", "index.csv"
_RUN, _PARTS = "run.json", "parts"
#: Batches between two savings.
_BATCHES_PER_PART = 16


@dataclass(frozen=True)
class Embedded:
    """Files and their embeddings, row by row.

    Attributes
    ----------
    paths : list of str
        As listed.
    rows : np.ndarray
        float32 ``[N, D]``, or ``[N, D, parts]`` for gait.
    """

    paths: list[str]
    rows: np.ndarray


def embed_files(
    runtime: Runtime,
    model: ExportedModel,
    paths: Sequence[Path],
    output: Path,
    *,
    batch_size: int = 32,
    reader_threads: int = 4,
) -> Embedded:
    """Write ``embeddings.npy`` and ``index.csv`` to ``output``, or go on where a run was interrupted.

    Parameters
    ----------
    runtime : Runtime
        Has loaded the model.
    model : ExportedModel
        Says what the files are made into.
    paths : sequence of Path
        Images or sequences, see :mod:`mindreid.engine.deployment.inference_inputs`.
    output : Path
        A folder that is new, empty, or of an interrupted run on the same files.
    batch_size : int
        Images per pass.
    reader_threads : int
        Threads that read files.

    Raises
    ------
    DataError
        If a file can't be read, or ``output`` holds something else. What was embedded before is
        kept for the next time.
    """
    _enter(output, model, paths, batch_size)
    size = batch_size * _BATCHES_PER_PART
    parts = [paths[begin : begin + size] for begin in range(0, len(paths), size)]
    with tqdm(total=len(paths), desc="embedding", unit="file", disable=None) as progress:
        for number, part in enumerate(parts):
            target = output / _PARTS / f"{number:06d}.npy"
            if not target.exists():
                with atomic_path(target) as temporary:
                    np.save(temporary, _embed(runtime, model, part, batch_size, reader_threads))
            progress.update(len(part))
    return _finish(output, [str(path) for path in paths], len(parts))


def read_embedded(folder: Path) -> Embedded:
    """Read what :func:`embed_files` wrote.

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


def _enter(output: Path, model: ExportedModel, paths: Sequence[Path], batch_size: int) -> None:
    names = "\n".join(str(path.resolve()) for path in paths)
    run = {
        "model_sha256": model.sha256,
        "files": len(paths),
        "files_sha256": hashlib.sha256(names.encode()).hexdigest(),
        "batch_size": batch_size,
    }
    output.mkdir(parents=True, exist_ok=True)
    remove_stale_temporaries(output)
    known = output / _RUN
    if known.is_file():
        if json.loads(known.read_text(encoding="utf-8")) != run:
            raise DataError(
                "this folder holds another run: of another model, batch size or files",
                where=str(output),
                fix="name a new folder or delete it",
            )
        logger.info("going on with the run in %s", output)
    elif any(output.iterdir()):
        raise DataError("this is not an empty folder", where=str(output), fix="name a new folder")
    write_json(known, run)


def _embed(
    runtime: Runtime, model: ExportedModel, paths: Sequence[Path], batch_size: int, reader_threads: int
) -> np.ndarray:
    rows = [
        runtime(batch)[:valid]
        for batch, valid in input_batches(model.inputs, paths, batch_size, reader_threads)
    ]
    return np.concatenate(rows)


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
