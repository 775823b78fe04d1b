"""IDF1 against a slow plain reference that tries every way to match identities."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mindreid.errors import InvalidArgumentError
from mindreid.metrics.identity_scores import identity_f1

PLACES = [(0, 0, 10, 20), (2, 0, 10, 20), (30, 0, 10, 20)]


def columns(rows):
    """Rows of (frame, identity, place) as three arrays."""
    boxes = np.array([PLACES[place] for _, _, place in rows], float).reshape(-1, 4)
    return [frame for frame, _, _ in rows], [identity for _, identity, _ in rows], boxes


def plain_overlap(one, other):
    pixels = [
        {(x, y) for x in range(left, left + width) for y in range(top, top + height)}
        for left, top, width, height in (PLACES[one], PLACES[other])
    ]
    return len(pixels[0] & pixels[1]) / len(pixels[0] | pixels[1])


def plain(truth, found):
    names = sorted({identity for _, identity, _ in truth})
    others = sorted({identity for _, identity, _ in found})
    # Whoever is matched with a stranger is matched with nobody.
    others += [("nobody", number) for number in range(len(names))]
    best = 0
    for chosen in permutations(others, len(names)):
        partner = dict(zip(names, chosen))
        right = sum(
            frame == other_frame and partner[identity] == other and plain_overlap(place, other_place) >= 0.5
            for frame, identity, place in truth
            for other_frame, other, other_place in found
        )
        best = max(best, right)
    return tuple(part / whole if whole else 0.0 for part, whole in (
        (2 * best, len(truth) + len(found)), (best, len(found)), (best, len(truth)),
    ))  # fmt: skip


ROWS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(1, 3), st.integers(0, 2)),
    max_size=12,
    unique_by=lambda row: row[:2],
)


@settings(max_examples=60, deadline=None)
@given(ROWS, ROWS)
def test_it_is_what_the_best_of_all_matchings_gives(truth, found):
    assert identity_f1(*columns(truth), *columns(found)) == pytest.approx(plain(truth, found))


def test_one_name_for_two_and_two_names_for_one():
    truth = [(frame, 1, 0) for frame in range(10)] + [(frame, 2, 2) for frame in range(10)]
    assert identity_f1(*columns(truth), *columns(truth)).f1 == 1
    renamed = [(frame, 9 - identity, place) for frame, identity, place in truth]
    assert identity_f1(*columns(truth), *columns(renamed)).f1 == 1
    broken = [(frame, 1 + 2 * (frame >= 7), 0) for frame in range(10)] + truth[10:]
    assert identity_f1(*columns(truth), *columns(broken)).f1 == pytest.approx(17 / 20)
    assert identity_f1(*columns(truth), *columns(truth[:10])) == pytest.approx((2 / 3, 1, 0.5))
    assert identity_f1(*columns(truth), *columns([])) == (0, 0, 0)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"true_ids": [1, 1]}, "twice in a frame"),
        ({"frames": [0]}, "have frames of shape"),
        ({"boxes": [[0, 0, np.nan, 1], [0, 0, 1, 1]]}, "not finite"),
        ({"overlap": 0.0}, "share in"),
    ],
)
def test_what_does_not_fit_together_is_refused(change, problem):
    boxes = [[0, 0, 1, 1], [5, 5, 1, 1]]
    good = {"true_frames": [0, 0], "true_ids": [1, 2], "true_boxes": boxes, "frames": [0, 0], "ids": [1, 2]}
    with pytest.raises(InvalidArgumentError, match=problem):
        identity_f1(**{**good, "boxes": boxes, **change})
