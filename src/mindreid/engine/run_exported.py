"""Run an exported file on images: ``python -m mindreid.engine.run_exported FILE IN.npy OUT.npy``."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np


def run_exported(path: Path, images: np.ndarray) -> np.ndarray:
    """Return what an exported MindIR or ONNX file computes.

    Parameters
    ----------
    path : Path
        The file; its ending tells the format.
    images : np.ndarray
        uint8 ``[N, H, W, 3]``.

    Returns
    -------
    np.ndarray
        float32 ``[N, D]``.
    """
    return _run_onnx(path, images) if path.suffix == ".onnx" else _run_mindir(path, images)


def _run_mindir(path: Path, images: np.ndarray) -> np.ndarray:
    import mindspore as ms

    return ms.nn.GraphCell(ms.load(str(path)))(ms.Tensor(images)).asnumpy()


def _run_onnx(path: Path, images: np.ndarray) -> np.ndarray:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: images})[0]


if __name__ == "__main__":
    _model, _source, _target = (Path(argument) for argument in sys.argv[1:])
    np.save(_target, run_exported(_model, np.load(_source)))
