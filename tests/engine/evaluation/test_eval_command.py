"""`mindreid eval`: its options reach the evaluation."""

import json

import numpy as np
import pytest
from PIL import Image

from mindreid.cli import main
from tests.engine.conftest import TOY


@pytest.fixture
def noise(tiny_market):
    """Images of which none shows who it is, so that every way of ranking them gives figures of its own."""
    generator = np.random.default_rng(0)
    for path in sorted(tiny_market.glob("*/*.jpg")):
        Image.fromarray(generator.integers(0, 256, (48, 16, 3), np.uint8)).save(path)
    return tiny_market


def test_re_ranking_changes_the_figures_and_is_told(noise, tmp_path, capsys):
    settings = [word for setting in TOY for word in ("--set", setting)]
    command = ["eval", "--config", "mgn/market1501", "--root", str(noise), "--untrained", *settings]
    results, printed = {}, {}
    for name, words in (("plain", []), ("re-ranked", ["--rerank"])):
        capsys.readouterr()
        assert main([*command, *words, "--json", str(tmp_path / f"{name}.json")]) == 0
        content = json.loads((tmp_path / f"{name}.json").read_text())
        results[name], printed[name] = content["results"]["standard"], capsys.readouterr().out
        assert content["recipe"]["evaluation"]["rerank"] == (name == "re-ranked")
    assert [one["rerank"] for one in results.values()] == [False, True]
    # What is ranked is the same, how is not.
    for count in ("queries", "valid_queries", "gallery"):
        assert results["plain"][count] == results["re-ranked"][count]
    assert abs(results["plain"]["mAP"] - results["re-ranked"]["mAP"]) > 0.001
    assert [text.split()[-1] for text in printed.values()] == ["no", "yes"]
