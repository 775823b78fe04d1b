"""What scores are said to mean comes true, and what is measured is what a plain count gives."""

import json

import numpy as np
import pytest

from mindreid.errors import DataError, InvalidArgumentError
from mindreid.search.calibration import (
    Calibration,
    calibrate,
    calibration_path,
    held_out_reliability,
    load_calibration,
    save_calibration,
    verdict_rates,
)
from mindreid.search.index import IndexedModel
from mindreid.search.labelled_searches import (
    LabelledVectors,
    labelled_hits,
    reliability,
    search_errors,
)

MODEL = IndexedModel("c" * 64, "/models/m.onnx", {"height": 1}, 16)


def labelled(persons=60, cameras=3, noise=0.6, seed=0, dimension=16):
    """Persons as directions, seen with noise by some cameras."""
    generator = np.random.default_rng(seed)
    centres = generator.normal(size=(persons, dimension))
    vectors = centres[:, None] + noise * generator.normal(size=(persons, cameras, dimension))
    vectors = vectors.reshape(-1, dimension)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return LabelledVectors(
        vectors.astype(np.float32),
        np.repeat(np.arange(persons), cameras),
        np.tile(np.arange(cameras), persons),
    )


def plain_searches(known):
    """Each as a list of (score, is the person), falling; of other cameras only."""
    for i in range(len(known.vectors)):
        hits = [
            (float(known.vectors[i] @ known.vectors[j]), known.persons[i] == known.persons[j])
            for j in range(len(known.vectors))
            if known.cameras[j] != known.cameras[i]
        ]
        yield sorted(hits, key=lambda hit: -hit[0])


def test_rates_are_those_of_a_plain_count():
    known = labelled(noise=0.8)
    errors = search_errors(known, rank=5)
    searches = list(plain_searches(known))
    assert errors.mated == errors.nonmated == len(searches)
    for rank in (1, 5):
        expected = np.mean([any(right for _, right in hits[:rank]) for hits in searches])
        assert errors.hit_rates[rank] == pytest.approx(expected)
    absent = [max(score for score, right in hits if not right) for hits in searches]
    assert errors.fpir == pytest.approx(np.mean([score >= errors.threshold for score in absent]))
    missed = [not any(right and score >= errors.threshold for score, right in hits[:5]) for hits in searches]
    assert errors.fnir == pytest.approx(np.mean(missed))
    assert 0 < errors.fnir < 1
    chance = {rank: [] for rank in (1, 5)}
    for hits in searches:
        draws = [np.random.default_rng(draw).permutation([right for _, right in hits]) for draw in range(40)]
        for rank, rates in chance.items():
            rates += [draw[:rank].any() for draw in draws]
    for rank, rates in chance.items():
        assert errors.chance[rank] == pytest.approx(np.mean(rates), abs=0.02)
    # At most 1 %, and no lower threshold would do.
    assert errors.fpir <= 0.01
    lower = sorted(absent)[-(int(0.01 * len(absent)) + 1)]
    assert np.mean([score >= lower for score in absent]) > 0.01
    assert errors.threshold == pytest.approx(lower, abs=1e-6)


def test_persons_of_one_camera_are_only_absent_ones():
    known = labelled()
    kept = (known.cameras == 0) | (known.persons < 10)
    partly = LabelledVectors(known.vectors[kept], known.persons[kept], known.cameras[kept])
    errors = search_errors(partly)
    assert (errors.mated, errors.nonmated) == (30, 80)
    alone = known.cameras == 0
    with pytest.raises(DataError, match="two cameras"):
        search_errors(LabelledVectors(known.vectors[alone], known.persons[alone], known.cameras[alone]))
    assert search_errors(known.each_alone()).mated == 180


def test_what_is_promised_comes_true_for_persons_who_were_not_learnt_from():
    model = calibrate([labelled(300, seed=1)], MODEL, "a test")
    scores, is_right = labelled_hits(labelled(300, seed=2), 10)
    table, error = reliability(model.probability(scores), is_right)
    assert error < 0.03
    assert sum(row["hits"] for row in table) == len(scores)
    probabilities = model.probability(scores)
    for low, high in ((0.0, 0.2), (0.2, 0.8), (0.8, 1.0)):
        chosen = (probabilities >= low) & (probabilities <= high)
        assert probabilities[chosen].mean() == pytest.approx(is_right[chosen].mean(), abs=0.1)
    assert held_out_reliability([labelled(150, seed=1)], MODEL)[1] < 0.04


def test_what_two_places_teach_is_between_what_each_does():
    easy, hard = labelled(100, noise=0.3, seed=1), labelled(100, noise=0.9, seed=2)
    alone = [calibrate([place], MODEL, "a test") for place in (easy, hard)]
    both = calibrate([easy, hard], MODEL, "a test")
    assert both.searches == easy.searches + hard.searches
    assert both.right_hits == sum(one.right_hits for one in alone)
    assert alone[0].likely < both.likely < alone[1].likely
    # Persons are looked for at their own place: numbers that are the same at both mean nothing.
    renamed = LabelledVectors(hard.vectors, hard.persons + 1000, hard.cameras)
    assert calibrate([easy, renamed], MODEL, "a test").rates == both.rates
    errors = {}
    for name, learnt in (("easy", alone[0]), ("both", both)):
        scores, is_right = labelled_hits(labelled(100, noise=0.6, seed=3))
        errors[name] = reliability(learnt.probability(scores), is_right)[1]
    assert errors["both"] < errors["easy"]
    table, error = held_out_reliability([easy, hard], MODEL)
    assert error < 0.06
    assert sum(row["hits"] for row in table) > 1000


def test_words_are_as_right_as_a_plain_count_says():
    known = labelled(noise=0.8, seed=4)
    model = calibrate([labelled(noise=0.8, seed=5)], MODEL, "a test")
    expected = {name: [] for name in ("likely", "perhaps", "unlikely")}
    missed, rejected = [], []
    for hits in plain_searches(known):
        absent = [hit for hit in hits if not hit[1]]
        for score, right in hits[:10] + absent[:10]:
            expected[model.verdict(score)].append(right)
        missed.append(hits[0][0] < model.perhaps)
        rejected.append(absent[0][0] < model.perhaps)
    rates = verdict_rates(model, known)
    for name, rights in expected.items():
        assert rates.hits[name] == pytest.approx(len(rights), abs=1)
        assert rates.right[name] == pytest.approx(sum(rights), abs=1)
    assert (rates.present, rates.absent) == (len(missed), len(rejected))
    assert rates.missed == pytest.approx(sum(missed), abs=1)
    assert rates.rejected == pytest.approx(sum(rejected), abs=1)
    assert rates.missed < rates.rejected


def test_persons_of_several_cameras_are_counted():
    known = labelled(10)
    kept = (known.cameras == 0) | (known.persons < 4)
    assert known.persons_seen_twice == 10
    assert LabelledVectors(known.vectors, known.persons, known.cameras * 0).persons_seen_twice == 0
    partly = LabelledVectors(known.vectors[kept], known.persons[kept], known.cameras[kept])
    assert partly.persons_seen_twice == 4


@pytest.mark.parametrize("rate", [-0.1, 1.0, float("nan")])
def test_a_rate_of_false_positives_is_a_share(rate):
    with pytest.raises(InvalidArgumentError, match="rate"):
        search_errors(labelled(), fpir=rate)


def test_probabilities_rise_and_are_never_certain():
    model = calibrate([labelled(noise=0.3)], MODEL, "a test")
    scores = np.linspace(-1.5, 1.5, 301)
    probabilities = model.probability(scores)
    assert (np.diff(probabilities) >= 0).all()
    assert probabilities[0] > 0
    assert probabilities[-1] < 1
    assert model.perhaps < model.likely
    assert float(model.probability(np.array(model.likely))) == pytest.approx(0.8, abs=1e-6)
    verdicts = [model.verdict(score) for score in (model.likely, model.perhaps, model.perhaps - 1e-6)]
    assert verdicts == ["likely", "perhaps", "unlikely"]


def test_of_a_useless_network_nothing_is_likely():
    model = calibrate([labelled(400, noise=50.0)], MODEL, "a test")
    assert model.likely is None
    assert model.verdict(0.99) != "likely"


def test_too_few_hits_teach_nothing():
    with pytest.raises(DataError, match="right"):
        calibrate([labelled(persons=3)], MODEL, "a test")


def test_reliability_of_a_hand_made_case():
    table, error = reliability(np.array([0.05, 0.05, 0.95, 0.95]), np.array([False, True, True, True]))
    assert [(row["hits"], row["promised"], row["right"]) for row in table] == [
        (2, pytest.approx(0.05), 0.5),
        (2, pytest.approx(0.95), 1.0),
    ]
    assert error == pytest.approx(0.25)


def test_a_calibration_belongs_to_its_model(tmp_path):
    path = tmp_path / "m.onnx"
    model = IndexedModel(MODEL.sha256, str(path), MODEL.inputs, 16)
    assert load_calibration(model) is None
    learnt = calibrate([labelled()], model, "a test")
    save_calibration(learnt, path)
    assert load_calibration(model) == learnt
    assert load_calibration(model, tmp_path / "other.onnx") is None
    other = IndexedModel("d" * 64, str(path), MODEL.inputs, 16)
    with pytest.raises(DataError, match="another model"):
        load_calibration(other)


@pytest.mark.parametrize(
    "change", [{"scores": [1.0, 0.0], "rates": [0.0, 1.0]}, {"scores": []}, {"rates": [0.1]}, {"more": 1}]
)
def test_a_damaged_calibration_is_refused(tmp_path, change):
    model = IndexedModel(MODEL.sha256, str(tmp_path / "m.onnx"), MODEL.inputs, 16)
    path = save_calibration(calibrate([labelled()], model, "a test"), tmp_path / "m.onnx")
    assert path == calibration_path(tmp_path / "m.onnx")
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(DataError, match="damaged"):
        load_calibration(model)
    path.write_text("{")
    with pytest.raises(DataError, match="damaged"):
        load_calibration(model)


def test_a_calibration_says_of_how_many_hits_it_is_right():
    model = Calibration("c", {}, [0.0, 1.0], [0.0, 1.0], 0.8, 0.2, 9, 9, "a test", "now")
    assert model.probability(np.array([0.25, 2.0, -1.0])).tolist() == [0.25, 1.0, 0.0]
