"""The compiled multi-phase step against the same step written out with eager autograd."""

from __future__ import annotations

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn, ops
from mindspore.common.api import ms_compile_cache

from mindreid.engine.training.optimizers import adam
from mindreid.engine.training.step import TrainStep
from mindreid.errors import TrainingError
from tests.engine.toy_methods import AdversarialObjective, PlainObjective, ToyNetwork
from tests.slow_cases import quick_only

PIDS = np.arange(8, dtype=np.int32) % 4
CLOTHES = np.arange(8, dtype=np.int32) % 6


def images(step):
    return np.random.default_rng(step).standard_normal((8, 3, 16, 8)).astype(np.float32)


def adversarial_objective(**options):
    ms.set_seed(3)
    return AdversarialObjective(ToyNetwork(), num_classes=4, num_clothes=6, **options).set_train(True)


def optimizers_of(objective):
    return {
        phase.name: adam(list(phase.parameters), phase.name, lr=0.01, weight_decay=0.1)
        for phase in objective.phases()
    }


def values(objective):
    return {name: p.asnumpy().copy() for name, p in objective.parameters_and_names()}


def take_compiled_steps(objective, weights, count):
    step = TrainStep(objective, optimizers_of(objective))
    labels = [Tensor(PIDS), Tensor(CLOTHES)]
    terms = [step(Tensor(images(n)), labels, Tensor(np.float32(weights))).asnumpy() for n in range(count)]
    return step, np.array(terms), values(objective)


def take_written_out_steps(objective, count):
    """Forward for the classifier's update, then again with the updated classifier for the network's.

    Two forwards move the batch norm's running statistics twice, so these are not compared.
    """
    optimizers = optimizers_of(objective)
    pids, clothes = Tensor(PIDS), Tensor(CLOTHES)
    terms = []

    def learn(feature):
        return ops.cross_entropy(objective.clothes(feature), clothes)

    def fool(x):
        identity, adversarial = objective.network_losses((objective.network(x),), (pids, clothes))
        return identity + adversarial, identity, adversarial

    learn = ms.value_and_grad(learn, None, optimizers["clothes"].parameters)
    fool = ms.value_and_grad(fool, None, optimizers["network"].parameters, has_aux=True)
    for n in range(count):
        x = Tensor(images(n))
        clothes_loss, gradients = learn(ops.stop_gradient(objective.network(x)))
        optimizers["clothes"](gradients)
        (_, identity, adversarial), gradients = fool(x)
        optimizers["network"](gradients)
        terms.append([float(clothes_loss), float(identity), float(adversarial)])
    return np.array(terms), values(objective)


@pytest.mark.parametrize("cosine", quick_only([False, True], True))
def test_two_phases_equal_the_written_out_order_of_updates(cosine):
    """Also where the classifier's weights are normalised before they meet an output."""
    _, terms, after = take_compiled_steps(adversarial_objective(cosine=cosine), [1, 1, 1], count=3)
    expected_terms, expected = take_written_out_steps(adversarial_objective(cosine=cosine), count=3)
    np.testing.assert_allclose(terms, expected_terms, rtol=1e-4)
    for name, value in expected.items():
        if "moving" not in name:
            np.testing.assert_allclose(after[name], value, rtol=1e-3, atol=1e-5, err_msg=name)


def test_the_trunk_runs_forward_once():
    """One step moves the running mean by exactly a tenth of the way to the batch mean."""
    objective = adversarial_objective()
    batch_mean = objective.network.conv(Tensor(images(0))).asnumpy().mean((0, 2, 3))
    _, _, after = take_compiled_steps(objective, [1, 1, 1], count=1)
    np.testing.assert_allclose(after["network.bn.moving_mean"], 0.1 * batch_mean, rtol=1e-4, atol=1e-6)


def test_a_phase_that_is_off_neither_learns_nor_decays():
    objective = adversarial_objective()
    before = values(objective)
    _, terms, after = take_compiled_steps(objective, [0, 1, 0], count=2)
    np.testing.assert_array_equal(after["clothes.weight"], before["clothes.weight"])
    assert np.abs(after["classifier.weight"] - before["classifier.weight"]).max() > 1e-3
    assert np.isfinite(terms).all()
    assert (terms[:, 0] > 0).all(), "a term that is off is still logged"


def test_switching_terms_on_compiles_nothing_anew():
    objective = adversarial_objective()
    step = TrainStep(objective, optimizers_of(objective))
    step(Tensor(images(0)), [Tensor(PIDS), Tensor(CLOTHES)], Tensor(np.float32([0, 1, 0])))
    compiled = len(ms_compile_cache)
    for n in range(3):
        step(Tensor(images(n)), [Tensor(PIDS), Tensor(CLOTHES)], Tensor(np.float32([1, 1, 1])))
    assert len(ms_compile_cache) == compiled


def test_weights_scale_the_gradient_not_the_reported_term():
    results = {}
    for weight in (1.0, 3.0):
        ms.set_seed(3)
        objective = PlainObjective(ToyNetwork(), num_classes=4).set_train(True)
        sgd = nn.SGD(objective.trainable_params(), learning_rate=0.1)
        before = objective.classifier.weight.asnumpy().copy()
        terms = TrainStep(objective, {"network": sgd})(
            Tensor(images(0)), [Tensor(PIDS)], Tensor(np.float32([weight]))
        )
        results[weight] = terms.asnumpy(), objective.classifier.weight.asnumpy() - before
    np.testing.assert_allclose(results[1.0][0], results[3.0][0], rtol=1e-5)
    np.testing.assert_allclose(3 * results[1.0][1], results[3.0][1], rtol=1e-3, atol=1e-7)


def test_evaluation_between_steps_leaves_training_as_it_was():
    plain = adversarial_objective()
    interrupted = adversarial_objective()
    results = []
    for objective, pause in ((plain, False), (interrupted, True)):
        step = TrainStep(objective, optimizers_of(objective))
        embed = ms.jit(objective.network.construct)
        for n in range(3):
            if pause:
                objective.set_train(False)
                embed(Tensor(images(50 + n)))
                objective.set_train(True)
            step(Tensor(images(n)), [Tensor(PIDS), Tensor(CLOTHES)], Tensor(np.float32([1, 1, 1])))
        results.append(values(objective))
    for name, value in results[0].items():
        np.testing.assert_array_equal(results[1][name], value, err_msg=name)


def test_phases_and_optimizers_must_match():
    objective = adversarial_objective()
    optimizers = optimizers_of(objective)
    del optimizers["clothes"]
    with pytest.raises(TrainingError, match=r"phases are \['clothes', 'network'\]"):
        TrainStep(objective, optimizers)
