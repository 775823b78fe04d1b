"""A picture of viewpoint labels: some images of every bin, each with its angle as an arrow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from mindreid.data.formats.images import read_image
from mindreid.data.view_table import ViewRow
from mindreid.errors import DataError, InvalidArgumentError
from mindreid.report.pictures.tiles import INK, blank, caption, evenly_spaced, resize, stack_rows, write_sheet

CELL_HEIGHT, CELL_WIDTH = 160, 80
_DIAL = 44
_CAPTION = 18
_TEXT, _ARROW, _CIRCLE = (INK, INK, INK), (200, 50, 40), (190, 190, 190)


def draw_view_sheet(views: Mapping[str, ViewRow], images: Path, path: Path, *, per_bin: int = 5) -> None:
    """Draw one row for every bin, with images evenly spaced through the table's rows of that bin.

    Under each image an arrow shows the facing direction from above (down is towards the camera)
    beside the angle in degrees and the confidence.

    Parameters
    ----------
    views : mapping
        The table, see :func:`mindreid.data.view_table.read_views`.
    images : Path
        The folder that was labelled.
    path : Path
        The PNG to write.
    per_bin : int
        Images of each bin.

    Raises
    ------
    DataError
        If no image has a known view, or an image cannot be read.
    InvalidArgumentError
        If ``per_bin`` is not positive.
    """
    if per_bin < 1:
        raise InvalidArgumentError(f"a row has at least one image, not {per_bin}")
    by_bin: dict[int, list[ViewRow]] = {}
    for view in views.values():
        if view.bin is not None:
            by_bin.setdefault(view.bin, []).append(view)
    if not by_bin:
        raise DataError("no image of the table has a known view")
    write_sheet(path, [_strip(by_bin[number], images, per_bin) for number in sorted(by_bin)])


def _strip(rows: list[ViewRow], images: Path, per_bin: int) -> np.ndarray:
    cells = [_cell(rows[index], images) for index in evenly_spaced(len(rows), per_bin)]
    title = f"{rows[0].name}: {len(rows)} images"
    return stack_rows([caption(title, _CAPTION, per_bin * CELL_WIDTH), np.hstack(cells)])


def _cell(row: ViewRow, images: Path) -> np.ndarray:
    crop = resize(read_image(images / row.image), CELL_HEIGHT, CELL_WIDTH)
    under = Image.fromarray(blank(_DIAL, CELL_WIDTH))
    draw = ImageDraw.Draw(under)
    middle, radius = _DIAL // 2, _DIAL // 2 - 4
    draw.ellipse([middle - radius, middle - radius, middle + radius, middle + radius], outline=_CIRCLE)
    angle = np.radians(row.angle or 0.0)
    tip = (middle + radius * np.sin(angle), middle + radius * np.cos(angle))
    draw.line([(middle, middle), tip], fill=_ARROW, width=3)
    draw.text((_DIAL + 1, 8), f"{row.angle or 0.0:.0f}°", fill=_TEXT)
    draw.text((_DIAL + 1, 22), f"{row.confidence:.2f}", fill=_TEXT)
    return np.vstack([crop, np.asarray(under)])
