"""Known persons of a dataset's test split, embedded as tracklets are."""

from __future__ import annotations

from itertools import islice

import numpy as np
from tqdm import tqdm

from mindreid.data.formats.images import read_image
from mindreid.data.open_dataset import load_dataset
from mindreid.data.records import Record
from mindreid.errors import DataError
from mindreid.search.ingest.appearance_model import AppearanceModel, mean_direction
from mindreid.search.labelled_searches import LabelledVectors

#: Images of a person by one camera that make a tracklet, as many as a tracklet of a video has crops.
_IMAGES = 5
_TOGETHER = 16


def dataset_vectors(name: str, root: str, model: AppearanceModel) -> LabelledVectors:
    """Embed the test persons of a dataset: a mean for each person and camera.

    Parameters
    ----------
    name, root : str
        See :func:`mindreid.data.open_dataset.load_dataset`.
    model : AppearanceModel
        The network.

    Raises
    ------
    DataError
        If the dataset can't be read, or no test person has two cameras.
    """
    dataset = load_dataset(name, root)
    groups: dict[tuple[int, int], list[str]] = {}
    for record in (*dataset.query, *dataset.gallery):
        if _is_person(record):
            groups.setdefault((record.pid, record.camid), []).append(record.path)
    if len({pid for pid, _ in groups}) == len(groups):
        raise DataError("no test person was seen by two cameras", where=root)
    chosen = {key: _spread(sorted(paths)) for key, paths in groups.items()}
    vectors = _embed([path for paths in chosen.values() for path in paths], model)
    ends = np.cumsum([len(paths) for paths in chosen.values()])[:-1]
    means = [mean_direction(rows) for rows in np.split(vectors, ends)]
    persons, cameras = (np.array(values) for values in zip(*chosen))
    return LabelledVectors(np.stack(means), persons, cameras)


def _is_person(record: Record) -> bool:
    # Market-1501 numbers what is nobody's 0 and -1.
    return record.pid > 0


def _spread(paths: list[str]) -> list[str]:
    """Return up to five of them, evenly over all."""
    places = np.linspace(0, len(paths) - 1, min(_IMAGES, len(paths))).round().astype(int)
    return [paths[place] for place in places]


def _embed(paths: list[str], model: AppearanceModel) -> np.ndarray:
    rest = iter(tqdm(paths, "images", unit="image", disable=None))
    rows = []
    while chunk := list(islice(rest, _TOGETHER)):
        rows.append(model.embed([read_image(path) for path in chunk]))
    return np.concatenate(rows)
