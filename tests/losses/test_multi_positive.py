"""CAL's and VAL's adversarial loss: recorded values, cases worked by hand, a plain loop."""

import mindspore as ms
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mindspore import Tensor

from mindreid.errors import InvalidArgumentError
from mindreid.losses import MultiPositiveLoss


def slow_loss(cosines, targets, positive, scale, epsilon):
    """The formula, one sample and one class after another."""
    each = []
    for row, target, own in zip(scale * np.asarray(cosines, np.float64), targets, positive):
        if target < 0:
            continue
        others = sum(np.exp(row[c]) for c in range(len(row)) if not own[c])
        total = 0.0
        for c in range(len(row)):
            weight = (1 - epsilon) * (c == target) + epsilon * own[c] / sum(own)
            total -= weight * (row[c] - np.log(np.exp(row[c]) + others))
        each.append(total)
    return np.mean(each) if each else 0.0


def evaluate(cosines, targets, positive, scale=16.0, epsilon=0.1, compiled=False):
    function = ms.value_and_grad(MultiPositiveLoss(scale, epsilon))
    function = ms.jit(function) if compiled else function
    value, gradient = function(
        Tensor(cosines, ms.float32), Tensor(targets, ms.int32), Tensor(positive, ms.float32)
    )
    return float(value.asnumpy()), gradient.asnumpy()


@pytest.mark.parametrize("compiled", [False, True])
def test_recorded(golden, compiled):
    arrays = golden("cal")
    value, gradient = evaluate(arrays["cal_in"], arrays["clothes_ids"], arrays["cal_mask"], compiled=compiled)
    np.testing.assert_allclose(value, arrays["cal_value"], rtol=1e-5)
    np.testing.assert_allclose(gradient, arrays["cal_grad"], rtol=1e-4, atol=1e-6)


def test_equal_cosines_by_hand():
    """All logits alike: each positive class competes with itself and the two negative ones only."""
    positive = [[1, 1, 0, 0], [1, 0, 0, 0]]
    value, _ = evaluate(np.zeros((2, 4)), [1, 0], positive, epsilon=1.0)
    assert value == pytest.approx((np.log(3) + np.log(4)) / 2, rel=1e-6)


def test_weights_of_the_positive_classes_by_hand():
    """Surprise log(1 + e^1) of class 0 and log(1 + e^3) of class 1 against the one negative class."""
    cosines, positive = [[2.0, 0.0, 3.0]], [[1, 1, 0]]
    near, far = np.log1p(np.exp(1)), np.log1p(np.exp(3))
    for epsilon, expected in ((0.0, near), (0.1, 0.95 * near + 0.05 * far), (1.0, (near + far) / 2)):
        value, _ = evaluate(cosines, [0], positive, scale=1.0, epsilon=epsilon)
        assert value == pytest.approx(expected, rel=1e-6)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), epsilon=st.sampled_from([0.0, 0.1, 1.0]), persons=st.integers(1, 4))
def test_equals_the_plain_loop(seed, epsilon, persons):
    """Persons with one class, one person with all of them, unlabelled samples."""
    rng = np.random.default_rng(seed)
    owners = rng.integers(0, persons, 6)
    targets = rng.integers(-1, 6, 7)
    pids = np.where(targets < 0, rng.integers(0, persons, 7), owners[targets])
    positive = owners[None] == pids[:, None]
    cosines = rng.uniform(-1, 1, (7, 6)).astype(np.float32)
    value, gradient = evaluate(cosines, targets, positive, 4.0, epsilon)
    assert value == pytest.approx(slow_loss(cosines, targets, positive, 4.0, epsilon), rel=1e-4, abs=1e-6)
    np.testing.assert_array_equal(gradient[targets < 0], 0)


def test_gradient_by_finite_differences():
    rng = np.random.default_rng(3)
    cosines, targets = rng.uniform(-1, 1, (4, 5)), [0, 3, -1, 4]
    positive = np.array([[1, 1, 0, 0, 0], [0, 0, 1, 1, 1], [1, 1, 0, 0, 0], [0, 0, 1, 1, 1]])
    _, gradient = evaluate(cosines, targets, positive, 4.0, 0.3)
    for place in np.ndindex(4, 5):
        ends = []
        for step in (1e-5, -1e-5):
            moved = cosines.copy()
            moved[place] += step
            ends.append(slow_loss(moved, targets, positive, 4.0, 0.3))
        assert gradient[place] == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-3, abs=1e-5)


def test_large_logits_stay_finite():
    value, gradient = evaluate([[-1.0, 1.0]], [0], [[1, 0]], scale=1000.0)
    assert value == pytest.approx(2000, rel=1e-6)
    assert np.isfinite(gradient).all()


def test_one_person_alone_has_nothing_to_fear():
    value, gradient = evaluate([[0.3, -0.2]], [0], [[1, 1]])
    assert value == 0
    np.testing.assert_array_equal(gradient, 0)


@pytest.mark.parametrize("options", [{"scale": -1.0}, {"epsilon": 1.1}])
def test_bad_options(options):
    with pytest.raises(InvalidArgumentError):
        MultiPositiveLoss(**options)
