"""How right paths are, where it is known who is who."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mindreid.metrics.identity_scores import IdentityScores, identity_f1
from mindreid.search.annotated_recordings import annotated_recordings
from mindreid.search.index import Source
from mindreid.search.ingest.given_boxes import GivenBoxes
from mindreid.search.paths.tracklet_joining import PersonPath

#: No recording has as many frames.
_FRAMES = 10**9


def score_paths(
    paths: Sequence[PersonPath], sources: Sequence[Source], truths: Mapping[str, GivenBoxes]
) -> IdentityScores:
    """Compare the boxes on paths to annotated tracks, over all cameras together: IDF1.

    All frames count, so recordings are to be added with ``--rate`` of their own frame rate.

    Parameters
    ----------
    paths : sequence of PersonPath
        Every path is an identity.
    sources : sequence of Source
        The recordings of the index.
    truths : mapping
        Annotated tracks, see :func:`mindreid.search.annotated_recordings.annotated_recordings`; the same
        identity is the same person in every recording.

    Raises
    ------
    DataError
        If annotated tracks are not those of one whole recording, or have no identities.
    """
    annotated = annotated_recordings(sources, truths)
    places = {source: number for number, source in enumerate(annotated)}
    found = [
        (places[step.tracklet.source], number, box)
        for number, path in enumerate(paths)
        for step in path.steps
        if step.tracklet.source in places
        for box in step.tracklet.boxes
    ]
    rows = [row for number, truth in enumerate(annotated.values()) for row in _true_rows(number, truth)]
    return identity_f1(
        [frame for frame, _, _ in rows],
        [person for _, person, _ in rows],
        np.array([box for _, _, box in rows]).reshape(-1, 4),
        [place * _FRAMES + int(box["frame"]) for place, _, box in found],
        [number for _, number, _ in found],
        np.array([[box[side] for side in ("left", "top", "width", "height")] for _, _, box in found]),
    )


def _true_rows(place: int, truth: GivenBoxes) -> list[tuple[int, int, list[float]]]:
    ids = truth.ids or {}
    return [
        (place * _FRAMES + frame, person, box[:4].tolist())
        for frame, boxes in truth.by_frame.items()
        for person, box in zip(ids[frame], boxes)
    ]
