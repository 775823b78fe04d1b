"""Groups of pictures against a slow plain average linkage."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mindreid.errors import InvalidArgumentError
from mindreid.search.album import group_persons


def unit(rows):
    rows = np.asarray(rows, np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def plain(embeddings, photos, groups, least, new_group):
    """Merge the two clusters of the largest mean similarity, one pair after the other."""
    names = sorted({group for group in groups if group})
    clusters = [[i for i, group in enumerate(groups) if group == name] for name in names]
    clusters += [[i] for i, group in enumerate(groups) if not group]

    def similarity(one, other):
        has_group = [any(groups[i] for i in cluster) for cluster in (one, other)]
        if all(has_group) or {photos[i] for i in one} & {photos[i] for i in other}:
            return -np.inf
        return np.mean([embeddings[i] @ embeddings[j] for i in one for j in other])

    while len(clusters) > 1:
        best = max(combinations(clusters, 2), key=lambda pair: similarity(*pair))
        if similarity(*best) < least:
            break
        clusters = [cluster for cluster in clusters if all(cluster is not one for one in best)] + [
            best[0] + best[1]
        ]
    found = list(groups)
    for cluster in sorted(clusters, key=min):
        own = max(groups[i] for i in cluster)
        if not own and len(cluster) > 1:
            own, new_group = new_group, new_group + 1
        for i in cluster:
            found[i] = own
    return found


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 9), st.floats(-0.5, 0.9))
def test_groups_are_those_of_the_plain_linkage(seed, count, least):
    generator = np.random.default_rng(seed)
    embeddings = unit(generator.normal(size=(count, 3)))
    photos = [str(generator.integers(5)) for _ in range(count)]
    groups = []
    for number in range(count):
        # A group has no two pictures of one photo.
        taken = {groups[i] for i in range(number) if photos[i] == photos[number]}
        group = int(generator.choice([0, 0, 1, 2]))
        groups.append(0 if group in taken else group)
    found = group_persons(embeddings, photos, groups, least, 7)
    assert found == plain(embeddings, photos, groups, least, 7)
    for one, other in combinations(range(count), 2):
        if found[one] and found[one] == found[other]:
            assert photos[one] != photos[other]
    assert all(after == before for before, after in zip(groups, found) if before)


def test_a_perfect_copy_does_not_push_itself_between_a_group():
    # The third looks exactly like the first, but stands beside the second in a photo.
    embeddings = unit([[1, 0], [1, 1], [1, 0]])
    assert group_persons(embeddings, ["a", "b", "b"], [5, 5, 0], 0.1, 6) == [5, 5, 0]


def test_one_person_in_two_looks_is_joined_in_both_but_once_in_a_photo():
    looks = [[1, 0, 0], [0, 1, 0]]
    embeddings = unit([*looks, *looks, [0.9, 0.5, 0], [0.1, 1, 0], [1, 0, 0.1]])
    photos = ["a", "b", "c", "d", "e", "e", "b"]
    groups = [1, 2, 1, 2, 0, 0, 0]
    assert group_persons(embeddings, photos, groups, 0.8, 3) == [1, 2, 1, 2, 1, 2, 1]
    # Beside the person of b nobody else is the same one; of the two in e the second is more like it.
    assert group_persons(embeddings, photos, groups, 0.8, 3, {1: 1, 2: 1}) == [1, 2, 1, 2, 0, 2, 0]


def test_new_numbers_follow_the_order_of_pictures():
    embeddings = unit([[1, 0], [0, 1], [0, 1], [1, 0], [-1, 0]])
    assert group_persons(embeddings, list("abcde"), [0] * 5, 0.5, 3) == [3, 4, 4, 3, 0]


def test_hundreds_from_one_photo_stay_apart():
    embeddings = np.repeat(unit([[1, 0]]), 300, axis=0)
    assert group_persons(embeddings, ["one"] * 300, [0] * 300, 0.5, 1) == [0] * 300
    photos = [str(number // 2) for number in range(300)]
    found = group_persons(embeddings, photos, [0] * 300, 0.5, 1)
    assert all(sum(group == one for one in found) <= 150 for group in set(found) - {0})


def test_nothing_and_one_are_no_group():
    assert group_persons(np.zeros((0, 2), np.float32), [], [], 0.5, 1) == []
    assert group_persons(unit([[1, 0]]), ["a"], [0], 0.5, 1) == [0]


@pytest.mark.parametrize("similarity", [1.5, float("nan")])
def test_what_is_no_similarity_is_refused(similarity):
    with pytest.raises(InvalidArgumentError, match="cosine"):
        group_persons(unit([[1, 0]]), ["a"], [0], similarity, 1)
