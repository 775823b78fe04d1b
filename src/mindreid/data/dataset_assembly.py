"""The last step of every loader: from the parsed splits to a dataset."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mindreid.data.generated_marker import generated_kind
from mindreid.data.records import Dataset, Protocol, Record, Records, SplitStatistics, relabel
from mindreid.data.summary import warn_of_differences
from mindreid.errors import DataError

#: Rankings compare labels in 64 bits.
_GREATEST = 2**63 - 1


def assemble(
    name: str,
    root: Path,
    train: Records,
    query: Records,
    gallery: Records,
    *,
    protocols: Sequence[Protocol] = (),
    statistics: Mapping[str, SplitStatistics],
    variant: str = "",
) -> Dataset:
    """Make a dataset of its splits, and warn where it differs from the official statistics.

    A tree marked as generated is no release: it has no official statistics, and what it holds
    stands in the variant.

    Parameters
    ----------
    name, root, statistics, variant
        As in :class:`~mindreid.data.records.Dataset`.
    train, query, gallery : tuple of Record
        As released; the pids and clothes ids of ``train`` are numbered anew, 0..N-1.
    protocols : sequence of Protocol
        The first is the default one. If there are none, the dataset has
        :func:`standard_protocol`.

    Raises
    ------
    DataError
        If a split is empty, or the number of a test person or a camera does not fit into 64 bits.
    """
    for split, records in (("train", train), ("query", query), ("gallery", gallery)):
        if not records:
            raise DataError(f"the {split} split of {name!r} is empty", where=str(root))
    kind = generated_kind(root)
    if kind is not None:
        variant, statistics = ", ".join(filter(None, (variant, kind))), {}
    protocols = protocols or [standard_protocol(query, gallery)]
    dataset = Dataset(
        name,
        root,
        relabel(train),
        query,
        gallery,
        {protocol.name: protocol for protocol in protocols},
        dict(statistics),
        variant,
    )
    for record in (*dataset.train, *query, *gallery):
        _check_numbers(record)
    warn_of_differences(dataset)
    return dataset


def _check_numbers(record: Record) -> None:
    for what, number in (("person", record.pid), ("camera", record.camid)):
        if number > _GREATEST:
            raise DataError(
                f"the {what}'s number {number} does not fit into 64 bits",
                where=record.path,
                fix="number from 0, or list the images for csv_list, where such numbers are names",
            )


def standard_protocol(query: Records, gallery: Records) -> Protocol:
    """Return the protocol *standard*: junk is what has the query's person and camera."""
    return Protocol("standard", "standard", query, gallery)


def clothes_protocols(query: Records, gallery: Records) -> list[Protocol]:
    """Return *standard*, *clothes_changing* and *same_clothes*, which differ in their junk rule alone."""
    rules = ("standard", "clothes_changing", "same_clothes")
    return [Protocol(rule, rule, query, gallery) for rule in rules]


def restricted_protocol(
    name: str, rule: str, query: Records, gallery: Records, keep: Callable[[Record], bool]
) -> list[Protocol]:
    """Return a protocol among the records that ``keep`` accepts; an empty list if a side has none."""
    own_query, own_gallery = (tuple(filter(keep, records)) for records in (query, gallery))
    return [Protocol(name, rule, own_query, own_gallery)] if own_query and own_gallery else []
