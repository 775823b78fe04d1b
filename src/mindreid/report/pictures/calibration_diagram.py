"""The diagram of a calibration: what was promised, and what came true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from mindreid.report.pictures.figure_files import write_figure
from mindreid.report.pictures.plots import PALETTE

_INCHES, _DPI = 3.6, 110


def draw_calibration(path: Path, table: Sequence[Mapping[str, float]]) -> None:
    """Draw the share of right hits over the promised share, and how many hits there are.

    The bars are intervals of 95 % (Wilson 1927), as if hits were independent.

    Parameters
    ----------
    path : Path
        The picture.
    table : sequence of mapping
        A row for each range of promised shares: ``promised``, ``right``, both in 0..1, and ``hits``.

    Raises
    ------
    InvalidArgumentError
        If the path's ending stands for no kind of picture.
    """
    figure = Figure(figsize=(_INCHES, 1.3 * _INCHES), dpi=_DPI, layout="constrained")
    shares, counts = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    promised = [100 * row["promised"] for row in table]
    shares.plot([0, 100], [0, 100], "--", color=PALETTE[-1], lw=1, label="as promised")
    right = np.array([row["right"] for row in table])
    low, high = _interval(right, np.array([row["hits"] for row in table]))
    shares.errorbar(
        promised, 100 * right, 100 * np.stack([right - low, high - right]).clip(0), fmt="o",
        color=PALETTE[0], lw=1, capsize=2, label="measured, 95 %",
    )  # fmt: skip
    shares.set_ylabel("right of 100 hits")
    shares.set_aspect("equal")
    shares.legend(fontsize=7)
    counts.bar(promised, [row["hits"] for row in table], width=6, color=PALETTE[4])
    counts.set_yscale("log")
    counts.set_ylim(bottom=0.8)
    counts.set_xlabel("promised of 100 hits")
    counts.set_ylabel("hits")
    write_figure(path, figure)


def _interval(shares: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of Wilson's interval of 95 % for shares of so many."""
    z = 1.96
    centre = (shares + z * z / (2 * counts)) / (1 + z * z / counts)
    reach = z / (1 + z * z / counts) * np.sqrt(shares * (1 - shares) / counts + z * z / (4 * counts**2))
    return centre - reach, centre + reach
