"""FIRe²: partners, recomposition, tables of classes; whole small runs with compilations counted."""

import json
import logging

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, ops
from mindspore.common.api import ms_compile_cache
from scipy.stats import chisquare

import mindreid
from mindreid.config import load_recipe
from mindreid.engine.training.loop import Trainer
from mindreid.engine.training.run import train
from mindreid.engine.training.run_folder import RunFolder
from mindreid.engine.training.step import TrainStep
from mindreid.errors import InvalidArgumentError
from mindreid.losses import AttributeAwareLoss
from mindreid.metrics import PersonClusters
from mindreid.models.fire import FIReObjective
from mindreid.models.fire.agreement import agreement, known_looks
from mindreid.models.fire.fine_grained import FineGrainedClasses
from mindreid.models.fire.recomposition import Recomposition, choose_partners
from mindreid.zoo import SCHEDULES
from tests.engine.run_files import assert_equal_runs, steps

TINY = (
    "model.network={trunk: resnet18, width: 0.125}",
    "model.objective={start_epoch: 2, k1: 4, k2: 2, eps: 0.4}",
    "input={height: 64, width: 32, interpolation: bilinear}",
    "sampler.persons=4",
    "sampler.images=4",
    "evaluation.batch_size=16",
    "train.epochs=5",
    "train.reader_threads=2",
    "train.log_every=2",
    "train.init_weights=null",
    "train.evaluate_every=0",
)


@pytest.fixture
def recipe_of(tiny_market):
    def recipe_of(*overrides):
        return load_recipe("fire/market1501", [*TINY, f"dataset.root={tiny_market}", *overrides])

    return recipe_of


# --- partners and recomposition ------------------------------------------------------------------


@pytest.mark.parametrize("classes", [[0, 0, 1, 2, 2, 2], [0, 1, 2, 3, 4, 5], [3, 3, 3, 3, 1, 1]])
def test_partners_are_uniform_over_other_classes(classes):
    classes, draws = np.array(classes), 6000
    noise = np.random.default_rng(0).random((draws, 6, 6), np.float32)
    partners = choose_partners(Tensor(classes, ms.int32), Tensor(noise)).asnumpy()
    for own, chosen in zip(classes, partners.T):
        counts = np.bincount(chosen, minlength=6)
        assert counts[classes == own].sum() == 0
        assert chisquare(counts[classes != own]).pvalue > 1e-4


def test_partners_of_a_group_are_those_that_the_group_alone_would_choose():
    generator = np.random.default_rng(3)
    classes, noise = generator.integers(0, 3, 8), generator.random((2, 8, 8), np.float32)
    together = choose_partners(Tensor(classes, ms.int32), Tensor(noise), groups=2).asnumpy()
    for begin in (0, 4):
        rows = slice(begin, begin + 4)
        alone = choose_partners(Tensor(classes[rows], ms.int32), Tensor(noise[:, rows, rows]))
        np.testing.assert_array_equal(together[:, rows], alone.asnumpy() + begin)


def test_stripes_choose_independently_with_the_objectives_own_noise():
    objective = small_objective()
    generator = np.random.default_rng(1)
    (noise,) = zip(*(objective.draw(generator, 4) for _ in range(3000)))
    noise = np.stack(noise)
    assert noise.shape == (3000, 2, 4, 4)
    partners = choose_partners(Tensor(np.arange(4), ms.int32), Tensor(noise.reshape(6000, 4, 4)))
    top, bottom = partners.asnumpy().reshape(3000, 2, 4)[:, :, 0].T
    pairs = np.bincount(4 * top + bottom, minlength=16).reshape(4, 4)
    assert pairs[0].sum() == pairs[:, 0].sum() == 0
    assert chisquare(pairs[1:, 1:].ravel()).pvalue > 1e-4


def test_a_sample_without_a_partner_keeps_its_own_statistics():
    generator = np.random.default_rng(2)
    noise = Tensor(generator.random((2, 3, 3), np.float32))
    partners = choose_partners(Tensor([5, 5, 5], ms.int32), noise)
    np.testing.assert_array_equal(partners.asnumpy(), [[0, 1, 2]] * 2)
    feature_map = generator.standard_normal((3, 4, 6, 2)).astype(np.float32)
    recomposed = Recomposition(2)(Tensor(feature_map), partners)
    np.testing.assert_allclose(recomposed.asnumpy(), feature_map, atol=1e-5)


@pytest.mark.parametrize(("height", "parts"), [(6, 2), (7, 2), (7, 3), (4, 1)])
def test_recomposed_stripes_have_their_partners_statistics(height, parts):
    generator = np.random.default_rng(height)
    scale = generator.uniform(0.5, 3, (4, 5, 1, 1))
    feature_map = (scale * generator.standard_normal((4, 5, height, 3)) + scale).astype(np.float32)
    partners = generator.integers(0, 4, (parts, 4))
    recomposed = Recomposition(parts)(Tensor(feature_map), Tensor(partners, ms.int32)).asnumpy()
    rows = height // parts
    assert recomposed.shape == (4, 5, parts * rows, 3)
    for part, chosen in enumerate(partners):
        span = slice(part * rows, (part + 1) * rows)
        given, made = feature_map[:, :, span], recomposed[:, :, span]
        np.testing.assert_allclose(made.mean((2, 3)), given[chosen].mean((2, 3)), atol=1e-4)
        np.testing.assert_allclose(made.std((2, 3)), given[chosen].std((2, 3)), rtol=1e-3)


def test_a_share_of_the_samples_is_recomposed_as_all_of_them_together():
    """As each of two workers does that knows of the other's samples only their statistics."""
    generator = np.random.default_rng(5)
    feature_map = Tensor(generator.standard_normal((6, 4, 7, 3)).astype(np.float32))
    partners = Tensor(generator.integers(0, 6, (2, 6)), ms.int32)
    recomposition = Recomposition(2)
    whole = recomposition(feature_map, partners).asnumpy()
    shares = [feature_map[:3], feature_map[3:]]
    others = ops.concat([recomposition.statistics(share) for share in shares])
    for begin, share in zip((0, 3), shares):
        found = recomposition(share, partners[:, begin : begin + 3], others, begin).asnumpy()
        np.testing.assert_allclose(found, whole[begin : begin + 3], rtol=1e-6, atol=1e-6)


def test_no_gradient_flows_through_the_statistics():
    generator = np.random.default_rng(3)
    feature_map = Tensor(generator.standard_normal((2, 3, 4, 2)).astype(np.float32))
    weights = Tensor(generator.standard_normal((2, 3, 4, 2)).astype(np.float32))
    partners = Tensor([[1, 0], [1, 0]], ms.int32)
    gradient = ms.grad(lambda x: (Recomposition(2)(x, partners) * weights).sum())(feature_map).asnumpy()
    stripes = feature_map.asnumpy().reshape(2, 3, 2, 4)
    deviation = np.sqrt(stripes.var(3, ddof=1, keepdims=True) + 1e-6)
    expected = (weights.asnumpy().reshape(2, 3, 2, 4) * deviation[::-1] / deviation).reshape(2, 3, 4, 2)
    np.testing.assert_allclose(gradient, expected, rtol=1e-3, atol=1e-5)


def test_too_many_stripes_are_refused():
    with pytest.raises(InvalidArgumentError, match="at least one stripe"):
        Recomposition(0)
    with pytest.raises(InvalidArgumentError, match="2 rows cannot be cut into 3 stripes"):
        Recomposition(3)(ops.ones((2, 1, 2, 2)), Tensor(np.zeros((3, 2)), ms.int32))


# --- tables of classes ---------------------------------------------------------------------------


def clusters_of(labels, pids, width):
    centres = np.random.default_rng(len(pids)).standard_normal((len(pids), width)).astype(np.float32)
    return PersonClusters(np.array(labels), np.array(pids), centres, 0)


def test_unused_classes_change_neither_loss_nor_gradient():
    """A table of 48 classes against one of exactly the five that there are."""
    record_pids = np.array([0, 0, 0, 1, 1, 2])
    clusters = clusters_of([0, 1, 1, 2, 3, 4], [0, 0, 1, 1, 2], 8)
    features = Tensor(np.random.default_rng(0).standard_normal((6, 8)).astype(np.float32))
    results = []
    for capacity in (48, 5):
        classes = FineGrainedClasses(8, record_pids, capacity)
        if capacity == 5:
            classes.resize(5)
        classes.assign(clusters)
        loss = AttributeAwareLoss()

        def function(x, classes=classes, loss=loss):
            cosines, targets, positive = classes(
                x, Tensor(record_pids, ms.int32), Tensor(np.arange(6), ms.int32)
            )
            return loss(cosines, targets, positive)

        weight = classes.classifier.weight
        value, (by_features, by_weight) = ms.value_and_grad(function, 0, [weight])(features)
        results.append((value.asnumpy(), by_features.asnumpy(), by_weight[0].asnumpy()))
    (large, large_x, large_w), (exact, exact_x, exact_w) = results
    assert large == pytest.approx(exact, rel=1e-6)
    np.testing.assert_allclose(large_x, exact_x, atol=1e-6)
    np.testing.assert_allclose(large_w[:5], exact_w, atol=1e-6)
    np.testing.assert_array_equal(large_w[5:], 0)


def test_before_mining_every_person_is_a_class():
    record_pids = np.array([0, 0, 1, 2])
    classes = FineGrainedClasses(8, record_pids)
    cosines, targets, positive = classes(
        ops.ones((4, 8)), Tensor(record_pids, ms.int32), Tensor(np.arange(4), ms.int32)
    )
    np.testing.assert_array_equal(targets.asnumpy(), record_pids)
    np.testing.assert_array_equal(positive.asnumpy()[:, :3], np.eye(3)[record_pids] > 0)
    assert (cosines.asnumpy()[:, 3:] < -1).all()


def test_a_table_that_is_too_small_grows_and_says_so(caplog):
    record_pids = np.repeat(np.arange(4), 10)
    classes = FineGrainedClasses(8, record_pids, capacity=16)
    clusters = clusters_of(np.arange(40), record_pids, 8)
    with caplog.at_level(logging.INFO, "mindreid"):
        classes.assign(clusters)
    assert classes.capacity == 64
    assert "room for 64 fine-grained classes from now on, 40 were found" in caplog.text
    np.testing.assert_array_equal(classes.pids.asnumpy(), [*record_pids, *[-1] * 24])
    np.testing.assert_allclose(classes.classifier.weight.asnumpy()[:40], clusters.centres)
    names = {name for name, _ in classes.parameters_and_names()}
    assert names == {"labels", "pids", "classifier.weight"}


# --- agreement -----------------------------------------------------------------------------------


def test_agreement_leaves_out_what_is_not_known():
    look, pids = np.array([0, 1, 0, 1, -1, -1]), np.zeros(6, int)
    assert agreement(np.array([7, 8, 7, 8, 7, 8]), look, pids) == pytest.approx((1, 1))
    assert agreement(np.array([7, 7, 8, 8, 7, 7]), look, pids) == pytest.approx((0, 0))
    assert agreement(np.zeros(6, int), np.full(6, -1), pids) == (0, 0)


def test_persons_apart_do_not_count_as_agreement_within_persons():
    pids = np.repeat([0, 1], 8)
    look = np.tile([0, 0, 1, 1], 4) + 2 * pids
    whole, within = agreement(np.tile([0, 1], 8) + 2 * pids, look, pids)
    assert whole > 0.4
    assert within == pytest.approx(0, abs=1e-9)


def test_looks_need_labels():
    from mindreid.data.records import Record

    plain = [Record(("a.jpg",), pid=0, camid=0)] * 2
    assert known_looks(plain) == {}
    dressed = [Record(("a.jpg",), 0, 0, clothes_id=c, view=v) for c, v in ((0, 0), (0, 1), (1, 0), (1, None))]
    looks = known_looks(dressed)
    np.testing.assert_array_equal(looks["outfit"], [0, 0, 1, 1])
    np.testing.assert_array_equal(looks["outfit_view"], [0, 1, 2, -1])


# --- whole runs ----------------------------------------------------------------------------------


@pytest.fixture
def compilations(monkeypatch):
    """Number of compiled graphs after every epoch of the runs that follow."""
    counts = []
    train_epoch = Trainer._train_epoch

    def counted(self, epoch):
        train_epoch(self, epoch)
        counts.append(len(ms_compile_cache))

    monkeypatch.setattr(Trainer, "_train_epoch", counted)
    return counts


def mining_rows(folder):
    return [json.loads(line) for line in folder.mining.read_text().splitlines()]


@pytest.mark.slow
def test_changing_numbers_of_classes_compile_nothing_anew(recipe_of, tmp_path, compilations, caplog):
    """One gradient function and one update for all epochs; one embedding function from the first mining."""
    before = len(ms_compile_cache)
    recipe = recipe_of("train.epochs=7", "model.objective.capacity=64")
    with caplog.at_level(logging.INFO, "mindreid"):
        train(recipe, tmp_path / "run")
    rows = mining_rows(RunFolder(tmp_path / "run"))
    assert [row["epoch"] for row in rows] == [2, 3, 4, 5, 6]
    assert len({row["classes"] for row in rows}) > 1
    assert np.array(compilations) - before == pytest.approx([2, 2, 3, 3, 3, 3, 3])
    assert f"before epoch 3: embedding seconds {rows[0]['embedding_seconds']:g}, classes" in caplog.text


def test_terms_begin_with_the_mining():
    objective = small_objective(start_epoch=3)
    assert objective.term_weights(2) == {"identity": 1, "triplet": 0, "ffm": 0, "far": 0}
    assert objective.term_weights(3) == {"identity": 1, "triplet": 1, "ffm": 1, "far": 0.3}
    assert not objective.mines_labels(2)
    assert objective.mines_labels(3)


def small_objective(**options):
    network = mindreid.create_model("fire", trunk="resnet18", width=0.125)
    return FIReObjective(network, 4, np.arange(16) % 4, **options)


@pytest.mark.parametrize("options", [{"ffm_weight": 0.0, "far_weight": 0.0}, {"start_epoch": 100}])
def test_without_ffm_and_far_nothing_is_mined(options):
    objective = small_objective(**options)
    assert not any(objective.mines_labels(epoch) for epoch in range(80))


@pytest.mark.slow
def test_growing_in_a_run_compiles_once_and_resumes(recipe_of, tmp_path, compilations):
    """A radius of almost nothing makes a class of almost every image; there is room for 16."""
    recipe = recipe_of("model.objective.eps=0.0001", "model.objective.capacity=16")
    train(recipe, tmp_path / "whole")
    whole = RunFolder(tmp_path / "whole")
    assert min(row["classes"] for row in mining_rows(whole)) > 32
    added = np.diff(compilations)
    # The embedding function, and gradient and update for the larger table.
    assert added.tolist() == [0, 3, 0, 0]

    class StopError(Exception):
        pass

    call = TrainStep.__call__
    taken = []

    def interrupted(self, *arguments):
        taken.append(1)
        if len(taken) == 4 * 4:
            raise StopError
        return call(self, *arguments)

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(TrainStep, "__call__", interrupted)
        with pytest.raises(StopError):
            train(recipe, tmp_path / "parts")
    train(recipe, tmp_path / "parts", resume=True)
    assert_equal_runs(tmp_path / "whole", tmp_path / "parts")
    figures = [
        [row["classes"] for row in mining_rows(RunFolder(tmp_path / name))] for name in ("whole", "parts")
    ]
    assert figures[0] == figures[1]


def test_the_branch_begins_fresh_with_the_mining():
    """Until then weight decay wears it down; the first mining gives it its start values back."""
    objective = small_objective(start_epoch=1)
    gamma = objective.recomposition_neck.norm.gamma
    start = gamma.asnumpy().copy()
    ops.assign(gamma, ops.zeros_like(gamma))
    embeddings = np.random.default_rng(0).standard_normal((16, objective.network.num_features))
    objective.mine_labels(1, embeddings)
    np.testing.assert_array_equal(gamma.asnumpy(), start)
    ops.assign(gamma, ops.zeros_like(gamma))
    objective.mine_labels(2, embeddings)
    assert (gamma.asnumpy() == 0).all()


@pytest.mark.slow
def test_every_term_is_logged_and_learned_from(recipe_of, tmp_path):
    train(recipe_of("train.epochs=3"), tmp_path / "run")
    rows = steps(RunFolder(tmp_path / "run"))
    assert set(rows[0]["terms"]) == {"identity", "triplet", "ffm", "far"}
    first, last = rows[0], rows[-1]
    assert first["loss"] == pytest.approx(first["terms"]["identity"], rel=1e-5)
    weighted = sum(weight * last["terms"][name] for name, weight in
                   {"identity": 1, "triplet": 1, "ffm": 1, "far": 0.3}.items())  # fmt: skip
    assert last["loss"] == pytest.approx(weighted, rel=1e-5)


@pytest.mark.parametrize(
    ("name", "persons", "images", "start_epoch", "epochs"),
    [
        ("ltcc", 4, 8, 25, 80),
        ("prcc", 4, 8, 25, 30),
        ("celeb", 8, 4, 25, 80),
        ("deepchange", 8, 8, 45, 80),
        ("last", 16, 4, 45, 80),
    ],
)
def test_recipes_have_the_authors_settings(name, persons, images, start_epoch, epochs):
    recipe = load_recipe(f"fire/{name}")
    assert recipe.sampler.options == {"persons": persons, "images": images}
    assert recipe.model.objective["start_epoch"] == start_epoch
    assert recipe.train.epochs == epochs


@pytest.mark.parametrize("begins_anew", [False, True])
def test_rates_are_the_recorded_ones(golden, begins_anew):
    """The authors build the schedule anew in every epoch from 25 on, and get the same rates."""
    optimizer = load_recipe("fire/ltcc").optimizers["network"]
    factor = SCHEDULES[optimizer.schedule.name](**optimizer.schedule.options)
    epochs = range(25, 80) if begins_anew else range(81)
    recorded = golden("fire_cluster")["lr_recreated_epoch" if begins_anew else "lr_epoch"]
    rates = [optimizer.options["lr"] * factor(epoch) for epoch in epochs]
    np.testing.assert_allclose(rates, recorded, rtol=1e-12)
