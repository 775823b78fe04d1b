"""An exported file with the description beside it: what it takes, and whether it is whole."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from mindreid.config import InputConfig
from mindreid.data.formats.regular_files import file_checksum
from mindreid.data.frame_selection import FrameSelection, UnorderedFrames
from mindreid.data.sample_loaders import build_frame_selection, takes_clips
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
    batch_sizes : tuple of int, optional
        Ascending batch sizes that it takes; None: any.
    frames : int, optional
        The number of frames that it takes of a sequence; None: any.
    selection : FrameSelection
        Which frames of a sequence the recipe evaluates.
    converted : bool
        Whether converter_lite made the file of one that was exported.
    """

    path: Path
    sha256: str
    inputs: InputConfig
    metric: str
    batch_sizes: Optional[tuple[int, ...]] = None
    frames: Optional[int] = None
    selection: FrameSelection = field(default_factory=UnorderedFrames)
    converted: bool = False

    @property
    def fixed_sizes(self) -> bool:
        """Whether the file takes one size of input only."""
        one_batch = self.batch_sizes is not None and len(self.batch_sizes) == 1
        return one_batch and (self.frames is not None or self.inputs.kind != "silhouettes")


def describe_exported(path: Path, converted_from: Optional[Path] = None) -> ExportedModel:
    """Read the description beside an exported file and compare the checksum.

    Parameters
    ----------
    path : Path
        The file.
    converted_from : Path, optional
        The exported file that converter_lite made it of, whose description serves for both; nobody
        knows beforehand the checksum of a converted file.

    Raises
    ------
    InvalidArgumentError
        If the file or its description is missing, or the file has changed since its export: a
        flipped bit would load, and give wrong embeddings. Or if it takes clips.
    """
    if not path.is_file():
        raise InvalidArgumentError("there is no such exported file", where=str(path))
    described = converted_from or path
    beside = described.with_name(described.name + ".json")
    try:
        content: dict[str, Any] = json.loads(beside.read_text(encoding="utf-8"))
        inputs = InputConfig.model_validate_json(json.dumps(content["input"]))
        metric, expected = content["recipe"]["evaluation"]["metric"], content["sha256"]
        clips = takes_clips(content["recipe"])
        selection = build_frame_selection(content["recipe"])
        batches, frames = content.get("batch_sizes"), content.get("frames")
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
    if converted_from is None and digest != expected:
        raise InvalidArgumentError(
            "the exported file is not the one that its description was written for",
            where=str(path),
            fix="copy or export it again",
        )
    return ExportedModel(
        path,
        digest,
        inputs,
        metric,
        batch_sizes=None if batches is None else tuple(batches),
        frames=frames,
        selection=selection,
        converted=converted_from is not None,
    )
