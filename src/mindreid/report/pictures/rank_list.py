"""A picture of rank lists: queries with their nearest gallery images, framed by who they show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from mindreid.errors import InvalidArgumentError
from mindreid.report.pictures.tiles import blank, caption, record_tile, write_sheet
from mindreid.report.rank_lists import Kind, RankedItem, RankList
from mindreid.report.record_captions import camera_of

CELL_HEIGHT, CELL_WIDTH = 128, 64
#: Below each image: rank and score, then person and camera.
CAPTION_HEIGHT, _CAPTION_LINE = 32, 16
_TITLE, _FRAME, _GAP = 20, 3, 14
_COLOURS: dict[Kind, tuple[int, int, int]] = {
    "match": (40, 160, 60),
    "other": (200, 50, 40),
    "junk": (150, 150, 150),
}
_QUERY = (40, 40, 40)
_CORNER, _WHITE = 13, (255, 255, 255)
#: Strokes of the marks within the corner, for those who don't tell the colours apart.
_STROKES: dict[Kind, tuple[tuple[tuple[int, int], tuple[int, int]], ...]] = {
    "match": (((3, 6), (5, 9)), ((5, 9), (9, 3))),
    "other": (((3, 3), (9, 9)), ((9, 3), (3, 9))),
    "junk": (((3, 6), (9, 6)),),
}


def draw_rank_lists(lists: Mapping[str, Sequence[RankList]], path: Path) -> None:
    """Draw rank lists, one query per row, below the title that they have in ``lists``.

    A match is framed in green with a tick, another person in red with a cross, junk in grey with a dash.

    Parameters
    ----------
    lists : mapping of str to sequence of RankList
        See :meth:`mindreid.report.rank_lists.ProtocolRanking.rank_lists`.
    path : Path
        The PNG to write.

    Raises
    ------
    InvalidArgumentError
        If there is no query.
    DataError
        If an image that is drawn cannot be read.
    """
    if not any(lists.values()):
        raise InvalidArgumentError("a rank list has at least one query")
    rows = []
    for title, own in lists.items():
        drawn = [_row(one) for one in own]
        if drawn:
            rows += [caption(title, _TITLE, drawn[0].shape[1]), *drawn]
    write_sheet(path, rows)


def _row(ranked: RankList) -> np.ndarray:
    precision = ranked.average_precision
    below = ("query", "no match" if precision is None else f"AP {precision:.2f}")
    query = _captioned(_framed(record_tile(ranked.query, CELL_HEIGHT, CELL_WIDTH), _QUERY), below)
    gap = blank(CELL_HEIGHT + CAPTION_HEIGHT, _GAP)
    return np.hstack([query, gap, *[_cell(item) for item in ranked.items]])


def _cell(item: RankedItem) -> np.ndarray:
    colour = _COLOURS[item.kind]
    tile = _framed(record_tile(item.record, CELL_HEIGHT, CELL_WIDTH), colour)
    cv2.rectangle(tile, (0, 0), (_CORNER - 1, _CORNER - 1), colour, -1)
    for begin, end in _STROKES[item.kind]:
        cv2.line(tile, begin, end, _WHITE, 2)
    rank = "junk" if item.rank is None else str(item.rank)
    below = (f"{rank}  {item.score:.2f}", f"p{item.record.pid} c{camera_of(item.record)}")
    return _captioned(tile, below)


def _framed(tile: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    framed = tile.copy()
    cv2.rectangle(framed, (0, 0), (CELL_WIDTH - 1, CELL_HEIGHT - 1), colour, _FRAME)
    return framed


def _captioned(tile: np.ndarray, lines: Sequence[str]) -> np.ndarray:
    return np.vstack([tile, *[caption(line, _CAPTION_LINE, CELL_WIDTH) for line in lines]])
