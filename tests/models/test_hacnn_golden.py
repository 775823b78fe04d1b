"""HA-CNN against recorded runs of torchreid in PyTorch: forward, losses, gradients, short trainings."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from mindreid.convert import from_torch, load_parameters
from mindreid.engine.training.optimizers import adam
from mindreid.engine.training.step import TrainStep
from mindreid.models.hacnn import HACNN, HACNNObjective
from tests.relative_distance import distance

# Recorded gradient, our parameter, and the tolerance, by what float32 itself fixes.
GRADIENTS = {
    "classifier_global.weight": ("classifier_global.weight", np.s_[:], 1e-3),
    "conv.conv.weight": ("network.conv.conv.weight", np.s_[:], 2e-2),
    "fc_local.0.weight_slice": ("network.fc_local.0.weight", np.s_[::16, ::16], 1e-3),
    "ha1.hard_attn.fc.weight": ("network.ha1.hard_attn.fc.weight", np.s_[:], 2e-2),
    "ha2.hard_attn.fc.bias": ("network.ha2.hard_attn.fc.bias", np.s_[:], 2e-2),
    "ha2.soft_attn.channel_attn.conv2.conv.weight_slice": (
        "network.ha2.soft_attn.channel_attn.conv2.conv.weight", np.s_[::4, :, 0, 0], 1e-2,
    ),
    "local_conv2.stream2.1.conv.weight_slice": (
        "network.local_conv2.stream2.1.conv.weight", np.s_[::4, ::4], 1e-2,
    ),
}  # fmt: skip
STATISTICS = {
    "conv.bn": "network.conv.bn",
    "local_conv1.stream1.0.bn": "network.local_conv1.stream1.0.bn",
}


@pytest.fixture(scope="module")
def recorded(golden):
    return golden("hacnn")


@pytest.fixture(scope="module")
def state(recorded, torch_state):
    state = torch_state("torchreid_hacnn", int(recorded["num_classes"]), section="state_dict")
    total = sum(np.abs(value, dtype=np.float64).sum() for value in state.values())
    assert total == pytest.approx(float(recorded["check_weights"]), rel=1e-9)
    return state


@pytest.fixture
def images(recorded, fill):
    return Tensor(fill.fill_images("hacnn/x", recorded["shape_x"], 1))


def build(state, recorded, align_corners=False, **options):
    network = HACNN(align_corners=align_corners)
    objective = HACNNObjective(network, int(recorded["num_classes"]), **options)
    load_parameters(objective, from_torch(state, "torchreid_hacnn"))
    return objective


@pytest.mark.parametrize(("align_corners", "array"), [(False, "eval_feat"), (True, "aligned_eval_feat")])
def test_inference(align_corners, array, state, recorded, images):
    objective = build(state, recorded, align_corners)
    embedding = objective.network.set_train(False)(images)
    assert distance(embedding, recorded[array]) < 1e-4
    np.testing.assert_allclose(np.linalg.norm(embedding.asnumpy()[:, :512], axis=1), 1, rtol=1e-5)


@pytest.mark.slow
def test_losses_gradients_and_statistics(state, recorded, images):
    objective = build(state, recorded).set_train(True)
    parameters = objective.trainable_params()
    pids = Tensor(recorded["pids"], ms.int32)

    def function(x):
        outputs = objective.forward(x)
        terms = objective.losses(outputs, (pids,))
        return (terms[0] + terms[1]) / 2, terms, outputs

    gradients_of = ms.jit(ms.value_and_grad(function, None, parameters, has_aux=True))
    (loss, terms, (whole, local)), gradients = gradients_of(images)
    assert distance(whole, recorded["train_global"]) < 1e-4
    assert distance(local, recorded["train_local"]) < 1e-4
    assert distance(loss, recorded["train_loss"]) < 1e-5
    assert distance(terms[0], recorded["train_loss_global"]) < 1e-5
    assert distance(terms[1], recorded["train_loss_local"]) < 1e-5
    by_name = {parameter.name: gradient.asnumpy() for parameter, gradient in zip(parameters, gradients)}
    for theirs, (ours, kept, tolerance) in GRADIENTS.items():
        assert distance(by_name[ours][kept], recorded[f"grad_{theirs}"]) < tolerance, theirs
    after = {parameter.name: parameter.asnumpy() for parameter in objective.get_parameters()}
    for theirs, ours in STATISTICS.items():
        assert distance(after[f"{ours}.moving_mean"], recorded[f"after_{theirs}.running_mean"]) < 1e-4
        assert distance(after[f"{ours}.moving_variance"], recorded[f"after_{theirs}.running_var"]) < 1e-4


# At 3e-4 Adam is chaotic here: PyTorch's own float64 run differs by 20 % after the third step.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("prefix", "rate", "steps", "tolerance"),
    [("lr3e-05_", 3e-5, 3, 2e-2), ("", 3e-4, 2, 2e-2), ("tri_", 3e-4, 2, 2e-2)],
)
def test_short_training(prefix, rate, steps, tolerance, state, recorded, golden, fill):
    run = golden("hacnn_trajectory")
    objective = build(state, recorded, triplet_weight=1.0 if prefix == "tri_" else 0.0).set_train(True)
    (phase,) = objective.phases()
    step = TrainStep(objective, {"network": adam(phase.parameters, "network", lr=rate, weight_decay=5e-4)})
    weights = objective.term_weights(0)
    device_weights = Tensor(np.array([weights[name] for name in phase.terms], np.float32))
    terms = []
    for number in range(steps):
        x = Tensor(fill.fill_images(f"hacnn/x{number}", run["shape_x"], 1))
        labels = (Tensor(run[f"pids_{number}"], ms.int32),)
        terms.append(step(x, labels, device_weights).asnumpy())
    whole, local, triplet = np.array(terms).T
    expected = run["tri_loss_x" if prefix == "tri_" else f"{prefix}loss"]
    assert distance((whole + local)[0] / 2, expected[0]) < 1e-5
    assert distance((whole + local) / 2, expected[:steps]) < tolerance
    if prefix == "tri_":
        assert distance(triplet[0], run["tri_loss_t"][0]) < 1e-4
        assert distance(triplet, run["tri_loss_t"][:steps]) < tolerance
