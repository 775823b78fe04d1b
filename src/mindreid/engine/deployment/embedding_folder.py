"""The folder that embeddings are kept in, and how it knows where they come from.

===================  ==========================================================================
``embeddings.npy``   float32 ``[N, D]``, or ``[N, D, parts]`` for gait
``index.csv``        row, path and SHA-256 of each file, in the order in which they were listed
``skipped.csv``      path and reason of what could not be read, if anything was skipped
``run.json``         checksum of the model's file, pre-processing, metric, what was embedded, and
                     the checksums of the two files of a finished run
``parts/``           what an unfinished run has embedded so far
===================  ==========================================================================

Paths are written as the bytes that they are: UTF-8, unless a file's name is something else.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import numpy as np

from mindreid.atomic import atomic_path, remove_stale_temporaries, write_json
from mindreid.data.formats.regular_files import file_checksum
from mindreid.engine.deployment.exported_model import ExportedModel
from mindreid.engine.deployment.input_listing import Unreadable
from mindreid.errors import DataError
from mindreid.folder_lock import LOCK, FolderInUse, folder_lock

EMBEDDINGS, INDEX, SKIPPED = "embeddings.npy", "index.csv", "skipped.csv"
_RUN, _PARTS = "run.json", "parts"
_FORMAT = 2
#: What must be the same for embeddings to be comparable.
_ORIGIN = {"model_sha256": "model", "input": "pre-processing"}


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


class EmbeddingFolder:
    """The folder while a run writes to it; made by :func:`claimed_embedding_folder`.

    Attributes
    ----------
    known : dict of str to np.ndarray
        Embeddings that are there already, by the SHA-256 of the file that they are of.
    """

    def __init__(self, root: Path, run: dict[str, Any]) -> None:
        self.root, self._run = root, run
        self.known = _finished_rows(root)
        for part in sorted((root / _PARTS).glob("*.npz")):
            with np.load(part) as content:
                self.known.update(zip(content["digests"].tolist(), content["rows"]))

    def save_part(self, rows: Mapping[str, np.ndarray]) -> None:
        """Keep embeddings, by digest, for a run that goes on after this one was interrupted."""
        folder = self.root / _PARTS
        number = len(list(folder.glob("*.npz")))
        with atomic_path(folder / f"{number:06d}.npz") as temporary:
            np.savez(temporary, digests=np.array(list(rows)), rows=np.stack(list(rows.values())))

    def finish(
        self, paths: Sequence[Path], digests: Sequence[str], skipped: Sequence[Unreadable]
    ) -> Embedded:
        """Write the rows of ``paths``, all of them known by now, and what was skipped."""
        embedded = Embedded([str(path) for path in paths], np.stack([self.known[key] for key in digests]))
        lines = zip(range(len(paths)), embedded.paths, digests)
        with ExitStack() as stack:
            # All are written before the first takes its place.
            run, rows, index = (stack.enter_context(atomic_path(self.root / name)) for name in _FILES)
            np.save(rows, embedded.rows)
            _write_table(index, ("row", "path", "sha256"), lines)
            sums = {"embeddings_sha256": file_checksum(rows), "index_sha256": file_checksum(index)}
            run.write_text(json.dumps({**self._run, **sums}, indent=2) + "\n", encoding="utf-8")
        if skipped:
            with atomic_path(self.root / SKIPPED) as table:
                _write_table(table, ("path", "reason"), ((str(lost.path), lost.reason) for lost in skipped))
        else:
            (self.root / SKIPPED).unlink(missing_ok=True)
        shutil.rmtree(self.root / _PARTS, ignore_errors=True)
        return embedded


#: In this order contexts are entered, and the reverse of it the files take their places: what tells
#: that the other two belong together comes last.
_FILES = (_RUN, EMBEDDINGS, INDEX)


@contextmanager
def claimed_embedding_folder(
    root: Path, model: ExportedModel, source: Optional[Path] = None, keypoints_sha256: Optional[str] = None
) -> Iterator[EmbeddingFolder]:
    """Open a folder that is new, empty, or of an earlier run with this model, for this process alone.

    ``keypoints_sha256`` is the checksum of the table of keypoints, if the network takes any.

    Raises
    ------
    DataError
        If it holds something else, or another process writes to it.
    """
    run: dict[str, Any] = {
        "format": _FORMAT,
        "model_sha256": model.sha256,
        "input": model.inputs.model_dump(mode="json"),
        "metric": model.metric,
        "source": None if source is None else str(source.resolve()),
    }
    if keypoints_sha256 is not None:
        run["keypoints_sha256"] = keypoints_sha256
    root.mkdir(parents=True, exist_ok=True)
    if not (root / _RUN).is_file() and any(
        path.name != LOCK and not path.name.startswith(".tmp-") for path in root.iterdir()
    ):
        raise DataError("this is not an empty folder", where=str(root), fix="name a new folder")
    with ExitStack() as stack:
        try:
            stack.enter_context(folder_lock(root))
        except FolderInUse as holder:
            raise DataError(
                f"another process is writing to this folder ({holder})",
                where=str(root),
                fix="name a new folder, or wait for that process",
            ) from None
        remove_stale_temporaries(root)
        remove_stale_temporaries(root / _PARTS)
        if (root / _RUN).is_file():
            _check_own(root, model, run)
        else:
            write_json(root / _RUN, run)
        yield EmbeddingFolder(root, run)


def is_embedded(folder: Path) -> bool:
    """Tell whether a folder holds embeddings, of a finished run or not, rather than images."""
    return (folder / EMBEDDINGS).is_file() or (folder / _RUN).is_file()


def read_embedded(folder: Path, model: Optional[ExportedModel] = None) -> Embedded:
    """Read the embeddings of a finished run.

    Parameters
    ----------
    folder : Path
        The output of the run.
    model : ExportedModel, optional
        What the embeddings shall be of.

    Raises
    ------
    DataError
        If the folder does not hold a finished run, its files are not the ones that the run wrote,
        they are of another model or pre-processing, or a photo that is still there has been replaced.
    """
    try:
        run = _read_run(folder)
        if model is not None:
            _check_origin(folder, run, model, fix="embed the gallery's images again with this model")
        if run.get("embeddings_sha256") is None:
            raise DataError("the run in this folder is not finished", where=str(folder), fix="end it first")
        with (folder / INDEX).open(newline="", encoding="utf-8", errors="surrogateescape") as file:
            lines = list(csv.DictReader(file))
        rows = np.load(folder / EMBEDDINGS)
    except (OSError, ValueError):
        raise DataError(
            f"{EMBEDDINGS} and {INDEX} of a finished run are not there", where=str(folder)
        ) from None
    if not _is_whole(folder, run):
        raise DataError(
            f"{EMBEDDINGS} or {INDEX} has changed since the run wrote it",
            where=str(folder),
            fix="start the run again, which embeds anew what it must",
        )
    _check_photos(folder, lines)
    return Embedded([line["path"] for line in lines], rows)


def _read_run(folder: Path) -> dict[str, Any]:
    content = json.loads((folder / _RUN).read_text(encoding="utf-8"))
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise DataError(
            "an earlier version wrote this folder, which did not note what its embeddings are of",
            where=str(folder),
            fix="embed the images again, into a new folder",
        )
    return content


def _check_origin(folder: Path, run: dict[str, Any], model: ExportedModel, fix: str) -> None:
    own = {"model_sha256": model.sha256, "input": model.inputs.model_dump(mode="json")}
    for key, name in _ORIGIN.items():
        if run.get(key) != own[key]:
            sums = f" (SHA-256 {str(run.get(key))[:12]}…, not {model.sha256[:12]}…)" * (name == "model")
            raise DataError(f"these embeddings are of another {name}{sums}", where=str(folder), fix=fix)


def _check_own(root: Path, model: ExportedModel, own: Mapping[str, Any]) -> None:
    new = "name a new folder or delete it"
    try:
        run = _read_run(root)
    except (OSError, ValueError):
        raise DataError(f"{_RUN} is damaged", where=str(root), fix=new) from None
    _check_origin(root, run, model, fix=new)
    if own.get("keypoints_sha256") != run.get("keypoints_sha256"):
        raise DataError("these embeddings were made with other keypoints", where=str(root), fix=new)
    if None not in (own["source"], run.get("source")) and own["source"] != run["source"]:
        raise DataError(f"this folder holds another run, of {run['source']}", where=str(root), fix=new)


def _is_whole(folder: Path, run: dict[str, Any]) -> bool:
    sums = (("embeddings_sha256", EMBEDDINGS), ("index_sha256", INDEX))
    return all(
        (folder / name).is_file() and run.get(key) == file_checksum(folder / name) for key, name in sums
    )


def _finished_rows(folder: Path) -> dict[str, np.ndarray]:
    """Return the rows of an earlier run by digest; none if its files don't belong together."""
    if not _is_whole(folder, _read_run(folder)):
        return {}
    with (folder / INDEX).open(newline="", encoding="utf-8", errors="surrogateescape") as file:
        return dict(zip((line["sha256"] for line in csv.DictReader(file)), np.load(folder / EMBEDDINGS)))


def _check_photos(folder: Path, lines: Sequence[Mapping[str, str]]) -> None:
    """Refuse embeddings of photos that have been replaced since; they may be gone, or elsewhere."""
    written = (folder / INDEX).stat().st_mtime
    for line in lines:
        path = Path(line["path"])
        try:
            # Unlike the time of the last change, that of the last move can't be set by a copying program.
            changed = path.stat().st_ctime >= written - 2 and file_checksum(path) != line["sha256"]
        except (OSError, ValueError):
            continue
        if changed:
            raise DataError(
                f"a photo has been replaced since it was embedded ({path})",
                where=str(folder),
                fix="start the run again, which embeds anew what has changed",
            )


def _write_table(target: Path, header: Sequence[str], lines: Any) -> None:
    with target.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(lines)
