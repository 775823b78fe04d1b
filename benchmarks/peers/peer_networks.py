"""Ready-made re-identification networks of others: files of OpenVINO (.xml) or ONNX (.onnx).

They take pictures, ``[1, 3, height, width]`` in BGR with values of 0..255, as Open Model Zoo's do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from mindreid.data.formats.images import read_image
from mindreid.data.records import Record

Embed = Callable[[np.ndarray], np.ndarray]


def embed_with_peer(path: Path, records: Sequence[Record]) -> np.ndarray:
    """Embed records with a peer's network, float32 ``[records, features]``.

    Raises
    ------
    SystemExit
        If the file is of neither kind, or the library that runs it isn't there.
    """
    embed, size = open_peer(path)
    return np.stack([embed(_picture(record.path, size)) for record in records]).astype(np.float32)


def open_peer(path: Path) -> tuple[Embed, tuple[int, int]]:
    """Load a network; return what embeds one picture, and the height and width that it takes."""
    openers = {".xml": _openvino, ".onnx": _onnx}
    if path.suffix not in openers:
        raise SystemExit(f"{path} is neither a model.xml nor a model.onnx")
    try:
        return openers[path.suffix](path)
    except ImportError as error:
        raise SystemExit(f"{path} needs a package that is not installed: {error.name}") from None


def weights_file(path: Path) -> Path:
    """Return the file that holds a network's weights: of a model.xml the .bin beside it."""
    return path.with_suffix(".bin") if path.suffix == ".xml" else path


def _openvino(path: Path) -> tuple[Embed, tuple[int, int]]:
    import openvino

    compiled = openvino.Core().compile_model(str(path), "CPU")
    height, width = (int(side) for side in compiled.input(0).shape[2:])
    return lambda picture: np.ravel(compiled(picture)[0]), (height, width)


def _onnx(path: Path) -> tuple[Embed, tuple[int, int]]:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    taken = session.get_inputs()[0]
    height, width = (int(side) for side in taken.shape[2:])
    return lambda picture: np.ravel(session.run(None, {taken.name: picture})[0]), (height, width)


def _picture(path: str, size: tuple[int, int]) -> np.ndarray:
    resized = cv2.resize(read_image(path), size[::-1], interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(resized[..., ::-1].transpose(2, 0, 1)[None], np.float32)
