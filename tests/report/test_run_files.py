"""What is read of a run's folder, whole or half written."""

import json

import numpy as np
import pytest

from mindreid.config import load_recipe
from mindreid.errors import DataError
from mindreid.report.evaluation_history import read_evaluations
from mindreid.report.loss_history import read_losses
from mindreid.report.recipe_differences import nearest_recipe


def lines(count):
    rows = [
        {"epoch": n // 2, "step": n + 1, "loss": n / 2, "terms": {"a": n, "b": -n}, "rates": {"net": 0.1}}
        for n in range(count)
    ]
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_a_history_has_every_whole_line(tmp_path):
    path = tmp_path / "metrics.jsonl"
    assert len(read_losses(path)) == 0
    path.write_text(lines(4))
    whole = read_losses(path)
    assert whole.steps.tolist() == [1, 2, 3, 4]
    assert whole.epochs.tolist() == [0, 0, 1, 1]
    assert {name: values.tolist() for name, values in whole.losses.items()} == {
        "loss": [0, 0.5, 1, 1.5],
        "a": [0, 1, 2, 3],
        "b": [0, -1, -2, -3],
    }
    for cut in range(len(lines(3)), len(lines(4))):
        path.write_text(lines(4)[:cut])
        assert len(read_losses(path)) == 3


def changed(**values):
    return json.dumps({**json.loads(lines(1)), **values})


@pytest.mark.parametrize(
    "line",
    [
        *("nonsense", "[]", '{"epoch": 1}', '{"epoch": "1", "step": 2}', "{" * 9),
        changed(loss="0.5"),
        changed(loss=None),
        changed(terms={"a": "1"}),
        changed(terms=[1]),
        changed(rates={"net": True}),
    ],
)
def test_a_damaged_line_is_named(line, tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text(lines(2) + line + "\n" + lines(1))
    with pytest.raises(DataError, match=r"metrics\.jsonl:3"):
        read_losses(path)


def evaluation(epoch, **protocols):
    results = {name: {"rank1": rank1, "mAP": mean_ap} for name, (rank1, mean_ap) in protocols.items()}
    return json.dumps({"epoch": epoch, "step": 2 * epoch + 2, "results": results}) + "\n"


def test_evaluations_are_read_by_metric_and_protocol(tmp_path):
    path = tmp_path / "evaluations.jsonl"
    assert len(read_evaluations(path)) == 0
    rows = [
        evaluation(0, a=(0.1, None)),
        evaluation(1, a=(0.2, None), b=(0.5, 0.4)),
        evaluation(1, a=(0.3, None), b=(0.6, 0.5)),
    ]
    path.write_text("".join(rows) + rows[0][:-9])
    history = read_evaluations(path)
    assert history.epochs.tolist() == [1, 2]
    assert set(history.figures) == {"rank1", "mAP"}
    # What was evaluated again counts as it was last.
    np.testing.assert_array_equal(history.figures["rank1"]["a"], [0.1, 0.3])
    np.testing.assert_array_equal(history.figures["rank1"]["b"], [np.nan, 0.6])
    assert list(history.figures["mAP"]) == ["b"]


NO_RESULTS = [None, [], {"a": {}}, {"a": 3}, {"a": {"mAP": 0.1}}, {"a": {"rank1": "0.1"}}]


@pytest.mark.parametrize("results", NO_RESULTS)
def test_a_line_that_is_no_evaluation_is_refused(results, tmp_path):
    path = tmp_path / "evaluations.jsonl"
    path.write_text(json.dumps({"epoch": 4, "step": 9, "results": results}) + "\n")
    with pytest.raises(DataError, match="epoch 4 is no evaluation"):
        read_evaluations(path)


def test_a_shipped_recipe_is_nearest_to_itself_wherever_its_data_are():
    tables = {
        "val/ltcc": {"dataset.views": "elsewhere/views.csv"},
        "gi_reid/ltcc": {"dataset.silhouettes": "elsewhere/silhouettes"},
    }
    for name in ("mgn/market1501_port", *tables, "aug_ogbase/walkers"):
        nearest = nearest_recipe(load_recipe(name))
        assert (nearest.name, nearest.differences) == (name, ())
        moved = nearest_recipe(load_recipe(name, [("dataset.root", "elsewhere"), ("train.seed", 7)]))
        assert moved.name == name
        assert {key: own for key, _, own in moved.differences} == {
            "dataset.root": "elsewhere",
            "train.seed": 7,
            **tables.get(name, {}),
        }
