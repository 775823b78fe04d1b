"""Edits of an exported ONNX graph: MindSpore's exporter takes static shapes only, its names mean nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np

_NAMES = ("N", "frames")


def free_dimensions(path: Path, traced: Sequence[Optional[int]]) -> None:
    """Turn some of the sizes that a graph was traced with into free ones.

    Inputs and outputs get a named first dimension, the input all its free ones. A reshape that
    repeats the traced batch size copies it from its input instead, and one that repeats the traced
    number of frames, in its second place, takes it from the graph's input.

    Parameters
    ----------
    path : Path
        The file, which is rewritten.
    traced : sequence of int, optional
        Traced sizes of the input's first dimensions: the batch, and of sequences the frames; None for
        one that stays fixed. No other dimension may have these sizes.
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
            if len(shape) > 1 and shape[1] in traced[1:]:
                _take_frames_from(source.name, node, shape, model.graph)
            elif len(shape) and shape[0] == traced[0]:
                shape[0] = 0
                node.attribute[0].t.CopyFrom(onnx.numpy_helper.from_array(shape))
    onnx.save(model, str(path))


def _take_frames_from(source: str, constant: Any, shape: np.ndarray, graph: Any) -> None:
    """Replace a constant target shape ``[-1, frames, …]`` by one that reads the frames of ``source``."""
    from onnx import helper, numpy_helper

    name = constant.output[0]
    pieces = {"rows": np.array([-1]), "rest": shape[2:], "begin": np.array([1]), "end": np.array([2])}
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
        helper.make_node("Concat", [f"{name}/{part}" for part in ("rows", "frames", "rest")], [name], axis=0),
    ]
    place = list(graph.node).index(constant)
    graph.node.remove(constant)
    for offset, node in enumerate(nodes):
        graph.node.insert(place + offset, node)


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
