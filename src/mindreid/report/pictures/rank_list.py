"""A picture of rank lists: queries with their nearest gallery images, right ones framed green."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from mindreid.atomic import atomic_path
from mindreid.data.records import Protocol, Record
from mindreid.errors import InvalidArgumentError
from mindreid.metrics import rank_gallery

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
    queries: int = 8,
    top: int = 10,
) -> None:
    """Draw evenly spaced queries, one per row, with their ``top`` nearest gallery images.

    Junk under the protocol's rule is left out, as in the evaluation.

    Parameters
    ----------
    protocol : Protocol
        Its query and gallery records, and its junk rule.
    query_features, gallery_features : np.ndarray
        float32 ``[Q, D]`` and ``[G, D]``, in the order of the records.
    path : Path
        The PNG to write.
    queries, top : int
        Rows and columns.

    Raises
    ------
    InvalidArgumentError
        If ``queries`` or ``top`` is not positive.
    """
    if queries < 1 or top < 1:
        raise InvalidArgumentError("a rank list has at least one query and one column")
    chosen = np.unique(np.linspace(0, len(protocol.query) - 1, queries).astype(int))
    rows = []
    for index in chosen:
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
            protocol=protocol.rule,
        )[:top]
        rows.append(_row(query, [protocol.gallery[item] for item in order], top))
    with atomic_path(path) as temporary:
        Image.fromarray(np.vstack(rows)).save(temporary, optimize=True)


def _labels(records: tuple[Record, ...], name: str) -> np.ndarray:
    return np.array([-1 if getattr(record, name) is None else getattr(record, name) for record in records])


def _row(query: Record, ranked: list[Record], columns: int) -> np.ndarray:
    cells = [_cell(query, _QUERY), np.full((CELL_HEIGHT, _GAP, 3), 255, np.uint8)]
    cells += [_cell(item, _RIGHT if item.pid == query.pid else _WRONG) for item in ranked]
    cells += [np.full((CELL_HEIGHT, CELL_WIDTH, 3), 255, np.uint8)] * (columns - len(ranked))
    return np.hstack(cells)


def _cell(record: Record, colour: tuple[int, int, int]) -> np.ndarray:
    with Image.open(record.path) as image:
        pixels = np.asarray(image.convert("RGB").resize((CELL_WIDTH, CELL_HEIGHT), Image.Resampling.BILINEAR))
    framed = pixels.copy()
    cv2.rectangle(framed, (0, 0), (CELL_WIDTH - 1, CELL_HEIGHT - 1), colour, _FRAME)
    return framed
