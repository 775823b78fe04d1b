"""Frames of a video file, upright and by number."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Optional

import cv2
import numpy as np

from mindreid.errors import DataError

#: Clockwise turns that a phone notes in the header instead of turning the pixels.
_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
#: Containers that store how many frames they hold; others make OpenCV estimate it.
_COUNTED = (".avi", ".mp4", ".m4v", ".mov")
#: FFmpeg draws a text file as frames of a terminal.
_DRAWN_TEXT = int.from_bytes(b"ansi", "little")
_FIX = "convert it, for instance with ffmpeg, or pass a folder of frames"


class Video:
    """Frames of a video file.

    Parameters
    ----------
    path : Path
        A video that OpenCV can decode.
    first : int
        Number of its first frame.
    length : int, optional
        How many frames there must be.

    Raises
    ------
    DataError
        If it can't be decoded.
    """

    def __init__(self, path: Path, first: int, length: Optional[int] = None) -> None:
        self._path, self._first, self._length = path, first, length
        with _opened(path) as video:
            image = _next_frame(video)
        if image is None:
            raise DataError("OpenCV finds no frame in this video", where=str(path), fix=_FIX)
        self.size = image.shape[0], image.shape[1]
        self.frame_rate: Optional[float] = None

    def spread(self, step: int, last: int) -> Sequence[int]:
        """Return the frames up to ``last`` whose numbers are multiples of ``step``, rising."""
        return range(self._first + -self._first % step, last + 1, step)

    def read(self, numbers: Sequence[int]) -> Iterator[tuple[int, np.ndarray]]:
        """Yield ``(number, image)`` for rising numbers; images are uint8 RGB ``[H, W, 3]``.

        Raises
        ------
        DataError
            If the video ends before, or doesn't hold as many frames as it announces: somewhere a
            damaged one was passed over, and those behind it have moved up.
        """
        if numbers[0] < self._first:
            raise DataError(
                f"the annotations use frame {numbers[0]}, but the first one is {self._first}",
                where=str(self._path),
                fix="pass another --first-frame",
            )
        wanted = iter(numbers)
        following: Optional[int] = next(wanted)
        with _opened(self._path) as video:
            count = 0
            while video.grab():
                if self._first + count == following:
                    yield following, _retrieve(video)
                    following = next(wanted, None)
                count += 1
            self._check_count(count, round(video.get(cv2.CAP_PROP_FRAME_COUNT)))
        if following is not None:
            raise DataError(
                f"the annotations go to frame {numbers[-1]}, but there are {count} frames"
                + (f" from {self._first}" if self._first != 1 else ""),
                where=str(self._path),
                fix="pass the video and the gt.txt of the same sequence",
            )

    def read_all(self) -> Iterator[np.ndarray]:
        """Yield every frame, uint8 RGB ``[H, W, 3]``.

        Raises
        ------
        DataError
            If the video doesn't hold as many frames as it announces.
        """
        with _opened(self._path) as video:
            count = 0
            while (image := _next_frame(video)) is not None:
                yield image
                count += 1
            self._check_count(count, round(video.get(cv2.CAP_PROP_FRAME_COUNT)))

    def _check_count(self, count: int, announced: int) -> None:
        if self._path.suffix.lower() in _COUNTED and count < announced:
            raise DataError(
                f"{count} of {announced} frames can be decoded, so that frames after the damaged ones would "
                "pass for others",
                where=str(self._path),
                fix=_FIX,
            )
        if self._length not in (None, count):
            raise DataError(
                f"there are {count} frames, but the seqinfo.ini beside the video tells of {self._length}",
                where=str(self._path),
                fix="pass the video that was annotated, or remove the seqinfo.ini",
            )


@contextmanager
def _opened(path: Path) -> Iterator[cv2.VideoCapture]:
    # FFmpeg's own remarks on a damaged file tell a user nothing.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    try:
        # Absolute, since FFmpeg takes "a:b.mp4" for a protocol.
        video = cv2.VideoCapture(os.path.abspath(path))
    except UnicodeEncodeError:
        raise DataError("OpenCV can't open a file of this name", where=str(path), fix="rename it") from None
    try:
        if not video.isOpened() or round(video.get(cv2.CAP_PROP_FOURCC)) == _DRAWN_TEXT:
            raise DataError("OpenCV can't decode this video", where=str(path), fix=_FIX)
        video.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        yield video
    finally:
        video.release()


def _next_frame(video: cv2.VideoCapture) -> Optional[np.ndarray]:
    return _retrieve(video) if video.grab() else None


def _retrieve(video: cv2.VideoCapture) -> np.ndarray:
    _, image = video.retrieve()
    # Not every backend of OpenCV turns the frames itself.
    turned = video.get(cv2.CAP_PROP_ORIENTATION_AUTO) == 1
    turn = None if turned else _TURNS.get(round(video.get(cv2.CAP_PROP_ORIENTATION_META)) % 360)
    upright = image if turn is None else cv2.rotate(image, turn)
    return np.asarray(cv2.cvtColor(upright, cv2.COLOR_BGR2RGB))
