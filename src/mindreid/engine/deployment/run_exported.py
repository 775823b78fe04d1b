"""Run an exported file: ``python -m mindreid.engine.deployment.run_exported FILE IN.npy OUT.npy``."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from mindreid.engine.deployment.runtimes import MindSporeRuntime, OnnxRuntime


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
    runtime = OnnxRuntime if path.suffix == ".onnx" else MindSporeRuntime
    return runtime(path)(images)


if __name__ == "__main__":
    _model, _source, _target = (Path(argument) for argument in sys.argv[1:])
    np.save(_target, run_exported(_model, np.load(_source)))
