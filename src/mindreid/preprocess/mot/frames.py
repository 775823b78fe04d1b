"""Frames of a MOT sequence, by the numbers that its annotations give them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Optional, Protocol

import numpy as np

from mindreid.data.formats.images import read_image
from mindreid.errors import DataError
from mindreid.preprocess.mot.frame_numbers import number_pictures
from mindreid.preprocess.mot.sequence_info import SequenceInfo, read_sequence_info
from mindreid.preprocess.mot.video import Video

logger = logging.getLogger(__name__)

_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")


class Frames(Protocol):
    """The frames of a sequence, all of one size.

    Attributes
    ----------
    size : tuple of int
        Height and width in pixels.
    frame_rate : float or None
        Frames per second, as ``seqinfo.ini`` tells.
    """

    size: tuple[int, int]
    frame_rate: Optional[float]

    def spread(self, step: int, last: int) -> Sequence[int]:
        """Return the frames up to ``last`` whose numbers are multiples of ``step``, rising."""

    def read(self, numbers: Sequence[int]) -> Iterator[tuple[int, np.ndarray]]:
        """Yield ``(number, image)`` for rising numbers; images are uint8 RGB ``[H, W, 3]``.

        Raises
        ------
        DataError
            If a frame is missing, damaged, or of another size.
        """


def open_frames(source: Path, annotated: tuple[int, int], first_frame: Optional[int] = None) -> Frames:
    """Open a sequence's frames.

    Parameters
    ----------
    source : Path
        A video that OpenCV can decode, or a folder of images with numbers in their names. A
        ``seqinfo.ini`` beside it is heeded.
    annotated : tuple of int
        First and last frame of the annotations.
    first_frame : int, optional
        The number that the annotations give the first frame. By default a picture's is the number in
        its name; a video's first frame is 1, or 0 if that is annotated.

    Raises
    ------
    DataError
        If the source is missing or can't be decoded, if it can't be told which picture is which frame, or
        if ``seqinfo.ini`` tells of frames of another size.
    """
    try:
        is_folder = source.is_dir()
        if not source.exists():
            raise DataError("there is no such video or folder of frames", where=str(source))
        info = read_sequence_info(source.resolve())
        frames: Frames
        if is_folder:
            frames = PictureFolder(source, _numbered(source, info, annotated, first_frame))
        else:
            start = first_frame if first_frame is not None else min(annotated[0], 1)
            frames = Video(source, start, None if info is None else info.length)
    except OSError as error:
        raise DataError(f"can't read the frames ({error.strerror})", where=str(source)) from None
    if info is not None:
        info.check_size(*frames.size, source)
        frames.frame_rate = info.frame_rate
    return frames


class PictureFolder:
    """Frames that are files.

    Parameters
    ----------
    folder : Path
        For errors.
    pictures : dict
        Path by frame number, in rising order.
    """

    def __init__(self, folder: Path, pictures: dict[int, Path]) -> None:
        self._folder, self._pictures = folder, pictures
        self._first = next(iter(pictures.values()))
        height, width, _ = read_image(self._first).shape
        self.size = height, width
        self.frame_rate: Optional[float] = None

    def spread(self, step: int, last: int) -> Sequence[int]:
        """See :class:`Frames`."""
        return [number for number in self._pictures if number <= last and number % step == 0]

    def read(self, numbers: Sequence[int]) -> Iterator[tuple[int, np.ndarray]]:
        """See :class:`Frames`."""
        self._refuse_missing(numbers)
        for number in numbers:
            path = self._pictures[number]
            image = read_image(path)
            if image.shape[:2] != self.size:
                raise DataError(
                    f"the picture is {image.shape[1]} × {image.shape[0]}, but {self._first.name} is "
                    f"{self.size[1]} × {self.size[0]}",
                    where=str(path),
                    fix="pass the frames of one sequence, in the size that was annotated",
                )
            yield number, image

    def _refuse_missing(self, numbers: Sequence[int]) -> None:
        missing = [number for number in numbers if number not in self._pictures]
        if not missing:
            return
        more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        first, last = min(self._pictures), max(self._pictures)
        raise DataError(
            f"the annotations use frames {numbers[0]} to {numbers[-1]}, but there is no picture of frame "
            f"{missing[0]}{more}; there are {len(self._pictures)} pictures, of frames {first} to {last}",
            where=str(self._folder),
            fix="add it; or say with --first-frame which frame of the annotations "
            f"{self._first.name} is, if the two count differently",
        )


def _numbered(
    folder: Path, info: Optional[SequenceInfo], annotated: tuple[int, int], first_frame: Optional[int]
) -> dict[int, Path]:
    paths = _list_pictures(folder, info)
    pictures = number_pictures(paths)
    if info is not None and info.length not in (None, len(pictures)):
        logger.warning("%s tells of %s frames, %d are in %s", info.path, info.length, len(pictures), folder)
    lowest = next(iter(pictures))
    if first_frame is not None:
        return {number - lowest + first_frame: path for number, path in pictures.items()}
    if lowest == 0 < annotated[0]:
        first = pictures[0].name
        raise DataError(
            f"the pictures count from 0 ({first}), and the annotations, which begin with frame "
            f"{annotated[0]}, perhaps from 1",
            where=str(folder),
            fix=f"pass --first-frame 1 if {first} is their frame 1, or --first-frame 0 if it is frame 0",
        )
    return pictures


def _list_pictures(folder: Path, info: Optional[SequenceInfo]) -> list[Path]:
    entries = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    files = [path for path in entries if path.suffix.lower() in _SUFFIXES and path.is_file()]
    if info is not None and info.suffix is not None:
        files = [path for path in files if path.suffix.lower() == info.suffix] or files
    if not files:
        inner = next((path for path in entries if path.is_dir() and path.name == "img1"), None)
        raise DataError(
            f"there are no pictures ({', '.join(_SUFFIXES)}) in this folder",
            where=str(folder),
            fix=f"pass {inner}" if inner else "pass the folder that holds the frames",
        )
    return files
