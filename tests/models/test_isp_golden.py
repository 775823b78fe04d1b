"""ISP against its authors' recorded PyTorch run: forward, losses, gradients, training steps."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from mindreid.config import load_recipe
from mindreid.convert import from_torch, load_parameters
from mindreid.engine.training.optimizers import adam, sgd
from mindreid.engine.training.schedules import multi_step
from mindreid.engine.training.step import TrainStep
from mindreid.losses import CenterLoss, CrossEntropyLabelSmooth, PixelCrossEntropyLoss, TripletLoss
from mindreid.models.isp import ISP, ISPObjective
from tests.relative_distance import distance

NUM_CLASSES, PARTS, NUM_RECORDS = 9, 6, 4
BRANCHES = ("part", "global", "fore")
TRUNK_GRADIENTS = {
    # The stem's lies 2.7e-3 from its own float64 value, as a ReLU changes sides.
    "base.conv1.weight_slice": ("network.trunk.conv1.weight", np.s_[:16], 0.02),
    "base.part_cls_layer.weight_slice": ("network.part_scores.weight", np.s_[:, ::2, 0, 0], 1e-3),
    "base.spatial_attn.conv1.conv.weight_slice": (
        "network.attention.conv1.weight",
        np.s_[:, ::4],
        1e-3,
    ),
    # 3.5e-4; here inputs scaled by 1 ± 1e-5, which change nothing in float64, move it by 3e-3 to 1e-2.
    "base.stage3.2.branches.1.0.conv1.weight_slice": (
        "network.trunk.stage3.2.branches.1.0.conv1.weight",
        np.s_[::8, ::8],
        5e-3,
    ),
    "base.stage4.0.fuse_layers.0.3.0.weight_slice": (
        "network.trunk.stage4.0.fuse_layers.0.3.0.weight",
        np.s_[::4, ::16, 0, 0],
        1e-3,
    ),
    "bottleneck_part.weight": ("network.part_neck.norm.gamma", np.s_[:], 1e-3),
    "classifier_fore.weight": ("classifiers.2.weight", np.s_[:], 1e-3),
}


#: How far the recorded run lies from itself in float64, relative norms.
SENSITIVITY = {
    "after_base.bn1.running_mean": 7.3e-06,
    "after_base.bn1.running_var": 8.0e-06,
    "after_base.cls_head.1.running_var": 5.9e-05,
    "after_base.conv1.weight_slice": 1.5e-04,
    "after_base.part_cls_layer.weight_slice": 3.6e-05,
    "after_base.spatial_attn.conv1.conv.weight_slice": 5.0e-04,
    "after_base.stage3.2.branches.1.0.conv1.weight_slice": 5.9e-04,
    "after_base.stage4.0.fuse_layers.0.3.0.weight_slice": 2.9e-04,
    "after_bottleneck_part.running_mean": 4.0e-05,
    "after_bottleneck_part.running_var": 2.6e-07,
    "after_bottleneck_part.weight": 2.4e-06,
    "after_classifier_fore.weight": 4.8e-05,
    "center_after_base.bn1.running_mean": 7.6e-06,
    "center_after_base.bn1.running_var": 1.4e-05,
    "center_after_base.cls_head.1.running_var": 6.2e-05,
    "center_after_base.conv1.weight_slice": 1.3e-04,
    "center_after_base.part_cls_layer.weight_slice": 3.8e-05,
    "center_after_base.spatial_attn.conv1.conv.weight_slice": 4.1e-04,
    "center_after_base.stage3.2.branches.1.0.conv1.weight_slice": 5.2e-04,
    "center_after_base.stage4.0.fuse_layers.0.3.0.weight_slice": 2.7e-04,
    "center_after_bottleneck_part.running_mean": 4.5e-05,
    "center_after_bottleneck_part.running_var": 2.6e-07,
    "center_after_bottleneck_part.weight": 2.6e-06,
    "center_after_centers_fore": 6.9e-04,
    "center_after_centers_part_slice": 4.8e-04,
    "center_after_classifier_fore.weight": 4.3e-05,
    "center_loss": 7.9e-04,
    "center_probe_feat": 6.4e-03,
    "loss": 8.3e-04,
    "probe_feat": 7.0e-03,
    "sgd_after_base.bn1.running_mean": 1.2e-04,
    "sgd_after_base.bn1.running_var": 1.0e-04,
    "sgd_after_base.cls_head.1.running_var": 4.4e-04,
    "sgd_after_base.conv1.weight_slice": 2.6e-03,
    "sgd_after_base.part_cls_layer.weight_slice": 2.4e-04,
    "sgd_after_base.spatial_attn.conv1.conv.weight_slice": 4.9e-03,
    "sgd_after_base.stage3.2.branches.1.0.conv1.weight_slice": 1.6e-04,
    "sgd_after_base.stage4.0.fuse_layers.0.3.0.weight_slice": 7.8e-05,
    "sgd_after_bottleneck_part.running_mean": 2.8e-04,
    "sgd_after_bottleneck_part.running_var": 1.4e-06,
    "sgd_after_bottleneck_part.weight": 2.4e-06,
    "sgd_after_classifier_fore.weight": 3.2e-04,
    "sgd_loss": 2.2e-03,
    "sgd_probe_feat": 6.5e-02,
}


def tolerance(name):
    """Ten times what float32 itself leaves open."""
    return 10 * SENSITIVITY[name] + 1e-5


@pytest.fixture(scope="module")
def recorded(golden):
    return golden("isp")


@pytest.fixture(scope="module")
def parameters(torch_state):
    return from_torch(torch_state("isp", NUM_CLASSES), "isp_reid")


def build(parameters, **options):
    objective = ISPObjective(ISP(), NUM_CLASSES, NUM_RECORDS, **options)
    ours = {name.replace("network.", "", 1) for name, _ in objective.parameters_and_names()}
    missing = ours - {name.replace("objective.", "", 1) for name in parameters}
    assert {name.rpartition(".")[2] for name in missing} <= {"pixel_labels", "centers", "previous"}
    load_parameters(objective, parameters, strict=False)
    return objective


def part_labels(fill, tag, shape):
    """Labels in blocks of 4×4 pixels of the map, ``[n, h, w]``."""
    count, _, height, width = shape
    blocks = fill.stream(tag, 1).integers(0, PARTS + 1, (count, height // 16, width // 16))
    return np.repeat(np.repeat(blocks, 4, 1), 4, 2)


def labels_for(objective, fill, pids, part_labels):
    """Labels of images that are not moved."""
    objective.pixel_labels.set_data(Tensor(part_labels.reshape(NUM_RECORDS, -1).astype(np.uint8)))
    origins = np.broadcast_to(np.arange(part_labels[0].size), (len(pids), part_labels[0].size))
    return (
        Tensor(pids, ms.int32),
        Tensor(np.arange(NUM_RECORDS), ms.int32),
        Tensor(origins.reshape(part_labels.shape).astype(np.int32)),
    )


def test_weights_and_input_are_the_recorded_ones(fill, torch_state, recorded):
    state = torch_state("isp", NUM_CLASSES)
    total = sum(np.abs(value, dtype=np.float64).sum() for value in state.values())
    assert total == pytest.approx(float(recorded["check_weights"]), rel=1e-9)
    images = fill.fill_images("isp/x", recorded["shape_x"], 1)
    assert np.abs(images, dtype=np.float64).sum() == pytest.approx(float(recorded["check_x"]), rel=1e-9)
    labels = part_labels(fill, "isp/part_labels", recorded["shape_x"])
    assert labels.sum() == int(recorded["part_labels_check"])


def test_learning_rate_of_every_epoch(recorded):
    optimizer = load_recipe("isp/market1501").optimizers["network"]
    factor = multi_step(**optimizer.schedule.options)
    rates = [optimizer.options["lr"] * factor(epoch) for epoch in range(120)]
    np.testing.assert_allclose(rates, recorded["lr_epoch_1_to_120"], rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "loss", "labels"),
    [
        ("ce_smooth", CrossEntropyLabelSmooth(0.1), "ce_labels"),
        ("triplet", TripletLoss(0.3), "triplet_labels"),
        ("parsing", PixelCrossEntropyLoss(), "parsing_labels"),
        ("parsing_up", PixelCrossEntropyLoss(), "parsing_up_labels"),
    ],
)
def test_losses_and_gradients(recorded, name, loss, labels):
    targets = Tensor(recorded[labels], ms.int32)
    value, gradient = ms.value_and_grad(loss)(Tensor(recorded[f"{name}_in"]), targets)
    assert distance(value, recorded[f"{name}_value"]) < 1e-5
    assert distance(gradient, recorded[f"{name}_grad"]) < 1e-5


def test_center_loss_and_both_gradients(fill, recorded):
    loss = CenterLoss(4, 16)
    for table in (loss.centers, loss.previous):
        ms.ops.assign(table, Tensor(fill.fill("center/centers", (4, 16), 1)))
    inputs = Tensor(recorded["center_in"])
    targets = Tensor(recorded["triplet_labels"], ms.int32)
    function = ms.value_and_grad(loss, 0, loss.trainable_params())
    value, (gradient, (of_centers,)) = function(inputs, targets)
    assert distance(value, recorded["center_value"]) < 1e-5
    assert distance(gradient, recorded["center_grad"]) < 1e-5
    assert distance(of_centers, recorded["center_grad_centers"]) < 1e-5
    assert distance(loss.pull(inputs, targets), recorded["center_value"]) < 1e-5


@pytest.mark.slow
def test_evaluation(fill, recorded, parameters):
    network = build(parameters).network.set_train(False)
    images = Tensor(fill.fill_images("isp/x", recorded["shape_x"], 1))
    joined, feature_map = network.joined_maps(images)
    assert tuple(recorded["eval_map_shape"]) == feature_map.shape
    assert distance(feature_map[:, ::32, ::4, ::4], recorded["eval_map_slice"]) < 1e-4
    attention = network.attention(network.reduction(joined))
    assert distance(attention[:, :, ::4, ::4], recorded["eval_spatial_attn_slice"]) < 1e-4
    vectors, scores = network.features(images)
    assert distance(scores[:, :, ::4, ::4], recorded["eval_part_score_slice"]) < 1e-4
    for vector, branch in zip(vectors, BRANCHES):
        assert distance(vector, recorded[f"eval_y_{branch}"]) < 1e-4, branch
    assert distance(network(images), recorded["eval_feat"]) < 1e-4


@pytest.mark.slow
def test_the_joined_map_s_global_vector(fill, torch_state, recorded):
    state = torch_state("isp", NUM_CLASSES)
    for name in [name for name in state if name.startswith(("bottleneck_global", "classifier_global"))]:
        if state[name].ndim:
            state[name] = fill.fill(name, (*state[name].shape[:-1], 1920), 1)
    total = sum(np.abs(value, dtype=np.float64).sum() for value in state.values())
    assert total == pytest.approx(float(recorded["bigg_check_weights"]), rel=1e-9)
    network = ISP(global_map="joined").set_train(False)
    load_parameters(network, from_torch(state, "isp_reid"))
    embedding = network(Tensor(fill.fill_images("isp/x", recorded["shape_x"], 1)))
    assert tuple(recorded["bigg_eval_feat_shape"]) == embedding.shape
    assert distance(embedding[:, ::4], recorded["bigg_eval_feat_slice"]) < 1e-4


@pytest.mark.slow
def test_training_forward_losses_and_gradients(fill, recorded, parameters):
    objective = build(parameters).set_train(True)
    images = Tensor(fill.fill_images("isp/x", recorded["shape_x"], 1))
    labels = part_labels(fill, "isp/part_labels", recorded["shape_x"])
    labels = labels_for(objective, fill, recorded["pids"], labels)
    weights = Tensor([1.0, 1.0, 0.1], ms.float32)

    def function(images):
        outputs = objective.forward(images)
        terms = ms.ops.stack(objective.losses(outputs, labels))
        return (terms * weights).sum(), terms, outputs

    trainable = objective.trainable_params()
    differentiate = ms.jit(ms.value_and_grad(function, None, trainable, has_aux=True))
    (loss, terms, outputs), gradients = differentiate(images)
    assert distance(loss, recorded["train_loss"]) < 1e-4
    xent = sum(recorded[f"train_xent_{branch}"] for branch in BRANCHES)
    triplet = sum(recorded[f"train_triplet_{branch}"] for branch in BRANCHES)
    for term, expected in zip(terms.asnumpy(), (xent, triplet, recorded["train_parsing"])):
        assert distance(term, expected) < 1e-4
    logits = objective.logits(outputs)
    for branch, vector, own_logits in zip(BRANCHES, outputs, logits):
        assert distance(vector, recorded[f"train_y_{branch}"]) < 1e-4, branch
        assert distance(own_logits, recorded[f"train_logits_{branch}"]) < 1e-4, branch
    assert distance(outputs[6][:, :, ::4, ::4], recorded["train_part_score_slice"]) < 1e-4
    gradient_of = {parameter.name: g.asnumpy() for parameter, g in zip(trainable, gradients)}
    for name, (ours, part, tolerance) in TRUNK_GRADIENTS.items():
        assert distance(gradient_of[ours][part], recorded[f"grad_{name}"]) < tolerance, name
    assert not bool(recorded["bottleneck_bias_requires_grad"])
    assert "network.part_neck.norm.beta" not in gradient_of
    for name, cell in (("base.bn1", objective.network.trunk.bn1), ("bottleneck_part", None)):
        norm = cell or objective.network.part_neck.norm
        assert distance(norm.moving_mean, recorded[f"after_{name}.running_mean"]) < 1e-5
        assert distance(norm.moving_variance, recorded[f"after_{name}.running_var"]) < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("prefix", ["", "center_", "sgd_"])
def test_three_recorded_steps(golden, fill, parameters, prefix):
    recorded = golden("isp_trajectory")
    objective = build(parameters, center_weight=0.0005 if prefix == "center_" else 0.0)
    for center, branch in zip(objective.centers, BRANCHES):
        drawn = fill.fill(f"center_{branch}/centers", center.centers.shape, 1)
        for table in (center.centers, center.previous):
            ms.ops.assign(table, Tensor(drawn))
    *_, phase = objective.phases()
    lr = float(recorded[f"{prefix}lr"])
    make = sgd if prefix == "sgd_" else adam
    options = {"momentum": 0.9} if prefix == "sgd_" else {"weight_decay": 5e-4}
    optimizers = {"network": make(phase.parameters, "network", lr=lr, **options)}
    if prefix == "center_":
        centers = objective.phases()[0].parameters
        optimizers["centers"] = sgd(centers, "centers", lr=0.5, momentum=0.0)
    step = TrainStep(objective, optimizers)
    weights = np.array([objective.term_weights(0)[name] for name in step.term_names], np.float32)
    losses = []
    objective.set_train(True)
    for number in range(3):
        labels = part_labels(fill, f"isp/part_labels_{number}", recorded["shape_x"])
        labels = labels_for(objective, fill, recorded[f"pids_{number}"], labels)
        images = Tensor(fill.fill_images(f"isp/x{number}", recorded["shape_x"], 1))
        terms = step(images, labels, Tensor(weights)).asnumpy()
        counted = np.array([name != "center_update" for name in step.term_names])
        losses.append((terms * weights)[counted].sum())
    expected = recorded[f"{prefix}loss"]
    assert distance(losses[0], expected[0]) < 1e-4
    assert distance(np.array(losses), expected) < tolerance(f"{prefix}loss")
    check_after_training(objective, recorded, prefix)
    objective.set_train(False)
    probe = Tensor(fill.fill_images("isp/x", recorded["shape_x"], 1)[:2])
    allowed = tolerance(f"{prefix}probe_feat")
    assert distance(objective.network(probe), recorded[f"{prefix}probe_feat"]) < allowed


def check_after_training(objective, recorded, prefix):
    after = {name: p.asnumpy() for name, p in objective.parameters_and_names()}
    for name, (ours, part, _) in TRUNK_GRADIENTS.items():
        allowed = tolerance(f"{prefix}after_{name}")
        assert distance(after[ours][part], recorded[f"{prefix}after_{name}"]) < allowed, name
    statistics = {
        "base.bn1.running_mean": "network.trunk.bn1.moving_mean",
        "base.bn1.running_var": "network.trunk.bn1.moving_variance",
        "base.cls_head.1.running_var": "network.reduction.1.moving_variance",
        "bottleneck_part.running_mean": "network.part_neck.norm.moving_mean",
        "bottleneck_part.running_var": "network.part_neck.norm.moving_variance",
    }
    for name, ours in statistics.items():
        allowed = tolerance(f"{prefix}after_{name}")
        assert distance(after[ours], recorded[f"{prefix}after_{name}"]) < allowed, name
    if prefix == "center_":
        fore, part = after["centers.2.centers"], after["centers.0.centers"]
        assert distance(fore, recorded["center_after_centers_fore"]) < tolerance("center_after_centers_fore")
        step = part.shape[1] // recorded["center_after_centers_part_slice"].shape[1]
        allowed = tolerance("center_after_centers_part_slice")
        assert distance(part[:, ::step], recorded["center_after_centers_part_slice"]) < allowed
