"""The commands that draw where a network looks, where embeddings lie, and how a run went."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from mindreid.cli import main
from mindreid.report.pictures.activation_sheet import overlay


@pytest.fixture
def draw(generated, tmp_path):
    """Run a command of ``mindreid report`` with a small untrained network."""

    def draw(action, *words):
        output = tmp_path / f"{action}.png"
        root = str(generated("ltcc"))
        recipe = ["--config", "cal/smoke", "--root", root, "--untrained"]
        assert main(["report", action, *recipe, "--output", str(output), *words]) == 0
        return np.asarray(Image.open(output).convert("RGB"))

    return draw


def test_attention_has_a_row_for_every_image_and_a_cell_for_every_map(draw):
    picture = draw("attention", "--images", "3")
    assert picture.shape[0] == 3 * (192 + 16)
    # The input and the trunk's map, with a gap behind each.
    assert picture.shape[1] == 2 * (96 + 4)


def test_embeddings_are_drawn_by_person_clothes_and_camera(draw):
    picture = draw("embedding", "--method", "pca")
    assert picture.shape[1] > 2.5 * picture.shape[0]
    assert (picture != 255).any()


def test_a_stronger_activation_is_brighter_also_without_colours():
    grey = np.full((32, 16, 3), 128, np.uint8)
    ramp = np.linspace(0, 1, 32, dtype=np.float32)[:, None].repeat(16, 1)
    brightness = overlay(grey, ramp) @ np.array([0.299, 0.587, 0.114])
    assert (np.diff(brightness[:, 0]) > 0).all()


def write_losses(folder, steps):
    folder.mkdir()
    rows = [
        {"epoch": 0, "step": n, "loss": 1 / n, "terms": {"a": 1.0, "b": n}, "rates": {"net": 0.1}}
        for n in range(1, steps + 1)
    ]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(folder)


def test_curves_have_a_panel_for_every_term_and_a_line_for_every_run(tmp_path, capsys):
    runs = [write_losses(tmp_path / name, steps) for name, steps in (("first", 5), ("second", 9))]
    output = tmp_path / "curves.svg"
    assert main(["report", "curves", *runs, "--output", str(output)]) == 0
    drawn = output.read_text()
    assert len(re.findall(r'id="axes_', drawn)) == 6
    for title in ("loss", "a", "b", "rate of net", *runs):
        assert f"<!-- {title} -->" in drawn
    assert main(["report", "curves", str(tmp_path / "none"), "--output", str(output)]) == 2
    assert "there is no run" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["curves.xyz", "curves"])
def test_no_picture_is_left_of_an_unknown_kind(name, tmp_path, capsys):
    run = write_losses(tmp_path / "run", 3)
    assert main(["report", "curves", run, "--output", str(tmp_path / name)]) == 2
    assert "let its name end in .png" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]
