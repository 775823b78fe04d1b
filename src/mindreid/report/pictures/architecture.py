r"""A picture of a network: boxes in columns from the input to the losses, joined by arrows.

What is drawn stands in ``architecture.yaml`` in a model's folder::

    columns:
      - [{name: image, text: "image\n384×128", kind: data}]
      - [{name: trunk, text: ResNet-50, from: [image]}]
      - [{name: loss, text: cross entropy, from: [trunk], kind: training}]
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pydantic
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from pydantic import BaseModel, ConfigDict, Field

from mindreid.errors import ConfigError
from mindreid.report.model_files import read_model_file
from mindreid.report.pictures.figure_files import write_figure
from mindreid.zoo import MODELS

FILE = "architecture.yaml"
_COLUMN_INCHES, _ROW_INCHES = 1.75, 0.78
_BOX_WIDTH, _BOX_HEIGHT = 0.8, 0.72
#: Fill and edge by kind; what only training uses has a dashed edge.
_COLOURS = {
    "data": ("#f2f2f2", "#808080"),
    "layer": ("#d9e8f6", "#3a6ea5"),
    "embedding": ("#d8f0dc", "#2e8540"),
    "training": ("#fdf1dc", "#b8741a"),
}


class Box(BaseModel):
    """One box: what it says, and the names of the boxes that its arrows come from."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    name: str
    text: str
    kind: Literal["data", "layer", "embedding", "training"] = "layer"
    sources: tuple[str, ...] = Field(default=(), alias="from")


class Architecture(BaseModel):
    """Columns of boxes, from left to right, each from top to bottom."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: tuple[tuple[Box, ...], ...]

    @pydantic.model_validator(mode="after")
    def _check_sources(self) -> Architecture:
        names = [box.name for column in self.columns for box in column]
        if len(set(names)) < len(names):
            raise ValueError("two boxes have the same name")
        unknown = {source for column in self.columns for box in column for source in box.sources} - set(names)
        if unknown:
            raise ValueError(f"no box is called {sorted(unknown)[0]!r}")
        return self


def load_architecture(model: str) -> Architecture:
    """Read what is drawn of a model.

    Raises
    ------
    InvalidArgumentError
        If there is no such model.
    ConfigError
        If its folder has no such file, or the file is damaged.
    """
    _ = MODELS[model]
    architecture = read_model_file(model, FILE, Architecture)
    if architecture is None:
        raise ConfigError(f"the model's folder has no {FILE}", where=f"models/{model}")
    return architecture


def draw_architecture(architecture: Architecture, path: Path) -> None:
    """Draw to a ``.png`` or ``.svg`` file."""
    columns = architecture.columns
    height = max(len(column) for column in columns)
    figure = Figure(figsize=(_COLUMN_INCHES * len(columns), _ROW_INCHES * height), dpi=110)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(height, 0)
    axes.axis("off")
    centres = {}
    for x, column in enumerate(columns):
        for row, box in enumerate(column):
            centres[box.name] = (float(x), (row + 0.5) * height / len(column))
            _draw_box(axes, box, centres[box.name])
    for box in (box for column in columns for box in column):
        for source in box.sources:
            _draw_arrow(axes, centres[source], centres[box.name])
    write_figure(path, figure)


def _draw_box(axes: Axes, box: Box, centre: tuple[float, float]) -> None:
    fill, edge = _COLOURS[box.kind]
    corner = (centre[0] - _BOX_WIDTH / 2, centre[1] - _BOX_HEIGHT / 2)
    axes.add_patch(
        FancyBboxPatch(
            corner,
            _BOX_WIDTH,
            _BOX_HEIGHT,
            boxstyle="round,pad=0,rounding_size=0.06",
            facecolor=fill,
            edgecolor=edge,
            linestyle="--" if box.kind == "training" else "-",
        )
    )
    axes.text(*centre, box.text, ha="center", va="center", fontsize=7.5, linespacing=1.25)


def _draw_arrow(axes: Axes, source: tuple[float, float], target: tuple[float, float]) -> None:
    begin = (source[0] + _BOX_WIDTH / 2, source[1])
    end = (target[0] - _BOX_WIDTH / 2, target[1])
    axes.add_patch(
        FancyArrowPatch(
            begin,
            end,
            arrowstyle="-|>",
            mutation_scale=8,
            color="#555555",
            linewidth=0.8,
            shrinkA=0,
            shrinkB=0,
        )
    )
