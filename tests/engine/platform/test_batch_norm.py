"""Batch norms whose statistics are those of groups of a batch, against MindSpore's on each group."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Parameter, Tensor, nn

from mindreid.config import DeviceConfig
from mindreid.engine.platform.batch_norm import GroupedStatistics, share_batch_statistics
from mindreid.engine.platform.distributed import Workers
from mindreid.errors import ConfigError
from tests.engine.toy_methods import PlainObjective, ToyNetwork

SHAPES = {"maps": (nn.BatchNorm2d, (16, 3, 5, 4)), "vectors": (nn.BatchNorm1d, (16, 3))}


def norm_of(kind, groups=None):
    norm = SHAPES[kind][0](3, momentum=0.7)
    norm.gamma.set_data(Tensor([0.5, 2.0, -1.0]))
    norm.beta.set_data(Tensor([0.1, 0.0, 3.0]))
    norm.set_train(True)
    if groups is not None:
        norm.bn_train = GroupedStatistics(groups, norm.eps, norm.momentum)
    return norm


def step(norm, rows, weights):
    """Output, gradients for rows, gamma and beta, and the running statistics after one step."""

    def total(x, w):
        normalized = norm(x)
        return (normalized * w).sum(), normalized

    differentiate = ms.jit(ms.value_and_grad(total, 0, [norm.gamma, norm.beta], has_aux=True))
    (_, normalized), (of_rows, of_parameters) = differentiate(Tensor(rows), Tensor(weights))
    running = (norm.moving_mean, norm.moving_variance)
    return [value.asnumpy().copy() for value in (normalized, of_rows, *of_parameters, *running)]


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_every_group_is_normalized_as_if_alone(kind, groups):
    generator = np.random.default_rng(0)
    rows, weights = (generator.normal(2, 3, SHAPES[kind][1]).astype(np.float32) for _ in range(2))
    found = step(norm_of(kind, groups), rows, weights)
    shares = zip(np.split(rows, groups), np.split(weights, groups))
    alone = [step(norm_of(kind), *share) for share in shares]
    for index in (0, 1):
        np.testing.assert_allclose(found[index], np.concatenate([one[index] for one in alone]), atol=2e-5)
    for index in (2, 3):
        np.testing.assert_allclose(found[index], sum(one[index] for one in alone), rtol=1e-5, atol=2e-5)
    for index in (4, 5):
        np.testing.assert_allclose(found[index], alone[0][index], rtol=1e-5)


def test_half_precision_is_normalized_in_single_precision():
    rows = np.random.default_rng(1).normal(200, 1, (8, 3, 5, 4)).astype(np.float16)
    normalized, *_, mean, _ = step(norm_of("maps", 2), rows, np.ones_like(rows))
    assert normalized.dtype == np.float16
    np.testing.assert_allclose(mean, rows[:4].astype(np.float64).mean((0, 2, 3)) * 0.3, rtol=1e-4)


def shared(workers=1, batch_size=8, **config):
    objective = PlainObjective(ToyNetwork(), num_classes=2)
    groups = share_batch_statistics(objective, DeviceConfig(**config), "CPU", Workers(0, workers), batch_size)
    assert objective.batch_groups == groups
    return groups, objective


@pytest.mark.parametrize(
    ("workers", "config", "groups"),
    [
        (1, {}, 1),
        (4, {}, 1),
        (4, {"sync_bn": "off"}, 4),
        (1, {"norm_groups": 4}, 4),
        (2, {"norm_groups": 4}, 4),
        (4, {"norm_groups": 4}, 4),
        (1, {"sync_bn": "off"}, 1),
    ],
)
def test_groups_of_the_whole_batch(workers, config, groups):
    assert shared(workers, **config)[0] == groups


def test_norms_of_the_objective_see_the_groups_of_all_workers():
    objective = PlainObjective(ToyNetwork(), num_classes=2)
    objective.neck = nn.BatchNorm1d(8)
    share_batch_statistics(objective, DeviceConfig(norm_groups=4), "CPU", Workers(0, 2), 8)
    assert (objective.neck.bn_train.groups, objective.network.bn.bn_train.groups) == (4, 2)


def test_parameters_keep_their_names_and_places():
    before = [name for name, _ in PlainObjective(ToyNetwork(), num_classes=2).parameters_and_names()]
    _, objective = shared(norm_groups=2)
    assert [name for name, _ in objective.parameters_and_names()] == before
    assert all(isinstance(parameter, Parameter) for _, parameter in objective.parameters_and_names())


@pytest.mark.parametrize(
    ("workers", "batch_size", "config", "said"),
    [
        (1, 8, {"norm_groups": 2, "sync_bn": "on"}, "contradict"),
        (4, 8, {"norm_groups": 2}, "2 groups .* over 4 workers"),
        (1, 6, {"norm_groups": 4}, "batch of 6 can't be cut into 4"),
    ],
)
def test_what_can_not_be_had_is_refused(workers, batch_size, config, said):
    with pytest.raises(ConfigError, match=said):
        shared(workers, batch_size, **config)
