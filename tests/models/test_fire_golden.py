"""FIRe² against its authors' recorded PyTorch run: forward, recomposition, gradients, an epoch's begin."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from mindreid.convert import from_torch, load_parameters
from mindreid.engine.training.optimizers import adam
from mindreid.engine.training.step import TrainStep
from mindreid.losses import AttributeAwareLoss
from mindreid.models.fire import FIReObjective
from mindreid.models.fire.network import fire
from tests.relative_distance import distance

NUM_CLASSES = 4


def build(torch_state, record_pids, **options):
    """Objective with the recorded weights; the fine-grained classes are not part of a checkpoint."""
    state = torch_state("fire", NUM_CLASSES, section="model_state_dict")
    classifier = torch_state("fire", NUM_CLASSES, section="classifier_state_dict", prefix="classifier/")
    state.update({f"classifier/{name}": value for name, value in classifier.items()})
    objective = FIReObjective(fire(), NUM_CLASSES, record_pids, **options)
    parameters = from_torch(state, "fire_ccreid")
    ours = {name.replace("network.", "", 1) for name, _ in objective.parameters_and_names()}
    missing = ours - {name.replace("objective.", "", 1) for name in parameters}
    assert missing == {f"fine_grained.{name}" for name in ("labels", "pids", "classifier.weight")}
    load_parameters(objective, parameters, strict=False)
    return objective


def noise_for(partners):
    """Noise whose greatest value is at the recorded partners, int ``[parts, B]``."""
    return np.eye(partners.shape[1], dtype=np.float32)[partners] * np.float32(0.5)


@pytest.fixture(scope="module")
def recorded(golden):
    return golden("fire")


@pytest.fixture
def objective(torch_state, recorded):
    return build(torch_state, recorded["pids"])


def test_weights_and_input_are_the_recorded_ones(torch_state, fill, recorded):
    state = torch_state("fire", NUM_CLASSES, section="model_state_dict")
    total = sum(np.abs(value, dtype=np.float64).sum() for value in state.values())
    assert total == pytest.approx(float(recorded["check_weights"]), rel=1e-9)
    images = fill.fill_images("fire/x", recorded["shape_x"], 1)
    assert np.abs(images, dtype=np.float64).sum() == pytest.approx(float(recorded["check_x"]), rel=1e-9)


def test_evaluation(objective, fill, recorded):
    objective.set_train(False)
    images = Tensor(fill.fill_images("fire/x", recorded["shape_x"], 1))
    embedding = objective.network(images)
    assert distance(embedding, recorded["eval_feat"]) < 1e-5
    assert distance(objective.classifier(embedding), recorded["eval_logits"]) < 1e-5


def test_training_forward_and_recomposition(objective, fill, recorded):
    objective.set_train(True)
    images = Tensor(fill.fill_images("fire/x", recorded["shape_x"], 1))
    features, feature_map = objective.forward(images)
    assert distance(features, recorded["train_feat"]) < 3e-5
    partners = Tensor(recorded["far_sampled_idx"], ms.int32)
    pooled = objective.network.pool(objective.recomposition(feature_map, partners))
    assert distance(pooled, recorded["far_pooled"]) < 3e-5
    normalized = objective.recomposition_neck(pooled)
    assert distance(normalized[:, ::8], recorded["far_bn"]) < 3e-5
    logits = objective.recomposition_classifier(normalized)
    assert distance(logits, recorded["far_logits"]) < 3e-5
    for name, cell in (
        ("bottleneck", objective.network.neck),
        ("FAR_bottleneck", objective.recomposition_neck),
    ):
        assert distance(cell.norm.moving_mean[::4], recorded[f"after_{name}.running_mean"]) < 1e-5
        assert distance(cell.norm.moving_variance[::4], recorded[f"after_{name}.running_var"]) < 1e-5


def test_a_left_over_row_is_dropped(objective, fill, recorded):
    objective.set_train(True)
    images = Tensor(fill.fill_images("fire/odd", recorded["odd_shape_x"], 1))
    features, feature_map = objective.forward(images)
    assert feature_map.shape[2] == 9
    assert distance(features[:, ::8], recorded["odd_train_feat_slice"]) < 3e-5
    partners = Tensor(recorded["odd_far_sampled_idx"], ms.int32)
    assert objective.recomposition(feature_map, partners).shape[2] == 8
    assert distance(objective.recomposed_logits(feature_map, partners), recorded["odd_far_logits"]) < 5e-5


@pytest.mark.slow
def test_gradient_of_the_recomposition_loss(objective, fill, recorded):
    objective.set_train(True)
    images = Tensor(fill.fill_images("fire/x", recorded["shape_x"], 1))
    labels = (
        Tensor(recorded["pids"], ms.int32),
        Tensor(np.arange(8), ms.int32),
        Tensor(noise_for(recorded["far_sampled_idx"])),
    )
    objective.fine_grained.labels.set_data(Tensor(recorded["fgids"], ms.int32))

    def function(images):
        return 0.3 * objective.losses(objective.forward(images), labels)[3]

    parameters = objective.trainable_params()
    loss, gradients = ms.value_and_grad(function, None, parameters)(images)
    assert distance(loss, recorded["far_loss"]) < 1e-5
    gradient_of = {p.name: g.asnumpy() for p, g in zip(parameters, gradients)}
    # The stem's lies 4e-4 from its own float64 value, as a ReLU or a maximum changes sides.
    for name, gradient, tolerance in (
        ("backbone.0.weight", gradient_of["network.trunk.conv1.weight"], 1.2e-3),
        (
            "backbone.7.2.conv3.weight_slice",
            gradient_of["network.trunk.layer4.2.conv3.weight"][::64, ::32, 0, 0],
            5e-5,
        ),
        ("FAR_classifier.weight_slice", gradient_of["recomposition_classifier.weight"][:, ::8], 5e-5),
    ):
        assert distance(gradient, recorded[f"far_grad_{name}"]) < tolerance, name


def test_attribute_aware_loss_and_gradient(recorded):
    loss = AttributeAwareLoss(scale=16.0, epsilon=0.1)
    arguments = (Tensor(recorded["fgids"], ms.int32), Tensor(recorded["attr_aware_mask"]))
    value, gradient = ms.value_and_grad(loss)(Tensor(recorded["attr_aware_in"]), *arguments)
    assert distance(value, recorded["attr_aware_value"]) < 1e-5
    assert distance(gradient, recorded["attr_aware_grad"]) < 1e-5


def test_fine_grained_cosines(objective, fill, recorded):
    count = int(recorded["num_fg"])
    centres = fill.fill_input("fire/centers", (count, 4096), 1)
    weight = np.zeros(objective.fine_grained.classifier.weight.shape, np.float32)
    weight[:count] = centres
    objective.fine_grained.classifier.weight.set_data(Tensor(weight))
    cosines = objective.fine_grained.classifier(Tensor(recorded["train_feat"]))
    assert distance(cosines[:, :count], recorded["fg_cos"]) < 3e-5


@pytest.fixture(scope="module")
def epoch(golden, fill):
    """The recorded epoch, its training images and its probe."""
    recorded = golden("fire_trajectory")
    shape = recorded["shape_train"]
    pids = recorded["train_pids"]
    look = fill.fill_images("fire/look", (2 * NUM_CLASSES, *shape[1:]), 1)
    images = fill.fill_images("fire/train", shape, 1) * np.float32(0.35)
    images = images + look[pids * 2 + recorded["train_outfit"]]
    return recorded, images, fill.fill_images("fire/probe", recorded["shape_probe"], 1)


def embed(objective, images):
    objective.set_train(False)
    parts = [objective.network(Tensor(images[begin : begin + 8])).asnumpy() for begin in range(0, 24, 8)]
    return np.concatenate(parts)


@pytest.mark.slow
def test_one_recorded_epoch(epoch, torch_state):
    """Mining and three steps, through the engine's compiled step, with a larger table than needed."""
    recorded, images, probe = epoch
    objective = build(torch_state, recorded["train_pids"], k1=int(recorded["k1"]), k2=int(recorded["k2"]))
    figures = objective.mine_labels(26, embed(objective, images))
    assert figures["classes"] == int(recorded["num_fg"])
    fine_grained = objective.fine_grained
    np.testing.assert_array_equal(fine_grained.labels.asnumpy(), recorded["fgid_of_sample"])
    table = fine_grained.pids.asnumpy() == np.arange(NUM_CLASSES)[:, None]
    np.testing.assert_array_equal(table[:, :8], recorded["pid2fgids"] > 0)
    assert not table[:, 8:].any()
    assert distance(fine_grained.classifier.weight[:8], recorded["fg_center"]) < 1e-5

    terms, weights = train_epoch(objective, recorded, images)
    # The first step is a plain forward; from the second on Adam enlarges rounding.
    for column, name in enumerate(("class_loss", "triplet_loss", "ffm_loss", "far_loss_unweighted")):
        assert distance(terms[0, column], recorded[name][0]) < 1e-5, name
        assert distance(terms[:, column], recorded[name]) < 3e-4, name
    np.testing.assert_array_equal(weights, np.float32([1, 1, 1, 0.3]))
    check_after_training(objective, recorded)
    objective.set_train(False)
    assert distance(objective.network(Tensor(probe)), recorded["probe_feat"]) < 1e-3


def train_epoch(objective, recorded, images):
    (phase,) = objective.phases()
    optimizer = adam(phase.parameters, "network", lr=float(recorded["lr"]), weight_decay=5e-4)
    step = TrainStep(objective, {"network": optimizer})
    by_term = objective.term_weights(26)
    weights = np.array([by_term[name] for name in phase.terms], np.float32)
    objective.set_train(True)
    terms = []
    for indices, partners in zip(recorded["batch_indices"], recorded["far_sampled_idx"]):
        labels = (
            Tensor(recorded["train_pids"][indices], ms.int32),
            Tensor(indices, ms.int32),
            Tensor(noise_for(partners)),
        )
        terms.append(step(Tensor(images[indices]), labels, Tensor(weights)).asnumpy())
    return np.array(terms), weights


def check_after_training(objective, recorded):
    after = {name: p.asnumpy() for name, p in objective.parameters_and_names()}
    expected = {
        "backbone.0.weight": after["network.trunk.conv1.weight"][:16],
        "bottleneck.weight_slice": after["network.neck.norm.gamma"][::8],
        "bottleneck.bias_slice": after["network.neck.norm.beta"][::8],
        "bottleneck.running_var_slice": after["network.neck.norm.moving_variance"][::8],
        "FAR_classifier.weight_slice": after["recomposition_classifier.weight"][:, ::16],
        "fg_classifier_weight_slice": after["fine_grained.classifier.weight"][:8, ::16],
    }
    for name, value in expected.items():
        assert distance(value, recorded[f"after_{name}"]) < 2e-4, name
