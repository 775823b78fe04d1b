"""What papers, later works and users printed for a method: ``published.yaml`` in its folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Literal, Optional

import pydantic
from pydantic import BaseModel, ConfigDict

from mindreid.data.generated import generated_kind
from mindreid.data.records import Dataset
from mindreid.errors import ConfigError
from mindreid.yaml_source import read_yaml

FILE = "published.yaml"
_TITLES = {"rank1": "R1", "rank5": "R5", "rank10": "R10"}


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PublishedRow(_Section):
    """One row of somebody's table.

    Attributes
    ----------
    dataset, variant : str
        As a loader names them.
    protocol : str
        Of the dataset, see :attr:`mindreid.data.records.Dataset.protocols`.
    rerank : bool
        Whether k-reciprocal re-ranking was on.
    method : str
        What was run, if it is not the paper's own method.
    figures : dict
        In per cent, by name.
    trust : {"printed", "quoted", "user"}
        By the authors, by a later work, or a report of somebody's own run.
    source : str
        Where it stands.
    recipe : str, optional
        The recipe that reproduces it.
    """

    dataset: str
    protocol: str
    figures: dict[str, float]
    trust: Literal["printed", "quoted", "user"]
    source: str
    variant: str = ""
    rerank: bool = False
    method: str = ""
    recipe: Optional[str] = None


class Published(_Section):
    """A method's paper, its rows, and what to beware of when comparing with them."""

    paper: str
    rows: tuple[PublishedRow, ...]
    pitfalls: tuple[str, ...] = ()


def load_published(model: str) -> Optional[Published]:
    """Read a model's published figures, ``None`` if its folder has none.

    Raises
    ------
    ConfigError
        If the file is damaged or has unknown keys.
    """
    path = Path(str(resources.files("mindreid.models").joinpath(model, FILE)))
    if not path.is_file():
        return None
    try:
        return Published.model_validate_json(json.dumps(read_yaml(path).content))
    except pydantic.ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place = ".".join(map(str, problem["loc"]))
        raise ConfigError(f"{place}: {problem['msg'].lower()}", where=str(path)) from None


def rows_for(model: str, dataset: Dataset, *, rerank: bool) -> tuple[PublishedRow, ...]:
    """Select the rows that a measurement on ``dataset`` may be compared with.

    A tree of generated images has none, whichever dataset's layout it has; nor has another
    delivery of the dataset, or re-ranking that the row did not have.
    """
    published = load_published(model)
    if published is None or generated_kind(dataset.root) is not None:
        return ()
    return tuple(
        row
        for row in published.rows
        if row.dataset == dataset.name
        and row.variant in ("", dataset.variant)
        and row.protocol in dataset.protocols
        and row.rerank == rerank
    )


def format_rows(rows: Sequence[PublishedRow]) -> str:
    """Lay rows out as a table that stands below the measured one."""
    cells = [(row.protocol, _figures(row), row.method or "the paper's method", _origin(row)) for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(3)]
    lines = [
        "  ".join((*(text.ljust(width) for text, width in zip(line, widths)), line[-1])) for line in cells
    ]
    return "\n".join(["published for this dataset, per cent:", *lines])


def _figures(row: PublishedRow) -> str:
    return "  ".join(f"{_TITLES.get(name, name)} {value:.2f}" for name, value in row.figures.items())


def _origin(row: PublishedRow) -> str:
    return row.source if row.trust == "printed" else f"{row.source} ({row.trust})"
