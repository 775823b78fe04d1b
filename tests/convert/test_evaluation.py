"""Converted checkpoints are evaluated: `mindreid convert`, then `mindreid eval` on data of their layout."""

import json

import pytest

from mindreid.cli import main
from mindreid.data.generated_marker import MARKER
from tests.slow_cases import quick_only

torch = pytest.importorskip("torch", reason="needs the extra `convert`")

CLASSES = 5
SMALL = ("input.height=96", "input.width=32", "evaluation.batch_size=8", "evaluation.flip=false")
# Per method: source, its name in checkpoints.json, sections of the file with their prefixes, the
# recipe and what makes its images small, layout of the data, options of the generator, and what is
# printed beside the measured figures if the data really are the named dataset.
METHODS = {
    "mgn": (
        "mgn_pytorch", "mgn_seathiefwang", {}, "mgn/market1501_port", SMALL,
        "market1501", ("--cameras", "2", "--frames", "2"), "seathiefwang/MGN-pytorch",
    ),
    "cal": (
        "simple_ccreid", "simple_ccreid", {"model_state_dict": "", "classifier_state_dict": "classifier/"},
        "cal/ltcc", SMALL, "ltcc", ("--cameras", "2", "--frames", "2"), "Simple-CCReID, issue 15",
    ),
    "fire": (
        "fire_ccreid", "fire", {"model_state_dict": "", "classifier_state_dict": "classifier/"},
        "fire/ltcc", SMALL, "ltcc", ("--cameras", "2", "--frames", "2"), "README of FIRe-CCReID",
    ),
    "aug_ogbase": (
        "opengait", "opengait_gaitbase", {"model": ""},
        "aug_ogbase/ccpg", ("evaluation.batch_size=2",), "ccpg", ("--frames", "4", "--cameras", "2"),
        "README of MambaGait",
    ),
}  # fmt: skip


def save_checkpoint(path, torch_state, key, sections):
    def tensors(section, prefix):
        state = torch_state(key, CLASSES, num_clothes=8, section=section, prefix=prefix)
        return {name: torch.from_numpy(value) for name, value in state.items()}

    if not sections:
        torch.save(tensors("state", ""), path)
    else:
        torch.save({section: tensors(section, prefix) for section, prefix in sections.items()}, path)


@pytest.mark.parametrize("method", quick_only(METHODS))
def test_a_converted_checkpoint_is_evaluated(method, torch_state, tmp_path, capsys):
    source, key, sections, recipe, small, layout, options, published = METHODS[method]
    save_checkpoint(tmp_path / "author.pth", torch_state, key, sections)
    command = ["convert", "--source", source, "--input", str(tmp_path / "author.pth")]
    assert main([*command, "--output", str(tmp_path / "ours.ckpt")]) == 0
    root = str(tmp_path / "data")
    assert main(["data", "synthesize", "--layout", layout, "--root", root, "--ids", "4", *options]) == 0
    settings = [word for override in small for word in ("--set", override)]
    evaluation = ["eval", "--config", recipe, "--root", root, "--checkpoint", str(tmp_path / "ours.ckpt")]
    capsys.readouterr()
    assert main([*evaluation, *settings, "--json", str(tmp_path / "result.json")]) == 0
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["dataset"]["generated"]
    assert all(0 <= row["rank1"] <= 1 for row in result["results"].values())
    assert published not in capsys.readouterr().out
    (tmp_path / "data" / MARKER).unlink()
    assert main([*evaluation, *settings]) == 0
    assert published in capsys.readouterr().out
