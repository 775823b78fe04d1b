"""A detector in ONNX that always finds the same."""

import numpy as np

from tests.search.constant_network import write_constant_network


def write_constant_detector(path, size, boxes):
    """Write it in the form of YOLO, for images of one size; a box is left, top, width, height."""
    output = np.zeros((1, 5, 16), np.float32)
    output[0, :4] = 10
    for number, (left, top, width, height) in enumerate(boxes):
        output[0, :, number] = left + width / 2, top + height / 2, width, height, 0.9 - number / 100
    return write_constant_network(path, {"out": output}, size=size)
