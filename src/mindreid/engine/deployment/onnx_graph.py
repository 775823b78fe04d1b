"""Edits of an exported ONNX graph: MindSpore's exporter takes static shapes only, its names mean nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np

_NAMES = ("N", "frames")


def free_dimensions(path: Path, traced: Sequence[Optional[int]], frame_stride: int = 1) -> None:
    """Turn some of the sizes that a graph was traced with into free ones.

    Inputs and outputs get a named first dimension, the input all its free ones. A reshape that
    repeats the traced batch size copies it from its input instead, and one that repeats the traced
    number of frames, or of what they were joined to, in its second place, takes it from the graph's input.

    Parameters
    ----------
    path : Path
        The file, which is rewritten.
    traced : sequence of int, optional
        Traced sizes of the input's first dimensions: the batch, and of sequences the frames; None for
        one that stays fixed. No other dimension may have these sizes.
    frame_stride : int
        How many frames are joined to one.
    """
    import onnx

    model = onnx.load(str(path))
    weights = {constant.name for constant in model.graph.initializer}
    (source,) = [value for value in model.graph.input if value.name not in weights]
    for output in model.graph.output:
        if traced[0] is not None:
            output.type.tensor_type.shape.dim[0].dim_param = _NAMES[0]
    for dimension, size, name in zip(source.type.tensor_type.shape.dim, traced, _NAMES):
        if size is not None:
            dimension.dim_param = name
    targets = {node.input[1] for node in model.graph.node if node.op_type == "Reshape"}
    for node in list(model.graph.node):
        if node.op_type == "Constant" and node.output[0] in targets:
            shape = onnx.numpy_helper.to_array(node.attribute[0].t).copy()
            frames = traced[1] if len(traced) > 1 else None
            if len(shape) > 1 and frames is not None and shape[1] in (frames, frames // frame_stride):
                _take_frames_from(source.name, node, shape, model.graph, frames // int(shape[1]))
            elif len(shape) and shape[0] == traced[0]:
                shape[0] = 0
                node.attribute[0].t.CopyFrom(onnx.numpy_helper.from_array(shape))
    onnx.save(model, str(path))


def _take_frames_from(source: str, constant: Any, shape: np.ndarray, graph: Any, stride: int) -> None:
    """Replace a target shape ``[-1, frames // stride, …]`` by one that reads the frames of ``source``."""
    from onnx import helper, numpy_helper

    name = constant.output[0]
    pieces = {"rows": np.array([-1]), "rest": shape[2:], "begin": np.array([1]), "end": np.array([2])}
    pieces["stride"] = np.array([stride])
    nodes = [
        helper.make_node(
            "Constant", [], [f"{name}/{piece}"], value=numpy_helper.from_array(value.astype(np.int64))
        )
        for piece, value in pieces.items()
    ]
    nodes += [
        helper.make_node("Shape", [source], [f"{name}/sizes"]),
        helper.make_node(
            "Slice", [f"{name}/{part}" for part in ("sizes", "begin", "end")], [f"{name}/frames"]
        ),
        helper.make_node("Div", [f"{name}/frames", f"{name}/stride"], [f"{name}/joined"]),
        helper.make_node("Concat", [f"{name}/{part}" for part in ("rows", "joined", "rest")], [name], axis=0),
    ]
    place = list(graph.node).index(constant)
    graph.node.remove(constant)
    for offset, node in enumerate(nodes):
        graph.node.insert(place + offset, node)


def unfold_norms(path: Path) -> None:
    """Write the batch norms behind products of several matrices at once as a factor and a summand.

    ONNX Runtime would fold such a norm into the product's weights, as if these were one matrix, and then
    refuse the file.

    Parameters
    ----------
    path : Path
        The file, which is rewritten.
    """
    import onnx

    model = onnx.load(str(path))
    values = {weight.name: onnx.numpy_helper.to_array(weight) for weight in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Constant":
            values[node.output[0]] = onnx.numpy_helper.to_array(node.attribute[0].t)
    made = {name: node for node in model.graph.node for name in node.output}
    for norm in [node for node in model.graph.node if node.op_type == "BatchNormalization"]:
        product = made.get(norm.input[0])
        while product is not None and product.op_type in ("Reshape", "Transpose"):
            product = made.get(product.input[0])
        if product is None or product.op_type != "MatMul":
            continue
        if any(values[name].ndim > 2 for name in product.input if name in values):
            _unfold(norm, _rank(made[norm.input[0]], values), values, model.graph)
    onnx.save(model, str(path))


def _rank(node: Any, values: Mapping[str, np.ndarray]) -> int:
    """Return how many dimensions the result of a reshape or transposition has."""
    return len(values[node.input[1]] if node.op_type == "Reshape" else node.attribute[0].ints)


def _unfold(norm: Any, rank: int, values: Mapping[str, np.ndarray], graph: Any) -> None:
    from onnx import helper, numpy_helper

    gain, bias, mean, variance = (values[name].astype(np.float64) for name in norm.input[1:])
    (epsilon,) = (attribute.f for attribute in norm.attribute if attribute.name == "epsilon")
    factor = gain / np.sqrt(variance + epsilon)
    name, place = norm.output[0], list(graph.node).index(norm)
    for part, value in (("factor", factor), ("summand", bias - mean * factor)):
        spread = value.astype(np.float32).reshape(-1, *[1] * (rank - 2))
        graph.initializer.append(numpy_helper.from_array(spread, f"{name}/{part}"))
    graph.node.remove(norm)
    graph.node.insert(place, helper.make_node("Mul", [norm.input[0], f"{name}/factor"], [f"{name}/scaled"]))
    graph.node.insert(
        place + 1, helper.make_node("Add", [f"{name}/scaled", f"{name}/summand"], [norm.output[0]])
    )


def name_ends(path: Path) -> None:
    """Call the graph's input ``images`` and its output ``embeddings``, for those who ask for them by name."""
    import onnx

    model = onnx.load(str(path))
    weights = {constant.name for constant in model.graph.initializer}
    (source,) = [value for value in model.graph.input if value.name not in weights]
    (target,) = model.graph.output
    names = {source.name: "images", target.name: "embeddings"}
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    source.name, target.name = "images", "embeddings"
    onnx.save(model, str(path))
