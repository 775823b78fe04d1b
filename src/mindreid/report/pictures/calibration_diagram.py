"""The diagram of a calibration: what was promised, and what came true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from mindreid.report.pictures.figure_files import write_figure
from mindreid.report.pictures.plots import PALETTE

_INCHES, _DPI = 3.6, 110


def draw_calibration(path: Path, table: Sequence[Mapping[str, float]]) -> None:
    """Draw the share of right hits over the promised share, and how many hits there are.

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
    shares.plot(
        promised, [100 * row["right"] for row in table], "o-", color=PALETTE[0], lw=1, label="measured"
    )
    shares.set_ylabel("right of 100 hits")
    shares.set_aspect("equal")
    shares.legend(fontsize=7)
    counts.bar(promised, [row["hits"] for row in table], width=6, color=PALETTE[4])
    counts.set_yscale("log")
    counts.set_xlabel("promised of 100 hits")
    counts.set_ylabel("hits")
    write_figure(path, figure)
