"""What an evaluation says of each protocol, how it is stored, and how it is shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Optional

from mindreid.errors import DataError
from mindreid.metrics.percentages import to_percent
from mindreid.text_table import format_table

#: Names in files, in their order, and the attributes that they stand for.
_FIGURES = {
    "rank1": "rank1",
    "rank5": "rank5",
    "rank10": "rank10",
    "rank20": "rank20",
    "mAP": "mean_ap",
    "mINP": "mean_inp",
}
_COUNTS = ("queries", "valid_queries", "gallery")
_SHOWN = ("rank1", "rank5", "rank10", "mAP", "mINP")


@dataclass(frozen=True)
class Figures:
    """Fractions in [0, 1]; ``None`` is what a protocol does not report, NaN what the data have nothing for.

    Attributes
    ----------
    rank1, rank5, rank10, rank20 : float
        Of the cumulative matching characteristic.
    mean_ap, mean_inp : float, optional
        "mAP" and "mINP" in files and tables.
    """

    rank1: float
    rank5: Optional[float] = None
    rank10: Optional[float] = None
    rank20: Optional[float] = None
    mean_ap: Optional[float] = None
    mean_inp: Optional[float] = None

    def named(self, name: str) -> Optional[float]:
        """Return a figure by its name in files and tables, "rank1", …, "mINP"; ``None`` if it has no value.

        Examples
        --------
        >>> Figures(rank1=0.5, mean_ap=0.25).named("mAP")
        0.25
        """
        attribute = _FIGURES.get(name)
        value = None if attribute is None else getattr(self, attribute)
        return None if value is None or math.isnan(value) else value

    def figures(self) -> dict[str, float]:
        """Return what has a value, by its name in files."""
        own = {name: self.named(name) for name in _FIGURES}
        return {name: value for name, value in own.items() if value is not None}

    def in_files(self) -> dict[str, Optional[float]]:
        """Return what is reported, by its name in files and as they hold it: null for NaN."""
        return {
            name: self.named(name)
            for name, attribute in _FIGURES.items()
            if getattr(self, attribute) is not None
        }


@dataclass(frozen=True)
class ProtocolResult(Figures):
    """What was measured under one protocol, and on what.

    The figures are means where there are trials: galleries drawn from the whole one, each ranked.

    Attributes
    ----------
    queries, valid_queries, gallery : int, optional
        How many there are; a query is valid if it has a match that is not junk.
    rule : str
        What is junk.
    rerank : bool
        Whether k-reciprocal re-ranking was on.
    trials : int, optional
        How many, if the protocol has any.
    std : Figures, optional
        The standard deviation of each figure over the trials.
    """

    queries: Optional[int] = None
    valid_queries: Optional[int] = None
    gallery: Optional[int] = None
    rule: str = ""
    rerank: bool = False
    trials: Optional[int] = None
    std: Optional[Figures] = None

    def to_json(self) -> dict[str, Any]:
        """Return what files hold; :meth:`from_json` reads it."""
        content: dict[str, Any] = self.in_files()
        if self.trials is not None and self.std is not None:
            content.update(trials=self.trials, std=self.std.in_files())
        counts = {name: getattr(self, name) for name in _COUNTS}
        content.update({name: count for name, count in counts.items() if count is not None})
        return {**content, "rule": self.rule, "rerank": self.rerank}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> ProtocolResult:
        """Read what :meth:`to_json` returns; all but rank-1 may be missing, what is unknown is left out.

        Raises
        ------
        DataError
            If there is no rank-1.
        """
        attributes = _attributes(content)
        if "std" in attributes:
            attributes["std"] = Figures(**_attributes(attributes["std"]))
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in attributes.items() if name in known})


#: By protocol.
Results = Mapping[str, ProtocolResult]


def results_to_json(results: Results) -> dict[str, dict[str, Any]]:
    """Return what checkpoints, states and result files hold of an evaluation."""
    return {protocol: result.to_json() for protocol, result in results.items()}


def results_from_json(content: Mapping[str, Mapping[str, Any]]) -> dict[str, ProtocolResult]:
    """Read what :func:`results_to_json` returns.

    Raises
    ------
    DataError
        If a protocol has no rank-1.
    """
    return {protocol: ProtocolResult.from_json(row) for protocol, row in content.items()}


def format_results(results: Results) -> str:
    """Lay evaluation results out as a table in per cent.

    One row per protocol, with "-" for what it does not report; below the mean of several trials
    stands their standard deviation.
    """
    table: list[tuple[str, ...]] = [
        ("protocol", "rule", "R1", "R5", "R10", "mAP", "mINP", "queries", "gallery", "re-ranked")
    ]
    for name, result in results.items():
        reranked = "yes" if result.rerank else "no"
        table.append((name, result.rule, *_percentages(result), *_counts(result), reranked))
        if result.std is not None:
            table.append(("", f"± over {result.trials} trials", *_percentages(result.std)))
    return format_table(table, "<<>>>>>>>")


def _attributes(content: Mapping[str, Any]) -> dict[str, Any]:
    """Rename figures from what files call them."""
    if not isinstance(content, Mapping) or "rank1" not in content:
        raise DataError("this is no result of an evaluation: it has no rank1", fix="evaluate again")
    return {
        _FIGURES.get(name, name): math.nan if name in _FIGURES and value is None else value
        for name, value in content.items()
    }


def _counts(result: ProtocolResult) -> tuple[str, str]:
    valid, queries, gallery = (
        "-" if count is None else str(count)
        for count in (result.valid_queries, result.queries, result.gallery)
    )
    return f"{valid}/{queries}", gallery


def _percentages(figures: Figures) -> list[str]:
    values = (figures.named(name) for name in _SHOWN)
    return ["-" if value is None else f"{to_percent(value):.2f}" for value in values]
