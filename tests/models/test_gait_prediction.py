"""What is particular to the gait stream by itself: which frame it sees, and what learns when."""

import mindspore as ms
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mindspore import Tensor

from mindreid.config import load_recipe
from mindreid.engine.checkpoints.checkpoint_files import Description, save_weights
from mindreid.engine.checkpoints.networks import build_network
from mindreid.engine.deployment.exporter import export_checkpoint
from mindreid.engine.training.optimizers import adam
from mindreid.engine.training.step import TrainStep
from mindreid.errors import InvalidArgumentError
from mindreid.models.gait_prediction import GaitPrediction, GaitPredictionObjective
from mindreid.models.gait_prediction.network import middle_silhouette


@given(st.lists(st.integers(1, 11), min_size=1, max_size=4), st.integers(0, 5))
@settings(max_examples=25, deadline=None)
def test_the_middle_one_of_the_frames_that_are_there_is_taken(counts, more):
    frames = np.random.default_rng(0).random((len(counts), max(counts) + more, 4, 3)).astype(np.float32)
    for row, count in zip(frames, counts):
        row[count:] = -1
    middle = middle_silhouette(Tensor(frames)).asnumpy()
    for row, count, found in zip(frames, counts, middle):
        np.testing.assert_array_equal(found[0], row[(count - 1) // 2])


def test_no_other_frame_is_looked_at():
    network = GaitPrediction(width=1 / 8, features=4).set_train(False)
    frames = np.random.default_rng(0).random((2, 8, 64, 44)).astype(np.float32)
    embedding = network(Tensor(frames)).asnumpy()
    assert embedding.shape == (2, 4, 62)
    others = frames.copy()
    others[:, [0, 1, 2, 4, 5, 6, 7]] = 0.5
    np.testing.assert_array_equal(network(Tensor(others)).asnumpy(), embedding)
    others[:, 3] = 0.5
    assert not np.array_equal(network(Tensor(others)).asnumpy(), embedding)


@pytest.mark.slow
def test_the_set_network_rests_until_the_triplets_begin():
    objective = GaitPredictionObjective(GaitPrediction(width=1 / 64, features=4), 2, triplet_start=1)
    objective.set_train(True)
    (phase,) = objective.phases()
    step = TrainStep(objective, {name: adam(own, name, lr=0.01) for name, own in phase.updated.items()})
    frames = Tensor(np.random.default_rng(0).random((4, 8, 64, 44)).astype(np.float32))
    pids = (Tensor([0, 0, 1, 1], ms.int32),)
    assert [objective.term_weights(epoch)["gait_triplet"] for epoch in (0, 1, 2)] == [0, 1, 1]
    for epoch, moving in ((0, {"prediction"}), (1, {"prediction", "gait"})):
        step.freeze(objective.frozen(epoch))
        before = {
            name: [parameter.asnumpy().copy() for parameter in own] for name, own in phase.updated.items()
        }
        step(frames, pids, Tensor(list(objective.term_weights(epoch).values()), ms.float32))
        moved = {
            name
            for name, own in phase.updated.items()
            if not all(np.array_equal(p.asnumpy(), value) for p, value in zip(own, before[name]))
        }
        assert moved == moving


@pytest.mark.slow
@pytest.mark.parametrize("file_format", ["mindir", "onnx"])
def test_a_network_that_estimates_the_phase_is_exported(smoke_recipe, file_format, tmp_path):
    if file_format == "onnx":
        pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
    recipe, path = smoke_recipe("gait_prediction", "model.network.phase=true"), tmp_path / "x.ckpt"
    save_weights(path, build_network(recipe), Description.of(recipe, num_classes=2))
    assert export_checkpoint(recipe, path, tmp_path / f"x.{file_format}", file_format) < 1e-4


@pytest.mark.parametrize(
    ("options", "what"),
    [({"difference": "mse"}, "'absolute' or 'squared'"), ({"triplet_start": -1}, "epoch from 0")],
)
def test_options_that_mean_nothing_are_refused(options, what):
    with pytest.raises(InvalidArgumentError, match=what):
        GaitPredictionObjective(GaitPrediction(width=1 / 64, features=4), 2, **options)


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(InvalidArgumentError, match="features is a positive integer, not 0"):
        GaitPrediction(features=0)
    with pytest.raises(InvalidArgumentError, match=r"64×44, not 64×64.*input\.width=44"):
        build_network(load_recipe("gait_prediction/smoke", ["input.width=64"]))
    objective = GaitPredictionObjective(GaitPrediction(width=1 / 64, features=4), 2)
    with pytest.raises(InvalidArgumentError, match=r"8 frames.*training rows 4.*frames\.count=8"):
        objective.forward(Tensor(np.zeros((2, 4, 64, 44), np.float32)))
