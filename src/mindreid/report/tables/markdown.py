"""Tables and lists in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

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


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
