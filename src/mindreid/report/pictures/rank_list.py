"""A picture of rank lists: queries with their nearest gallery images, right ones framed green."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from mindreid.data.records import Protocol, Record
from mindreid.errors import InvalidArgumentError
from mindreid.metrics import JUNK_RULES, rank_gallery
from mindreid.report.pictures.tiles import blank, evenly_spaced, record_tile, write_sheet

CELL_HEIGHT, CELL_WIDTH = 128, 64
_FRAME = 3
_GAP = 14
_QUERY, _RIGHT, _WRONG = (40, 40, 40), (40, 160, 60), (200, 50, 40)


def draw_rank_list(
    protocol: Protocol,
    query_features: np.ndarray,
    gallery_features: np.ndarray,
    path: Path,
    *,
    metric: str = "cosine",
    queries: int = 8,
    top: int = 10,
) -> None:
    """Draw evenly spaced queries, one per row, with their ``top`` nearest gallery images.

    Junk under the protocol's rule is left out, as in the evaluation. A gait benchmark makes lists of
    its own; of these only the whole is drawn, and junk is what shows the query's person under the
    query's camera.

    Parameters
    ----------
    protocol : Protocol
        Its query and gallery records, and its junk rule.
    query_features, gallery_features : np.ndarray
        float32 ``[Q, D]`` and ``[G, D]`` (gait: ``[…, D, parts]``), in the order of the records.
    path : Path
        The PNG to write.
    metric : {"cosine", "euclidean"}
        See :func:`mindreid.metrics.pairwise_distances`.
    queries, top : int
        Rows and columns.

    Raises
    ------
    InvalidArgumentError
        If ``queries`` or ``top`` is not positive.
    DataError
        If an image that is drawn cannot be read.
    """
    if queries < 1 or top < 1:
        raise InvalidArgumentError("a rank list has at least one query and one column")
    rule = protocol.rule if protocol.rule in JUNK_RULES else "standard"
    rows = []
    for index in evenly_spaced(len(protocol.query), queries):
        query = protocol.query[index]
        order = rank_gallery(
            query_features[index],
            gallery_features,
            query.pid,
            _labels(protocol.gallery, "pid"),
            getattr(query, protocol.source),
            _labels(protocol.gallery, protocol.source),
            query_clothes=query.clothes_id,
            gallery_clothes=_labels(protocol.gallery, "clothes_id"),
            protocol=rule,
            metric=metric,
        )[:top]
        rows.append(_row(query, [protocol.gallery[item] for item in order], top))
    write_sheet(path, rows)


def _labels(records: tuple[Record, ...], name: str) -> np.ndarray:
    return np.array([-1 if getattr(record, name) is None else getattr(record, name) for record in records])


def _row(query: Record, ranked: list[Record], columns: int) -> np.ndarray:
    cells = [_cell(query, _QUERY), blank(CELL_HEIGHT, _GAP)]
    cells += [_cell(item, _RIGHT if item.pid == query.pid else _WRONG) for item in ranked]
    cells += [blank(CELL_HEIGHT, CELL_WIDTH)] * (columns - len(ranked))
    return np.hstack(cells)


def _cell(record: Record, colour: tuple[int, int, int]) -> np.ndarray:
    framed = record_tile(record, CELL_HEIGHT, CELL_WIDTH).copy()
    cv2.rectangle(framed, (0, 0), (CELL_WIDTH - 1, CELL_HEIGHT - 1), colour, _FRAME)
    return framed
