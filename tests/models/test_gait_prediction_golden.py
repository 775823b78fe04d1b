"""The gait stream by itself against GI-ReID's recorded run, and its losses against slow references."""

from __future__ import annotations

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from mindreid.models.gait_prediction import GaitPrediction, GaitPredictionObjective
from tests.models.test_gi_reid_golden import STRIPS, stream_values
from tests.relative_distance import distance


@pytest.fixture(scope="module")
def recorded(golden):
    return golden("gireid")


@pytest.fixture(scope="module")
def network(recorded, torch_state):
    num_classes = int(recorded["num_classes"])
    states = [
        torch_state("gireid", num_classes, section=section, prefix=prefix)
        for section, prefix in (("GCP_state_dict", "gcp/"), ("GaitSet_state_dict", "gaitset/"))
    ]
    values = stream_values(*states)
    made = GaitPrediction()
    assert {name for name, _ in made.parameters_and_names()} == set(values)
    for name, parameter in made.parameters_and_names():
        parameter.set_data(Tensor(np.reshape(values[name], parameter.shape).astype(np.float32)))
    return made


@pytest.fixture
def walks(fill):
    """The middle columns of recorded masks, each the fourth frame of eight."""
    masks = fill.fill_silhouettes("gireid/masks", (4, 1, 64, 32), 1)
    frames = np.random.default_rng(0).random((4, 8, 64, 44)).astype(np.float32)
    frames[:, 3] = np.pad(masks[:, 0], ((0, 0), (0, 0), (6, 6)))
    return frames


def test_inference(recorded, network, walks):
    network.set_train(False)
    cycle = network.maps(Tensor(walks))["cycle"]
    assert distance(cycle[:, :, ::8, ::8], recorded["eval_gait_cycle_slice"]) < 1e-5
    parts = network(Tensor(walks)).asnumpy().transpose(0, 2, 1)
    order = np.concatenate([31 + np.argsort(STRIPS), np.argsort(STRIPS)])
    assert distance(parts[:, order, ::8], recorded["eval_gait_set_slice"]) < 1e-5


def slow_triplet(parts, pids, margin):
    """Every triplet of every part: the mean of those that violate the margin, then over the parts."""
    means = []
    for part in np.moveaxis(parts.astype(np.float64), 2, 0):
        apart = np.sqrt(((part[:, None] - part[None]) ** 2).sum(2))
        found = [
            apart[anchor, near] - apart[anchor, far] + margin
            for anchor in range(len(pids))
            for near in range(len(pids))
            for far in range(len(pids))
            if pids[near] == pids[anchor] != pids[far]
        ]
        violated = [value for value in found if value > 0]
        means.append(np.mean(violated) if violated else 0.0)
    return np.mean(means)


@pytest.mark.parametrize("difference", ["absolute", "squared"])
def test_the_losses_of_training_it_alone(network, walks, difference):
    network.set_train(True)
    objective = GaitPredictionObjective(network, 2, difference=difference)
    pids = np.array([0, 0, 1, 1])
    differences, parts = objective.forward(Tensor(walks))
    # Those of weights that learnt nothing lie closer together than float32 tells apart.
    scattered = np.random.default_rng(0).normal(0, 0.3, parts.shape).astype(np.float32)
    outputs = differences, Tensor(scattered)
    prediction, triplet = objective.losses(outputs, (Tensor(pids, ms.int32),))

    wide = np.pad(walks, ((0, 0), (0, 0), (0, 0), (10, 10)))
    apart = np.abs(network.prediction(Tensor(wide[:, 3:4])).asnumpy() - wide)
    expected = np.mean(apart if difference == "absolute" else apart**2, dtype=np.float64)
    assert distance(prediction, expected) < 1e-5
    assert distance(triplet, slow_triplet(scattered, pids, 0.5)) < 1e-4
