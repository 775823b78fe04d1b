"""IANet and its successor IAUnet against recorded runs of their authors' code."""

import re

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, ops

from mindreid.convert import load_parameters
from mindreid.engine.training.optimizers import adam
from mindreid.engine.training.step import TrainStep
from mindreid.layers.resnet import norm_parameter_name, parameter_name
from mindreid.losses import TripletLoss
from mindreid.models.ianet import IANet, IANetObjective
from mindreid.models.ianet.interaction import InteractionBlock, distance_prior
from tests.relative_distance import distance

#: Where the authors' code keeps what is in a block of ours, by variant.
BLOCKS = {
    "ianet": {"layer2.4": "block2", "layer3.6": "block3"},
    "iaunet": {"IAU2": "block2", "IAU3": "block3"},
}
CELLS = {
    "W1": "spatial_norm",
    "W2": "channel_norm",
    "W1.0": "channel_map",
    "W1.1": "channel_norm",
    "W2.0": "context_map",
    "W2.1": "context_norm",
    "sa.conv.conv": "attention",
    "sa.conv.bn": "attention_norm",
    "g": "relations.reduction",
    "SIAU.module_w.relation.0": "relations.relation",
    "SIAU.module_w.relation.1": "relations.relation_norm",
    "SIAU.module_l.fsm.0": "relations.update",
    "SIAU.module_l.fsm.1": "relations.update_norm",
}
#: How far these recordings lie from the same run in float64; three times as far is allowed.
MEASURED = {("iaunet", "grad_conv1.weight_slice"): 1.7e-3, ("ianet_trajectory", "probe_feat"): 1.3e-3}
PARTS = ("head", "upper", "lower", "shoes")


def our_name(name, variant):
    """Name of our objective's parameter for one of the authors'."""
    if name.startswith("classifier"):
        return name
    if name.startswith("bn."):
        return norm_parameter_name(f"network.neck.norm.{name[3:]}")
    for theirs, ours in BLOCKS[variant].items():
        if name.startswith(f"{theirs}."):
            cell, _, leaf = name[len(theirs) + 1 :].rpartition(".")
            full = f"network.{ours}.{CELLS[cell]}.{leaf}"
            return norm_parameter_name(full) if "norm" in CELLS[cell] else full
    return f"network.trunk.{parameter_name(name)}"


def build(recorded, torch_state, variant, prefix="", **options):
    """The objective with the recorded weights, checked against their recorded sum where there is one."""
    section = "state_dict_iaunet" if variant == "iaunet" else "state_dict"
    state = torch_state("ianet", int(recorded["num_classes"]), section=section, prefix=prefix)
    if "check_weights" in recorded:
        total = sum(np.abs(value, dtype=np.float64).sum() for value in state.values())
        assert total == pytest.approx(float(recorded["check_weights"]), rel=1e-9)
    objective = IANetObjective(IANet(variant=variant, **options), int(recorded["num_classes"]))
    targets = dict(objective.parameters_and_names())
    values = {}
    for name, value in state.items():
        if not name.endswith("num_batches_tracked"):
            ours = our_name(name, variant)
            # A 1×1 convolution of vectors is a matrix here.
            values[ours] = value.reshape(targets[ours].shape)
    load_parameters(objective, with_training_names(values))
    return objective


def with_training_names(values):
    inner = {
        n[len("network.") :] if n.startswith("network.") else f"objective.{n}": v for n, v in values.items()
    }
    return {name: np.ascontiguousarray(value) for name, value in inner.items()}


def images_of(fill, recorded, tag="ianet/x"):
    return Tensor(fill.fill_images(tag, recorded["shape_x"], 1))


@pytest.fixture(scope="module")
def recorded(golden):
    return golden("ianet")


@pytest.fixture(scope="module")
def objective(recorded, torch_state):
    return build(recorded, torch_state, "ianet")


def test_a_block_alone(recorded, fill):
    """A map of another size, on which the spatial prior reaches as far as recorded."""
    block = InteractionBlock(16, (2.5 / 4, 5 / 6))
    for ours, theirs in (("spatial_norm", "W1"), ("channel_norm", "W2")):
        norm = getattr(block, ours)
        for leaf in ("weight", "bias", "running_mean", "running_var"):
            value = fill.fill(f"block/{theirs}.{leaf}", (16,), 1)
            getattr(norm, norm_parameter_name(f".{leaf}")[1:]).set_data(Tensor(value))
    assert distance(distance_prior(6, 4, (2.5, 5.0)), recorded["block_gaussian"]) < 1e-5
    x = Tensor(recorded["block_in"])
    assert distance(block.set_train(False)(x), recorded["block_eval"]) < 1e-5
    coefficients = Tensor(fill.fill_input("ianet/block_coef", x.shape, 1))
    block.set_train(True)

    def weighted_sum(x):
        mixed = block(x)
        return (mixed * coefficients).sum(), mixed

    weights = [block.spatial_norm.gamma, block.channel_norm.gamma]
    function = ms.jit(ms.value_and_grad(weighted_sum, 0, weights, has_aux=True))
    (_, mixed), (gradient, of_weights) = function(x)
    assert distance(mixed, recorded["block_train"]) < 1e-5
    assert distance(gradient, recorded["block_grad"]) < 1e-4
    for value, name in zip(of_weights, ("W1", "W2")):
        assert distance(value, recorded[f"block_grad_{name}.weight"]) < 1e-4


def test_priors_of_the_trunk_s_maps(recorded):
    for stage, size, reach in ((2, (32, 16), (10, 20)), (3, (16, 8), (5, 10))):
        prior = distance_prior(*size, reach)
        expected = recorded[f"gaussian_layer{stage}_rows"]
        found = [int(np.abs(prior - row).max(1).argmin()) for row in expected]
        np.testing.assert_allclose(prior[found], expected, rtol=1e-5)
        assert prior.sum(1) == pytest.approx(1, rel=1e-5)


@pytest.mark.parametrize("kind", ["cosine", "euclidean"])
def test_triplet_losses(kind, recorded):
    """The authors' cosine distance is minus the cosine, which moves all distances alike."""
    loss, labels = TripletLoss(0.3, distance=kind), Tensor(recorded["triplet_labels"], ms.int32)
    value, gradient = ms.value_and_grad(loss)(Tensor(recorded[f"triplet_{kind}_in"]), labels)
    assert distance(value, recorded[f"triplet_{kind}_value"]) < 1e-5
    assert distance(gradient, recorded[f"triplet_{kind}_grad"]) < 1e-4


def test_inference(recorded, objective, fill):
    network, images = objective.network.set_train(False), images_of(fill, recorded)
    trunk = network.trunk
    before = trunk.layer2(trunk.layer1(trunk.stem(images)))
    after = network.block2(before)
    assert distance(ops.mean(before, (2, 3)), recorded["eval_layer2.4_in_avg"]) < 1e-5
    assert distance(ops.mean(after, (2, 3)), recorded["eval_layer2.4_avg"]) < 1e-5
    assert distance(after.asnumpy()[:, ::64, ::4, ::4], recorded["eval_layer2.4_slice"]) < 1e-4
    before = trunk.layer3(after)
    after = network.block3(before)
    assert distance(ops.mean(before, (2, 3)), recorded["eval_layer3.6_in_avg"]) < 1e-5
    assert distance(after.asnumpy()[:, ::64, ::4, ::4], recorded["eval_layer3.6_slice"]) < 1e-4
    assert distance(network.pool(trunk.layer4(after)), recorded["eval_pooled"]) < 1e-5
    assert distance(network(images), recorded["eval_feat"]) < 1e-4


@pytest.mark.slow
def test_last_stride_two(recorded, torch_state, fill):
    network = build(recorded, torch_state, "ianet", last_stride=2).network.set_train(False)
    assert distance(network(images_of(fill, recorded)), recorded["s2_eval_feat"]) < 1e-4


def sliced(name, value):
    """The part of a gradient or parameter that is recorded."""
    if not name.endswith("_slice"):
        return value
    if name.startswith("conv1"):
        return value[:16]
    if name.startswith("classifier"):
        return value[:, ::8]
    if name.startswith("layer3.5.conv3"):
        return value[::32, ::16, 0, 0]
    raise AssertionError(name)


def tolerance(recording, name):
    return max(1e-3, 3 * MEASURED.get((recording, name), 0))


def check_gradients(parameters, gradients, recorded, variant, take=sliced):
    found = {parameter.name: gradient.asnumpy() for parameter, gradient in zip(parameters, gradients)}
    names = [name for name in recorded if name.startswith("grad_")]
    assert len(names) >= 6
    for name in names:
        short = name[len("grad_") :]
        ours = found[our_name(short.removesuffix("_slice"), variant)]
        gradient = take(short, ours).reshape(recorded[name].shape)
        assert distance(gradient, recorded[name]) < tolerance(variant, name), name


@pytest.mark.slow
def test_gradients(recorded, torch_state, fill):
    objective = build(recorded, torch_state, "ianet").set_train(True)
    pids = Tensor(recorded["pids"], ms.int32)

    def function(images):
        outputs = objective.forward(images)
        terms = objective.losses(outputs, (pids,))
        return sum(terms), terms, outputs[0]

    parameters = objective.trainable_params()
    function = ms.value_and_grad(function, None, parameters, has_aux=True)
    (_, terms, embeddings), gradients = function(images_of(fill, recorded))
    assert distance(embeddings, recorded["train_feat"]) < 1e-4
    assert distance(objective.classifier(embeddings), recorded["train_logits"]) < 1e-4
    assert distance(terms[0], recorded["train_xent"]) < 1e-4
    assert distance(terms[1], recorded["train_triplet"]) < 1e-4
    check_gradients(parameters, gradients, recorded, "ianet")
    check_statistics(objective, recorded, "ianet")


def check_statistics(objective, recorded, variant):
    after = {parameter.name: parameter for parameter in objective.get_parameters()}
    names = [name for name in recorded if re.search(r"^after_.*running", name)]
    assert names
    for name in names:
        assert distance(after[our_name(name[len("after_") :], variant)], recorded[name]) < 1e-4, name


@pytest.mark.slow
def test_short_training(golden, torch_state, fill):
    """Three steps of Adam through the engine's compiled step."""
    recorded = golden("ianet_trajectory")
    objective = build(recorded, torch_state, "ianet").set_train(True)
    (phase,) = objective.phases()
    optimizer = adam(phase.parameters, "network", lr=float(recorded["lr"]), weight_decay=5e-4)
    step, terms = TrainStep(objective, {"network": optimizer}), []
    for number in range(3):
        images = images_of(fill, recorded, f"ianet/x{number}")
        labels = (Tensor(recorded[f"pids_{number}"], ms.int32),)
        terms.append(step(images, labels, Tensor(np.ones(2, np.float32))).asnumpy())
    for name, values in zip(("xent", "triplet"), np.transpose(terms)):
        assert distance(values[0], recorded[name][0]) < 1e-4
        assert distance(values, recorded[name]) < 1e-3, name
    after = {parameter.name: parameter.asnumpy() for parameter in objective.get_parameters()}
    for name in (name for name in recorded if name.startswith("after_")):
        short = name[len("after_") :]
        value = sliced(short, after[our_name(short.removesuffix("_slice"), "ianet")])
        assert distance(value, recorded[name]) < 1e-3, name
    probe = fill.fill_images("ianet/x", recorded["shape_x"], 1)[:2]
    embedding = objective.network.set_train(False)(Tensor(probe))
    bound = tolerance("ianet_trajectory", "probe_feat")
    assert distance(embedding, recorded["probe_feat"]) < bound


def interact(network, images):
    """Run IAUnet; return the embedding and the attention maps of both blocks."""
    trunk = network.trunk
    x, second = network.block2.interact(trunk.layer2(trunk.layer1(trunk.stem(images))))
    x, third = network.block3.interact(trunk.layer3(x))
    return network.neck(network.pool(trunk.layer4(x))), (second, third)


def check_attention(maps, recorded, mode):
    for index, part in enumerate(PARTS):
        for block in range(2):
            found = maps[block].asnumpy()[:, index : index + 1]
            assert distance(found, recorded[f"{mode}_attn_{part}_{block}"]) < 1e-4


def part_masks(fill, count):
    """The recorded runs' masks ``[n, 4, 256, 128]``."""
    coarse = fill.stream("ianet/masks", 1).random((count, 4, 16, 8))
    return np.repeat(np.repeat(coarse, 16, 2), 16, 3).astype(np.float32)


def mask_losses(maps, masks):
    """Binary cross entropy of each part's attention against its mask, mean over both blocks."""
    losses = 0
    for attention in maps:
        target = ops.interpolate(Tensor(masks), size=attention.shape[2:], mode="bilinear", align_corners=True)
        log, log_not = ops.log(attention), ops.log(1 - attention)
        losses = losses - (target * log + (1 - target) * log_not).mean((0, 2, 3)) / 2
    return losses


@pytest.mark.slow
def test_iaunet_inference(golden, torch_state, fill):
    recorded = golden("iaunet")
    network = build(recorded, torch_state, "iaunet", "iaunet/").network.set_train(False)
    images = images_of(fill, recorded)
    embedding, maps = interact(network, images)
    assert distance(embedding, recorded["eval_feat"]) < 1e-4
    assert distance(network(images), recorded["eval_feat"]) < 1e-4
    check_attention(maps, recorded, "eval")


@pytest.mark.slow
def test_iaunet_gradients(golden, torch_state, fill):
    """Gradients with the authors' mask loss, which this test alone adds: no recipe has part masks."""
    recorded = golden("iaunet")
    objective = build(recorded, torch_state, "iaunet", "iaunet/").set_train(True)
    pids, masks = Tensor(recorded["pids"], ms.int32), part_masks(fill, 4)

    def function(images):
        embeddings, maps = interact(objective.network, images)
        terms, of_masks = objective.losses((embeddings,), (pids,)), mask_losses(maps, masks)
        return sum(terms) + 0.5 * of_masks.mean(), terms, of_masks, embeddings, maps

    parameters = objective.trainable_params()
    function = ms.value_and_grad(function, None, parameters, has_aux=True)
    (total, terms, of_masks, embeddings, maps), gradients = function(images_of(fill, recorded))
    assert distance(embeddings.asnumpy()[:, ::4], recorded["train_feat_slice"]) < 1e-4
    check_attention(maps, recorded, "train")
    assert distance(terms[0], recorded["train_xent"]) < 1e-4
    assert distance(terms[1], recorded["train_triplet"]) < 1e-4
    assert distance(of_masks, recorded["train_mask_losses"]) < 1e-4
    assert distance(total, recorded["train_total"]) < 1e-4
    check_gradients(parameters, gradients, recorded, "iaunet", take=part_of)
    check_statistics(objective, recorded, "iaunet")


def part_of(name, value):
    if name.startswith("conv1") or not name.endswith("_slice"):
        return sliced(name, value)
    step = 16 if re.search(r"IAU2\.(g|SIAU)", name) else 32
    return value[::step, ::step]
