"""What the run's data are: counts, and some records of each split."""

from __future__ import annotations

import numpy as np

from mindreid.data.records import Dataset, Record, SplitStatistics
from mindreid.data.sample_loaders import open_frames
from mindreid.data.summary import SPLITS, compare_counts
from mindreid.errors import DataError
from mindreid.pages.inline_images import inline_image
from mindreid.pages.markup import Markup, element, join, note, table
from mindreid.pages.page_frame import Section, figure_of
from mindreid.report.pictures.tiles import evenly_spaced, resize
from mindreid.report.record_captions import describe

_HEIGHT, _WIDTH = 128, 64
_SAMPLES, _FRAMES, _SEQUENCES = 12, 6, 4


def data_section(dataset: Dataset) -> Section:
    """Show persons, records, cameras and outfits beside the official counts, and sample records."""
    official = {(count.split, count.quantity): count for count in compare_counts(dataset)}
    rows = []
    for split in SPLITS:
        found = SplitStatistics.of(dataset.split(split))
        cells = []
        for quantity in ("persons", "records", "cameras", "clothes"):
            own, count = getattr(found, quantity), official.get((split, quantity))
            text = "–" if own is None else f"{own:,}"
            if count is not None and not count.agrees:
                text += f" (released: {count.official:,})"
            cells.append(text)
        rows.append((split, *cells))
    variant = f" ({dataset.variant})" if dataset.variant else ""
    where = note(f"{dataset.name}{variant}, in ", element("code", str(dataset.root)), ".")
    counts = table(("split", "persons", "records", "cameras", "outfits"), rows)
    shown = [part for split in SPLITS for part in (element("h3", split), _samples(dataset.split(split)))]
    return Section("data", "Data", join([where, counts, *shown]))


def _samples(records: tuple[Record, ...]) -> Markup:
    chosen = [records[index] for index in evenly_spaced(len(records), _SAMPLES)]
    # A strip of frames takes the place of several images.
    if all(_is_sequence(record) for record in chosen):
        chosen = chosen[:: max(1, len(chosen) // _SEQUENCES)]
    return element("div", *(_sample(record) for record in chosen), class_="samples")


def _is_sequence(record: Record) -> bool:
    return len(record.paths) > 1 or record.path.endswith(".pkl")


def _sample(record: Record) -> Markup:
    try:
        frames = open_frames(record)
        shown = [frames[index] for index in evenly_spaced(len(frames), _FRAMES)]
    except DataError as error:
        return element("figure", element("figcaption", str(error)))
    is_grey = shown[0].ndim == 2
    tiles = [_silhouette(frame) if is_grey else resize(frame, _HEIGHT, _WIDTH) for frame in shown]
    counted = f", {len(frames)} frames" if len(frames) > 1 else ""
    said = describe(record) + counted
    kind = "silhouettes of " if is_grey else ""
    picture = inline_image(np.hstack(tiles), f"{kind}{said}", lossless=is_grey)
    return figure_of(picture, said)


def _silhouette(frame: np.ndarray) -> np.ndarray:
    """Make silhouettes, ``[H, W]``, equally high, and as wide as they were."""
    return resize(frame, _HEIGHT, max(1, round(_HEIGHT * frame.shape[1] / frame.shape[0])))
