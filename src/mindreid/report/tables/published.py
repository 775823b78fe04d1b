"""What papers, later works and users printed for a method: ``published.yaml`` in its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Optional

import pydantic
from pydantic import BaseModel, ConfigDict

from mindreid.data.generated_marker import generated_kind
from mindreid.data.records import Dataset
from mindreid.errors import ConfigError
from mindreid.package_contents import package_folder
from mindreid.yaml_source import read_yaml

#: By protocol, fractions: what :func:`mindreid.engine.evaluation.features.evaluate_dataset` returns.
Results = Mapping[str, Mapping[str, Any]]

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
        A row of the evaluation's result.
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

    @property
    def origin(self) -> str:
        """Where it stands, and whose word it is unless the authors' own."""
        return self.source if self.trust == "printed" else f"{self.source} ({self.trust})"

    def describes(self, dataset: str, variant: str) -> bool:
        """Tell whether it was measured on this delivery of a dataset."""
        return self.dataset == dataset and self.variant in ("", variant)

    def measured(self, results: Results) -> Optional[Mapping[str, Any]]:
        """Find the measurement under the same protocol, ``None`` if there is none."""
        own = results.get(self.protocol)
        return own if own is not None and own["rerank"] == self.rerank else None


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
    path = package_folder("mindreid.models") / model / FILE
    if not path.is_file():
        return None
    try:
        return Published.model_validate_json(json.dumps(read_yaml(path).content))
    except pydantic.ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place = ".".join(map(str, problem["loc"]))
        raise ConfigError(f"{place}: {problem['msg'].lower()}", where=str(path)) from None


def rows_for(model: str, dataset: Dataset, results: Results) -> tuple[PublishedRow, ...]:
    """Select the rows that a measurement may be compared with.

    A tree of generated images has none, whichever dataset's layout it has; nor has another
    delivery of the dataset, another protocol, or re-ranking that the row did not have.

    Parameters
    ----------
    model : str
        The method's registered name.
    dataset : Dataset
        What was measured on.
    results : mapping
        Of :func:`mindreid.engine.evaluation.features.evaluate_dataset`.
    """
    published = load_published(model)
    if published is None or generated_kind(dataset.root) is not None:
        return ()
    return tuple(
        row
        for row in published.rows
        if row.describes(dataset.name, dataset.variant) and row.measured(results)
    )


def format_rows(rows: Sequence[PublishedRow], results: Results) -> str:
    """Lay rows out beside what was measured, in per cent."""
    table = [("protocol", "", "published", "measured", "whose")]
    for row in rows:
        own = row.measured(results) or {}
        whose = f"{row.method or 'the method'}, {row.origin}"
        for name, value in row.figures.items():
            mine = f"{100 * own[name]:.2f}" if name in own else "-"
            table.append((row.protocol, _TITLES.get(name, name), f"{value:.2f}", mine, whose))
    widths = [max(len(line[column]) for line in table) for column in range(4)]
    return "\n".join(
        "  ".join((*(text.ljust(width) for text, width in zip(line, widths)), line[-1])) for line in table
    )
