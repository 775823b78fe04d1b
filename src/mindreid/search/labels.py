"""Who is who: tracklets with the persons that a table, or annotated boxes, say they are."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Optional

import numpy as np

from mindreid.atomic import atomic_path
from mindreid.errors import DataError
from mindreid.search.annotated_recordings import annotated_recordings
from mindreid.search.index.index_protocol import Index
from mindreid.search.index.tracklets import Filters, Tracklet
from mindreid.search.ingest.detectors import intersection_over_union
from mindreid.search.ingest.given_boxes import GivenBoxes
from mindreid.search.labelled_searches import LabelledVectors
from mindreid.text_files import read_text_file

_HEADER = ("tracklet", "person")
#: How much a box and an annotated one have in common at least, and for how much of a tracklet.
_OVERLAP, _SHARE = 0.5, 0.5


def read_labels(path: Path) -> dict[str, str]:
    """Read a CSV with the columns ``tracklet`` and ``person``.

    Raises
    ------
    DataError
        If it has other columns, or a tracklet twice.
    """
    rows = list(csv.reader(io.StringIO(read_text_file(path))))
    if not rows or tuple(rows[0][:2]) != _HEADER:
        raise DataError("the table does not begin with the columns tracklet,person", where=str(path))
    labels: dict[str, str] = {}
    for number, row in enumerate(rows[1:], 2):
        if not row:
            continue
        if len(row) < 2 or not all(row[:2]) or row[0] in labels:
            raise DataError(
                "a line is incomplete, or its tracklet has a line already", where=f"{path}:{number}"
            )
        labels[row[0]] = row[1]
    return labels


def write_labels(labels: Mapping[str, str], path: Path) -> None:
    """Write what :func:`read_labels` reads."""
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADER)
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
    """Return the embeddings of labelled tracklets.

    Raises
    ------
    DataError
        If none of them is in the index.
    """
    found = [tracklet for tracklet in index.tracklets() if tracklet.id in labels]
    if not found:
        raise DataError("no labelled tracklet is in the index", where=where)
    return LabelledVectors(
        np.stack([tracklet.embedding for tracklet in found]),
        np.array([labels[tracklet.id] for tracklet in found]),
        np.array([tracklet.camera for tracklet in found]),
    )


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
