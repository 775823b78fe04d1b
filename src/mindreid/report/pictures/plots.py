"""Plots of a run: the curves of its losses and rates, and its embeddings on a plane."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mindreid.data.records import Record
from mindreid.errors import InvalidArgumentError
from mindreid.report.loss_history import LossHistory
from mindreid.report.pictures.figure_files import write_figure
from mindreid.report.record_captions import colourings_of

_INCHES, _DPI, _COLUMNS = 3.6, 110, 3
_LINES = ("-", "--", ":", "-.")
_SHAPES = "os^Dv"
#: Okabe and Ito's colours, told apart by almost everybody.
PALETTE = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#a39a00", "#777777")


def draw_curves(path: Path, runs: Mapping[str, LossHistory]) -> None:
    """Draw every loss term and every learning rate of some runs over their steps, a panel each.

    Raises
    ------
    InvalidArgumentError
        If no run has made a step, or the path's ending stands for no kind of picture.
    """
    if not any(map(len, runs.values())):
        raise InvalidArgumentError("there is nothing to draw: no step has been made")
    losses = list(dict.fromkeys(name for history in runs.values() for name in history.losses))
    phases = list(dict.fromkeys(name for history in runs.values() for name in history.rates))
    panels: list[tuple[str, Callable[[LossHistory], Any]]] = [
        *((name, lambda history, name=name: history.losses.get(name)) for name in losses),
        *((f"rate of {name}", lambda history, name=name: history.rates.get(name)) for name in phases),
    ]
    figure, axes = _panels(len(panels))
    for axis, (title, values_of) in zip(axes, panels):
        for number, (label, history) in enumerate(runs.items()):
            values = values_of(history)
            if values is not None:
                style = _LINES[number % len(_LINES)]
                axis.plot(
                    history.steps, values, style, color=PALETTE[number % len(PALETTE)], label=label, lw=1
                )
        axis.set_title(title)
        axis.set_xlabel("step")
    if len(runs) > 1:
        axes[0].legend(fontsize=7)
    write_figure(path, figure)


def draw_embedding(path: Path, points: np.ndarray, records: Sequence[Record]) -> None:
    """Draw points ``[N, 2]`` of records coloured by person, by clothes where they are labelled, by camera.

    Raises
    ------
    InvalidArgumentError
        If the path's ending stands for no kind of picture.
    """
    colourings = colourings_of(records)
    figure, axes = _panels(len(colourings))
    for axis, (name, labels) in zip(axes, colourings.items()):
        for number, label in enumerate(sorted(set(labels))):
            own = points[[other == label for other in labels]]
            shape, colour = _SHAPES[number % len(_SHAPES)], PALETTE[number % len(PALETTE)]
            axis.scatter(own[:, 0], own[:, 1], s=14, marker=shape, color=colour, label=label, linewidths=0)
        axis.set_title(f"by {name}")
        axis.set_xticks([])
        axis.set_yticks([])
    write_figure(path, figure)


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    columns = min(count, _COLUMNS)
    rows = -(-count // columns)
    figure = Figure(figsize=(_INCHES * columns, 0.8 * _INCHES * rows), dpi=_DPI, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for axis in axes[count:]:
        axis.axis("off")
    return figure, axes
