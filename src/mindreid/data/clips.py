"""Clips: frames of a tracklet at a constant distance, as CAL reads CCVID.

Source: the authors' code of X. Gu et al., "Clothes-Changing Person Re-identification with RGB Modality
Only", CVPR 2022.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mindreid.data.records import Record, Records
from mindreid.errors import InvalidArgumentError


class ClipFrames:
    """Clips, a :class:`mindreid.data.frames.FrameSelection`: rows are ``[3, T, H, W]``.

    For training every tracklet is cut into pieces of ``chunk`` frames, and each of them gives one
    random clip an epoch (:func:`draw_frames`); in evaluation clips cover the whole tracklet
    (:func:`cover_frames`).

    Parameters
    ----------
    count : int
        T, frames of a clip.
    stride : int
        Frames from one of them to the next, where the tracklet is long enough.
    chunk : int
        Frames of a piece.
    """

    def __init__(self, *, count: int = 8, stride: int = 4, chunk: int = 64) -> None:
        if min(count, stride, chunk) < 1:
            raise InvalidArgumentError(
                f"count, stride and chunk of clips are at least 1, not {count}, {stride} and {chunk}"
            )
        self.count, self.stride, self.chunk = count, stride, chunk

    def pieces(self, record: Record) -> Records:
        """Cut a training tracklet, see :func:`split_tracklet`."""
        return split_tracklet(record, self.chunk)

    def training(self, count: int, generator: np.random.Generator) -> np.ndarray:
        """Positions ``[self.count]``, ascending."""
        return draw_frames(count, self.count, self.stride, generator)

    def evaluation(self, count: int) -> np.ndarray:
        """Positions ``[clips, self.count]``."""
        return cover_frames(count, self.count, self.stride)


def split_tracklet(record: Record, chunk: int) -> Records:
    """Cut a tracklet into pieces of ``chunk`` frames; the last one has up to ``2 * chunk - 1``.

    Examples
    --------
    >>> pieces = split_tracklet(Record(tuple("abcdefgh"), pid=0, camid=0), chunk=3)
    >>> [piece.paths for piece in pieces]
    [('a', 'b', 'c'), ('d', 'e', 'f', 'g', 'h')]
    """
    pieces = max(1, len(record.paths) // chunk)
    starts = [chunk * piece for piece in range(pieces)]
    ends = [*starts[1:], len(record.paths)]
    return tuple(replace(record, paths=record.paths[start:end]) for start, end in zip(starts, ends))


def draw_frames(length: int, frames: int, stride: int, generator: np.random.Generator) -> np.ndarray:
    """Draw the frames of a training clip.

    Parameters
    ----------
    length : int
        Frames of the tracklet.
    frames, stride : int
        Frames of the clip, and from one of them to the next.
    generator : np.random.Generator
        Of every draw.

    Returns
    -------
    np.ndarray
        int64 ``[frames]``, ascending: every ``stride``-th frame from a random one; if the tracklet is too
        short for that, a random one from each of ``frames`` equal parts; if it is shorter than
        ``frames``, as many draws with repetition.
    """
    if length >= frames * stride:
        return generator.integers(length - (frames - 1) * stride) + stride * np.arange(frames)
    if length >= frames:
        part = length // frames
        return part * np.arange(frames) + generator.integers(part, size=frames)
    return np.sort(generator.integers(length, size=frames))


def cover_frames(length: int, frames: int, stride: int) -> np.ndarray:
    """Cover a tracklet with clips, so that every frame is in one of them.

    The tracklet is cut into blocks of ``frames * stride`` frames, each of which gives ``stride``
    interleaved clips. What is left over is cut in the same way with the greatest stride that fits,
    and an incomplete last clip starts over until it is full.

    Returns
    -------
    np.ndarray
        int64 ``[ceil(length / frames), frames]``.

    Examples
    --------
    >>> cover_frames(11, frames=2, stride=3).tolist()
    [[0, 3], [1, 4], [2, 5], [6, 8], [7, 9], [10, 10]]
    """
    block = frames * stride
    rest = length // block * block
    clips = [_interleave(start, stride, frames) for start in range(0, rest, block)]
    clips.append(_interleave(rest, (length - rest) // frames, frames))
    if length % frames:
        clips.append(np.resize(np.arange(length - length % frames, length), (1, frames)))
    return np.concatenate(clips)


def _interleave(start: int, clips: int, frames: int) -> np.ndarray:
    """Share ``clips * frames`` frames from ``start`` out to ``clips`` clips in turn."""
    return start + np.arange(clips * frames, dtype=np.int64).reshape(frames, clips).T
