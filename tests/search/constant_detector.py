"""A detector in ONNX that always finds the same."""

import numpy as np
import pytest


def write_constant_detector(path, size, boxes):
    """Write it in the form of YOLO, for images of one size; a box is left, top, width, height."""
    onnx = pytest.importorskip("onnx", reason="needs the extra `onnx`")
    pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
    helper = onnx.helper
    output = np.zeros((1, 5, 16), np.float32)
    output[0, :4] = 10
    for number, (left, top, width, height) in enumerate(boxes):
        output[0, :, number] = left + width / 2, top + height / 2, width, height, 0.9 - number / 100
    node = helper.make_node("Constant", [], ["out"], value=onnx.numpy_helper.from_array(output))
    source = helper.make_tensor_value_info("images", onnx.TensorProto.FLOAT, [1, 3, *size])
    target = helper.make_tensor_value_info("out", onnx.TensorProto.FLOAT, output.shape)
    graph = helper.make_graph([node], "constant", [source], [target])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(path))
    return path
