"""All tracklets of an index embedded anew, by another network, from their stored crops."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
from tqdm import tqdm

from mindreid.search.index.index_protocol import Index
from mindreid.search.ingest.appearance_model import AppearanceModel, mean_direction
from mindreid.search.ingest.crop_pictures import decode_crop

#: Tracklets whose crops are in memory at a time.
_TOGETHER = 32


def reembed(index: Index, model: AppearanceModel) -> int:
    """Replace all embeddings by those of another network, all at once at the end.

    Returns
    -------
    int
        How many tracklets there are.
    """
    with index.exclusive():
        count = index.count()
        rows = tqdm(_embedded(index, model), "tracklets", count, unit="tracklet", disable=None)
        index.replace_embeddings(model.described, rows)
        index.append_log("reembed", {"tracklets": count, "model": model.described.sha256})
    return count


def _embedded(index: Index, model: AppearanceModel) -> Iterator[tuple[str, np.ndarray]]:
    tracklets = index.tracklets()
    while chunk := list(islice(tracklets, _TOGETHER)):
        crops = [[decode_crop(index.read_crop(crop)) for crop in tracklet.crops] for tracklet in chunk]
        rows = model.embed([crop for pictures in crops for crop in pictures])
        ends = np.cumsum([len(pictures) for pictures in crops])[:-1]
        for tracklet, vectors in zip(chunk, np.split(rows, ends)):
            yield tracklet.id, mean_direction(vectors)
