"""Edits of an exported MindIR graph, and what converter_lite shall make of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

from mindreid.atomic import write_text

INPUT_NAME = "images"


def name_input(path: Path) -> None:
    """Call the graph's input ``images``: MindSpore's name for it has a number that differs each time.

    Configuration files and the tools of MindSpore Lite ask for it by name.
    """
    from mindspore.train.mind_ir_pb2 import ModelProto

    model: Any = ModelProto()
    model.ParseFromString(path.read_bytes())
    (source,) = model.graph.input
    for graph in (model.graph, *model.functions):
        for node in graph.node:
            for place, name in enumerate(node.input):
                if name == source.name:
                    node.input[place] = INPUT_NAME
    source.name = INPUT_NAME
    path.write_bytes(model.SerializeToString())


def converter_configuration(path: Path) -> Path:
    """Return where the ``--configFile`` of converter_lite for an exported MindIR is."""
    return path.with_name(path.name + ".converter.cfg")


def write_converter_configuration(
    path: Path, shape: Sequence[Optional[int]], gears: Sequence[int], *, half: bool
) -> None:
    """Write the ``--configFile`` that converter_lite takes for Ascend, or remove an older export's.

    Parameters
    ----------
    path : Path
        The MindIR.
    shape : sequence of int, optional
        Of the input, None where any size is taken. Without gears, a free size can't be converted for
        Ascend, and no file is written.
    gears : sequence of int
        Batch sizes to compile, if that of the MindIR is free.
    half : bool
        Whether float16 shall be used for all, as the converter does by default, or only where Ascend
        has nothing else.
    """
    target = converter_configuration(path)
    if None in shape and not gears:
        target.unlink(missing_ok=True)
        return
    lines = ["[ascend_context]"]
    if gears:
        sizes = ",".join("-1" if size is None else str(size) for size in shape)
        lines += [
            f"input_shape={INPUT_NAME}:[{sizes}]",
            f"dynamic_dims={','.join(f'[{gear}]' for gear in gears)}",
        ]
    lines.append(f"precision_mode={'enforce_fp16' if half else 'preferred_fp32'}")
    write_text(target, "\n".join(lines) + "\n")
