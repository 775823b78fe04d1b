"""Networks of others in ONNX: opened quietly, with errors that name the file."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any, Union

import numpy as np

from mindreid.errors import DataError, InvalidArgumentError
from mindreid.search.extras import optional_package

_ERRORS_ONLY = 3
#: ONNX Runtime takes its variance as E[x²] - E[x]², whose rounding may be negative: the output is NaN.
_UNSTABLE = "MeanVarianceNormalization"
#: What that operator adds to a deviation; its replacement adds it to a variance.
_EPSILON = 1e-9


class OnnxSession:
    """An ONNX file of whoever's making, run by ONNX Runtime.

    Parameters
    ----------
    path : Path
        The file.
    purpose : str
        What it is for, for errors.

    Attributes
    ----------
    shape : list
        Of its first input; what is no number is free.
    input_names, output_names : list of str
        In the file's order.

    Raises
    ------
    InvalidArgumentError
        If there is no such file, or it is damaged.
    MissingExtraError
        If the extra ``onnx`` is not installed.
    """

    def __init__(self, path: Path, purpose: str) -> None:
        runtime = optional_package("onnxruntime", purpose, extra="onnx")
        self._path = path
        if not path.is_file():
            raise InvalidArgumentError("there is no such ONNX file", where=str(path))
        options = runtime.SessionOptions()
        # Its remarks on weights that a graph does not use tell a user nothing.
        options.log_severity_level = _ERRORS_ONLY
        try:
            self._session = runtime.InferenceSession(
                _stable_graph(path), options, providers=runtime.get_available_providers()
            )
        except Exception as error:  # its exceptions have no common base class but Exception
            reason = str(error).splitlines()[0]
            raise InvalidArgumentError(f"this is no whole ONNX file ({reason})", where=str(path)) from None
        self.shape: list[Any] = self._session.get_inputs()[0].shape
        self.input_names = [value.name for value in self._session.get_inputs()]
        self.output_names = [value.name for value in self._session.get_outputs()]

    def run(self, *inputs: np.ndarray) -> list[np.ndarray]:
        """Return the outputs for inputs in the file's order.

        Raises
        ------
        DataError
            If the network can't take them.
        """
        try:
            return list(self._session.run(None, dict(zip(self.input_names, inputs))))
        except Exception as error:  # see above
            reason = str(error).splitlines()[0]
            shapes = " and ".join(f"{value.dtype} {list(value.shape)}" for value in inputs)
            raise DataError(f"the network does not take {shapes} ({reason})", where=str(self._path)) from None


def _stable_graph(path: Path) -> Union[str, bytes]:
    """Return a file's path, or its content with an operator replaced that may give NaN for good images.

    Open Model Zoo's networks normalise every channel of an image with it, which the operator for just that
    does, too.
    """
    if _UNSTABLE.encode() not in path.read_bytes():
        return str(path)
    onnx = optional_package("onnx", "reading this network", extra="onnx")
    model = onnx.load(str(path))
    channels = _channels(onnx, model)
    for node in model.graph.node:
        axes = next((list(a.ints) for a in node.attribute if a.name == "axes"), [0, 2, 3])
        if node.op_type != _UNSTABLE or axes != [2, 3] or node.input[0] not in channels:
            continue
        count = channels[node.input[0]]
        names = [f"{node.output[0]}/scale", f"{node.output[0]}/shift"]
        for name, values in zip(names, (np.ones(count, np.float32), np.zeros(count, np.float32))):
            model.graph.initializer.append(onnx.numpy_helper.from_array(values, name))
        replaced = onnx.helper.make_node(
            "InstanceNormalization", [node.input[0], *names], list(node.output), epsilon=_EPSILON
        )
        node.CopyFrom(replaced)
    return bytes(model.SerializeToString())


def _channels(onnx: ModuleType, model: Any) -> dict[str, int]:
    """Return the number of channels of a graph's values, where it is known."""
    inferred = onnx.shape_inference.infer_shapes(model)
    return {
        value.name: value.type.tensor_type.shape.dim[1].dim_value
        for value in (*inferred.graph.value_info, *inferred.graph.input)
        if len(value.type.tensor_type.shape.dim) == 4 and value.type.tensor_type.shape.dim[1].dim_value
    }
