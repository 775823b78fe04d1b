"""Per cent: how figures are shown and printed in papers. Everywhere else they are fractions in [0, 1].

CCPG's and CASIA-B's benchmarks are the exception: they report, and round, in per cent.
"""

from __future__ import annotations


def to_percent(fraction: float) -> float:
    """Turn a fraction into per cent.

    Examples
    --------
    >>> to_percent(0.25)
    25.0
    """
    return 100 * fraction


def from_percent(figure: float) -> float:
    """Turn per cent into a fraction.

    Examples
    --------
    >>> from_percent(25.0)
    0.25
    """
    return figure / 100
