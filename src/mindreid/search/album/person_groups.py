"""Which pictures show the same person: average linkage under constraints.

Two clusters become one as long as the mean cosine similarity of their pictures is at least a threshold,
the most similar ones first. Pictures from one photo are never in one group, nor are two groups that are
there already; what is in a group stays in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from mindreid.errors import InvalidArgumentError

#: What keeps two clusters apart: however many pictures they have, their mean distance is beyond any.
_APART = 1e12
#: Pairs of this many pictures take 3.6 GB.
_MOST = 30_000
#: The group of a picture that has none.
ALONE = 0


def group_persons(
    embeddings: np.ndarray,
    photos: Sequence[str],
    groups: Sequence[int],
    least_similarity: float,
    new_group: int,
    same_as: Mapping[int, int] = MappingProxyType({}),
) -> list[int]:
    """Put pictures of persons into groups.

    Parameters
    ----------
    embeddings : np.ndarray
        float32 ``[N, D]`` of unit length.
    photos : sequence of str
        ``[N]``: the photo that a picture is from.
    groups : sequence of int
        ``[N]``: the group that it is in already, 0 for none.
    least_similarity : float
        Mean cosine of two clusters, from which on they are the same person.
    new_group : int
        Number of the first new group; the others follow.
    same_as : mapping
        Groups that are one person under one number, be they ever so unlike: pictures join each of them
        by itself, but of one photo only one joins any of them.

    Returns
    -------
    list of int
        ``[N]``: the groups. Whoever is like nobody else has none, 0.

    Raises
    ------
    InvalidArgumentError
        If there are too many pictures for their pairs to fit into memory, or the similarity is no cosine.
    """
    if not -1 <= least_similarity <= 1:
        raise InvalidArgumentError(f"a similarity is a cosine from -1 to 1, not {least_similarity}")
    if len(embeddings) > _MOST:
        raise InvalidArgumentError(
            f"{len(embeddings):,} pictures of persons are more than {_MOST:,}",
            fix="make several albums of parts of the folder",
        )
    known = np.asarray(groups, np.int64)
    if len(known) < 2 or (known != ALONE).all():
        return known.tolist()
    vectors = np.asarray(embeddings, np.float64)
    persons = np.array([same_as.get(group, group) for group in known.tolist()])
    _, photo = np.unique(np.asarray(photos), return_inverse=True)
    distances = _distances(vectors, photo.reshape(-1), known, persons)
    tree = linkage(squareform(distances, checks=False), method="average")
    found = _named(fcluster(tree, 2 - least_similarity, criterion="distance"), known, new_group)
    return _one_of_each_photo(found, known, photo.reshape(-1), vectors, same_as).tolist()


def _distances(
    vectors: np.ndarray, photos: np.ndarray, groups: np.ndarray, persons: np.ndarray
) -> np.ndarray:
    """Return ``[N, N]``: 0 within a group, else 1 more than the cosine distance, or beyond any."""
    distances = np.clip(vectors @ vectors.T, -1, 1)
    np.subtract(2.0, distances, out=distances)
    distances[photos[:, None] == photos] = _APART
    has_group = groups != ALONE
    for person in np.unique(persons[has_group]):
        own = persons == person
        beside = np.isin(photos, photos[own])
        distances[np.ix_(own, beside)] = distances[np.ix_(beside, own)] = _APART
    distances[np.ix_(has_group, has_group)] = _APART
    # Below all others, so that a group is whole before anything joins it.
    distances[(groups[:, None] == groups) & has_group[:, None]] = 0
    np.fill_diagonal(distances, 0)
    return distances


def _one_of_each_photo(
    found: np.ndarray, groups: np.ndarray, photos: np.ndarray, vectors: np.ndarray, same_as: Mapping[int, int]
) -> np.ndarray:
    """Of pictures from one photo that joined groups of one person, keep the one that is most like its own."""
    persons = np.array([same_as.get(group, group) for group in found.tolist()])
    for person in set(same_as.values()):
        joined = np.flatnonzero((persons == person) & (groups == ALONE))
        for photo in np.unique(photos[joined]):
            rivals = joined[photos[joined] == photo]
            likeness = [float(vectors[one] @ vectors[groups == found[one]].mean(axis=0)) for one in rivals]
            found[np.delete(rivals, np.argmax(likeness))] = ALONE
    return found


def _named(clusters: np.ndarray, groups: np.ndarray, new_group: int) -> np.ndarray:
    """Give clusters the numbers of the groups in them, or new ones in the order of their first pictures."""
    found = groups.copy()
    for cluster in dict.fromkeys(clusters.tolist()):
        members = np.flatnonzero(clusters == cluster)
        own = groups[members].max()
        if own != ALONE:
            found[members] = own
        elif len(members) > 1:
            found[members] = new_group
            new_group += 1
    return found
