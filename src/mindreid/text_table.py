"""Tables of plain text, for the console and for logs."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_GAP = "  "


def format_table(rows: Sequence[Sequence[str]], alignment: str = "", *, ruled: bool = False) -> str:
    """Lay rows out in columns.

    Parameters
    ----------
    rows : sequence of sequence of str
        Cells; a row may be shorter than others.
    alignment : str
        A character for each column, "<" to the left or ">" to the right; columns beyond its end
        stand to the left.
    ruled : bool
        Whether a line is drawn below the first row.

    Returns
    -------
    str
        Lines without spaces at their ends, and without an end-of-line after the last.

    Examples
    --------
    >>> print(format_table([("split", "images"), ("train", "6"), ("gallery", "19")], "<>"))
    split    images
    train         6
    gallery      19
    """
    count = max((len(row) for row in rows), default=0)
    sides = alignment.ljust(count, "<")
    widths = [max(_width(row[column]) for row in rows if column < len(row)) for column in range(count)]
    lines = [_GAP.join(map(_pad, row, widths, sides)).rstrip() for row in rows]
    if ruled:
        lines.insert(1, _GAP.join("-" * width for width in widths))
    return "\n".join(lines)


def _pad(text: str, width: int, side: str) -> str:
    blanks = " " * (width - _width(text))
    return blanks + text if side == ">" else text + blanks


def _width(text: str) -> int:
    """Count columns of a console, of which an ideograph takes two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
