"""Which recording of an index annotated tracks are of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mindreid.errors import DataError
from mindreid.search.index.tracklets import Source
from mindreid.search.ingest.given_boxes import GivenBoxes


def annotated_recordings(
    sources: Sequence[Source], truths: Mapping[str, GivenBoxes]
) -> dict[str, GivenBoxes]:
    """Find the one recording that each annotation is of.

    Parameters
    ----------
    sources : sequence of Source
        The recordings of the index.
    truths : mapping
        Annotated tracks, by a camera that has one recording, or by a recording's file name or whole path.

    Returns
    -------
    dict
        Annotated tracks by the id of their recording, in the order of ``truths``.

    Raises
    ------
    DataError
        If a name is that of no recording or of several, two are of the same one, frames of a recording
        are missing, or boxes have no identities.
    """
    found: dict[str, GivenBoxes] = {}
    for name, truth in truths.items():
        own = [source for source in sources if name in (source.camera, Path(source.path).name, source.path)]
        if len(own) != 1:
            raise DataError(
                f"{len(own)} recordings are of this camera, where annotated boxes are of one",
                where=name,
                fix="name the recording by its file name, or by its whole path",
            )
        _check(own[0], truth)
        if own[0].id in found:
            raise DataError("annotated boxes of this recording are given twice", where=own[0].path)
        found[own[0].id] = truth
    return found


def _check(source: Source, truth: GivenBoxes) -> None:
    if truth.ids is None:
        raise DataError("the annotated boxes have no identities", where=str(truth.path))
    if source.missing:
        raise DataError(
            f"{source.missing} frames of this recording can't be decoded, so that boxes behind the damaged "
            "ones would be compared with others",
            where=source.path,
            fix="convert the video, add that one, and annotate it anew",
        )
