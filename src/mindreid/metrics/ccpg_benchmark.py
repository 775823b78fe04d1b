"""CCPG's benchmark: four kinds of change between probe and gallery, two protocols.

Li et al., "An In-Depth Exploration of Person Re-Identification and Gait Recognition in
Cloth-Changing Conditions", CVPR 2023. Both protocols use the same lists and the same distances,
and differ by about ten points, so a number without its protocol says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mindreid.metrics.gait_sequences import GaitSequences, mean_excluding_identical_view, view_pair_rank1
from mindreid.metrics.percentages import to_percent
from mindreid.metrics.ranking import evaluate_ranking

#: Probe and gallery by what changes: everything, upper, lower clothes, a bag. "U0_D3" is worn
#: with upper outfit 0 and lower outfit 3.
CCPG_SETTINGS = {
    "CL": (("U0_D0_BG", "U0_D0"), ("U1_D1", "U2_D2", "U3_D3")),
    "UP": (("U3_D3",), ("U0_D3",)),
    "DN": (("U1_D0",), ("U1_D1",)),
    "BG": (("U0_D0_BG",), ("U0_D0",)),
}


def evaluate_ccpg(
    features: ArrayLike,
    pids: ArrayLike,
    status: Sequence[str],
    views: Sequence[str],
    metric: str = "euclidean",
) -> dict[str, dict[str, Any]]:
    """Evaluate the test sequences of CCPG in both protocols.

    - "reid": all cameras together; what shows the probe's person under the probe's camera is junk.
    - "gait": a search of its own for every pair of a probe's and a gallery's camera, averaged over
      the pairs; once with, once without pairs of the same camera.

    Parameters
    ----------
    features : array_like
        ``[N, D, parts]``, or ``[N, D]`` of a method without parts.
    pids : array_like
        Persons, ``[N]``, integers or strings.
    status : sequence of str
        Outfits such as "U0_D0_BG", ``[N]``; see :data:`CCPG_SETTINGS`.
    views : sequence of str
        Such as "03_1", ``[N]``; what comes before the first underscore is the camera.
    metric : {"cosine", "euclidean"}
        Averaged over the parts, see :func:`mindreid.metrics.pairwise_distances`.

    Returns
    -------
    dict
        ``result["reid"]["CL"]`` with "rank1", "mAP" and "mINP", ``result["gait"]["CL"]`` with
        "rank1_excluding_identical_view", "rank1_including_identical_view" and "view_pairs" (the
        matrix of :func:`~mindreid.metrics.gait_sequences.view_pair_rank1`); also "UP", "DN", "BG". In
        per cent.

    Raises
    ------
    InvalidArgumentError
        If features or labels do not fit together, an outfit that a list needs is missing, or no
        probe has a match.

    Examples
    --------
    >>> status = ["U0_D0_BG", "U0_D0", "U1_D0", "U1_D1", "U0_D3", "U3_D3"]
    >>> persons = np.repeat(np.eye(3), 12, axis=0)
    >>> result = evaluate_ccpg(persons, np.repeat([0, 1, 2], 12), status * 6, (["1"] * 6 + ["2"] * 6) * 3)
    >>> result["reid"]["CL"]["rank1"], result["gait"]["UP"]["rank1_excluding_identical_view"]
    (100.0, 100.0)
    """
    cameras = [str(view).split("_")[0] for view in views]
    sequences = GaitSequences.of(features, pids, status, cameras)
    result: dict[str, dict[str, Any]] = {"reid": {}, "gait": {}}
    for setting, (worn_by_probe, worn_in_gallery) in CCPG_SETTINGS.items():
        probe, gallery = sequences.under(worn_by_probe), sequences.under(worn_in_gallery)
        result["reid"][setting] = _rank_over_cameras(probe, gallery, metric)
        rank1 = view_pair_rank1(probe, gallery, metric)
        result["gait"][setting] = {
            "rank1_excluding_identical_view": mean_excluding_identical_view(rank1),
            "rank1_including_identical_view": float(np.nanmean(rank1)),
            "view_pairs": rank1,
        }
    return result


def _rank_over_cameras(probe: GaitSequences, gallery: GaitSequences, metric: str) -> dict[str, float]:
    ranking = evaluate_ranking(
        probe.features, gallery.features, probe.pids, gallery.pids, probe.views, gallery.views, metric=metric
    )
    return {
        "rank1": to_percent(ranking.rank(1)),
        "mAP": to_percent(ranking.mean_ap),
        "mINP": to_percent(ranking.mean_inp),
    }
