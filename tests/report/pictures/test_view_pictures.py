"""Pictures of viewpoint labels."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mindreid.cli import main
from mindreid.data.view_table import ViewRow, write_views
from mindreid.errors import DataError, InvalidArgumentError
from mindreid.report.pictures.view_sheet import CELL_HEIGHT, CELL_WIDTH, draw_view_sheet

COLOURS = {"front": (250, 0, 0), "side": (0, 0, 250)}


@pytest.fixture
def labelled(tmp_path):
    """Three red images of bin 0, one blue one of bin 2, one unknown; the table is ``views.csv``."""
    rows = [ViewRow(f"front{n}.png", 10.0 * n, 0, "front", 0.9) for n in range(3)]
    rows += [ViewRow("side.png", -90.0, 2, "side", 0.8), ViewRow("unknown.png", reason="no person found")]
    for row in rows:
        Image.new("RGB", (30, 70), COLOURS.get(row.name, (9, 9, 9))).save(tmp_path / row.image)
    write_views(tmp_path / "views.csv", rows)
    return {row.image: row for row in rows}


def test_a_row_of_images_for_every_bin(labelled, tmp_path):
    command = ["report", "views", "--views", f"{tmp_path}/views.csv", "--images", str(tmp_path)]
    assert main([*command, "--output", f"{tmp_path}/sheet.png", "--per-bin", "2"]) == 0
    sheet = np.asarray(Image.open(tmp_path / "sheet.png"))
    assert sheet.shape[1] == 2 * CELL_WIDTH
    for name, count in (("front", 2), ("side", 1)):
        assert (sheet == COLOURS[name]).all(axis=2).sum() == count * CELL_HEIGHT * CELL_WIDTH


def test_what_cannot_be_drawn_is_one_error(labelled, tmp_path):
    unknown = {"unknown.png": labelled["unknown.png"]}
    with pytest.raises(DataError, match="no image of the table has a known view"):
        draw_view_sheet(unknown, tmp_path, tmp_path / "sheet.png")
    with pytest.raises(InvalidArgumentError, match="at least one image"):
        draw_view_sheet(labelled, tmp_path, tmp_path / "sheet.png", per_bin=0)
    with pytest.raises(DataError, match="cannot read the file"):
        draw_view_sheet(labelled, tmp_path / "elsewhere", tmp_path / "sheet.png")
    assert not (tmp_path / "sheet.png").exists()


def test_the_drawing_of_the_angle_puts_the_front_to_the_camera(tmp_path):
    """Below the dial's middle, where the camera is, is the arc of the front; left and right are sides."""
    assert main(["report", "view-angle", "--output", f"{tmp_path}/angle.png"]) == 0
    drawing = np.asarray(Image.open(tmp_path / "angle.png").convert("RGB")).astype(int)
    middle = drawing.shape[1] // 2
    # Beside the white arrows.
    front, back, left, right = (
        drawing[middle + y, middle + x] for x, y in ((12, 60), (12, -60), (-60, 12), (60, 12))
    )
    assert np.abs(left - right).max() <= 3
    assert len({tuple(colour // 16) for colour in (front, back, left)}) == 3
    assert front.argmax() == 2
