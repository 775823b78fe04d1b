"""IDE and the two-loss network against recorded runs of their authors' PyTorch code."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, ops

from mindreid.engine.training.optimizers import sgd
from mindreid.layers.parameters import assign_parameters
from mindreid.layers.resnet import norm_parameter_name, parameter_name
from mindreid.models.ide import IDE, IDEObjective
from mindreid.models.ide.verification import DIFFERENT, SAME, pair_loss
from tests.relative_distance import distance


def baseline_name(name):
    """Our parameter for one of the IDE network of PCB_RPP_for_reID; None for what it does not use."""
    part, _, rest = name.partition(".")
    if name.endswith("num_batches_tracked") or name.startswith("base.fc."):
        return None
    if part == "base":
        return f"network.trunk.{parameter_name(rest)}"
    if part == "feat_bn":
        return "network.head." + norm_parameter_name(f"norm.{rest}")
    return {"feat": "network.head.linear.", "classifier": "classifier."}[part] + rest


def port_name(name):
    """The same for Person-reID-verification; what is verified has the prefix "verif/"."""
    if "num_batches_tracked" in name or name.startswith(("model.fc.", "verif/classifier.add_block.")):
        return None
    if name.startswith("verif/"):
        return name.replace("verif/classifier.classifier.1.", "pairs.classifier.")
    if name.startswith("model."):
        return f"network.trunk.{parameter_name(name[len('model.') :])}"
    name = name.replace("classifier.classifier.1.", "classifier.")
    if name.startswith("classifier.add_block.1."):
        return "network.head.1." + norm_parameter_name("norm." + name[len("classifier.add_block.1.") :])
    return name.replace("classifier.add_block.0.", "network.head.0.")


def load(objective, state, rename):
    values = {rename(name): value for name, value in state.items() if rename(name)}
    assign_parameters(dict(objective.parameters_and_names()), values, source="recording")
    return objective


def build_baseline(torch_state, recorded):
    num_classes = int(recorded["ide_num_classes"])
    state = torch_state(
        "pcb_rpp", num_classes, section="state_dict_ide", prefix="ide/", without=("radius", "thresh")
    )
    total = sum(np.abs(value, dtype=np.float64).sum() for value in state.values())
    assert total == pytest.approx(float(recorded["ide_check_weights"]), rel=1e-9)
    return load(IDEObjective(IDE(), num_classes), state, baseline_name)


def build_port(torch_state, num_classes, comparison="product"):
    state = torch_state("idverif", num_classes)
    verified = torch_state("idverif", section="verification_state", prefix="verif/")
    state.update({f"verif/{name}": value for name, value in verified.items()})
    network = IDE(head="bottleneck", features=512, embedding="classified")
    options = {"comparison": comparison, "unit_length": True, "verification_dropout": 0.75}
    return load(IDEObjective(network, num_classes, verification_weight=1.0, **options), state, port_name)


def test_the_baseline(golden, fill, torch_state):
    recorded = golden("pcb")
    images = Tensor(fill.fill_images("pcb/x", recorded["shape_x"], 1))
    objective = build_baseline(torch_state, recorded).set_train(False)
    pooled = objective.network(images)
    assert distance(pooled, recorded["ide_eval_pooled"]) < 1e-4
    classified = objective.network.classified(images)
    assert distance(classified, recorded["ide_eval_embedding"]) < 1e-4
    assert distance(objective.classifier(classified), recorded["ide_eval_logits"]) < 1e-4
    unit = pooled.asnumpy() / np.linalg.norm(pooled.asnumpy(), axis=1, keepdims=True)
    assert distance(unit[:, ::8], recorded["ide_eval_compared_slice"]) < 1e-4


@pytest.mark.slow
def test_losses_and_gradients_of_the_baseline(golden, fill, torch_state):
    recorded = golden("pcb")
    images = Tensor(fill.fill_images("pcb/x", recorded["shape_x"], 1))
    pids = Tensor(recorded["ide_pids"], ms.int32)
    objective = build_baseline(torch_state, recorded).set_train(True)
    keep = Tensor(fill.fill_keep("pcb/ide_drop0", (4, 256), 0.5, 1))

    def loss_of(images, pids):
        (vectors,) = objective.forward(images)
        (loss,) = objective.losses((vectors,), (pids, keep))
        return loss, objective.logits(vectors, keep)

    parameters = objective.trainable_params()
    function = ms.jit(ms.value_and_grad(loss_of, None, ms.ParameterTuple(parameters), has_aux=True))
    (loss, logits), gradients = function(images, pids)
    assert distance(loss, recorded["ide_train_loss"]) < 1e-4
    assert distance(logits, recorded["ide_train_logits"]) < 1e-4
    by_name = {p.name: g.asnumpy() for p, g in zip(parameters, gradients)}
    assert distance(by_name["classifier.weight"], recorded["ide_grad_classifier.weight"]) < 1e-3
    feat = by_name["network.head.linear.weight"][::8, ::32]
    assert distance(feat, recorded["ide_grad_feat.weight_slice"]) < 1e-3
    variance = objective.network.head.norm.moving_variance
    assert distance(variance, recorded["ide_after_feat_bn.running_var"]) < 1e-4


@pytest.mark.slow
def test_embeddings_and_pairs_of_the_two_loss_network(golden, fill, torch_state):
    recorded = golden("idverif")
    anchors = Tensor(fill.fill_images("idverif/anchor", recorded["shape_x"], 1))
    objective = build_port(torch_state, int(recorded["num_classes"])).set_train(False)
    features = objective.network(anchors)
    assert distance(features, recorded["eval_before_norm"]) < 1e-4
    assert distance(objective.classifier(features), recorded["eval_logits"]) < 1e-4
    mirrored = Tensor(np.ascontiguousarray(anchors.asnumpy()[..., ::-1]))
    unit = [ops.L2Normalize(1)(each).asnumpy() for each in (features, objective.network(mirrored))]
    assert distance(unit[0], recorded["eval_feat"]) < 1e-4
    both = unit[0] + unit[1]
    assert distance(both / np.linalg.norm(both, axis=1, keepdims=True), recorded["test_feat"]) < 1e-4
    positives = objective.network(Tensor(fill.fill_images("idverif/pos", recorded["shape_x"], 1)))
    assert distance(objective.pairs(positives, features, None), recorded["eval_verif_logits"]) < 1e-4
    objective.pairs.squares = True
    assert distance(objective.pairs(positives, features, None), recorded["square_eval_verif_logits"]) < 1e-4


def recorded_loss(objective):
    """The port's step: three forward passes, the identity of the anchors, two pairs of each."""

    def loss_of(pids, keep, kept_pairs, *images):
        anchors, positives, negatives = [objective.forward(each)[0] for each in images]
        everywhere = ops.zeros_like(pids)
        logits = objective.logits(anchors, keep)
        same = objective.pairs(positives, anchors, kept_pairs[0])
        different = objective.pairs(negatives, anchors, kept_pairs[1])
        identity = objective.cross_entropy(logits, pids)
        weights = objective.term_weights(0)
        verification = weights["same"] * pair_loss(same, everywhere, SAME)
        verification += weights["different"] * pair_loss(different, everywhere, DIFFERENT)
        return identity + verification, (identity, verification, anchors, logits, same, different)

    return loss_of


def recorded_inputs(fill, shape, pids, step=0, number=""):
    size = (len(pids), 512)
    keep = fill.fill_keep(f"idverif/drop_id{3 * step}", size, 0.5, 1)
    kept = [fill.fill_keep(f"idverif/drop_verif{2 * step + pair}", size, 0.75, 1) for pair in (0, 1)]
    images = [fill.fill_images(f"idverif/{kind}{number}", shape, 1) for kind in ("anchor", "pos", "neg")]
    return (Tensor(pids, ms.int32), Tensor(keep), Tensor(np.stack(kept)), *map(Tensor, images))


@pytest.mark.slow
def test_losses_and_gradients_of_the_two_loss_network(golden, fill, torch_state):
    recorded = golden("idverif")
    objective = build_port(torch_state, int(recorded["num_classes"])).set_train(True)
    parameters = objective.trainable_params()
    function = ms.value_and_grad(recorded_loss(objective), None, ms.ParameterTuple(parameters), has_aux=True)
    (loss, terms), gradients = ms.jit(function)(*recorded_inputs(fill, recorded["shape_x"], recorded["pids"]))
    identity, verification, features, logits, same, different = terms
    assert distance(loss, recorded["train_loss"]) < 1e-4
    assert distance(identity, recorded["train_loss_id"]) < 1e-4
    assert distance(verification, recorded["train_loss_verif"]) < 1e-4
    assert distance(ops.L2Normalize(1)(features), recorded["train_feat"]) < 1e-4
    assert distance(logits, recorded["train_logits"]) < 1e-4
    assert distance(same, recorded["train_pos_logits"]) < 1e-4
    assert distance(different, recorded["train_neg_logits"]) < 1e-4
    by_name = {p.name: g.asnumpy() for p, g in zip(parameters, gradients)}
    names = [name[len("grad_") :] for name in recorded if name.startswith("grad_")]
    assert len(names) == 5
    for name in names:
        gradient = sliced(name, by_name[port_name(name.replace("_slice", ""))])
        # Images that differ by a millionth change the stem's by 3e-3: a ReLU or a maximum changes sides.
        tolerance = 3 * 3e-3 if name.startswith("model.conv1") else 1e-3
        assert distance(gradient, recorded[f"grad_{name}"]) < tolerance, name
    for name in ("model.bn1.running_mean", "model.bn1.running_var", "classifier.add_block.1.running_var"):
        value = dict(objective.parameters_and_names())[port_name(name)]
        assert distance(value, recorded[f"after_{name}"]) < 1e-4, name


def sliced(name, value):
    if name == "model.conv1.weight_slice":
        return value[:16]
    return value[::16, ::32] if name.endswith("_slice") else value


# How far float64 lies from the recorded float32 where that is more than a rounding; ten times that is
# allowed.
SENSITIVITY = {
    "": {
        "loss_id": 6.2e-3,
        "loss_verif": 3.2e-5,
        "after_classifier.add_block.0.weight_slice": 6.2e-3,
        "after_classifier.add_block.1.running_var": 1.8e-3,
        "after_classifier.add_block.1.weight": 5.6e-4,
        "after_classifier.classifier.1.weight": 9.7e-3,
        "after_model.bn1.running_mean": 1.2e-3,
        "after_model.bn1.running_var": 2e-3,
        "after_model.conv1.weight_slice": 2.2e-2,
        "after_verif/classifier.classifier.1.weight": 7.6e-5,
        "probe_feat": 2e-2,
    },
    "lr0.01_": {
        "loss_id": 1.6e-4,
        # As images that differ by a millionth change it, eight times what the recording's float64 did.
        "after_classifier.add_block.0.weight_slice": 2.1e-4,
        "after_classifier.add_block.1.running_var": 4.2e-6,
        "after_classifier.classifier.1.weight": 5.8e-5,
        "after_model.bn1.running_mean": 1.9e-5,
        "after_model.bn1.running_var": 1.7e-5,
        "after_model.conv1.weight_slice": 3e-4,
        "probe_feat": 6.3e-4,
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("prefix", list(SENSITIVITY))
def test_short_training_of_the_two_loss_network(prefix, golden, fill, torch_state):
    recorded = golden("idverif_trajectory")
    rate = float(recorded[f"{prefix}lr"])
    objective = build_port(torch_state, int(recorded["num_classes"])).set_train(True)
    (phase,) = objective.phases()
    optimizers = {
        name: sgd(own, name, lr=rate / 10 if name == "trunk" else rate, weight_decay=5e-4, nesterov=True)
        for name, own in phase.updated.items()
    }
    parameters = ms.ParameterTuple([p for own in phase.updated.values() for p in own])
    function = ms.jit(ms.value_and_grad(recorded_loss(objective), None, parameters, has_aux=True))
    found = {"loss_id": [], "loss_verif": []}
    for step in range(3):
        inputs = recorded_inputs(fill, recorded["shape_x"], recorded[f"pids_{step}"], step, str(step))
        (_, terms), gradients = function(*inputs)
        found["loss_id"].append(float(terms[0]))
        found["loss_verif"].append(float(terms[1]))
        first = len(phase.parameters)
        optimizers["network"](gradients[:first])
        optimizers["trunk"](gradients[first:])
    values = {name: p.asnumpy() for name, p in objective.parameters_and_names()}
    for full_name in recorded:
        if full_name.startswith(f"{prefix}after_"):
            name = full_name[len(f"{prefix}after_") :]
            found[f"after_{name}"] = sliced(name, values[port_name(name.replace("_slice", ""))])
    assert len(found) == 10
    for name, value in found.items():
        allowed = 10 * SENSITIVITY[prefix].get(name, 0) + 1e-5
        assert distance(np.array(value), recorded[prefix + name]) < allowed, name
