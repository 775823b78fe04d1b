"""Curves as SVG that follows the page's colours and width."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from mindreid.pages.markup import Markup, element, join
from mindreid.pages.page_frame import figure_of

Line = tuple[np.ndarray, np.ndarray]
#: Dashes tell lines apart without colours.
DASHES = (None, "7 3", "2 3", "9 3 2 3")
COLOURS = 8
_WIDTH, _HEIGHT = 330, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 8, 8, 34
_MOST_POINTS = 240


def line_chart(title: str, lines: Mapping[str, Line], *, x_name: str = "step") -> Markup:
    """Draw lines over the same axes; of long ones the means of equal stretches, with their spread.

    Parameters
    ----------
    title : str
        What is drawn.
    lines : mapping of str to tuple of np.ndarray
        Abscissae, ascending, and values, both ``[N]``, by name. What is not finite is left out.
    x_name : str
        What the abscissae are.
    """
    drawn = {name: _finite(*line) for name, line in lines.items()}
    drawn = {name: line for name, line in drawn.items() if len(line[0])}
    if not drawn:
        return figure_of(Markup(""), element("strong", title), ": nothing yet")
    scale = _Scale.of(drawn)
    curves = [part for number, line in enumerate(drawn.values()) for part in _curve(number, line, scale)]
    last = ", ".join(f"{name} {_figure(values[-1])}" for name, (_, values) in drawn.items())
    described = f"{title} over {x_name}, at the end: {last}"
    picture = element(
        "svg",
        _axes(scale, x_name),
        *curves,
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_label=described,
    )
    if len(drawn) == 1:
        only = next(iter(drawn.values()))[1]
        return figure_of(picture, element("strong", title), f": {_figure(only[-1])} at the end")
    return figure_of(picture, element("strong", title), " ", legend(list(drawn)))


def legend(names: list[str]) -> Markup:
    """Say which line is whose."""
    return join(
        element(
            "span",
            element("svg", _sample(number), viewBox="0 0 26 12", aria_hidden="true"),
            name,
            class_="key-line",
        )
        for number, name in enumerate(names)
    )


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Return round numbers within a range, about ``count`` of them.

    Examples
    --------
    >>> ticks(0.0, 9.4), ticks(0.013, 0.041)
    ([0.0, 2.0, 4.0, 6.0, 8.0], [0.02, 0.03, 0.04])
    """
    step = (high - low) / count or 1.0
    power = 10.0 ** math.floor(math.log10(step))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= 0.8 * step)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    decimals = max(0, -math.floor(math.log10(step)))
    return [round(number * step, decimals) for number in range(first, last + 1)]


class _Scale:
    """From values to places in the picture."""

    def __init__(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        self.x_range, self.y_range = x, y

    @classmethod
    def of(cls, lines: Mapping[str, Line]) -> _Scale:
        x = np.concatenate([line[0] for line in lines.values()])
        y = np.concatenate([line[1] for line in lines.values()])
        low, high = float(min(y.min(), 0.0) if y.min() >= 0 else y.min()), float(y.max())
        room = 0.05 * (high - low) or abs(high) or 1.0
        return cls((float(x.min()), float(max(x.max(), x.min() + 1))), (low, high + room))

    def x(self, values: np.ndarray) -> np.ndarray:
        begin, end = self.x_range
        return _LEFT + (values - begin) / (end - begin) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, values: np.ndarray) -> np.ndarray:
        low, high = self.y_range
        return _HEIGHT - _BOTTOM - (values - low) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)


def _curve(number: int, line: Line, scale: _Scale) -> list[Markup]:
    x, values = line
    style = {"class_": f"curve s{number % COLOURS}", "stroke_dasharray": DASHES[number % len(DASHES)]}
    if len(x) <= _MOST_POINTS:
        if len(x) == 1:
            return [
                element("circle", cx=f"{scale.x(x)[0]:.1f}", cy=f"{scale.y(values)[0]:.1f}", r=3, **style)
            ]
        return [element("polyline", points=_points(scale.x(x), scale.y(values)), **style)]
    stretches = [np.array_split(side, _MOST_POINTS) for side in (x, values)]
    middle = np.array([part.mean() for part in stretches[0]])
    mean, low, high = (np.array([take(part) for part in stretches[1]]) for take in (np.mean, np.min, np.max))
    there = scale.x(middle)
    rim = _points(np.concatenate([there, there[::-1]]), np.concatenate([scale.y(low), scale.y(high)[::-1]]))
    return [
        element("polygon", points=rim, class_=f"band s{number % COLOURS}"),
        element("polyline", points=_points(there, scale.y(mean)), **style),
    ]


def _axes(scale: _Scale, x_name: str) -> Markup:
    parts = []
    for value in ticks(*scale.y_range):
        y = f"{scale.y(np.array(value)):.1f}"
        parts.append(element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y, y2=y, class_="grid"))
        parts.append(element("text", _figure(value), x=_LEFT - 6, y=float(y) + 4, text_anchor="end"))
    for value in ticks(*scale.x_range):
        x = f"{scale.x(np.array(value)):.1f}"
        parts.append(element("text", _figure(value), x=x, y=_HEIGHT - _BOTTOM + 16, text_anchor="middle"))
    parts.append(element("text", x_name, x=_WIDTH - _RIGHT, y=_HEIGHT - 3, text_anchor="end"))
    return join(parts)


def _sample(number: int) -> Markup:
    return element(
        "line",
        x1=0,
        x2=26,
        y1=6,
        y2=6,
        class_=f"curve s{number % COLOURS}",
        stroke_dasharray=DASHES[number % len(DASHES)],
    )


def _finite(x: np.ndarray, values: np.ndarray) -> Line:
    keep = np.isfinite(values)
    return np.asarray(x)[keep].astype(float), np.asarray(values)[keep].astype(float)


def _points(x: np.ndarray, y: np.ndarray) -> str:
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y))


def _figure(value: float) -> str:
    return f"{value:.4g}"
