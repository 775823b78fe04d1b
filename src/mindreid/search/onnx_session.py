"""Networks of others in ONNX: opened quietly, with errors that name the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mindreid.errors import DataError, InvalidArgumentError
from mindreid.search.extras import optional_package

_ERRORS_ONLY = 3


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
                str(path), options, providers=runtime.get_available_providers()
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
