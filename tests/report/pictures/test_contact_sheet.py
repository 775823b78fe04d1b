from __future__ import annotations

import functools

import numpy as np
import pytest
from PIL import Image

from mindreid.cli import main
from mindreid.errors import InvalidArgumentError
from mindreid.report.pictures.contact_sheet import CELL_HEIGHT, CELL_WIDTH, draw_contact_sheet


def test_the_sheet_has_a_row_for_each_person_and_one_for_annotations(tmp_path):
    draw_contact_sheet(tmp_path / "one.png", persons=1, outfits=1, cameras=2)
    draw_contact_sheet(tmp_path / "two.png", persons=2, outfits=1, cameras=2)
    with Image.open(tmp_path / "one.png") as one, Image.open(tmp_path / "two.png") as two:
        assert one.width == two.width == 4 * CELL_WIDTH
        assert two.height - one.height == CELL_HEIGHT
        pixels = np.asarray(two.convert("RGB"))
    last = pixels[-CELL_HEIGHT:]
    silhouette = last[:, CELL_WIDTH : 2 * CELL_WIDTH]
    # A white figure on black, neither of them everywhere.
    assert 0.1 < (silhouette > 200).mean() < 0.6
    assert (silhouette < 50).mean() > 0.3


@pytest.mark.parametrize("number", ["persons", "outfits", "cameras"])
def test_an_empty_sheet_is_refused(number, tmp_path):
    with pytest.raises(InvalidArgumentError, match="at least one"):
        draw_contact_sheet(tmp_path / "a.png", **{number: 0})
    assert list(tmp_path.iterdir()) == []


def test_the_command_draws_other_persons_for_another_seed(tmp_path, monkeypatch):
    small = functools.partial(draw_contact_sheet, persons=1, outfits=1, cameras=2)
    monkeypatch.setattr("mindreid.report.pictures.contact_sheet.draw_contact_sheet", small)
    sheets = {}
    for name, words in (("usual", []), ("5", ["--seed", "5"]), ("6", ["--seed", "6"])):
        assert main(["report", "walkers", "--output", str(tmp_path / f"{name}.png"), *words]) == 0
        sheets[name] = np.asarray(Image.open(tmp_path / f"{name}.png"))
    assert np.array_equal(sheets["usual"], sheets["5"])
    assert (sheets["5"][:CELL_HEIGHT] != sheets["6"][:CELL_HEIGHT]).mean() > 0.1
