"""``mindreid eval --dataset``: a recipe's network on another dataset, on the protocols that this one has."""

import json

import pytest

from mindreid.cli import main

RECIPE = """\
base: mgn/market1501
model: {name: toy, network: {}, objective: {}}
input: {height: 32, width: 16}
dataset: {name: ltcc, root: nowhere}
"""


@pytest.fixture
def evaluate(market, tmp_path, capfd):
    """Evaluate the untrained toy of a recipe with some protocols on Market-1501's tree."""

    def evaluate(protocols, *options):
        (tmp_path / "own.yaml").write_text(f"{RECIPE}evaluation: {{protocols: {protocols}}}\n")
        command = ["eval", "--config", str(tmp_path / "own.yaml"), "--dataset", "market1501"]
        command += ["--root", str(market), "--untrained", "--json", str(tmp_path / "result.json")]
        code = main([*command, *options])
        result = json.loads((tmp_path / "result.json").read_text()) if code == 0 else None
        return code, result, capfd.readouterr().err

    return evaluate


def test_protocols_that_the_other_dataset_lacks_are_left_out_and_said(evaluate):
    code, result, err = evaluate("[clothes_changing, standard]")
    assert code == 0
    assert list(result["results"]) == ["standard"]
    assert result["recipe"]["evaluation"]["protocols"] == ["standard"]
    assert (
        "'market1501' has no protocol 'clothes_changing', as the recipe's has: evaluated is 'standard'" in err
    )


def test_all_protocols_are_evaluated_where_none_of_the_recipes_is_there(evaluate):
    code, result, _ = evaluate("[ccpg]")
    assert code == 0
    assert list(result["results"]) == ["standard"]


@pytest.mark.parametrize(
    "asked", ["evaluation.protocols=[clothes_changing]", "evaluation={protocols: [clothes_changing]}"]
)
def test_a_protocol_that_the_user_asks_for_is_not_left_out(evaluate, asked):
    code, _, err = evaluate("[standard]", "--set", asked)
    assert code == 2
    assert "the dataset 'market1501' has no protocol 'clothes_changing': evaluation.protocols" in err


def test_without_another_dataset_a_missing_protocol_is_a_mistake(evaluate, market):
    code, _, err = evaluate("[clothes_changing]", "--dataset", "", "--set", "dataset.name=market1501")
    assert code == 2
    assert "has no protocol 'clothes_changing'" in err
