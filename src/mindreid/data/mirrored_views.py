"""Views of mirrored images: whoever faced the image's left faces its right.

A dataset says in ``Dataset.mirrored_views`` which of its views mirroring changes. Where a recipe mirrors
training images at random, a label that was right of the file is wrong of half of what is trained on; a view
and its mirror image are then one class.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from mindreid.data.records import Dataset

#: Degrees within which another image's angle counts as the mirrored one.
_NEAR = 5.0


def mirrored_bins(labels: Iterable[tuple[float, int]]) -> dict[int, int]:
    """Tell what bin an image has once it is mirrored, of those that mirroring changes.

    Parameters
    ----------
    labels : iterable of (float, int)
        View angle in degrees and bin of every image; a mirrored image has the negative angle.

    Examples
    --------
    >>> mirrored_bins([(0.0, 0), (90.0, 1), (-90.0, 2), (180.0, 3)])
    {1: 2, 2: 1}
    >>> mirrored_bins([(0.0, 0), (90.0, 1), (-90.0, 1), (180.0, 2)])
    {}
    """
    known = sorted(labels)
    if not known:
        return {}
    angles, bins = np.array([angle for angle, _ in known]) % 360, np.array([number for _, number in known])
    order = np.argsort(angles, kind="stable")
    angles, bins = angles[order], bins[order]
    following = np.searchsorted(angles, -angles % 360)
    votes: dict[int, Counter[int]] = defaultdict(Counter)
    for angle, number, place in zip(angles, bins, following):
        for other in (place % len(angles), place - 1):
            if abs((angles[other] + angle + 180) % 360 - 180) <= _NEAR:
                votes[int(number)][int(bins[other])] += 1
    mirrored = {number: own.most_common(1)[0][0] for number, own in sorted(votes.items())}
    return {number: other for number, other in mirrored.items() if other != number}


def join_mirrored_views(dataset: Dataset) -> Dataset:
    """Give training images that show each other mirrored the same view, the lesser of the two."""
    joined = {view: min(view, other) for view, other in dataset.mirrored_views.items()}
    train = tuple(
        replace(record, view=joined[record.view]) if record.view in joined else record
        for record in dataset.train
    )
    return replace(dataset, train=train)
