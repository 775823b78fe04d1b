"""Optimisers against written-out NumPy references with PyTorch's semantics, eager and compiled."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Parameter, Tensor, nn, ops

from mindreid.engine.training.optimizers import adam, adamw, get_learning_rate, set_learning_rate, sgd
from mindreid.errors import InvalidArgumentError
from mindreid.zoo import OPTIMIZERS

NAMES = ("linear.weight", "norm.gamma", "norm.beta")
STEPS = 4


class Weights(nn.Cell):
    """Three parameters; two bear the names that MindSpore's optimisers leave out of the decay."""

    def __init__(self):
        super().__init__()
        rng = np.random.default_rng(3)
        self.start = [rng.standard_normal(shape).astype(np.float32) for shape in ((5, 4), (4,), (4,))]
        self.values = ms.ParameterTuple(
            [Parameter(Tensor(value), name=name) for name, value in zip(NAMES, self.start)]
        )


def gradients(step, scale):
    rng = np.random.default_rng(100 + step)
    return [(scale * rng.standard_normal(shape)).astype(np.float32) for shape in ((5, 4), (4,), (4,))]


def sgd_reference(weights, grads_of, lr, momentum, decay, nesterov=False):
    velocity = [np.zeros_like(w) for w in weights]
    for step in range(STEPS):
        for i, g in enumerate(grads_of(step)):
            g = g.astype(np.float64) + decay * weights[i]
            velocity[i] = momentum * velocity[i] + g
            direction = g + momentum * velocity[i] if nesterov else velocity[i]
            weights[i] = weights[i] - lr(step) * direction
    return weights


def adam_reference(weights, grads_of, lr, decay, betas, eps, amsgrad, decoupled):
    first = [np.zeros_like(w) for w in weights]
    second = [np.zeros_like(w) for w in weights]
    peak = [np.zeros_like(w) for w in weights]
    for step in range(STEPS):
        correct1, correct2 = 1 - betas[0] ** (step + 1), 1 - betas[1] ** (step + 1)
        for i, g in enumerate(grads_of(step)):
            g = g.astype(np.float64)
            if decoupled:
                weights[i] = weights[i] * (1 - lr(step) * decay)
            else:
                g = g + decay * weights[i]
            first[i] = betas[0] * first[i] + (1 - betas[0]) * g
            second[i] = betas[1] * second[i] + (1 - betas[1]) * g * g
            peak[i] = np.maximum(peak[i], second[i])
            root = np.sqrt(peak[i] if amsgrad else second[i]) / np.sqrt(correct2) + eps
            weights[i] = weights[i] - lr(step) / correct1 * first[i] / root
    return weights


def rate(step):
    return 0.01 if step < 2 else 0.002


def run(optimizer, grads_of, compiled):
    @ms.jit
    def compiled_update(grads):
        return optimizer(grads)

    update = compiled_update if compiled else optimizer
    for step in range(STEPS):
        set_learning_rate(optimizer, rate(step))
        update(tuple(Tensor(g) for g in grads_of(step)))


def compare(weights, expected):
    for parameter, start, value in zip(weights.values, weights.start, expected):
        np.testing.assert_allclose(
            parameter.asnumpy() - start, value - start.astype(np.float64), rtol=2e-3, atol=2e-7
        )


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("compiled", [False, True])
def test_sgd_decays_all_parameters_and_follows_the_rate(compiled, nesterov):
    weights = Weights()
    optimizer = sgd(
        list(weights.values), "network", lr=0.5, momentum=0.9, weight_decay=0.1, nesterov=nesterov
    )
    run(optimizer, lambda step: gradients(step, 1.0), compiled)
    start = [w.astype(np.float64) for w in weights.start]
    expected = sgd_reference(start, lambda step: gradients(step, 1.0), rate, 0.9, 0.1, nesterov)
    compare(weights, expected)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("kind", ["adam", "amsgrad", "adamw"])
@pytest.mark.parametrize("scale", [1.0, 1e-7])
def test_adam_family(compiled, kind, scale):
    """Gradients near epsilon tell where epsilon is added."""
    weights = Weights()
    decay = 0.1 if scale == 1.0 else 0.0
    betas = (0.8, 0.6) if kind == "amsgrad" else (0.9, 0.999)
    if kind == "adamw":
        optimizer = adamw(list(weights.values), lr=0.5, weight_decay=decay)
    else:
        optimizer = adam(
            list(weights.values), lr=0.5, weight_decay=decay, betas=betas, amsgrad=kind == "amsgrad"
        )

    def grads_of(step):
        # The first gradient is the largest, so that AMSGrad's maximum matters.
        return gradients(step, scale * (3.0 if step == 0 else 0.1))

    run(optimizer, grads_of, compiled)
    start = [w.astype(np.float64) for w in weights.start]
    expected = adam_reference(start, grads_of, rate, decay, betas, 1e-8, kind == "amsgrad", kind == "adamw")
    compare(weights, expected)


def test_state_has_unique_names_per_optimizer():
    weights = Weights()
    one, two = (adam(list(weights.values), name, lr=0.1, amsgrad=True) for name in ("classifier", "network"))
    own = [{p.name for p in o.get_parameters()} - set(NAMES) for o in (one, two)]
    assert not own[0] & own[1]
    assert all(name.startswith("classifier.") for name in own[0])
    assert len(own[0]) == 3 * len(NAMES) + 4  # moments, peaks; step, rate, two powers
    assert [p.name for p in one.parameters] == list(NAMES)


def test_state_restores_the_run():
    """Two runs agree bit for bit if the second starts from the first one's stored parameters."""
    finals = []
    stored = None
    for half in (False, True):
        weights = Weights()
        optimizer = adam(list(weights.values), lr=0.01, weight_decay=0.1, betas=(0.9, 0.5), amsgrad=True)
        parameters = list(weights.values) + [p for p in optimizer.get_parameters() if p.name not in NAMES]
        for step in range(2 if half else 0, STEPS):
            if half and step == 2:
                for parameter in parameters:
                    parameter.set_data(Tensor(stored[parameter.name]))
            optimizer(tuple(Tensor(g) for g in gradients(step, 1.0 if step else 9.0)))
            if not half and step == 1:
                stored = {p.name: p.asnumpy().copy() for p in parameters}
        finals.append([p.asnumpy() for p in weights.values])
    for a, b in zip(*finals):
        np.testing.assert_array_equal(a, b)


def test_rate_changes_inside_a_compiled_function():
    weights = Weights()
    optimizer = sgd(list(weights.values), lr=1.0, momentum=0.0)

    @ms.jit
    def step(grads, inputs):
        return ops.depend(inputs, optimizer(grads))

    grads = tuple(Tensor(np.ones_like(value)) for value in weights.start)
    step(grads, Tensor(1.0))
    set_learning_rate(optimizer, 0.25)
    assert get_learning_rate(optimizer) == 0.25
    step(grads, Tensor(1.0))
    for parameter, start in zip(weights.values, weights.start):
        np.testing.assert_allclose(parameter.asnumpy(), start - 1.25, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "options", "part"),
    [
        ("sgd", {"lr": -1.0}, "lr"),
        ("sgd", {"lr": 0.1, "momentum": 1.0}, "momentum"),
        ("adam", {"lr": 0.1, "weight_decay": float("nan")}, "weight_decay"),
        ("adamw", {"lr": 0.1, "betas": (0.9, 1.5)}, "beta2"),
    ],
)
def test_bad_numbers_are_named(name, options, part):
    with pytest.raises(InvalidArgumentError, match=part):
        OPTIMIZERS[name](list(Weights().values), **options)


def test_nothing_to_update():
    with pytest.raises(InvalidArgumentError, match="no parameters"):
        OPTIMIZERS["sgd"]([], lr=0.1)
