"""Who is who: tracklets with the persons that a table, or annotated boxes, say they are."""

from __future__ import annotations

import csv
import io
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Optional

import numpy as np

from mindreid.atomic import atomic_path
from mindreid.errors import DataError
from mindreid.search.annotated_recordings import annotated_recordings
from mindreid.search.index.index_protocol import Index
from mindreid.search.index.tracklets import Filters, Tracklet, recordings_letters, tracklet_id
from mindreid.search.ingest.detectors import intersection_over_union
from mindreid.search.ingest.given_boxes import GivenBoxes
from mindreid.search.labelled_searches import LabelledVectors
from mindreid.text_files import read_text_file

logger = logging.getLogger(__name__)

#: What a table of labels begins with; further columns don't count.
HEADER = ("tracklet", "person")
#: How much a box and an annotated one have in common at least, and for how much of a tracklet.
_OVERLAP, _SHARE = 0.5, 0.5
#: Tracklets that a message names.
_NAMED = 5


def read_labels(path: Path) -> dict[str, str]:
    """Read a CSV that begins with the columns ``tracklet`` and ``person``, parted by commas or semicolons.

    A tracklet without a person is one that nobody has named yet, and is left out.

    Raises
    ------
    DataError
        If it has other columns, a tracklet twice, or a person without a tracklet.
    """
    labels: dict[str, str] = {}
    for number, tracklet, person in _label_rows(path):
        if not tracklet or tracklet in labels:
            raise DataError(
                "a line has no tracklet, or its tracklet has a line already", where=f"{path}:{number}"
            )
        if person:
            labels[tracklet] = person
    return labels


def _label_rows(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield the number of a line, its tracklet and its person."""
    text = read_text_file(path)
    # Spreadsheets write semicolons where the comma is in numbers.
    reader = csv.reader(io.StringIO(text), delimiter=";" if text.startswith(f"{HEADER[0]};") else ",")
    if tuple(next(reader, ())[:2]) != HEADER:
        raise DataError(f"the table does not begin with the columns {','.join(HEADER)}", where=str(path))
    for row in reader:
        if len(row) == 1:
            raise DataError("a line is incomplete", where=f"{path}:{reader.line_num}")
        if any(map(str.strip, row)):
            yield reader.line_num, row[0].strip(), row[1].strip()


def write_labels(labels: Mapping[str, str], path: Path) -> None:
    """Write what :func:`read_labels` reads."""
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(sorted(labels.items()))


def labels_from_truth(index: Index, truths: Mapping[str, GivenBoxes]) -> dict[str, str]:
    """Label tracklets by annotated boxes.

    Parameters
    ----------
    index : Index
        Holds the tracklets.
    truths : mapping
        Annotated tracks, see :func:`mindreid.search.annotated_recordings.annotated_recordings`.

    Returns
    -------
    dict
        Person by tracklet; one that fits no person, or several, has none.

    Raises
    ------
    DataError
        If annotated tracks are not those of one whole recording, or have no identities.
    """
    labels: dict[str, str] = {}
    for source, truth in annotated_recordings(index.sources(), truths).items():
        for tracklet in index.tracklets(Filters(sources=(source,))):
            person = _person(tracklet, truth)
            if person is not None:
                labels[tracklet.id] = person
    return labels


def labelled_vectors(index: Index, labels: Mapping[str, str], where: str) -> LabelledVectors:
    """Return the embeddings of labelled tracklets; how many were forgotten since is logged.

    Parameters
    ----------
    index : Index
        Holds them.
    labels : mapping
        Person by tracklet.
    where : str
        The table that they are from.

    Raises
    ------
    DataError
        If none of them is in the index, or some are not of its recordings.
    """
    found = [tracklet for tracklet in index.tracklets() if tracklet.id in labels]
    if not found:
        raise DataError("no labelled tracklet is in the index", where=where)
    _check_missing(index, sorted(set(labels) - {tracklet.id for tracklet in found}), where)
    return LabelledVectors(
        np.stack([tracklet.embedding for tracklet in found]),
        np.array([labels[tracklet.id] for tracklet in found]),
        np.array([tracklet.camera for tracklet in found]),
    )


def _check_missing(index: Index, missing: Sequence[str], where: str) -> None:
    """Tell forgotten tracklets from mistyped ones: those that a recording of the index may have had."""
    known = {recordings_letters(tracklet_id(source.id, 0)) for source in index.sources()}
    strange = [name for name in missing if recordings_letters(name) not in known]
    if strange:
        raise DataError(
            f"{len(strange)} labelled tracklets are of no recording of this index: {_first(strange, where)}",
            where=where,
            fix="correct these lines, or take them out if the recording was forgotten; `mindreid search "
            "label INDEX --sheet FILE.csv` lists the tracklets",
        )
    if missing:
        first = _first(missing, where)
        logger.warning("%d labelled tracklets were forgotten since, and don't count: %s", len(missing), first)


def _first(names: Sequence[str], where: str) -> str:
    path = Path(where)
    lines = {name: number for number, name, _ in _label_rows(path)} if path.is_file() else {}
    shown = [f"{name} (line {lines[name]})" if name in lines else name for name in names[:_NAMED]]
    return ", ".join(shown) + (" …" if len(names) > _NAMED else "")


def _person(tracklet: Tracklet, truth: GivenBoxes) -> Optional[str]:
    votes: Counter[int] = Counter()
    ids = truth.ids or {}
    for place in tracklet.boxes:
        boxes = truth.of_frame(int(place["frame"]))
        if not len(boxes):
            continue
        box = np.array([place[side] for side in ("left", "top", "width", "height")], np.float32)
        overlaps = intersection_over_union(box, boxes)
        if overlaps.max() >= _OVERLAP:
            votes[ids[int(place["frame"])][int(overlaps.argmax())]] += 1
    if not votes:
        return None
    person, count = votes.most_common(1)[0]
    return str(person) if count >= _SHARE * len(tracklet.boxes) else None
