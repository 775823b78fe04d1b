"""Points of a plane as SVG, coloured and shaped by a label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mindreid.pages.markup import Markup, element
from mindreid.report.page.line_chart import COLOURS

_SIZE, _RIM = 640, 24
_RADIUS = 5.0
#: Outlines around the origin; with the colours, the first 40 labels all look different.
_SHAPES = (
    None,
    "-4.4,-4.4 4.4,-4.4 4.4,4.4 -4.4,4.4",
    "0,-5.8 5.4,4.2 -5.4,4.2",
    "0,-6 6,0 0,6 -6,0",
    "-2,-5.5 2,-5.5 2,-2 5.5,-2 5.5,2 2,2 2,5.5 -2,5.5 -2,2 -5.5,2 -5.5,-2 -2,-2",
)
#: More names than this would hide the points.
_MOST_NAMES = 40


def plane_chart(points: np.ndarray, labels: Sequence[str], captions: Sequence[str], kind: str) -> Markup:
    """Draw points ``[N, 2]``; each label stands once at the middle of its points.

    Parameters
    ----------
    points : np.ndarray
        float ``[N, 2]``.
    labels, captions : sequence of str
        By what a point is coloured, and what it tells when pointed at, ``[N]``.
    kind : str
        What the labels are, e.g. "person".
    """
    places = _place(points)
    names = sorted(set(labels), key=lambda name: (len(name), name))
    numbers = {name: number for number, name in enumerate(names)}
    marks = [_mark(place, numbers[label], caption) for place, label, caption in zip(places, labels, captions)]
    written = [_name(places, labels, name) for name in names] if len(names) <= _MOST_NAMES else []
    return element(
        "svg",
        *marks,
        *written,
        viewBox=f"0 0 {_SIZE} {_SIZE}",
        role="img",
        aria_label=f"{len(points)} embeddings on a plane, {len(names)} kinds of {kind}",
        class_=f"plane {kind}",
    )


def _place(points: np.ndarray) -> np.ndarray:
    low, high = points.min(axis=0), points.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    return _RIM + (points - low) / span * (_SIZE - 2 * _RIM)


def _mark(place: np.ndarray, number: int, caption: str) -> Markup:
    style = {"class_": f"point s{number % COLOURS}"}
    shape = _SHAPES[number % len(_SHAPES)]
    x, y = place
    drawn = (
        element("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=_RADIUS, **style)
        if shape is None
        else element("polygon", points=shape, transform=f"translate({x:.1f} {y:.1f})", **style)
    )
    return element("g", element("title", caption), drawn)


def _name(places: np.ndarray, labels: Sequence[str], name: str) -> Markup:
    x, y = np.median(places[[label == name for label in labels]], axis=0)
    return element("text", name, x=f"{x:.1f}", y=f"{y + 4:.1f}", text_anchor="middle")
