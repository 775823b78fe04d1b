"""GI-ReID against its authors' recorded PyTorch run: forward, losses, gradients, training steps."""

from __future__ import annotations

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, ops

from mindreid.convert import from_torch
from mindreid.engine.training.optimizers import adam
from mindreid.engine.training.step import TrainStep
from mindreid.losses import MaximumMeanDiscrepancyLoss, PartTripletLoss, TripletLoss
from mindreid.models.gi_reid import GIReID, GIReIDObjective
from tests.relative_distance import distance

#: GaitSet's authors go from coarse strips to fine ones, our pyramid from fine to coarse.
STRIPS = np.concatenate([np.arange(2**level - 1, 2 ** (level + 1) - 1) for level in (4, 3, 2, 1, 0)])
SETS = {
    "set_layer1": "set_block1.conv1", "set_layer2": "set_block1.conv2",
    "set_layer3": "set_block2.conv1", "set_layer4": "set_block2.conv2",
    "set_layer5": "set_block3.conv1", "set_layer6": "set_block3.conv2",
    "gl_layer1": "global_block2.conv1", "gl_layer2": "global_block2.conv2",
    "gl_layer3": "global_block3.conv1", "gl_layer4": "global_block3.conv2",
}  # fmt: skip
COMMON = {
    "align_s": "align_image", "align_t": "align_gait", "extractor": "extractor",
    "dec_s": "image_decoder", "dec_t": "gait_decoder",
}  # fmt: skip
NORMS = {
    "weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance",
}  # fmt: skip
OTHERS = {
    "gem.p": "gait.pool.exponent",
    "classifier.weight": "classifier.weight",
    "classifier_fusion.weight": "fused_classifier.weight",
}


def our_values(state, predicted, sets):
    """Our parameters' values by name, of the three recorded state dicts."""
    trunk = {name: value for name, value in state.items() if name.startswith(("conv1.", "bn1.", "layer"))}
    values = {f"network.trunk.{n}": v for n, v in from_torch(trunk, "torchvision_resnet").items()}
    values["network.reduction.weight"] = state["conv_reduce.weight"][:, :, 0, 0]
    for theirs, ours in (("bottleneck", "network.neck.norm"), ("bottleneck_fusion", "fused_neck.norm")):
        values |= {f"{ours}.{leaf}": state[f"{theirs}.{name}"] for name, leaf in NORMS.items()}
    values |= {ours: state[theirs] for theirs, ours in OTHERS.items()}
    for theirs, ours in COMMON.items():
        own = {name: value for name, value in state.items() if name.startswith(f"CFL.{theirs}.")}
        values |= {name.replace(f"CFL.{theirs}", f"common.{ours}"): value for name, value in own.items()}
    for name, value in stream_values(predicted, sets).items():
        values[name.replace("set_network", "gait.set_network")] = value
    return values


def stream_values(predicted, sets):
    """The gait stream's values by name, of its two recorded state dicts."""
    values = {}
    for name, value in predicted.items():
        stem, leaf = name.rsplit(".", 1)
        if leaf != "num_batches_tracked":
            is_norm = f"{stem}.running_var" in predicted
            doubling = stem.startswith("decoder") and not is_norm
            ours = f"{stem}.conv" if doubling else stem
            values[f"prediction.{ours}.{NORMS[leaf] if is_norm else leaf}"] = value
    for theirs, ours in SETS.items():
        key = f"{theirs}.forward_block.conv.weight"
        values[f"set_network.{ours}.weight"] = sets[key if key in sets else f"{theirs}.conv.weight"]
    strips = [sets["x_hpm.fc_bin.0"][STRIPS], sets["gl_hpm.fc_bin.0"][STRIPS]]
    values["set_network.part_linear.weight"] = np.concatenate(strips)
    return values


@pytest.fixture(scope="module")
def recorded(golden):
    return golden("gireid")


def build(recorded, torch_state, silhouettes):
    num_classes = int(recorded["num_classes"])
    sections = ("state_dict", "GCP_state_dict", "GaitSet_state_dict")
    states = [
        torch_state("gireid", num_classes, section=section, prefix=prefix)
        for section, prefix in zip(sections, ("", "gcp/", "gaitset/"))
    ]
    for state, check in zip(states, ("check_weights", "gcp_check_weights", "gaitset_check_weights")):
        total = sum(np.abs(value, dtype=np.float64).sum() for value in state.values())
        if check in recorded:
            assert total == pytest.approx(float(recorded[check]), rel=1e-9)
    objective = GIReIDObjective(GIReID(), num_classes, silhouettes, consistency="code")
    values = our_values(*states)
    names = {name for name, _ in objective.parameters_and_names()} - {"silhouettes"}
    assert names == set(values)
    for name, parameter in objective.parameters_and_names():
        if name in values:
            assert parameter.size == np.size(values[name]), name
            parameter.set_data(Tensor(np.reshape(values[name], parameter.shape).astype(np.float32)))
    return objective


def float_silhouettes(objective, masks):
    """Recorded masks are grey: not rounded to bytes here."""
    flat = masks.reshape(len(masks), -1) * 255
    objective.silhouettes = ms.Parameter(Tensor(flat.astype(np.float32)), "silhouettes", requires_grad=False)


@pytest.fixture
def inputs(recorded, fill):
    def inputs(number=""):
        count = int(recorded["shape_x"][0])
        images = fill.fill_images(f"gireid/x{number}", recorded["shape_x"], 1)
        masks = fill.fill_silhouettes(f"gireid/masks{number}", (count, 1, 64, 32), 1)
        return images, masks

    return inputs


def labels(pids):
    origins = np.tile(np.arange(64 * 32, dtype=np.int32).reshape(1, 64, 32), (len(pids), 1, 1))
    return Tensor(pids, ms.int32), Tensor(np.arange(len(pids)), ms.int32), Tensor(origins)


@pytest.fixture
def objective(recorded, torch_state, inputs):
    images, masks = inputs()
    for name, value in (("check_x", images), ("check_masks", masks)):
        assert np.abs(value, dtype=np.float64).sum() == pytest.approx(float(recorded[name]), rel=1e-9)
    made = build(recorded, torch_state, np.zeros((len(images), 64, 32), np.uint8))
    float_silhouettes(made, masks)
    return made


def test_inference(recorded, objective, inputs):
    images, _ = inputs()
    network = objective.set_train(False).network
    assert distance(network.vector(Tensor(images)), recorded["eval_before_bn"]) < 1e-5
    assert distance(network(Tensor(images)), recorded["eval_feat"]) < 1e-5
    cycle = objective.prediction(objective.moved_silhouettes(*labels(recorded["pids"])[1:]))
    assert distance(cycle[:, :, ::8, ::8], recorded["eval_gait_cycle_slice"]) < 1e-5
    parts = objective.gait.set_network(cycle[:, :, :, 10:54]).asnumpy().transpose(0, 2, 1)
    order = np.concatenate([31 + np.argsort(STRIPS), np.argsort(STRIPS)])
    assert distance(parts[:, order, ::8], recorded["eval_gait_set_slice"]) < 1e-5


TERMS = (
    "xent_local", "tri_local", "xent_global", "tri_global", "cfl_mmd", "cfl_mse", "gcp", "gaitset",
)  # fmt: skip
#: How far three recorded steps lie from themselves in float64.
SENSITIVITY = {
    "xent_local": 3.1e-4, "tri_local": 4.4e-4, "xent_global": 1.7e-3, "tri_global": 4.5e-4,
    "cfl_mmd": 3.1e-4, "cfl_mse": 8.5e-6, "gcp": 2.1e-6, "gaitset": 1.5e-3,
}  # fmt: skip
#: The same of what they leave.
AFTERWARDS = {
    "CFL.extractor.2.weight_slice": 2.9e-5, "classifier_fusion.weight": 9.6e-5, "conv1.weight_slice": 9.8e-4,
    "gcp/decoder.9.weight_slice": 3.2e-5, "gcp/encoder.0.weight": 1.5e-5, "conv_reduce.weight_slice": 2.1e-4,
    "gaitset/set_layer1.forward_block.conv.weight": 2.2e-5, "gaitset/x_hpm.fc_bin.0_slice": 9.4e-6,
    "gem.p": 3.2e-8,
}  # fmt: skip
#: Our parameter, and which part of its gradient is recorded, with the tolerance.
GRADIENTS = {
    "CFL.extractor.2.weight_slice": ("common.extractor.2.weight", np.s_[::8, ::8], 1e-3),
    "classifier_fusion.weight": ("fused_classifier.weight", np.s_[:], 1e-3),
    # 4.7e-4, 4.7e-4 and 1.6e-3 from their own float64 values.
    "conv1.weight_slice": ("network.trunk.conv1.weight", np.s_[:16], 4.7e-3),
    "gcp/decoder.9.weight_slice": ("prediction.decoder.9.conv.weight", np.s_[::4], 4.7e-3),
    "gcp/encoder.0.weight": ("prediction.encoder.0.weight", np.s_[:], 1.6e-2),
    "conv_reduce.weight_slice": ("network.reduction.weight", np.s_[::8, ::32], 1e-3),
    "gaitset/set_layer1.forward_block.conv.weight": (
        "gait.set_network.set_block1.conv1.weight", np.s_[:], 1.9e-3,
    ),
    "gaitset/x_hpm.fc_bin.0_slice": (
        "gait.set_network.part_linear.weight", (np.argsort(STRIPS)[::3], np.s_[::32], np.s_[::32]), 1e-3,
    ),
    "gem.p": ("gait.pool.exponent", np.s_[:], 1e-3),
}  # fmt: skip


@pytest.mark.slow
def test_losses_and_gradients(recorded, objective, inputs):
    objective.set_train(True)
    images, _ = inputs()
    given = labels(recorded["pids"])
    parameters = objective.trainable_params()

    def function(images):
        outputs = objective.forward(images)
        terms = objective.losses(outputs, given)
        return sum(terms), terms, outputs

    compiled = ms.jit(ms.value_and_grad(function, None, parameters, has_aux=True))
    (_, terms, (vector, embedding)), gradients = compiled(Tensor(images))
    assert distance(vector, recorded["train_feat"]) < 1e-4
    statistics = objective.fused_neck.norm.moving_variance
    assert distance(statistics, recorded["after_bottleneck_fusion.running_var"]) < 1e-5
    assert distance(objective.classifier(embedding), recorded["train_logits"]) < 1e-4
    # The hardest negatives of the fused vectors lie close, 3.1e-3 from their own float64 value; and one of
    # the gait's triplets that lies on the margin counts or does not: 3e-4.
    wide = {"tri_global": 1e-2, "gaitset": 1e-3}
    for term, name in zip(terms, TERMS):
        assert distance(term, recorded[f"train_loss_{name}"]) < wide.get(name, 1e-4), name
    by_name = {p.name: g.asnumpy() for p, g in zip(parameters, gradients)}
    for theirs, (ours, part, tolerance) in GRADIENTS.items():
        assert distance(by_name[ours][part], recorded[f"grad_{theirs}"]) < tolerance, theirs


def test_what_image_and_gait_have_in_common(recorded, objective):
    """Both readings of the six tensors: what the paper means, and what its code compares."""
    pairs = {
        (number, side): recorded[f"train_cfl_pair{number}_{side}"] for number in range(3) for side in "ab"
    }
    common_image, image = pairs[0, "a"], pairs[0, "b"]
    common_gait, own_gait = pairs[1, "a"], pairs[1, "b"]
    vector, gait = (Tensor(pairs[2, side]) for side in "ab")
    for found, expected in zip(objective.common(vector, gait), (common_image, common_gait, image, own_gait)):
        assert distance(found, expected) < 1e-5
    apart, again = objective.consistency_terms(vector, gait)
    assert distance(apart, recorded["train_loss_cfl_mmd"]) < 1e-4
    assert distance(again, recorded["train_loss_cfl_mse"]) < 1e-4
    objective.as_coded = False
    apart, again = objective.consistency_terms(vector, gait)
    expected = np.mean((image - vector.asnumpy()) ** 2) + np.mean((own_gait - gait.asnumpy()) ** 2)
    assert distance(again, expected) < 1e-5
    meant = MaximumMeanDiscrepancyLoss()(Tensor(common_image), Tensor(common_gait))
    assert distance(apart, meant.asnumpy()) < 1e-4


def test_losses_alone(recorded):
    pids = Tensor(recorded["loss_labels"], ms.int32)
    parts = recorded["full_triplet_in"].transpose(0, 2, 1)
    cases = (
        ("full_triplet", PartTripletLoss(0.5), parts, (pids,), (0, 2, 1)),
        ("htri", TripletLoss(0.3), recorded["htri_in"], (pids,), (0, 1)),
        ("mmd", MaximumMeanDiscrepancyLoss(), recorded["mmd_in"], (Tensor(recorded["mmd_other"]),), (0, 1)),
    )
    for name, loss, value, others, axes in cases:
        found, gradient = ms.value_and_grad(loss)(Tensor(value), *others)
        assert distance(found, recorded[f"{name}_value"]) < 1e-5, name
        assert distance(gradient.asnumpy().transpose(axes), recorded[f"{name}_grad"]) < 1e-4, name


def test_a_cycle_from_its_middle_frame(recorded, objective, fill):
    """How the authors train the prediction alone: all frames from the fourth one, mean squared error."""
    objective.set_train(True)
    cycle = fill.fill_silhouettes("gireid/cycle", (4, 8, 64, 64), 1)
    prediction = objective.prediction

    def function(frame):
        return ((prediction(frame) - Tensor(cycle)) ** 2).mean()

    first = prediction.encoder[0].weight
    value, (gradient,) = ms.value_and_grad(function, None, [first])(Tensor(cycle[:, 3:4]))
    assert distance(value, recorded["gsp_pretrain_mse"]) < 1e-5
    assert distance(gradient, recorded["gsp_pretrain_grad_encoder.0.weight"]) < 1e-3


@pytest.mark.slow
def test_short_training(recorded, golden, torch_state, inputs, fill):
    """Three steps with three optimisers, as recorded."""
    steps = golden("gireid_trajectory")
    objective = build(recorded, torch_state, np.zeros((4, 64, 32), np.uint8)).set_train(True)
    float_silhouettes(objective, np.zeros((4, 1, 64, 32)))
    (phase,) = objective.phases()
    rates = {"network": (0.0008, 5e-4), "prediction": (1e-4, 1e-5), "gait": (1e-4, 1e-5)}
    optimizers = {
        name: adam(parameters, name, lr=rates[name][0], weight_decay=rates[name][1])
        for name, parameters in phase.updated.items()
    }
    step = TrainStep(objective, optimizers)
    terms = []
    for number in range(3):
        images, masks = inputs(number)
        ops.assign(objective.silhouettes, Tensor((masks.reshape(4, -1) * 255).astype(np.float32)))
        weights = Tensor(np.ones(8, np.float32))
        terms.append(step(Tensor(images), labels(steps[f"pids_{number}"]), weights).asnumpy())
    for name, values in zip(TERMS, np.array(terms).T):
        assert distance(values, steps[f"loss_{name}"]) < 10 * SENSITIVITY[name] + 1e-5, name
    assert distance(np.sum(terms, axis=1), steps["loss_total"]) < 4.7e-4
    found = {p.name: p.asnumpy() for p in objective.get_parameters()}
    for theirs, (ours, part, _) in GRADIENTS.items():
        # Adam moves a weight by the whole rate, whichever sign rounding gives to a gradient of nearly 0.
        tolerance = 20 * AFTERWARDS[theirs] + 1e-5
        assert distance(found[ours][part], steps[f"after_{theirs}"]) < tolerance, theirs
    assert distance(found["network.neck.norm.moving_variance"], steps["after_bottleneck.running_var"]) < 2e-4
    images = fill.fill_images("gireid/x", recorded["shape_x"], 1)[:2]
    embedding = objective.set_train(False).network(Tensor(images))
    assert distance(embedding, steps["probe_feat"]) < 0.08
