"""YOLOX in ONNX: what it is given, and boxes out of the cells of its grids."""

import numpy as np
import pytest

from mindreid.errors import InvalidArgumentError
from mindreid.search.ingest.onnx_detector import OnnxDetector
from tests.search.constant_network import write_constant_network

SIZE = 64, 96
#: Rows, columns and pixels of the grids.
GRIDS = ((8, 12, 8), (4, 6, 16), (2, 3, 32))
CELLS = sum(rows * columns for rows, columns, _ in GRIDS)


def write_constant(path, output):
    return write_constant_network(path, {"output": output}, size=SIZE)


def output_with_a_person(*, is_decoded):
    """Two classes; the second one is a person at (40, 36), 20 × 48, in the cell at row 2, column 2 of 16."""
    output = np.zeros((1, CELLS, 7), np.float32)
    first = GRIDS[0][0] * GRIDS[0][1]
    cell = first + 2 * GRIDS[1][1] + 2
    output[0, cell, :4] = (40 / 16 - 2, 36 / 16 - 2, np.log(20 / 16), np.log(48 / 16))
    if is_decoded:
        place = 0
        for rows, columns, stride in GRIDS:
            corners = [(column * stride, row * stride) for row in range(rows) for column in range(columns)]
            output[0, place : place + len(corners), :2] = corners
            output[0, place : place + len(corners), 2:4] = stride
            place += len(corners)
        output[0, cell, :4] = (40, 36, 20, 48)
    output[0, cell, 4:] = (0.9, 0.1, 0.8)
    return output


@pytest.mark.parametrize("is_decoded", [False, True])
def test_boxes_come_back_out_of_the_cells(tmp_path, is_decoded):
    network = write_constant(tmp_path / "yolox.onnx", output_with_a_person(is_decoded=is_decoded))
    detector = OnnxDetector(network, person_class=1)
    # The picture is twice the input's height, and narrower: the bar is at the right, and moves nothing.
    for _ in range(2):
        found = detector(np.zeros((128, 150, 3), np.uint8))
        assert np.allclose(found, [[60, 24, 40, 96, 0.72]], atol=1e-3)
    assert len(OnnxDetector(network, person_class=0)(np.zeros((128, 150, 3), np.uint8))) == 0
    with pytest.raises(InvalidArgumentError, match="no class 2"):
        OnnxDetector(network, person_class=2)(np.zeros((128, 150, 3), np.uint8))


def test_it_is_given_blue_first_unscaled_and_in_the_corner(tmp_path, monkeypatch):
    detector = OnnxDetector(write_constant(tmp_path / "yolox.onnx", output_with_a_person(is_decoded=False)))
    given, run = [], detector._session.run
    monkeypatch.setattr(detector._session, "run", lambda planes: given.append(planes) or run(planes))
    image = np.zeros((64, 48, 3), np.uint8)
    image[:] = (10, 20, 250)
    detector(image)
    assert given[-1][0, :, 0, 0].tolist() == [250, 20, 10]
    assert given[-1][0, :, 63, 47].tolist() == [250, 20, 10]
    assert given[-1][0, :, 0, 48].tolist() == [114, 114, 114]


def test_as_many_rows_as_no_grid_has_are_refused(tmp_path):
    output = np.zeros((1, CELLS + 1, 7), np.float32)
    with pytest.raises(InvalidArgumentError, match="YOLOX"):
        OnnxDetector(write_constant(tmp_path / "other.onnx", output))(np.zeros((64, 96, 3), np.uint8))
