"""A picture of where a network looks: images, and the maps of each of its branches over them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from mindreid.engine.evaluation.activations import Activations
from mindreid.errors import InvalidArgumentError
from mindreid.report.pictures.tiles import blank, caption, write_sheet

_HEIGHT, _CAPTION, _GAP, _NARROWEST = 192, 16, 4, 64


def draw_activations(path: Path, shown: Sequence[Activations]) -> None:
    """Draw one record per row: the image, then each map over it, bright where it is strong.

    Raises
    ------
    InvalidArgumentError
        If there is nothing to draw.
    """
    if not shown:
        raise InvalidArgumentError("a sheet has at least one image")
    rows = []
    for one in shown:
        height, width = _HEIGHT, max(_NARROWEST, round(_HEIGHT * one.image.shape[1] / one.image.shape[0]))
        named = [
            ("input", one.image),
            *((name, overlay(one.image, value)) for name, value in one.maps.items()),
        ]
        cells = [
            np.vstack([caption(name, _CAPTION, width), _scale(picture, height, width)])
            for name, picture in named
        ]
        gap = blank(height + _CAPTION, _GAP)
        rows.append(np.hstack([part for cell in cells for part in (cell, gap)]))
    write_sheet(path, rows)


def overlay(image: np.ndarray, activation: np.ndarray) -> np.ndarray:
    """Lay a map, ``[h, w]`` in [0, 1], over the grey of an image, uint8 ``[H, W, 3]``.

    The colours grow brighter with the value, so that a copy without colours says the same.
    """
    height, width = image.shape[:2]
    grown = cv2.resize(activation, (width, height), interpolation=cv2.INTER_LINEAR)
    levels = np.round(np.clip(grown, 0, 1) * 255).astype(np.uint8)
    heat = cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None]
    return np.round(0.65 * heat + 0.35 * grey).astype(np.uint8)


def _scale(image: np.ndarray, height: int, width: int) -> np.ndarray:
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR))
