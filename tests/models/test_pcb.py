"""PCB's equations without a recording, and the stages of its training."""

import mindspore as ms
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mindspore import Tensor

from mindreid.engine.training.run import train
from mindreid.errors import ConfigError, InvalidArgumentError
from mindreid.models.pcb import PCB, PCBObjective
from mindreid.models.pcb.part_pooling import RefinedPartPool
from tests.engine.run_files import assert_equal_runs, parameters

SMALL = {"trunk": "resnet18", "width": 0.0625}


def images(batch=4, height=96):
    generator = np.random.default_rng(0)
    return Tensor(generator.standard_normal((batch, 3, height, 32)).astype(np.float32))


def objective(classifier=None, **options):
    ms.set_seed(1)
    network = PCB(part_classifier=classifier, **SMALL)
    return PCBObjective(network, 5, dropout=0.0, **options).set_train(False)


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 5))
def test_refined_pooling_is_the_mean_with_the_parts_probabilities(parts, rows, width):
    """Section 3.3 written out: a softmax over the parts at every position, without bias."""
    generator = np.random.default_rng(parts + 10 * rows + 100 * width)
    feature_map = generator.standard_normal((2, 8, parts * rows, width)).astype(np.float32)
    pool = RefinedPartPool(8, parts)
    found = {}
    for refined in (False, True):
        pool.refine(refined)
        found[refined] = pool(Tensor(feature_map)).asnumpy()
    weight = pool.classifier.conv.weight.asnumpy()[:, :, 0, 0]
    positions = parts * rows * width
    for image, expected in zip(feature_map, found[True]):
        sums = np.zeros((parts, 8))
        for row in range(parts * rows):
            for column in range(width):
                vector = image[:, row, column].astype(np.float64)
                odds = np.exp(weight @ vector)
                sums += np.outer(odds / odds.sum(), vector)
        np.testing.assert_allclose(expected, parts * sums / positions, rtol=1e-4, atol=1e-5)
    stripes = feature_map.reshape(2, 8, parts, -1).mean(3).transpose(0, 2, 1)
    np.testing.assert_allclose(found[False], stripes, rtol=1e-4, atol=1e-5)


def test_a_network_on_stripes_is_the_same_with_and_without_a_part_classifier():
    plain, refinable = objective(), objective("pcb_rpp", induction_epoch=1, release_epoch=2)
    for name, parameter in refinable.network.trunk.parameters_and_names():
        ms.ops.assign(dict(plain.network.trunk.parameters_and_names())[name], parameter)
    before = refinable.network(images()).asnumpy()
    np.testing.assert_allclose(before, plain.network(images()).asnumpy(), rtol=1e-4, atol=1e-6)
    refinable.on_epoch_begin(0)
    np.testing.assert_array_equal(refinable.network(images()).asnumpy(), before)
    refinable.on_epoch_begin(1)
    assert np.abs(refinable.network(images()).asnumpy() - before).max() > 1e-3


@pytest.mark.parametrize("embedding", ["G", "H"])
def test_every_part_of_an_embedding_has_unit_length(embedding):
    network = PCB(embedding=embedding, **SMALL).set_train(False)
    rows = network(images()).asnumpy().reshape(4, 6, -1)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=2), 1, rtol=1e-4)


@pytest.mark.parametrize("variant", ["pcb", "variant_1", "variant_2"])
def test_variants_classify_parts_or_their_mean(variant):
    made = objective(variant=variant)
    (reduced,) = made.forward(images())
    pids = np.array([0, 1, 2, 4], np.int32)
    (loss,) = made.losses((reduced,), (Tensor(pids),))
    vectors = reduced.asnumpy().astype(np.float64)
    shared = made.classifiers[0]
    cases = {
        "pcb": [
            (vectors[:, part], made.classifiers[min(part, len(made.classifiers) - 1)]) for part in range(6)
        ],
        "variant_1": [(vectors.mean(1), shared)],
        "variant_2": [(vectors[:, part], shared) for part in range(6)],
    }
    assert len(made.classifiers) == (6 if variant == "pcb" else 1)
    expected = 0.0
    for rows, classifier in cases[variant]:
        logits = rows @ classifier.weight.asnumpy().T + classifier.bias.asnumpy()
        expected -= (logits - np.log(np.exp(logits).sum(1, keepdims=True)))[range(4), pids].mean()
    assert float(loss) == pytest.approx(expected, rel=1e-4)


def test_what_is_frozen_in_which_stage():
    made = objective("paper", induction_epoch=2, release_epoch=3)
    classifier = {p.name for p in made.network.pool.trainable_params()}
    everything = {p.name for p in made.get_parameters()} - classifier - {made.network.pool.refined.name}
    assert [{p.name for p in made.frozen(epoch)} for epoch in range(5)] == [
        classifier,
        classifier,
        everything,
        set(),
        set(),
    ]
    assert any("moving_mean" in name for name in everything)
    assert not objective().frozen(0)


STAGES = ("model.objective.induction_epoch=1", "model.objective.release_epoch=2", "train.epochs=3")


@pytest.mark.slow
def test_four_stages_in_one_run(smoke_recipe, tmp_path, monkeypatch):
    """Each stage moves what it shall, exactly; a run that is stopped within one goes on the same."""
    from mindreid.engine.training.loop import Trainer

    recipe = smoke_recipe("pcb", *STAGES)
    values, compiled, train_epoch = [], [], Trainer._train_epoch

    def watched(self, epoch):
        train_epoch(self, epoch)
        values.append({n: p.asnumpy().copy() for n, p in self.state.objective.parameters_and_names()})
        compiled.append(len(ms.common.api.ms_compile_cache))

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_train_epoch", watched)
        train(recipe, tmp_path / "whole")
    assert len(set(compiled)) == 1
    assert [float(each["network.pool.refined"]) for each in values] == [0, 1, 1]
    for stage, (before, after) in enumerate(zip(values, values[1:])):
        for name, value in after.items():
            if name == "network.pool.refined":
                continue
            moves = stage == 1 or name.startswith("network.pool.classifier")
            assert np.array_equal(before[name], value) != moves, (stage, name)
    assert float(parameters(tmp_path / "whole" / "last.ckpt")["pool.refined"]) == 1

    resumed = tmp_path / "resumed"
    train(smoke_recipe("pcb", *STAGES[:2], "train.epochs=2"), resumed)
    train(recipe, resumed, resume=True)
    assert_equal_runs(tmp_path / "whole", resumed)


@pytest.mark.parametrize(
    ("network", "options", "words"),
    [
        ({"embedding": "F"}, {}, "'G' or 'H'"),
        ({"part_classifier": "code"}, {}, "part classifier"),
        ({"parts": 0}, {}, "at least one stripe"),
        ({}, {"variant": "variant_3"}, "variant"),
        ({}, {"dropout": 1.0}, r"\[0, 1\)"),
        ({}, {"induction_epoch": 3}, "refined part pooling"),
        ({"part_classifier": "paper"}, {}, "first epochs"),
        ({"part_classifier": "paper"}, {"induction_epoch": 4, "release_epoch": 3}, "ascend"),
    ],
)
def test_options_that_cannot_be(network, options, words):
    with pytest.raises(InvalidArgumentError, match=words):
        PCBObjective(PCB(**SMALL, **network), 5, **options)


def test_a_height_that_gives_no_equal_stripes_is_refused_before_anything_is_compiled(smoke_recipe, tmp_path):
    with pytest.raises((ConfigError, InvalidArgumentError), match="multiple of 96"):
        train(smoke_recipe("pcb", "input.height=80"), tmp_path / "run")
