"""Batch-all triplet loss per part: recorded values, all triplets written out, limits."""

import mindspore as ms
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mindspore import Tensor

from mindreid.errors import InvalidArgumentError
from mindreid.losses import PartTripletLoss


def loss_and_gradient(loss, inputs, targets, compiled=False):
    function = ms.value_and_grad(loss)
    function = ms.jit(function) if compiled else function
    value, gradient = function(Tensor(inputs, ms.float32), Tensor(targets, ms.int32))
    return float(value.asnumpy()), gradient.asnumpy()


@pytest.mark.parametrize("compiled", [False, True])
def test_recorded(golden, compiled):
    arrays = golden("gaitbase")
    loss = PartTripletLoss(float(arrays["triplet_margin"]))
    inputs, targets = arrays["triplet_in"], arrays["triplet_labels"]
    value, gradient = loss_and_gradient(loss, inputs, targets, compiled)
    np.testing.assert_allclose(value, arrays["triplet_value"], rtol=1e-5)
    np.testing.assert_allclose(gradient, arrays["triplet_grad"], rtol=1e-4, atol=1e-7)
    per_part, violated = loss.per_part(Tensor(inputs), Tensor(targets, ms.int32))
    np.testing.assert_allclose(per_part.asnumpy(), arrays["triplet_per_part"], rtol=1e-5)
    np.testing.assert_array_equal(violated.asnumpy(), arrays["triplet_info_loss_num"])


def all_triplets(inputs, targets, margin):
    values = []
    for part in np.moveaxis(inputs.astype(np.float64), 2, 0):
        terms = [
            margin + np.linalg.norm(part[i] - part[j]) - np.linalg.norm(part[i] - part[k])
            for i, j, k in np.ndindex(*(len(targets),) * 3)
            if targets[i] == targets[j] and targets[i] != targets[k]
        ]
        positive = [term for term in terms if term > 0]
        values.append(np.mean(positive) if positive else 0)
    return np.mean(values)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 8), parts=st.integers(1, 3))
def test_definition_for_any_number_of_images_per_person(seed, count, parts):
    rng = np.random.default_rng(seed)
    inputs = rng.standard_normal((count, 4, parts)).astype(np.float32)
    targets = rng.integers(0, 3, count)
    value, gradient = loss_and_gradient(PartTripletLoss(0.2), inputs, targets)
    assert value == pytest.approx(all_triplets(inputs, targets, 0.2), rel=1e-4, abs=1e-6)
    assert np.isfinite(gradient).all()


def test_equal_embeddings_have_a_finite_gradient():
    value, gradient = loss_and_gradient(PartTripletLoss(0.2), np.ones((4, 3, 2)), [0, 0, 1, 1])
    assert value == pytest.approx(0.2)
    np.testing.assert_array_equal(gradient, 0)


def test_negative_margin():
    with pytest.raises(InvalidArgumentError, match="margin"):
        PartTripletLoss(-0.1)
