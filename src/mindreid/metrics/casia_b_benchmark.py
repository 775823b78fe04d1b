"""CASIA-B's benchmark: walking normally, with a bag, in a coat; gallery of one view or of all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from mindreid.errors import InvalidArgumentError
from mindreid.metrics.gait_sequences import GaitSequences, mean_excluding_identical_view, view_pair_rank1
from mindreid.metrics.percentages import to_percent
from mindreid.metrics.ranking import evaluate_ranking

SINGLE_VIEW_GALLERY = ("nm-01", "nm-02", "nm-03", "nm-04")
SINGLE_VIEW_PROBES = {"NM": ("nm-05", "nm-06"), "BG": ("bg-01", "bg-02"), "CL": ("cl-01", "cl-02")}
CROSS_VIEW_GALLERY = ("nm-02", "bg-02", "cl-02")
CROSS_VIEW_PROBES = {"NM": ("nm-01",), "BG": ("bg-01",), "CL": ("cl-01",)}


def evaluate_casia_b(
    features: ArrayLike,
    pids: ArrayLike,
    types: Sequence[str],
    views: Sequence[str],
    metric: str = "euclidean",
    protocol: str = "single_view",
) -> dict[str, dict[str, float]]:
    """Evaluate the test sequences of CASIA-B in one of its two protocols.

    - "single_view": gallery nm-01 to nm-04 of one view, probes of another; mean over pairs of
      different views.
    - "cross_view": gallery nm-02, bg-02 and cl-02 of all views; what shows the probe's person in
      the probe's view is junk; mean over the probes' views. As in OpenGait, a probe without a match
      counts as not found in rank-1 and not at all in mAP; a view of such probes alone has no mAP.

    Parameters
    ----------
    features : array_like
        ``[N, D, parts]``, or ``[N, D]`` of a method without parts.
    pids : array_like
        Persons, ``[N]``, integers or strings.
    types : sequence of str
        Such as "nm-05", ``[N]``.
    views : sequence of str
        Such as "090", ``[N]``.
    metric : {"cosine", "euclidean"}
        Averaged over the parts, see :func:`mindreid.metrics.pairwise_distances`.
    protocol : {"single_view", "cross_view"}
        The protocol.

    Returns
    -------
    dict
        ``result["NM"]``, ``["BG"]``, ``["CL"]``, each with "rank1" and, for "cross_view", "mAP",
        in per cent. Every view's figure is rounded to two decimals first, as in OpenGait.

    Raises
    ------
    InvalidArgumentError
        If there is no such protocol, features or labels do not fit together, a list is empty, or, for
        "cross_view", no probe of a list has a match.

    Examples
    --------
    >>> counts = {"nm": 6, "bg": 2, "cl": 2}
    >>> types = [f"{kind}-0{n}" for kind, last in counts.items() for n in range(1, last + 1)]
    >>> persons = np.repeat(np.eye(2), 20, axis=0)
    >>> views = (["036"] * 10 + ["090"] * 10) * 2
    >>> evaluate_casia_b(persons, np.repeat([0, 1], 20), types * 4, views)["CL"]
    {'rank1': 100.0}
    """
    if protocol not in _PROTOCOLS:
        raise InvalidArgumentError(
            f"unknown protocol {protocol!r} of CASIA-B", fix=f"choose from {', '.join(_PROTOCOLS)}"
        )
    return _PROTOCOLS[protocol](GaitSequences.of(features, pids, types, views), metric)


def _single_view(sequences: GaitSequences, metric: str) -> dict[str, dict[str, float]]:
    gallery = sequences.under(SINGLE_VIEW_GALLERY)
    rank1 = {
        name: view_pair_rank1(sequences.under(types), gallery, metric)
        for name, types in SINGLE_VIEW_PROBES.items()
    }
    return {name: {"rank1": mean_excluding_identical_view(pairs)} for name, pairs in rank1.items()}


def _cross_view(sequences: GaitSequences, metric: str) -> dict[str, dict[str, float]]:
    gallery = sequences.under(CROSS_VIEW_GALLERY)
    result = {}
    for name, types in CROSS_VIEW_PROBES.items():
        probes = sequences.under(types)
        found, precisions = _search_all_views(probes, gallery, metric)
        result[name] = {
            "rank1": _mean_over_views(found, probes.views),
            "mAP": _mean_over_views(precisions, probes.views),
        }
    return result


def _search_all_views(
    probes: GaitSequences, gallery: GaitSequences, metric: str
) -> tuple[np.ndarray, np.ndarray]:
    """Whether each probe is found first, and its average precision: 0 and NaN for one without a match."""
    scores = evaluate_ranking(
        probes.features,
        gallery.features,
        probes.pids,
        gallery.pids,
        probes.views,
        gallery.views,
        metric=metric,
    ).scores
    found, precisions = np.zeros(len(probes)), np.full(len(probes), np.nan)
    found[scores.queries] = scores.first_ranks == 1
    precisions[scores.queries] = scores.average_precisions
    return found, precisions


def _mean_over_views(fractions: np.ndarray, views: np.ndarray) -> float:
    """Average every view's fractions, as rounded per cent, over the views; NaN is left out."""
    of_views = [fractions[(views == view) & ~np.isnan(fractions)] for view in np.unique(views)]
    return float(np.mean([round(to_percent(own.mean()), 2) for own in of_views if len(own)]))


_PROTOCOLS: dict[str, Callable[[GaitSequences, str], dict[str, dict[str, float]]]] = {
    "single_view": _single_view,
    "cross_view": _cross_view,
}
