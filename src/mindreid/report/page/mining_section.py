"""Labels that a method found by itself: what it recorded of them, and how persons' images fall apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

import numpy as np

from mindreid.data.records import Record
from mindreid.engine.evaluation.evaluation_run import EvaluationRun
from mindreid.errors import DataError
from mindreid.pages.inline_images import inline_image
from mindreid.pages.markup import Markup, element, folded, join, note, table
from mindreid.pages.page_frame import Section
from mindreid.report.page.line_chart import line_chart
from mindreid.report.person_looks import cluster_records, mines_looks
from mindreid.report.pictures.tiles import evenly_spaced, record_tile
from mindreid.report.record_captions import describe

Mining = Sequence[Mapping[str, Any]]
_PERSONS, _CLUSTERS, _IMAGES = 3, 5, 10
_HEIGHT, _WIDTH = 96, 48


def mining_section(minings: Mapping[str, Mining], run: Optional[EvaluationRun] = None) -> Optional[Section]:
    """Show the figures of every mining; nothing if no run mined.

    Parameters
    ----------
    minings : mapping of str to sequence of dict
        Rows of ``mining.jsonl`` by run.
    run : EvaluationRun, optional
        Whose training images are clustered once more, of some persons.
    """
    if not any(minings.values()):
        return None
    names = dict.fromkeys(name for rows in minings.values() for row in rows for name in row)
    figures = [name for name in names if name not in ("epoch", "step")]
    charts = [
        line_chart(
            name.replace("_", " "),
            {label: _line(rows, name) for label, rows in minings.items()},
            x_name="epoch",
        )
        for name in figures
    ]
    parts = [
        note("What the method recorded whenever it found labels of its own, before the epoch."),
        element("div", *charts, class_="charts"),
        *(
            folded(f"all figures of {label}", _table(rows, figures))
            for label, rows in minings.items()
            if rows
        ),
    ]
    if run is not None and mines_looks(run.recipe):
        parts.append(_looks(run))
    return Section("mining", "Mined labels", join(parts))


def _line(rows: Mining, name: str) -> tuple[np.ndarray, np.ndarray]:
    epochs = np.array([row["epoch"] + 1 for row in rows], float)
    return epochs, np.array([row.get(name, np.nan) for row in rows], float)


def _table(rows: Mining, figures: Sequence[str]) -> Markup:
    cells = [
        (str(row["epoch"] + 1), *(f"{row[name]:g}" if name in row else "–" for name in figures))
        for row in rows
    ]
    return table(("epoch", *(name.replace("_", " ") for name in figures)), cells)


def _looks(run: EvaluationRun) -> Markup:
    """Show some persons' training images by the clusters that the checkpoint's embeddings form."""
    persons = sorted({record.pid for record in run.dataset.train})
    chosen = [persons[index] for index in evenly_spaced(len(persons), _PERSONS)]
    records = [record for record in run.dataset.train if record.pid in chosen]
    clusters = cluster_records(run, records)
    parts: list[Markup] = [element("h3", "Classes of some persons, by the checkpoint's embeddings")]
    for pid in chosen:
        own = np.flatnonzero(clusters.pids == pid)
        sizes = np.bincount(clusters.labels, minlength=len(clusters.pids))[own]
        parts.append(note(f"Person {pid}: {sizes.sum()} images in {len(own)} classes, the largest first."))
        for label in own[np.argsort(-sizes, kind="stable")][:_CLUSTERS]:
            members = np.flatnonzero(clusters.labels == label)
            shown = [records[members[index]] for index in evenly_spaced(len(members), _IMAGES)]
            parts.append(element("div", _strip(shown), class_="looks"))
    return join(parts)


def _strip(records: Sequence[Record]) -> Markup:
    alt = f"one class: {describe(records[0])}" + (
        f" and {len(records) - 1} like it" if len(records) > 1 else ""
    )
    try:
        return inline_image(np.hstack([record_tile(record, _HEIGHT, _WIDTH) for record in records]), alt)
    except DataError as error:
        return note(str(error))
