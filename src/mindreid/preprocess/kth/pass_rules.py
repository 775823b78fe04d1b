"""What a user decides about KTH's passes; the command line takes its options from here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional

from mindreid.errors import InvalidArgumentError


@dataclass(frozen=True)
class PassRules:
    """Which passes are kept, what is cropped of them, and how persons are split.

    Attributes
    ----------
    least_frames : int
        Fewest frames of a pass, at least 2.
    crop_every : int
        Every n-th frame of a pass becomes a crop.
    train_persons : int, optional
        Persons for training; by default half of them.
    splits : int
        How many random splits are written, from 1.

    Raises
    ------
    InvalidArgumentError
        If a value is out of range.
    """

    least_frames: int = field(default=15, metadata={"help": "fewest frames of a pass"})
    crop_every: int = field(default=5, metadata={"help": "every n-th frame of a pass becomes a crop"})
    train_persons: Optional[int] = field(
        default=None,
        metadata={"help": "persons for training", "type": int, "default_text": "half of them"},
    )
    splits: int = field(default=1, metadata={"help": "random splits of the persons that are written"})

    def __post_init__(self) -> None:
        least = {"least_frames": 2, "crop_every": 1, "train_persons": 1, "splits": 1}
        for name, number in least.items():
            value = getattr(self, name)
            if value is not None and value < number:
                raise InvalidArgumentError(f"{name} is {number} or more, not {value}")
        if self.least_frames <= self.crop_every:
            raise InvalidArgumentError(
                f"crop_every={self.crop_every} leaves a pass of {self.least_frames} frames a single "
                "crop, a query without a gallery",
                fix="pass a smaller crop_every",
            )
