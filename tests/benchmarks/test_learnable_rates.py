"""A rate is the first one at which the classes of the training images are told better than by a guess."""

import json
import math

import pytest
from runs import learnable_rates
from runs.finished_runs import in_one_folder
from runs.learnable_rates import first_learnable, is_learning, last_losses

from mindreid.engine.training.run_folder import RunFolder

RATES = (1.0, 0.3, 0.1)
PERSONS = 20
GUESS = math.log(PERSONS)
#: All features are one point: a guess among classes, and the margin between triplets.
ONE_POINT = {"loss": GUESS + 1.2, "softmax": GUESS, "triplet": 1.2}
LEARNING = {"loss": 5.1, "softmax": 2.5, "triplet": 2.6}


def write_losses(run, losses):
    rows = [
        {"epoch": epoch, "step": step, "loss": loss, "terms": terms, "rates": {"network": 0.1}}
        for step, (epoch, loss, terms) in enumerate(losses, 1)
    ]
    run.mkdir(parents=True, exist_ok=True)
    (run / "metrics.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


def test_the_last_epoch_is_averaged(tmp_path):
    write_losses(
        tmp_path, [(0, 9.0, {"softmax": 5.0}), (1, 4.0, {"softmax": 2.0}), (1, 2.0, {"softmax": 1.0})]
    )
    assert last_losses(RunFolder(tmp_path)) == {"loss": 3.0, "softmax": 1.5}


def test_a_small_triplet_loss_is_no_learning():
    assert not is_learning(ONE_POINT, PERSONS)
    assert is_learning(LEARNING, PERSONS)
    # Among fewer, a guess is as good.
    assert not is_learning(LEARNING, PERSONS // 2)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({1.0: LEARNING}, 1.0),
        ({1.0: ONE_POINT, 0.3: LEARNING}, 0.3),
        # The last one is what is left: it is not tried.
        ({1.0: ONE_POINT, 0.3: ONE_POINT}, 0.1),
    ],
)
def test_rates_are_tried_from_the_greatest_on_and_what_was_found_is_kept(
    tmp_path, monkeypatch, found, expected
):
    campus = tmp_path / "CUHK01" / "campus"
    campus.mkdir(parents=True)
    for person in range(2 * PERSONS):
        for image in range(1, 5):
            (campus / f"{person:04d}00{image}.png").touch()
    tried = []

    def pretend(recipe, overrides, folder):
        changed = dict(entry for entry in overrides if isinstance(entry, tuple))
        assert (changed["train.epochs"], changed["train.init_checkpoint"]) == (10, "walkers.ckpt")
        tried.append(round(changed["optimizers.network.lr"] / 1e-3, 6))
        terms = dict(found[tried[-1]])
        write_losses(folder, [(0, 9.0, {"softmax": 9.0, "triplet": 0.0}), (9, terms.pop("loss"), terms)])

    monkeypatch.setattr(learnable_rates, "train_once", pretend)

    def choose(begin):
        own = [("dataset.root", str(campus.parent)), ("dataset.train_persons", PERSONS)]
        place = in_one_folder(tmp_path / "rate")
        return first_learnable(RATES, "mgn/cuhk01", own, begin, {"data": "x"}, place)

    assert choose(lambda: [("train.init_checkpoint", "walkers.ckpt")]) == expected
    assert tried == list(found)
    assert choose(pytest.fail) == expected
    assert tried == list(found)
