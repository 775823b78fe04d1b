"""Batch-hard triplet loss: recorded values, a plain loop, ties, identical features, lonely persons."""

import mindspore as ms
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mindspore import Tensor

from mindreid.errors import InvalidArgumentError
from mindreid.losses import TripletLoss


def loss_and_gradient(loss, inputs, targets, compiled=False):
    function = ms.value_and_grad(loss)
    function = ms.jit(function) if compiled else function
    value, gradient = function(Tensor(inputs, ms.float32), Tensor(targets, ms.int32))
    return float(value.asnumpy()), gradient.asnumpy()


def slow_triplet(inputs, targets, margin, distance):
    """The definition, one anchor after another."""
    inputs = np.asarray(inputs, np.float64)
    if distance == "cosine":
        inputs = inputs / np.maximum(np.linalg.norm(inputs, axis=1, keepdims=True), 1e-12)
    total = 0.0
    for anchor, target in zip(inputs, targets):
        if distance == "cosine":
            distances = 1 - inputs @ anchor
        else:
            distances = np.maximum(np.linalg.norm(inputs - anchor, axis=1), 1e-6)
        positives = distances[np.equal(targets, target)]
        negatives = distances[np.not_equal(targets, target)]
        if len(negatives):
            violation = positives.max() - negatives.min()
            total += np.logaddexp(0.0, violation) if margin == "soft" else max(0.0, margin + violation)
    return total / len(inputs)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(
    ("file", "prefix", "labels", "margin", "distance"),
    [
        ("mgn", "triplet", "triplet_labels", 1.2, "euclidean"),
        ("losses", "cal_triplet", "cal_pids", 0.3, "cosine"),
        ("losses", "fire_triplet", "fire_pids", 0.3, "euclidean"),
        ("fire", "triplet_soft", "pids", "soft", "euclidean"),
    ],
)
def test_recorded(golden, file, prefix, labels, margin, distance, compiled):
    arrays = golden(file)
    value, gradient = loss_and_gradient(
        TripletLoss(margin, distance), arrays[f"{prefix}_in"], arrays[labels], compiled
    )
    np.testing.assert_allclose(value, arrays[f"{prefix}_value"], rtol=1e-5)
    np.testing.assert_allclose(gradient, arrays[f"{prefix}_grad"], rtol=1e-3, atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    persons=st.integers(1, 4),
    margin=st.sampled_from([0.0, 0.3, 2.0, "soft"]),
    distance=st.sampled_from(["euclidean", "cosine"]),
)
def test_equals_the_plain_loop(seed, persons, margin, distance):
    """Any label counts: persons with one image, batches of one person."""
    rng = np.random.default_rng(seed)
    inputs = rng.standard_normal((6, 3)).astype(np.float32)
    targets = rng.integers(0, persons, 6)
    value = TripletLoss(margin, distance)(Tensor(inputs), Tensor(targets, ms.int32))
    assert float(value.asnumpy()) == pytest.approx(
        slow_triplet(inputs, targets, margin, distance), rel=1e-4, abs=1e-5
    )


@pytest.mark.parametrize("distance", ["euclidean", "cosine"])
def test_gradient_by_finite_differences(distance):
    """On a batch where no two candidates are near a tie."""
    rng = np.random.default_rng(5)
    inputs, targets = rng.standard_normal((6, 4)), np.array([0, 0, 0, 1, 1, 2])
    _, gradient = loss_and_gradient(TripletLoss(1.0, distance), inputs, targets)
    step = 1e-6
    for row in range(6):
        for column in range(4):
            moved = [inputs.copy(), inputs.copy()]
            moved[0][row, column] += step
            moved[1][row, column] -= step
            high, low = (slow_triplet(m, targets, 1.0, distance) for m in moved)
            assert gradient[row, column] == pytest.approx((high - low) / (2 * step), rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("distance", ["euclidean", "cosine"])
@pytest.mark.parametrize("row", [[0.0, 0.0, 0.0], [300.0, -200.0, 0.1]])
def test_identical_features_have_no_gradient(distance, row, compiled):
    inputs = np.tile(np.float32(row), (4, 1))
    value, gradient = loss_and_gradient(TripletLoss(0.3, distance), inputs, [0, 0, 1, 1], compiled)
    assert value == pytest.approx(0.3, abs=1e-5)
    np.testing.assert_allclose(gradient, 0, atol=1e-4)


def test_one_pair_of_identical_features_pulls_nothing_but_pushes_the_negative():
    inputs = np.float32([[1, 0], [1, 0], [1.5, 0]])
    _, gradient = loss_and_gradient(TripletLoss(1.0), inputs, [0, 0, 1])
    # Anchors 0 and 1 and, from the other side, anchor 2 (towards its first nearest negative).
    np.testing.assert_allclose(gradient, np.float32([[2, 0], [1, 0], [-3, 0]]) / 3, atol=1e-6)


def test_equally_hard_examples_take_the_first():
    inputs = np.float32([[0, 0], [1, 0], [0, 1], [3, 0], [0, 3]])
    _, gradient = loss_and_gradient(TripletLoss(9.0), inputs, [0, 0, 0, 1, 1])
    _, swapped = loss_and_gradient(TripletLoss(9.0), inputs[[0, 2, 1, 4, 3]], [0, 0, 0, 1, 1])
    assert gradient[0, 0] == pytest.approx(swapped[0, 1])
    assert abs(gradient[0, 0]) > abs(gradient[0, 1])


def test_only_one_person_costs_nothing():
    value, gradient = loss_and_gradient(TripletLoss(1.2), np.eye(3), [7, 7, 7])
    assert value == 0
    np.testing.assert_array_equal(gradient, 0)


def test_does_not_depend_on_the_order():
    rng = np.random.default_rng(2)
    inputs, targets, order = rng.standard_normal((8, 5)), np.repeat(np.arange(4), 2), rng.permutation(8)
    one = loss_and_gradient(TripletLoss(0.5), inputs, targets)
    two = loss_and_gradient(TripletLoss(0.5), inputs[order], targets[order])
    assert one[0] == pytest.approx(two[0], rel=1e-6)
    np.testing.assert_allclose(one[1][order], two[1], atol=1e-6)


def test_the_soft_margin_is_that_of_its_authors_who_leave_the_anchor_out():
    """The formula of their code, with a person who has one image: its farthest positive is at zero."""
    rng = np.random.default_rng(3)
    inputs, targets = rng.standard_normal((7, 4)).astype(np.float32), np.array([0, 0, 1, 1, 1, 2, 3])
    distances = np.sqrt(((inputs[:, None] - inputs[None]) ** 2).sum(2) + 1e-12)
    same = targets[:, None] == targets[None]
    farthest = (distances * (same ^ np.eye(7, dtype=bool))).max(1)
    nearest = np.where(same, np.inf, distances).min(1)
    value, _ = loss_and_gradient(TripletLoss("soft"), inputs, targets)
    assert value == pytest.approx(np.logaddexp(0, farthest - nearest).mean(), rel=1e-5)


@pytest.mark.parametrize("margin", ["soft", 2.0])
def test_far_violations_stay_finite(margin):
    value, gradient = loss_and_gradient(TripletLoss(margin), [[0, 0], [900, 0], [1, 0], [1, 1]], [0, 0, 1, 1])
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    assert value > 200


@pytest.mark.parametrize(
    ("margin", "distance"), [(-0.1, "euclidean"), (0.3, "manhattan"), ("hard", "euclidean")]
)
def test_bad_options(margin, distance):
    with pytest.raises(InvalidArgumentError):
        TripletLoss(margin, distance)
