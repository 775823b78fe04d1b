"""A network that anybody can check: the mean colours of three strips of a crop."""

import json

import numpy as np
import pytest

HEIGHT, WIDTH = 48, 16


def write_colour_network(path):
    """Write it as ONNX of others, with the description of its input beside it; embeddings have 9 values."""
    for package in ("onnx", "onnxruntime"):
        pytest.importorskip(package, reason="needs the extra `onnx`")
    # MindSpore's protocol buffers must come first.
    from onnx import TensorProto, helper, numpy_helper, save

    nodes = [
        helper.make_node("AveragePool", ["image"], ["pooled"], kernel_shape=[16, 16], strides=[16, 16]),
        helper.make_node("Flatten", ["pooled"], ["flat"], axis=1),
        helper.make_node("Sub", ["flat", "middle"], ["embedding"]),
    ]
    graph = helper.make_graph(
        nodes,
        "colours",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, HEIGHT, WIDTH])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", 9])],
        [numpy_helper.from_array(np.full(9, 0.5, np.float32), "middle")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    save(model, path)
    inputs = {"height": HEIGHT, "width": WIDTH, "colours": "rgb", "scale": 1 / 255}
    path.with_name(path.name + ".input.json").write_text(json.dumps(inputs))
    return path
