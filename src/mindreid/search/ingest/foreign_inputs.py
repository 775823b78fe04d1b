"""What embedding networks of others take: said by their user, never guessed."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Optional

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mindreid.errors import InvalidArgumentError
from mindreid.text_files import read_text_file

#: What the file beside a model is called, behind the model's name.
BESIDE = ".input.json"


class ForeignInputs(BaseModel):
    """How a crop becomes float32 ``[3, height, width]``: ``(value · scale - mean) / std``.

    Attributes
    ----------
    height, width : int
        Pixels.
    colours : str
        "rgb" or "bgr": the order of the channels, also in mean and std.
    scale : float
        1 for values of 0 to 255, 1/255 for such of 0 to 1.
    mean, std : tuple of float
        Of each channel.
    interpolation : str
        "bilinear" or "bicubic".
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    height: int = Field(gt=0, le=4096)
    width: int = Field(gt=0, le=4096)
    colours: Literal["rgb", "bgr"]
    scale: float = Field(gt=0)
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"

    def planes(self, images: np.ndarray) -> np.ndarray:
        """Turn uint8 RGB ``[N, height, width, 3]`` into what the network takes, float32 ``[N, 3, H, W]``."""
        ordered = images if self.colours == "rgb" else images[..., ::-1]
        scaled = ordered.astype(np.float32) * np.float32(self.scale)
        normalized = (scaled - np.array(self.mean, np.float32)) / np.array(self.std, np.float32)
        return np.ascontiguousarray(normalized.transpose(0, 3, 1, 2), np.float32)


#: By the name under which a user asks for them.
NAMED_INPUTS = {
    "open-model-zoo": ForeignInputs(height=256, width=128, colours="bgr", scale=1.0),
    "imagenet": ForeignInputs(
        height=256,
        width=128,
        colours="rgb",
        scale=1 / 255,
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
    ),
}


def foreign_inputs(model: Path, chosen: Optional[str]) -> ForeignInputs:
    """Find out what a network takes.

    Parameters
    ----------
    model : Path
        The ONNX file; ``<model>.input.json`` beside it may say.
    chosen : str, optional
        One of :data:`NAMED_INPUTS`, or the path of such a JSON file.

    Raises
    ------
    InvalidArgumentError
        If nobody says, or what is said is malformed.
    """
    if chosen in NAMED_INPUTS:
        return NAMED_INPUTS[chosen]
    path = model.with_name(model.name + BESIDE) if chosen is None else Path(chosen)
    if not path.is_file():
        raise InvalidArgumentError(
            "nobody says what this network takes: size, order of colours, range of values",
            where=str(model if chosen is None else path),
            fix=f"pass --model-input {' or '.join(NAMED_INPUTS)}, or describe it in {path.name}, see "
            "docs/search.md",
        )
    try:
        return ForeignInputs.model_validate_json(read_text_file(path))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InvalidArgumentError(f"{key}: {first['msg']}", where=str(path)) from None
