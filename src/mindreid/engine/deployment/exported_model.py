"""An exported file with the description beside it: what it takes, and whether it is whole."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mindreid.config import InputConfig
from mindreid.data.formats.regular_files import file_checksum
from mindreid.data.sample_loaders import takes_clips
from mindreid.errors import InvalidArgumentError


@dataclass(frozen=True)
class ExportedModel:
    """What :func:`mindreid.engine.deployment.exporter.export_network` wrote.

    Attributes
    ----------
    path : Path
        The MindIR or ONNX file.
    sha256 : str
        Its checksum.
    inputs : InputConfig
        Size, interpolation and normalisation; the normalisation is inside the file.
    metric : str
        The distance that the recipe compares embeddings with.
    """

    path: Path
    sha256: str
    inputs: InputConfig
    metric: str


def describe_exported(path: Path) -> ExportedModel:
    """Read the description beside an exported file and compare the checksum.

    Raises
    ------
    InvalidArgumentError
        If the file or its description is missing, or the file has changed since its export: a
        flipped bit would load, and give wrong embeddings. Or if it takes clips.
    """
    if not path.is_file():
        raise InvalidArgumentError("there is no such exported file", where=str(path))
    beside = path.with_name(path.name + ".json")
    try:
        content: dict[str, Any] = json.loads(beside.read_text(encoding="utf-8"))
        inputs = InputConfig.model_validate_json(json.dumps(content["input"]))
        metric, expected = content["recipe"]["evaluation"]["metric"], content["sha256"]
        clips = takes_clips(content["recipe"])
    except (OSError, ValueError, KeyError, TypeError):
        raise InvalidArgumentError(
            "the description beside the exported file is missing or damaged",
            where=str(beside),
            fix="copy both files that `mindreid export` wrote",
        ) from None
    if clips:
        raise InvalidArgumentError(
            "this network takes clips of images, which are not made from single files",
            where=str(path),
            fix="run it from Python, on uint8 RGB [N, frames, H, W, 3]",
        )
    digest = file_checksum(path)
    if digest != expected:
        raise InvalidArgumentError(
            "the exported file is not the one that its description was written for",
            where=str(path),
            fix="copy or export it again",
        )
    return ExportedModel(path, digest, inputs, metric)
