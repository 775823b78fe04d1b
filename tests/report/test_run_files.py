"""What is read of a run's folder, whole or half written."""

import json

import pytest

from mindreid.config import load_recipe
from mindreid.errors import DataError
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


@pytest.mark.parametrize("line", ["nonsense", "[]", '{"epoch": 1}', '{"epoch": "1", "step": 2}', "{" * 9])
def test_a_damaged_line_is_named(line, tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text(lines(2) + line + "\n" + lines(1))
    with pytest.raises(DataError, match=r"metrics\.jsonl:3"):
        read_losses(path)


def test_a_shipped_recipe_is_nearest_to_itself_wherever_its_data_are():
    for name in ("mgn/market1501_port", "val/ltcc", "aug_ogbase/walkers"):
        nearest = nearest_recipe(load_recipe(name))
        assert (nearest.name, nearest.differences) == (name, ())
        moved = nearest_recipe(load_recipe(name, [("dataset.root", "elsewhere"), ("train.seed", 7)]))
        assert moved.name == name
        assert {key: own for key, _, own in moved.differences} == {
            "dataset.root": "elsewhere",
            "train.seed": 7,
        }
