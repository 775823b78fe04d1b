"""Figures of matplotlib as files."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from mindreid.atomic import atomic_path
from mindreid.errors import InvalidArgumentError


def write_figure(path: Path, figure: Figure) -> None:
    """Write a figure, whole or not at all.

    Raises
    ------
    InvalidArgumentError
        If the path's ending stands for no kind of picture.
    """
    # Without an ending, matplotlib would choose one, and the file another name.
    if path.suffix.lower().lstrip(".") not in figure.canvas.get_supported_filetypes():
        raise InvalidArgumentError(
            f"no picture can be written to a file ending in {path.suffix!r}",
            where=str(path),
            fix="let its name end in .png, .svg or .pdf",
        )
    with atomic_path(path) as temporary:
        figure.savefig(temporary)
