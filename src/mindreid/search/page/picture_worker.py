"""Pictures of strangers, decoded in a process of their own, which may die of one.

``python -m mindreid.search.page.picture_worker`` reads pictures from its standard input and writes their
pixels to its standard output; :class:`PictureWorker` starts it, and starts another in place of one that
died, takes too long, or has done enough.
"""

from __future__ import annotations

import io
import os
import resource
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from typing import BinaryIO, Optional

import cv2
import numpy as np

from mindreid.data.formats.images import decode_image
from mindreid.errors import DataError, MindReidError

#: Bytes of memory and seconds that one picture may take.
_MEMORY, _SECONDS = 2 << 30, 15.0
#: Seconds in which a worker starts, which is no picture's fault.
_START_SECONDS = 120.0
#: Pictures after which a worker makes way for a new one.
_MOST_PICTURES = 1000
#: Pixels of the longer side to which a picture is brought.
_LONGEST = 1920
_LENGTH, _ANSWER = struct.Struct("<Q"), struct.Struct("<BII")
_PIXELS, _REFUSED = 0, 1
_READY = b"+"


class PictureWorker:
    """Decodes one picture at a time.

    Parameters
    ----------
    seconds : float
        How long a picture may take.
    memory : int
        Bytes of memory that the process may have.
    """

    def __init__(self, seconds: float = _SECONDS, memory: int = _MEMORY) -> None:
        self._seconds, self._memory = seconds, memory
        self._turn = threading.Lock()
        self._process: Optional[subprocess.Popen[bytes]] = None
        self._done = 0

    @property
    def process_id(self) -> Optional[int]:
        """Which process decodes; ``None`` before the first picture."""
        return None if self._process is None else self._process.pid

    def decode(self, content: bytes) -> np.ndarray:
        """Decode a picture.

        Returns
        -------
        np.ndarray
            uint8 RGB ``[H, W, 3]``, upright, its longer side at most 1920 pixels.

        Raises
        ------
        DataError
            If it is none, takes more time or memory than a picture may, or no process can be started.
        """
        with self._turn:
            process = self._running()
            watch = threading.Timer(self._seconds, process.kill)
            watch.start()
            try:
                answer = _exchange(process, content)
            finally:
                watch.cancel()
            self._done += 1
            if answer is None:
                self._stop()
                raise DataError("this picture can't be decoded: it takes too much time or memory")
        return answer

    def close(self) -> None:
        """End the process."""
        with self._turn:
            self._stop()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and (self._process.poll() is not None or self._done >= _MOST_PICTURES):
            self._stop()
        if self._process is None:
            command = [sys.executable, "-m", __name__, str(self._memory)]
            one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **one_thread},
            )
            self._done = 0
            if not _has_started(self._process):
                self._stop()
                raise DataError("this picture can't be decoded: the process that does it can't be started")
        return self._process

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):  # what was written and not flushed has nobody who reads it
                    stream.close()
        self._process = None


def _has_started(process: subprocess.Popen[bytes]) -> bool:
    """Wait until a new process takes pictures."""
    assert process.stdout is not None  # noqa: S101 - a pipe
    watch = threading.Timer(_START_SECONDS, process.kill)
    watch.start()
    try:
        return process.stdout.read(len(_READY)) == _READY
    finally:
        watch.cancel()


def _exchange(process: subprocess.Popen[bytes], content: bytes) -> Optional[np.ndarray]:
    """Send a picture and return its pixels; ``None`` if the process died over it."""
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - both are pipes
    try:
        process.stdin.write(_LENGTH.pack(len(content)) + content)
        process.stdin.flush()
    except OSError:
        return None
    header = process.stdout.read(_ANSWER.size)
    if len(header) < _ANSWER.size:
        return None
    kind, first, second = _ANSWER.unpack(header)
    if kind == _REFUSED:
        raise DataError(process.stdout.read(first).decode("utf-8", "replace"))
    pixels = process.stdout.read(first * second * 3)
    if len(pixels) < first * second * 3:
        return None
    return np.frombuffer(pixels, np.uint8).reshape(first, second, 3)


def answer_all(source: BinaryIO, target: BinaryIO) -> None:
    """Say that it begins, then decode picture after picture until there are no more."""
    target.write(_READY)
    target.flush()
    while len(header := source.read(_LENGTH.size)) == _LENGTH.size:
        content = source.read(_LENGTH.unpack(header)[0])
        try:
            pixels = _reduced(decode_image(io.BytesIO(content), "the picture"))
        except MindReidError as error:
            text = str(error).encode()
            target.write(_ANSWER.pack(_REFUSED, len(text), 0) + text)
        else:
            target.write(_ANSWER.pack(_PIXELS, *pixels.shape[:2]) + pixels.tobytes())
        target.flush()


def _reduced(image: np.ndarray) -> np.ndarray:
    share = _LONGEST / max(image.shape[:2])
    if share >= 1:
        return np.ascontiguousarray(image)
    height, width = (max(round(side * share), 1) for side in image.shape[:2])
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)


def _limit(memory: int) -> None:
    for what, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    _limit(int(sys.argv[1]))
    answer_all(sys.stdin.buffer, sys.stdout.buffer)
