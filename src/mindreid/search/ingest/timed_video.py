"""Frames of a video with the times at which they were recorded, upright."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Optional

import numpy as np

from mindreid.errors import DataError
from mindreid.search.extras import optional_package
from mindreid.search.ingest.recording_times import is_possible

#: FFmpeg draws a text file as frames of a terminal, and takes a picture for a video of one frame.
_NO_VIDEOS = ("ansi", "bintext", "xbin", "idf")
_PICTURES = ("image2", "_pipe")
_USUAL_RATE = 25
#: Seconds by which two frames differ at least.
_SAME_TIME = 1e-3
#: MPEG program streams give few frames a time; FFmpeg's guesses for the others depend on where it began.
_GUESSED_TIMES = "mpeg"
#: Seconds before a place where one is tried from which it can be decoded.
_STEPS_BACK = (0.0, 4.0, 16.0, 64.0)
_FIX = "convert it, for instance with ffmpeg"


@dataclass(frozen=True)
class TimedFrame:
    """A frame.

    Attributes
    ----------
    number : int
        From 0, of all frames that could be read.
    seconds : float
        Since the first frame, as the file says; the rate of frames may vary.
    image : np.ndarray
        uint8 RGB ``[H, W, 3]``.
    """

    number: int
    seconds: float
    image: np.ndarray


class TimedVideo:
    """A video file.

    Parameters
    ----------
    path : Path
        Whatever FFmpeg decodes.

    Attributes
    ----------
    size : tuple of int
        Height and width of an upright frame.
    duration : float or None
        Seconds, as the file announces them.
    rate : float
        Frames per second, on average, as the file announces them.
    recorded : datetime or None
        When it begins according to the file, UTC.
    read, missing : int
        Frames that were read so far, and, once all were, how many were announced or begun and could not
        be.
    seconds : float
        Of the last frame that was read.

    Raises
    ------
    DataError
        If it can't be decoded, or its frames have no times.
    MissingExtraError
        If the extra ``search`` is not installed.
    """

    def __init__(self, path: Path) -> None:
        self._av = optional_package("av", "reading videos with their times")
        self.path = path
        self.read = self.missing = 0
        self.seconds = 0.0
        with self._opened() as container:
            stream = self._stream(container)
            self._must_be_read_whole = container.format.name == _GUESSED_TIMES
            self._announced = int(stream.frames or 0)
            self.rate = float(stream.average_rate or _USUAL_RATE)
            self.duration = None if container.duration is None else container.duration / 1e6
            self.recorded = _recorded(container.metadata)
            first = next((frame for frame, _ in self._decoded(container, stream) if frame is not None), None)
            if first is None:
                raise DataError("there is no frame to be decoded in this video", where=str(path), fix=_FIX)
            self._begin = float(first.time or 0.0)
            height, width, _ = _upright(first).shape
            self.size = height, width

    def frames(self, interval: float = 0.0) -> Iterator[TimedFrame]:
        """Yield frames, at most one in each ``interval`` of seconds; all others are decoded, too.

        Raises
        ------
        DataError
            If the size of frames changes on the way.
        """
        self.read = self.missing = damaged = 0
        last_slot = -1
        with self._opened() as container:
            for frame, seconds in self._decoded(container, self._stream(container)):
                if frame is None:
                    damaged += 1
                    continue
                self.read, self.seconds = self.read + 1, seconds
                slot = int(seconds / interval + 1e-6) if interval else self.read
                if slot > last_slot:
                    last_slot = slot
                    yield TimedFrame(self.read - 1, seconds, self._checked(_upright(frame)))
        self.missing = max(self._announced - self.read, damaged)

    def between(self, first: float, last: float) -> Iterator[tuple[float, np.ndarray]]:
        """Yield the seconds and the pixels, uint8 RGB ``[H, W, 3]``, of the frames of a stretch.

        What is long before it is not decoded, unless the file's container lets nobody find the place.

        Parameters
        ----------
        first, last : float
            Seconds since the first frame, both included.
        """
        for seconds, frame in self._reaching(first):
            if seconds > last + _SAME_TIME:
                return
            if seconds >= first - _SAME_TIME:
                yield seconds, _upright(frame)

    def _reaching(self, first: float) -> Iterator[tuple[float, Any]]:
        """Yield seconds and frames, of which the first is not after ``first``, if there is such a one.

        In a container without an index a place is only guessed, and may lie behind the key frame that the
        frames there need.
        """
        steps = () if self._must_be_read_whole else _STEPS_BACK
        places: list[Optional[float]] = [first - back for back in steps if back < first]
        for place in (*places, None):
            with self._opened() as container:
                stream = self._stream(container)
                if place is not None and not self._seek(container, stream, place):
                    continue
                frames = self._whole(container, stream)
                begin = next(frames, None)
                if begin is not None and (place is None or begin[0] <= first + _SAME_TIME):
                    yield begin
                    yield from frames
                    return

    def _seek(self, container: Any, stream: Any, place: float) -> bool:
        try:
            container.seek(int((self._begin + place) / stream.time_base), stream=stream, backward=True)
        except self._av.FFmpegError:
            return False
        return True

    def _whole(self, container: Any, stream: Any) -> Iterator[tuple[float, Any]]:
        before = -np.inf
        for frame in self._attempts(container, stream):
            if frame is None or frame.is_corrupt or frame.time is None:
                continue
            if frame.time > before:  # as in the order in which frames are counted
                before = frame.time
                yield float(frame.time) - self._begin, frame

    def _opened(self) -> Any:
        try:
            # A playlist must not fetch anything from elsewhere, and "a:b.mp4" is no protocol.
            return self._av.open(f"file:{os.path.abspath(self.path)}", options={"protocol_whitelist": "file"})
        except (self._av.FFmpegError, UnicodeError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise DataError(
                f"this video can't be opened ({reason})", where=str(self.path), fix=_FIX
            ) from None

    def _stream(self, container: Any) -> Any:
        name = container.format.name
        if any(name.endswith(ending) for ending in _PICTURES):
            raise DataError("this is a picture, no video", where=str(self.path), fix="pass it with --photos")
        stream = next(iter(container.streams.video), None)
        if stream is None or stream.codec_context is None or stream.codec_context.name in _NO_VIDEOS:
            raise DataError("there is no video in this file", where=str(self.path), fix=_FIX)
        stream.thread_type = "AUTO"
        return stream

    def _decoded(self, container: Any, stream: Any) -> Iterator[tuple[Any, float]]:
        """Yield frames with their seconds; ``None`` for one that is damaged."""
        begin: Optional[float] = None
        before = -np.inf
        for frame in self._attempts(container, stream):
            if frame is None or frame.is_corrupt:
                yield None, 0.0
                continue
            if frame.time is None:
                raise DataError(
                    "the frames of this video have no times",
                    where=str(self.path),
                    fix="put it into a container that has, e.g. with ffmpeg into .mp4",
                )
            begin = frame.time if begin is None else begin
            if frame.time <= before:  # it would be before what was already seen
                yield None, 0.0
                continue
            before = frame.time
            yield frame, float(frame.time - begin)

    def _attempts(self, container: Any, stream: Any) -> Iterator[Any]:
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except self._av.FFmpegError:  # the file ends within a frame
                return
            if packet is None:
                return
            try:
                yield from packet.decode()
            except self._av.FFmpegError:
                yield None

    def _checked(self, image: np.ndarray) -> np.ndarray:
        if image.shape[:2] != self.size:
            raise DataError(
                f"from frame {self.read - 1} on the video is {image.shape[1]} × {image.shape[0]}, before "
                f"that {self.size[1]} × {self.size[0]}",
                where=str(self.path),
                fix="cut it there",
            )
        return image


def _upright(frame: Any) -> np.ndarray:
    """Return a frame's pixels, turned as its display matrix says (counter-clockwise)."""
    image = frame.to_ndarray(format="rgb24")
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(image, turns)) if turns else image


def _recorded(metadata: Any) -> Optional[datetime]:
    text = dict(metadata).get("creation_time", "")
    try:
        time = datetime.fromisoformat(text.replace("Z", "+00:00"))
        time = time.replace(tzinfo=timezone.utc) if time.tzinfo is None else time.astimezone(timezone.utc)
    except (ValueError, OverflowError):  # in UTC it may be before the year 1
        return None
    return time if is_possible(time) else None
