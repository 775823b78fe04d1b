"""Every dataset's real loader, run end to end by the commands on generated walkers."""

from __future__ import annotations

import json

import pytest

from mindreid import zoo
from mindreid.cli import main

#: Recipes, small enough for a test, by dataset; with what else is passed.
_TRUNK = ("model.network.trunk=resnet18", "model.network.width=0.125")
_WALK = ("model.network.width=0.125", "model.network.features=16", "frames.count=2")
RECIPES = {
    "casia_b": ("aug_ogbase/casia_b", *_WALK),
    "ccpg": ("aug_ogbase/ccpg", *_WALK),
    "ccvid": ("cal/ccvid", *_TRUNK),
    "celeb_reid": ("fire/celeb", *_TRUNK),
    "celeb_reid_light": ("fire/celeb", "dataset.name=celeb_reid_light", *_TRUNK),
    "csv_list": ("mgn/walkers", "dataset.name=csv_list", *_TRUNK),
    "cuhk01": ("mgn/cuhk01", *_TRUNK),
    "cuhk03": ("mgn/cuhk03_labeled", *_TRUNK),
    "deepchange": ("cal/deepchange", *_TRUNK),
    "dukemtmc": ("mgn/dukemtmc", *_TRUNK),
    "gait_pickles": ("aug_ogbase/pets09", *_WALK),
    "last": ("cal/last", *_TRUNK),
    "ltcc": ("cal/ltcc", *_TRUNK),
    "market1501": ("mgn/market1501", *_TRUNK),
    "msmt17": ("mgn/msmt17", *_TRUNK),
    "outfit_walkers": ("cal/outfits", *_TRUNK),
    "pku_reid": ("mgn/pku_reid", *_TRUNK),
    "prcc": ("cal/prcc", *_TRUNK),
    "vc_clothes": ("cal/vc_clothes", *_TRUNK),
}
#: Those that are evaluated in the short run of the tests, too.
QUICK = ("celeb_reid", "csv_list", "cuhk01", "gait_pickles", "vc_clothes")
GAIT = ("casia_b", "ccpg", "gait_pickles")


def test_there_is_a_recipe_for_every_dataset():
    assert sorted(RECIPES) == zoo.DATASETS.names()


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_what_was_generated_is_usable(name, generated, capsys):
    assert main(["data", "check", "--name", name, "--root", str(generated(name)), "--images"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1].startswith("usable")
    assert "can't give a figure" not in out
    assert "count nowhere" not in out


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in sorted(RECIPES)]
)
def test_what_was_generated_is_evaluated(name, generated, tmp_path):
    recipe, *overrides = RECIPES[name]
    size = () if name in GAIT else ("input.height=96", "input.width=48")
    options = [word for override in (*overrides, *size) for word in ("--set", override)]
    result = tmp_path / "result.json"
    command = [
        "eval",
        "--config",
        recipe,
        "--untrained",
        "--root",
        str(generated(name)),
        "--json",
        str(result),
    ]
    assert main([*command, *options]) == 0
    rows = json.loads(result.read_text(encoding="utf-8"))["results"]
    assert rows
    for row in rows.values():
        assert 0 <= row["rank1"] <= 1
        assert row.get("valid_queries", row["queries"]) == row["queries"] > 0
