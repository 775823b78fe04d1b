"""The memory-bank loss: recorded sequences of calls, and the bank against a plain loop."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from mindreid.errors import InvalidArgumentError
from mindreid.losses import MemoryBankLoss


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("momentum", [0.0, 0.2])
def test_recorded(golden, fill, momentum, compiled):
    """The first batches leave classes empty, the last ones find the bank full."""
    arrays = golden("cal")
    loss = MemoryBankLoss(8, 16, momentum=momentum)
    function = ms.value_and_grad(loss)
    function = ms.jit(function) if compiled else function
    for call in range(4):
        prefix = f"memory{momentum}_t{call}_"
        pids, clothes = arrays[f"{prefix}pids"], arrays[f"{prefix}clothes_ids"]
        inputs = fill.fill_input(f"cal/mem{call}", (len(pids), 16), 1)
        positive = Tensor(arrays["pid2clothes"][pids])
        value, gradient = function(Tensor(inputs), Tensor(clothes, ms.int32), positive)
        np.testing.assert_allclose(value.asnumpy(), arrays[f"{prefix}value"], rtol=1e-5)
        np.testing.assert_allclose(gradient.asnumpy(), arrays[f"{prefix}grad"], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(
            loss.memory.asnumpy(), arrays[f"{prefix}feature_memory"], rtol=1e-5, atol=1e-6
        )
        np.testing.assert_array_equal(loss.seen.asnumpy(), arrays[f"{prefix}label_memory"] >= 0)
    assert bool(arrays[f"{prefix}filled"])


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_samples_are_remembered_one_after_another(momentum):
    rng = np.random.default_rng(0)
    loss = MemoryBankLoss(3, 2, momentum=momentum)
    bank, seen = np.zeros((3, 2)), np.zeros(3, bool)
    for _ in range(4):
        inputs, targets = rng.standard_normal((6, 2)).astype(np.float32), rng.integers(-1, 3, 6)
        fades = momentum if seen.all() else 0.0
        for row, target in zip(inputs, targets):
            if target >= 0:
                bank[target] = fades * bank[target] + (1 - fades) * row
                seen[target] = True
        loss(Tensor(inputs), Tensor(targets, ms.int32), Tensor(np.tile(np.float32([1, 0, 0]), (6, 1))))
        np.testing.assert_allclose(loss.memory.asnumpy(), bank, rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(loss.seen.asnumpy(), seen)


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_unlabelled_samples_take_no_part(momentum):
    """A batch with some among it has the loss and the gradient of its labelled samples alone."""
    rng = np.random.default_rng(3)
    person_of = np.array([0, 0, 1, 2, 2])
    mixed, alone = (MemoryBankLoss(5, 4, momentum=momentum) for _ in range(2))
    gradient_of_mixed, gradient_of_alone = ms.value_and_grad(mixed), ms.value_and_grad(alone)
    for _ in range(4):
        inputs = rng.standard_normal((8, 4)).astype(np.float32)
        targets = rng.permutation([-1, -1, -1, *rng.integers(0, 5, 5)]).astype(np.int32)
        # Who is on an unlabelled image is known all the same.
        persons = np.where(targets < 0, rng.integers(0, 3, 8), person_of[targets])
        positive = (persons[:, None] == person_of).astype(np.float32)
        known = targets >= 0
        value, gradient = gradient_of_mixed(Tensor(inputs), Tensor(targets), Tensor(positive))
        own_value, own_gradient = gradient_of_alone(
            Tensor(inputs[known]), Tensor(targets[known]), Tensor(positive[known])
        )
        np.testing.assert_allclose(value.asnumpy(), own_value.asnumpy(), rtol=1e-5)
        np.testing.assert_allclose(gradient.asnumpy()[known], own_gradient.asnumpy(), rtol=1e-4, atol=1e-6)
        np.testing.assert_array_equal(gradient.asnumpy()[~known], 0)
        assert np.abs(own_gradient.asnumpy()).max() > 0.01
        np.testing.assert_allclose(mixed.memory.asnumpy(), alone.memory.asnumpy(), rtol=1e-5, atol=1e-6)


def test_bad_momentum():
    with pytest.raises(InvalidArgumentError, match="momentum"):
        MemoryBankLoss(3, 2, momentum=1.0)
