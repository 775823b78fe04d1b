"""A loaded dataset in numbers: the summary table, and how it differs from the official counts."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Optional

from mindreid.data.records import Dataset, Protocol, Records, SplitStatistics
from mindreid.text_table import format_table

logger = logging.getLogger(__name__)

SPLITS = ("train", "query", "gallery")
_LISTED_DIFFERENCES = 3
_QUANTITIES = ("persons", "records", "cameras", "clothes")


@dataclass(frozen=True)
class Count:
    """One number of a split beside the official one.

    Attributes
    ----------
    split, quantity : str
        What was counted, e.g. "train" and "persons".
    found, official : int
        The two numbers.
    approximate : bool
        Whether the official number is unverified.
    """

    split: str
    quantity: str
    found: int
    official: int
    approximate: bool = False

    @property
    def agrees(self) -> bool:
        """Whether the two numbers are equal."""
        return self.found == self.official

    def __str__(self) -> str:
        about = "about " if self.approximate else ""
        return f"{self.split} {self.quantity} {self.found:,} instead of {about}{self.official:,}"


def compare_counts(dataset: Dataset) -> list[Count]:
    """Put each count of ``dataset`` that is officially known beside the official one."""
    counts = []
    for split, official in dataset.statistics.items():
        found = SplitStatistics.of(dataset.split(split))
        for quantity in _QUANTITIES:
            expected: Optional[int] = getattr(official, quantity)
            if expected is not None:
                approximate = quantity in official.approximate
                counts.append(Count(split, quantity, getattr(found, quantity) or 0, expected, approximate))
    return counts


def warn_of_differences(dataset: Dataset) -> None:
    """Log one warning with the first differences of ``dataset`` from the official counts."""
    differences = [str(count) for count in compare_counts(dataset) if not count.agrees]
    if differences:
        more = len(differences) - _LISTED_DIFFERENCES
        logger.warning(
            "%s in %s is not the released set or not all of it: %s%s",
            dataset.name,
            dataset.root,
            ", ".join(differences[:_LISTED_DIFFERENCES]),
            f" and {more} more, see `mindreid data check`" if more > 0 else "",
        )


def format_summary(dataset: Dataset) -> str:
    """Lay the numbers of a dataset out as a table, one row per split, with the protocols below.

    Returns
    -------
    str
        Lines without an end-of-line after the last.
    """
    variant = f" ({dataset.variant})" if dataset.variant else ""
    rows = [("split", "persons", _kind(dataset.query), "cameras", "outfits")]
    rows += [_row(split, dataset.split(split)) for split in SPLITS]
    pools = [protocol.query_pool for protocol in dataset.protocols.values() if protocol.query_pool]
    rows += [_row("query pool", pool) for pool in pools]
    protocols = ", ".join(_describe(protocol) for protocol in dataset.protocols.values())
    title = f"{dataset.name}{variant} in {dataset.root}"
    return "\n".join([title, format_table(rows, "<>>>>"), f"protocols: {protocols}"])


def _describe(protocol: Protocol) -> str:
    trials = f", {len(protocol.trials)} trials" if protocol.trials else ""
    return f"{protocol.name} (junk rule {protocol.junk}{trials})"


def _kind(records: Records) -> str:
    if any(record.condition is not None for record in records):
        return "sequences"
    return "tracklets" if any(len(record.paths) > 1 for record in records) else "images"


def _row(name: str, records: Records) -> tuple[str, str, str, str, str]:
    counts = SplitStatistics.of(records)
    clothes = "-" if counts.clothes is None else f"{counts.clothes:,}"
    return name, f"{counts.persons:,}", f"{counts.records:,}", f"{counts.cameras:,}", clothes
