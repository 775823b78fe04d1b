"""Frames of a MOTChallenge sequence, from a video file or a folder of images, in order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from mindreid.data.formats.images import read_image
from mindreid.errors import DataError

_IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp")


def read_frames(source: Path, last: int) -> Iterator[tuple[int, np.ndarray]]:
    """Yield ``(number, image)`` for the frames 1..last.

    Parameters
    ----------
    source : Path
        A video that OpenCV can decode, or a folder of images whose sorted names are the frames.
    last : int
        Last frame that is needed.

    Yields
    ------
    tuple
        Frame number from 1, and uint8 RGB ``[H, W, 3]``.

    Raises
    ------
    DataError
        If the source is missing, can't be decoded, or ends before ``last``.
    """
    if not source.exists():
        raise DataError("there is no such video or folder of frames", where=str(source))
    frames = _folder_frames(source) if source.is_dir() else _video_frames(source)
    number = 0
    for number, image in enumerate(frames, 1):
        yield number, image
        if number == last:
            return
    raise DataError(
        f"the annotations go to frame {last}, but there are {number} frames",
        where=str(source),
        fix="pass the video and the gt.txt of the same sequence",
    )


def _folder_frames(folder: Path) -> Iterator[np.ndarray]:
    for path in sorted(path for path in folder.iterdir() if path.suffix.lower() in _IMAGE_SUFFIXES):
        yield read_image(path)


def _video_frames(path: Path) -> Iterator[np.ndarray]:
    video = cv2.VideoCapture(str(path))
    try:
        if not video.isOpened():
            raise DataError(
                "OpenCV can't decode this video",
                where=str(path),
                fix="convert it, or pass a folder of frames",
            )
        while True:
            found, image = video.read()
            if not found:
                return
            yield cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    finally:
        video.release()
