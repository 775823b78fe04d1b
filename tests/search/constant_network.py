"""A network in ONNX that always says the same, in the place of a detector."""

import pytest


def write_constant_network(path, outputs, inputs=("images",), size=(64, 96)):
    """An ONNX network that always gives the same outputs."""
    onnx = pytest.importorskip("onnx", reason="needs the extra `onnx`")
    pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
    helper = onnx.helper
    kinds = {
        "images": (onnx.TensorProto.FLOAT, [1, 3, *size]),
        "orig_target_sizes": (onnx.TensorProto.INT64, [1, 2]),
    }
    nodes, infos = [], []
    for name, values in outputs.items():
        nodes.append(helper.make_node("Constant", [], [name], value=onnx.numpy_helper.from_array(values)))
        kind = onnx.helper.np_dtype_to_tensor_dtype(values.dtype)
        infos.append(helper.make_tensor_value_info(name, kind, values.shape))
    sources = [helper.make_tensor_value_info(name, *kinds[name]) for name in inputs]
    graph = helper.make_graph(nodes, "constant", sources, infos)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return path
