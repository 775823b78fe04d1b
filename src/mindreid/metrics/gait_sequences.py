"""What the gait benchmarks share: labelled sequences, and rank-1 for every pair of viewpoints."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mindreid.errors import InvalidArgumentError
from mindreid.metrics.distances import distance_blocks
from mindreid.metrics.embedding_checks import check_feature_pair, check_features
from mindreid.metrics.percentages import to_percent


@dataclass(frozen=True)
class GaitSequences:
    """Embedded sequences with the labels that probe and gallery are chosen by.

    Attributes
    ----------
    features : np.ndarray
        ``[N, D]`` or ``[N, D, parts]``, floating.
    pids : np.ndarray
        Persons, ``[N]``.
    conditions : np.ndarray
        What was worn or carried, strings ``[N]``: CCPG's status, CASIA-B's type.
    views : np.ndarray
        Viewpoints or cameras, strings ``[N]``.
    """

    features: np.ndarray
    pids: np.ndarray
    conditions: np.ndarray
    views: np.ndarray

    @classmethod
    def of(
        cls, features: ArrayLike, pids: ArrayLike, conditions: Sequence[str], views: Sequence[str]
    ) -> GaitSequences:
        """Validate features and labels.

        Raises
        ------
        InvalidArgumentError
            If features are not finite, or there is not one label of each kind per sequence.
        """
        checked = check_features(features, "features", parts=True)
        labels = [np.asarray(pids), np.asarray(conditions, str), np.asarray(views, str)]
        for name, values in zip(("pids", "conditions", "views"), labels):
            if values.shape != (len(checked),):
                raise InvalidArgumentError(
                    f"expected {len(checked)} labels, one per sequence, got shape {values.shape}", name
                )
        return cls(checked, *labels)

    def __len__(self) -> int:
        return len(self.pids)

    def __getitem__(self, rows: np.ndarray) -> GaitSequences:
        return GaitSequences(self.features[rows], self.pids[rows], self.conditions[rows], self.views[rows])

    def under(self, conditions: Collection[str]) -> GaitSequences:
        """Return the sequences with one of ``conditions``.

        Raises
        ------
        InvalidArgumentError
            If there is none.
        """
        chosen = self[np.isin(self.conditions, list(conditions))]
        if not len(chosen):
            raise InvalidArgumentError(
                f"there is no sequence of {', '.join(sorted(conditions))}",
                fix=f"the conditions present are {', '.join(sorted(set(self.conditions.tolist())))}",
            )
        return chosen


def view_pair_rank1(probe: GaitSequences, gallery: GaitSequences, metric: str) -> np.ndarray:
    """Search every viewpoint's probes in every viewpoint's gallery, each a search of its own.

    Parameters
    ----------
    probe, gallery : GaitSequences
        The two lists.
    metric : {"cosine", "euclidean"}
        See :func:`mindreid.metrics.pairwise_distances`.

    Returns
    -------
    np.ndarray
        Rank-1 in per cent, float64 ``[views, views]``: row = probe's viewpoint, column =
        gallery's, over the sorted viewpoints of both, rounded to two decimals as OpenGait does. A
        probe whose person is not in that gallery counts as not found; a pair without a probe or
        without a gallery is NaN.
    """
    sides = check_feature_pair(probe.features, gallery.features, parts=True, metric=metric)
    distances = distance_blocks(*sides, metric)(slice(None))
    views = sorted({*probe.views.tolist(), *gallery.views.tolist()})
    rank1 = np.full((len(views), len(views)), np.nan)
    for row, probe_view in enumerate(views):
        for column, gallery_view in enumerate(views):
            rows = np.flatnonzero(probe.views == probe_view)
            columns = np.flatnonzero(gallery.views == gallery_view)
            if len(rows) and len(columns):
                nearest = columns[distances[np.ix_(rows, columns)].argmin(axis=1)]
                found = gallery.pids[nearest] == probe.pids[rows]
                rank1[row, column] = np.round(to_percent(found.mean()), 2)
    return rank1


def mean_excluding_identical_view(rank1: np.ndarray) -> float:
    """Average rank-1 over other viewpoints for each probe viewpoint, then over these.

    Parameters
    ----------
    rank1 : np.ndarray
        Of :func:`view_pair_rank1`; NaN is left out. NaN comes back where nothing is left, as with
        a single viewpoint.

    Examples
    --------
    >>> mean_excluding_identical_view(np.array([[100.0, 40.0], [60.0, 100.0]]))
    50.0
    """
    others = np.where(np.eye(len(rank1), dtype=bool), np.nan, rank1)
    rows = others[~np.isnan(others).all(axis=1)]
    return float(np.nanmean(rows, axis=1).mean()) if len(rows) else float("nan")
