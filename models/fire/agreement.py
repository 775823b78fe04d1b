"""How far mined classes agree with what is known of a person's looks; for the log, not for learning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

UNKNOWN = -1


def known_looks(records: Sequence[Any]) -> dict[str, np.ndarray]:
    """Give numbers to the looks that records are labelled with.

    Parameters
    ----------
    records : sequence of Record
        The training split.

    Returns
    -------
    dict of str to ndarray
        int64 ``[N]`` each, -1 where a label is missing: "outfit" if the records have clothes labels,
        "outfit_view" (both together) if they have viewpoints as well.
    """
    outfits = np.array([UNKNOWN if record.clothes_id is None else record.clothes_id for record in records])
    views = np.array([UNKNOWN if record.view is None else record.view for record in records])
    looks = {"outfit": outfits}
    known = (outfits != UNKNOWN) & (views != UNKNOWN)
    looks["outfit_view"] = np.where(known, outfits * (views.max(initial=0) + 1) + views, UNKNOWN)
    return {name: look for name, look in looks.items() if (look != UNKNOWN).any()}


def agreement(labels: np.ndarray, look: np.ndarray, pids: np.ndarray) -> tuple[float, float]:
    """Compute the normalised mutual information of mined classes and true looks.

    Of all images together it is high already because neither a class nor a look is shared by two
    persons; the mean over persons, each on its own, leaves that out.

    Parameters
    ----------
    labels, look, pids : np.ndarray
        int ``[N]``: mined class, true look (-1: not known, left out), person.

    Returns
    -------
    whole, within : float
        Of all images, and the mean over persons with more than one look; in [0, 1], 0 if there are
        no such images.

    Examples
    --------
    >>> look, pids = np.array([0, 0, 1, 2]), np.array([0, 0, 0, 1])
    >>> agreement(np.array([0, 0, 1, 2]), look, pids)
    (1.0, 1.0)
    """
    from sklearn.metrics import normalized_mutual_info_score

    known = look != UNKNOWN
    labels, look, pids = labels[known], look[known], pids[known]
    persons = [pids == pid for pid in np.unique(pids)]
    within = [
        normalized_mutual_info_score(look[own], labels[own]) for own in persons if np.ptp(look[own]) > 0
    ]
    whole = normalized_mutual_info_score(look, labels) if len(look) else 0.0
    return float(whole), float(np.mean(within)) if within else 0.0
