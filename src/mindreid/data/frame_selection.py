"""Which frames of a record with many the network sees.

A selection answers with positions of frames, whose shape decides that of the row: in training one
row, an image or ``[T]`` frames; in evaluation as many rows as the first axis has, whose embeddings
are averaged. A position of -1 is an absent frame. Several silhouettes make a row ``[T, H, W]``,
several images ``[3, T, H, W]``. It is registered in :data:`mindreid.zoo.FRAMES` as ``selection(**options)``.
"""

from __future__ import annotations

import typing
from dataclasses import replace

import numpy as np

from mindreid import zoo
from mindreid.data.records import Record, Records
from mindreid.errors import InvalidArgumentError

#: Of many gait sequences, few are longer than the last, which is where OpenGait cuts them off.
STATIC_LENGTHS = (16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 720)


class FrameSelection(typing.Protocol):
    """Which frames of a record the network sees.

    Attributes
    ----------
    fills_up_with_absent : bool
        Whether positions of evaluation may be -1.
    """

    fills_up_with_absent: bool = False

    def pieces(self, record: Record) -> Records:
        """Return what an epoch is drawn from, in place of a record of the training split: itself."""
        return (record,)

    def training(self, count: int, generator: np.random.Generator) -> np.ndarray:
        """Draw the positions of one training row among ``count`` frames."""

    def evaluation(self, count: int) -> np.ndarray:
        """Positions of all evaluation rows, ``[rows, …]``; the record's embedding is their mean."""


class UnorderedFrames(FrameSelection):
    """A set of frames: for networks to which their order and repetitions mean nothing (gait).

    Training takes ``count`` different frames at random; of a shorter sequence it takes them with
    repetition. Evaluation takes the whole sequence in one row, cut off at the last of ``lengths``
    and filled up to the next of them by repeating it, so that there are few graphs.

    Parameters
    ----------
    count : int
        Frames of a training row.
    lengths : tuple of int
        Ascending lengths of evaluation rows.

    Examples
    --------
    >>> UnorderedFrames(lengths=(4, 8)).evaluation(5)
    array([[0, 1, 2, 3, 4, 0, 1, 2]])
    """

    def __init__(self, *, count: int = 30, lengths: tuple[int, ...] = STATIC_LENGTHS) -> None:
        if count < 1:
            raise InvalidArgumentError(f"a row has at least one frame, not {count}")
        if not lengths or lengths[0] < 1 or list(lengths) != sorted(set(lengths)):
            raise InvalidArgumentError(f"lengths are ascending numbers of frames, not {tuple(lengths)}")
        self.count, self.lengths = count, tuple(lengths)

    def training(self, count: int, generator: np.random.Generator) -> np.ndarray:
        """Positions ``[self.count]``, in no order."""
        return generator.choice(count, self.count, replace=count < self.count)

    def evaluation(self, count: int) -> np.ndarray:
        """Positions ``[1, length]``."""
        length = next((length for length in self.lengths if length >= count), self.lengths[-1])
        return np.arange(length)[None] % count


class OrderedFrames(UnorderedFrames):
    """Frames in their order: for networks that look at neighbours in time (gait).

    Training takes a window of ``count + skip`` frames at random and leaves ``skip`` of them out; a
    sequence that is too short for that is repeated first. Evaluation takes the whole sequence in one
    row, cut off at the last of ``lengths`` and filled up to the next of them with absent frames,
    whose position is -1. Source: OpenGait's ``fixed_ordered`` and ``all_ordered``.

    Parameters
    ----------
    count : int
        Frames of a training row.
    skip : int
        Frames of the window that are left out.
    minimum : int
        Shorter sequences are repeated in evaluation until they have as many frames.
    lengths : tuple of int
        Ascending lengths of evaluation rows.

    Examples
    --------
    >>> OrderedFrames(lengths=(4, 8)).evaluation(5)
    array([[ 0,  1,  2,  3,  4, -1, -1, -1]])
    """

    fills_up_with_absent = True

    def __init__(
        self,
        *,
        count: int = 30,
        skip: int = 0,
        minimum: int = 1,
        lengths: tuple[int, ...] = STATIC_LENGTHS,
    ) -> None:
        super().__init__(count=count, lengths=lengths)
        if skip < 0 or not 1 <= minimum <= self.lengths[-1]:
            raise InvalidArgumentError(
                f"skip is at least 0 and minimum in 1..{self.lengths[-1]}, not {skip} and {minimum}"
            )
        self.skip, self.minimum = skip, minimum

    def training(self, count: int, generator: np.random.Generator) -> np.ndarray:
        """Positions ``[self.count]``, in the order of the sequence."""
        window = self.count + self.skip
        repeated = count * -(-window // count) if count < window else count
        start = generator.integers(repeated - window + 1)
        return (start + np.sort(generator.choice(window, self.count, replace=False))) % count

    def evaluation(self, count: int) -> np.ndarray:
        """Positions ``[1, length]``, -1 for absent frames."""
        whole = count * -(-self.minimum // count) if count < self.minimum else count
        (row,) = super().evaluation(whole)
        return np.where(np.arange(len(row)) < whole, row % count, -1)[None]


class SingleFrames(FrameSelection):
    """One frame a row: for networks that take images. The embeddings of a record's frames are averaged.

    Parameters
    ----------
    limit : int
        Most frames that are evaluated, evenly spread over the sequence.
    """

    def __init__(self, *, limit: int = 16) -> None:
        if limit < 1:
            raise InvalidArgumentError(f"at least one frame is evaluated, not {limit}")
        self.limit = limit

    def training(self, count: int, generator: np.random.Generator) -> np.ndarray:
        """One position, of shape ``[]``."""
        return generator.integers(count, size=())

    def evaluation(self, count: int) -> np.ndarray:
        """Positions ``[rows]``."""
        rows = min(count, self.limit)
        return np.arange(rows) * count // rows


class ClipFrames(FrameSelection):
    """Clips: frames of a tracklet at a constant distance, as CAL reads CCVID; rows are ``[3, T, H, W]``.

    Source: the authors' code of X. Gu et al., "Clothes-Changing Person Re-identification with RGB
    Modality Only", CVPR 2022.

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


zoo.FRAMES.register("clips", ClipFrames)
zoo.FRAMES.register("ordered", OrderedFrames)
zoo.FRAMES.register("single", SingleFrames)
zoo.FRAMES.register("unordered", UnorderedFrames)
