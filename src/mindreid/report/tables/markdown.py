"""Tables and lists in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mindreid.metrics.percentages import to_percent

#: What stands in the place of a table or figure whose benchmark has not been run.
NOT_RUN = "not run here"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table.

    Examples
    --------
    >>> print(table(("a", "b"), [("1", "2")]))
    | a | b |
    | --- | --- |
    | 1 | 2 |
    """
    return "\n".join(_row(cells) for cells in (header, ["---"] * len(header), *rows))


def bullets(items: Iterable[str]) -> str:
    """Write a list."""
    return "\n".join(f"- {item}" for item in items)


def percent(share: float) -> str:
    """Write a share, 0 to 1, in per cent.

    Examples
    --------
    >>> percent(0.1234)
    '12.3'
    """
    return f"{to_percent(share):.1f}"


def mean_and_deviation(spread: Mapping[str, float]) -> str:
    """Write "mean" and "std" of a share in per cent.

    Examples
    --------
    >>> mean_and_deviation({"mean": 0.5, "std": 0.0125})
    '50.0 ± 1.2'
    """
    return f"{percent(spread['mean'])} ± {percent(spread['std'])}"


def rank1_and_map_spread(spreads: Mapping[str, Mapping[str, float]]) -> str:
    """Write means and deviations of rank-1 and mAP; gait protocols have no mAP.

    Examples
    --------
    >>> rank1_and_map_spread({"rank1": {"mean": 0.5, "std": 0.0125}})
    '50.0 ± 1.2'
    """
    return " / ".join(mean_and_deviation(spreads[name]) for name in ("rank1", "mAP") if name in spreads)


def with_interval(figure: Mapping[str, Any]) -> str:
    """Write "mean" and "interval_95" of a share in per cent; a single seed has no interval.

    Examples
    --------
    >>> with_interval({"mean": 0.5, "interval_95": [0.412, 0.6]})
    '50.0 (41.2 to 60.0)'
    """
    return f"{percent(figure['mean'])}{_interval(figure)}"


def difference_with_interval(figure: Mapping[str, Any]) -> str:
    """Write a difference like :func:`with_interval`, with its sign.

    Examples
    --------
    >>> difference_with_interval({"mean": 0.05, "interval_95": None})
    '+5.0'
    """
    return f"{to_percent(figure['mean']):+.1f}{_interval(figure)}"


def _interval(figure: Mapping[str, Any]) -> str:
    ends = figure["interval_95"]
    return "" if ends is None else f" ({' to '.join(map(percent, ends))})"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
