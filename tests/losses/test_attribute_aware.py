"""The attribute-aware loss against plain NumPy; its recorded values are tested with FIRe²."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from mindreid.errors import InvalidArgumentError
from mindreid.losses import AttributeAwareLoss, CrossEntropyLabelSmooth

OWNERS = np.array([0, 0, 0, 1, 1, 2])
TARGETS = np.array([1, 4, 5, 0])


def plain(cosines, targets, positive, scale, epsilon):
    total = 0.0
    for row, target, own in zip(cosines, targets, positive):
        surprise = np.log(np.exp(scale * row).sum()) - scale * row
        total += (1 - epsilon) * surprise[target] + epsilon * surprise[own].mean()
    return total / len(cosines)


@pytest.mark.parametrize(("scale", "epsilon"), [(16.0, 0.1), (1.0, 1.0), (4.0, 0.0)])
def test_equals_the_formula(scale, epsilon):
    cosines = np.random.default_rng(0).uniform(-1, 1, (4, 6)).astype(np.float32)
    positive = OWNERS[TARGETS][:, None] == OWNERS
    loss = AttributeAwareLoss(scale, epsilon)(Tensor(cosines), Tensor(TARGETS, ms.int32), Tensor(positive))
    assert float(loss) == pytest.approx(plain(cosines, TARGETS, positive, scale, epsilon), rel=1e-5)


def test_a_class_far_below_takes_no_part():
    cosines = np.random.default_rng(1).uniform(-1, 1, (4, 6)).astype(np.float32)
    positive = OWNERS[TARGETS][:, None] == OWNERS
    more = np.concatenate([cosines, np.full((4, 3), -1e4, np.float32)], axis=1)
    loss, targets = AttributeAwareLoss(), Tensor(TARGETS, ms.int32)
    expected = float(loss(Tensor(cosines), targets, Tensor(positive)))
    padded = np.pad(positive, ((0, 0), (0, 3)))
    value, gradient = ms.value_and_grad(loss)(Tensor(more), targets, Tensor(padded))
    assert float(value) == pytest.approx(expected, rel=1e-6)
    assert (gradient.asnumpy()[:, 6:] == 0).all()


def test_classes_of_one_person_only_are_smoothed_labels():
    """With all classes positive it is the smoothed cross entropy of the scaled cosines."""
    cosines = Tensor(np.random.default_rng(2).uniform(-1, 1, (4, 6)).astype(np.float32))
    targets = Tensor(TARGETS, ms.int32)
    everything = Tensor(np.ones((4, 6), bool))
    smoothed = CrossEntropyLabelSmooth(0.1)(16 * cosines, targets)
    assert float(AttributeAwareLoss(16.0, 0.1)(cosines, targets, everything)) == pytest.approx(
        float(smoothed)
    )


@pytest.mark.parametrize("options", [{"epsilon": -0.1}, {"epsilon": 1.1}, {"scale": 0.0}])
def test_bad_numbers_are_refused(options):
    with pytest.raises(InvalidArgumentError):
        AttributeAwareLoss(**options)
