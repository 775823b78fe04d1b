"""GaitSet, GaitPart, GaitGL and DeepGaitV2 against recorded runs of OpenGait in PyTorch."""

from __future__ import annotations

from dataclasses import dataclass, field

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn

import mindreid
from mindreid.convert import from_torch, load_parameters
from mindreid.data.frame_selection import OrderedFrames
from mindreid.engine.training.optimizers import adam, sgd
from mindreid.engine.training.step import TrainStep
from mindreid.zoo import MODELS
from tests.relative_distance import distance
from tests.slow_cases import quick_only

#: What the losses of GaitBase's head are recorded with.
SCALED = {"scale": 16.0, "epsilon": 0.1}


@dataclass(frozen=True)
class Recorded:
    """One recorded network.

    ``gradients``: our parameter by the recorded name, with the tolerance where float32 itself does not fix
    the gradient to 1e-3 (the same PyTorch run in float64 lies a fifth to a third of it away).
    ``trajectories``: learning rate, and tolerances of the losses and of what a probe becomes, by prefix.
    """

    model: str
    section: str
    prefix: str
    every: int
    gradients: dict
    trajectories: dict
    network: dict = field(default_factory=dict)
    objective: dict = field(default_factory=dict)
    adam: bool = False


def deep(mode, gradient, tolerance, trajectories):
    return Recorded(
        "deepgaitv2",
        f"model_{mode}",
        f"{mode}_",
        16,
        {
            "layer0.forward_block.0.weight": ("network.trunk.conv1.weight", tolerance),
            "BNNecks.fc_bin_slice": ("classifier.weight", 1e-3),
            gradient[0]: (gradient[1], 1e-3),
        },
        trajectories,
        network={"mode": mode, "blocks": (1, 1, 1, 1)},
        objective=SCALED,
    )


RUNS = {
    "gaitset": Recorded(
        "gaitset", "model", "", 8,
        {
            "set_block1.forward_block.0.conv.weight": ("network.set_block1.conv1.weight", 2e-2),
            "gl_block2.0.conv.weight_slice": ("network.global_block2.conv1.weight", 1e-2),
            "Head.fc_bin_slice": ("network.part_linear.weight", 1e-3),
        },
        {"lr0.01_": (0.01, 2e-3, 3e-2), "": (0.1, 2e-2, 0.5)},
    ),
    "gaitpart": Recorded(
        "gaitpart", "model", "", 4,
        {
            "Backbone.forward_block.feature.0.conv.weight": ("network.conv1.weight", 1e-3),
            "Backbone.forward_block.feature.5.conv.weight_slice": ("network.conv3.conv.weight", 1e-3),
            "TFA.pooling_func.conv1d3x3.15.2.conv.weight_slice": ("network.micro_motion.long_out.15", 1e-3),
            "Head.fc_bin_slice": ("network.part_linear.weight", 1e-3),
        },
        {"": (1e-4, 1e-4, 1e-3)},
        adam=True,
    ),
    "gaitgl": Recorded(
        "gaitgl", "model", "", 8,
        {
            "conv3d.0.conv3d.weight": ("network.conv.conv.weight", 6e-3),
            "GLConvA0.local_conv3d.conv3d.weight_slice": ("network.block1.local.conv.weight", 5e-3),
            "HPP.p": ("network.row_mean.exponent", 1e-3),
            "Bn.weight": ("network.norm.gamma", 1e-3),
            "Head1.fc_bin_slice": ("classifier.weight", 1e-3),
        },
        {"": (1e-4, 1e-4, 1e-3)},
        adam=True,
    ),
    "gaitgl, BN neck": Recorded(
        "gaitgl", "model_bnneck", "bnneck_", 16,
        {
            "HPP.p": ("network.row_mean.exponent", 1e-3),
            "BNNecks.fc_bin_slice": ("classifier.weight", 1e-3),
        },
        {"bnneck_": (1e-4, 1e-3, 1e-3)},
        network={"head": "bnneck"},
        objective=SCALED,
        adam=True,
    ),
    "deepgaitv2, p3d": deep(
        "p3d",
        ("layer2.0.shortcut3d.weight_slice", "network.trunk.layer2.0.temporal.conv.weight"),
        1e-3,
        {"p3d_lr0.01_": (0.01, 1e-2, 2e-2), "p3d_": (0.1, 1e-3, 1e-2)},
    ),
    "deepgaitv2, 2d": deep(
        "2d",
        ("layer2.forward_block.0.conv1.weight_slice", "network.trunk.layer2.0.conv1.weight"),
        1e-3,
        {"2d_lr0.01_": (0.01, 1e-3, 2e-3)},
    ),
    "deepgaitv2, 3d": deep(
        "3d",
        ("layer2.0.conv1.weight_slice", "network.trunk.layer2.0.conv1.conv.weight"),
        2e-3,
        {"3d_lr0.01_": (0.01, 5e-2, 0.3)},
    ),
}  # fmt: skip


def kept(ours, recorded_name, recorded, value):
    """Bring our gradient into the recorded one's form: PyTorch's axes, of which a slice was kept."""
    if ".long_out." in ours:  # a matrix [3 C, C'] is a kernel [C', C, 3]
        value = value.reshape(3, -1, value.shape[1]).transpose(2, 1, 0)
    if recorded.ndim == 5:
        value = value.reshape(value.shape[0], recorded.shape[2], -1, *value.shape[2:]).swapaxes(1, 2)
    if not recorded_name.endswith("_slice"):
        return value
    steps = [-(-whole // part) for whole, part in zip(value.shape, recorded.shape)]
    return value[tuple(slice(None, None, step) for step in steps)]


def build(run, recorded, torch_state):
    num_classes = int(recorded["num_classes"]) if "num_classes" in recorded else 2
    source = f"opengait_{run.model}"
    state = torch_state(source, num_classes, section=run.section)
    total = sum(np.abs(value, dtype=np.float64).sum() for value in state.values())
    assert total == pytest.approx(float(recorded[f"{run.prefix}check_weights"]), rel=1e-9)
    network = mindreid.create_model(run.model, **run.network)
    objective = MODELS[run.model].objective(network, num_classes, **run.objective)
    load_parameters(objective, from_torch(state, source))
    return objective


def sequences(run, recorded, fill):
    x = fill.fill_silhouettes(f"{run.model}/x", recorded["shape_x"], 1)
    assert x.sum(dtype=np.float64) == pytest.approx(float(recorded["check_x"]), rel=1e-9)
    return x


@pytest.mark.parametrize("name", quick_only(RUNS, "gaitset", "gaitpart", "gaitgl", "deepgaitv2, p3d"))
def test_inference(name, golden, fill, torch_state):
    run = RUNS[name]
    recorded = golden(run.model)
    objective = build(run, recorded, torch_state)
    objective.set_train(False)
    embedding = objective.network(Tensor(sequences(run, recorded, fill)))
    assert distance(embedding[:, :: run.every], recorded[f"{run.prefix}eval_embed_slice"]) < 1e-5
    assert distance(embedding[0], recorded[f"{run.prefix}eval_embed_sample0"]) < 1e-5
    if f"{run.prefix}eval_logits" in recorded:
        assert distance(objective.logits(embedding), recorded[f"{run.prefix}eval_logits"]) < 1e-5


class Raised(nn.Cell):
    """Adds ``value`` to one place of an array."""

    def __init__(self, shape, place, value):
        super().__init__()
        added = np.zeros(shape, np.float32)
        added[place] = value
        self.added = Tensor(added)

    def construct(self, x):
        return x + self.added


def decide_between_equal_pixels(network):
    """Have GaitPart's pooling find the strip's maximum where the recording has it.

    In the topmost strip of channel 18 of the third frame, two pixels differ by 1.5e-6 of their value (0.158,
    the same PyTorch run in float64): which of them is the greater is a matter of float32, and which gets
    the gradient moves that of the trunk by 1.5e-3.
    """
    raised = Raised((48, 128, 16, 11), (2, 18, 0, 1), 1e-5 * 0.158)
    network.pool = nn.SequentialCell(raised, network.pool)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(RUNS))
def test_losses_and_gradients(name, golden, fill, torch_state):
    run = RUNS[name]
    recorded = golden(run.model)
    objective = build(run, recorded, torch_state).set_train(True)
    if name == "gaitpart":
        decide_between_equal_pixels(objective.network)
    parameters = objective.trainable_params()

    def function(x, pids):
        outputs = objective.forward(x)
        terms = objective.losses(outputs, (pids,))
        return sum(terms), terms, outputs[0]

    pids = Tensor(recorded["labels"], ms.int32)
    gradients_of = ms.jit(ms.value_and_grad(function, None, parameters, has_aux=True))
    (_, terms, embedding), gradients = gradients_of(Tensor(sequences(run, recorded, fill)), pids)
    assert distance(embedding[:, :: run.every], recorded[f"{run.prefix}train_embed_slice"]) < 1e-5
    counted = compare_triplets(objective.triplet, embedding, pids, recorded, run.prefix)
    if len(terms) == 2:
        assert distance(terms[1], recorded[f"{run.prefix}train_info_softmax_loss"]) < 1e-5
    by_name = {parameter.name: gradient.asnumpy() for parameter, gradient in zip(parameters, gradients)}
    for theirs, (ours, tolerance) in run.gradients.items():
        expected = recorded[f"{run.prefix}grad_{theirs}"]
        found = kept(ours, theirs, expected, by_name[ours])
        if len(expected) == len(
            counted
        ):  # of every part its own: leave out where a triplet lies on the margin
            expected, found = expected[counted], found[counted]
        assert distance(found, expected) < tolerance, theirs


def compare_triplets(loss, embedding, pids, recorded, prefix):
    """Compare sums over violated triplets, since one on the margin may count or not; say where."""
    per_part, violated = (value.asnumpy() for value in loss.per_part(embedding, pids))
    number = recorded[f"{prefix}train_info_triplet_loss_num"]
    assert np.abs(violated - number).sum() <= 1
    expected = recorded[f"{prefix}train_info_triplet_loss"] * number
    assert distance(per_part * violated, expected) < 1e-4
    equal = violated == number
    assert distance(per_part[equal], recorded[f"{prefix}train_info_triplet_loss"][equal]) < 1e-4
    return equal


TRAJECTORIES = [(name, prefix) for name, run in RUNS.items() for prefix in run.trajectories]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "prefix"), TRAJECTORIES)
def test_short_training(name, prefix, golden, fill, torch_state):
    run = RUNS[name]
    rate, loss_tolerance, probe_tolerance = run.trajectories[prefix]
    recorded, steps = golden(run.model), golden(f"{run.model}_trajectory")
    objective = build(run, recorded, torch_state)
    (phase,) = objective.phases()
    if run.adam:
        decay = 5e-4 if run.model == "gaitgl" else 0.0
        optimizer = adam(phase.parameters, "network", lr=rate, weight_decay=decay)
    else:
        optimizer = sgd(phase.parameters, "network", lr=rate, momentum=0.9, weight_decay=5e-4)
    step = TrainStep(objective, {"network": optimizer})
    objective.set_train(True)
    own = run.prefix if f"{run.prefix}shape_x" in steps else ""
    terms = []
    for number in range(len(np.atleast_1d(steps[f"{prefix}loss_sum"]))):
        x = fill.fill_silhouettes(f"{run.model}/x{number}", steps[f"{own}shape_x"], 1)
        labels = (Tensor(steps[f"{own}labels_{number}"], ms.int32),)
        weights = Tensor(np.ones(len(phase.terms), np.float32))
        terms.append(step(Tensor(x), labels, weights).asnumpy())
    totals = np.array(terms).sum(axis=1)
    # A triplet that lies on the margin may count or not.
    assert distance(totals[0], np.atleast_1d(steps[f"{prefix}loss_sum"])[0]) < 1e-3
    assert distance(totals, steps[f"{prefix}loss_sum"]) < loss_tolerance
    probe = Tensor(sequences(run, recorded, fill)[:2])
    embedding = objective.set_train(False).network(probe)
    assert distance(embedding[:, :: run.every], steps[f"{prefix}probe_embed_slice"]) < probe_tolerance


@pytest.mark.parametrize("length", [1, 2, 4])
def test_short_sequences_of_gaitgl(length, golden, fill, torch_state):
    """One frame is repeated three times and two are repeated twice; of four, the last is lost."""
    run, recorded = RUNS["gaitgl"], golden("gaitgl")
    objective = build(run, recorded, torch_state)
    objective.set_train(False)
    frames = fill.fill_silhouettes("gaitgl/x", recorded["shape_x"], 1)[:1, :length]
    (positions,) = OrderedFrames(minimum=3, lengths=(8,)).evaluation(length)
    padded = np.where((positions >= 0)[:, None, None], frames[0][positions], -1.0).astype(np.float32)
    expected = recorded[f"short{length}_embed_slice"]
    embedding = objective.network(Tensor(padded[None]))
    assert distance(embedding[:, :: run.every], expected) < 1e-5


@pytest.mark.parametrize("name", ["gaitset", "gaitpart"])
def test_packed_sequences(name, golden, fill, torch_state):
    """The recorded batch is packed; here repeated or absent frames bring sequences to one length."""
    run, recorded = RUNS[name], golden(name)
    lengths = recorded["packed_seqL"]
    packed = fill.fill_silhouettes(f"{name}/packed", (1, int(lengths.sum()), 64, 44), 1)[0]
    padded = []
    for cut in np.split(packed, np.cumsum(lengths)[:-1]):
        missing = lengths.max() - len(cut)
        absent = np.full((missing, 64, 44), -1, np.float32)
        padded.append(
            np.resize(cut, (lengths.max(), 64, 44)) if name == "gaitset" else np.concatenate((cut, absent))
        )
    objective = build(run, recorded, torch_state)
    embedding = objective.set_train(False).network(Tensor(np.stack(padded)))
    assert distance(embedding[:, :: run.every], recorded["packed_embed_slice"]) < 1e-5
