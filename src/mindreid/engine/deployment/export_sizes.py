"""Which sizes of an exported file's input are fixed: its batch, its number of frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from mindreid.errors import InvalidArgumentError

#: What converter_lite takes for Ascend: gears of one dimension, and the largest of them.
MOST_GEARS, LARGEST_GEAR = 100, 2048
#: A file whose sizes are free must not depend on those that it was traced or first run with.
_TRIED_BATCHES, _TRIED_FRAMES = (1, 3), (4, 2)


@dataclass(frozen=True)
class ExportSizes:
    """Sizes of the input's first dimensions; by default, all are free.

    Attributes
    ----------
    batch_size : int, optional
        The one batch size that the file takes.
    frames : int, optional
        The one number of frames that it takes, of sequences and clips.
    dynamic_batch : tuple of int
        Ascending batch sizes, the gears, that a converter for Ascend compiles: the MindIR's own batch
        size is free.

    Raises
    ------
    InvalidArgumentError
        If they contradict each other, or are not what a converter takes.
    """

    batch_size: Optional[int] = None
    frames: Optional[int] = None
    dynamic_batch: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        gears = self.dynamic_batch
        if self.batch_size is not None and gears:
            raise InvalidArgumentError("a batch size is fixed or has gears: give one of the two")
        if min((self.batch_size or 1, self.frames or 1)) < 1:
            raise InvalidArgumentError("batch size and number of frames are at least 1")
        if list(gears) != sorted(set(gears)) or len(gears) > MOST_GEARS:
            raise InvalidArgumentError(f"gears are up to {MOST_GEARS} ascending batch sizes, not {gears}")
        if gears and not 1 <= gears[0] <= gears[-1] <= LARGEST_GEAR:
            raise InvalidArgumentError(f"a gear is a batch size of 1 to {LARGEST_GEAR}, not {gears}")

    def leading(self, free_dimensions: int, frame_stride: int = 1) -> tuple[Optional[int], ...]:
        """Return the input's first sizes, None where any is taken.

        Parameters
        ----------
        free_dimensions : int
            1 for single images, 2 for sequences and clips.
        frame_stride : int
            How many frames the network joins to one.

        Raises
        ------
        InvalidArgumentError
            If single images are to have a number of frames, gears leave that of sequences free, or it
            is too small for the network.
        """
        if free_dimensions == 1:
            if self.frames is not None:
                raise InvalidArgumentError("this network takes single images, which have no frames")
            return (self.batch_size,)
        if self.dynamic_batch and self.frames is None:
            raise InvalidArgumentError(
                "gears of the batch size need a fixed number of frames", fix="pass --frames N"
            )
        if self.frames is not None and self.frames < frame_stride:
            raise InvalidArgumentError(
                f"this network needs at least {frame_stride} frames, not {self.frames}",
                fix=f"pass --frames {frame_stride} or more",
            )
        return (self.batch_size, self.frames)

    def examples(self, free_dimensions: int, frame_stride: int = 1) -> list[tuple[int, ...]]:
        """Return first sizes to verify a file with: the fixed ones, and two of what is free."""
        batches = self.batches or _TRIED_BATCHES
        frames = (self.frames,) * 2 if self.frames else [max(n, frame_stride) for n in _TRIED_FRAMES]
        pairs = zip((batches[0], batches[-1]), frames)
        return list(dict.fromkeys(pair[:free_dimensions] for pair in pairs))

    @property
    def batches(self) -> Optional[tuple[int, ...]]:
        """Ascending batch sizes that the deployed file takes; None: any."""
        return (self.batch_size,) if self.batch_size else self.dynamic_batch or None
