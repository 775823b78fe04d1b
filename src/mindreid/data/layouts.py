"""How a generator of images writes the tree of a released dataset.

Each dataset file in :mod:`mindreid.data.datasets` offers a :class:`Layout` beside its loader, so
that the same module knows the dataset's file-name grammar in both directions.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mindreid import zoo
from mindreid.errors import InvalidArgumentError


@dataclass(frozen=True)
class Shot:
    """One image that is to be placed into a dataset's tree.

    Attributes
    ----------
    split : str
        "train", "query" or "gallery".
    pid : int
        Person, from 1, unique over the splits (query and gallery share persons).
    camid : int
        Camera, from 0.
    outfit : int
        Outfit number of this person, from 0.
    sequence : int
        Walk of this person before this camera in this outfit, from 0.
    frame : int
        Frame of the walk, from 0.
    """

    split: str
    pid: int
    camid: int
    outfit: int
    sequence: int
    frame: int

    @property
    def walk(self) -> int:
        """One number, from 0, for the pair (outfit, sequence); no two pairs share one."""
        return pair_number(self.outfit, self.sequence)


def pair_number(first: int, second: int) -> int:
    """Fold two numbers from 0 into one, reversibly and without a limit (Cantor's pairing).

    File-name grammars often have one field less than a shot has numbers.

    Examples
    --------
    >>> [pair_number(0, 0), pair_number(1, 0), pair_number(0, 1), pair_number(2, 0)]
    [0, 1, 2, 3]
    """
    diagonal = first + second
    return diagonal * (diagonal + 1) // 2 + second


class Layout(ABC):
    """The tree of one dataset, seen by a writer."""

    #: File ending of the images, with the dot.
    suffix: str = ".jpg"
    #: Fewest cameras that the protocols need, and how many the file-name grammar can tell apart.
    min_cameras: int = 2
    max_cameras: int = 99
    #: Fewest outfits of a person that the protocols need, how many the grammar can tell apart, and
    #: how many a generator gives everybody unless asked otherwise.
    min_outfits: int = 1
    max_outfits: int = 99
    usual_outfits: int = 1
    #: How many frames of a walk the grammar can tell apart.
    max_frames: int = 10**6

    @abstractmethod
    def relative_path(self, shot: Shot) -> str:
        """Path of ``shot`` below the dataset's root; distinct shots get distinct paths."""

    def is_worn(self, outfit: int, camid: int) -> bool:
        """Whether ``outfit`` is ever worn before camera ``camid``; both from 0."""
        return True

    def test_split(self, camid: int, chosen: bool) -> str:
        """Whether a test image goes to "query" or "gallery"; of every walk, one image is ``chosen``."""
        return "query" if chosen else "gallery"

    def extra_paths(self, shot: Shot) -> tuple[str, ...]:
        """Where else below the root the very same image belongs."""
        return ()

    def write_lists(self, root: Path, shots: Sequence[Shot]) -> None:  # noqa: B027 - most trees have no lists
        """Write the list files that the dataset has beside its images, after all images."""

    def camera_number(self, shot: Shot) -> int:
        """Camera from 1, as released file names count.

        Raises
        ------
        InvalidArgumentError
            If the grammar cannot tell so many cameras apart.
        """
        if not 0 <= shot.camid < self.max_cameras:
            raise InvalidArgumentError(
                f"camera {shot.camid} cannot be written: this layout has {self.max_cameras} cameras, from 0"
            )
        return shot.camid + 1


@dataclass(frozen=True)
class Wear:
    """What a walker has on in one condition of a gait dataset.

    Attributes
    ----------
    upper, lower : int
        Whose upper and lower clothes, by the number of this person's outfit, from 0.
    bag : bool
        Whether a bag is carried.
    """

    upper: int
    lower: int
    bag: bool = False


@dataclass(frozen=True)
class SequenceLayout:
    """The tree of one gait dataset, seen by a writer of walks: subject / condition / view / files.

    Attributes
    ----------
    conditions : dict
        What is worn, by the name of the condition; everybody walks in all of them.
    views : tuple of str
        Names of the cameras' folders.
    azimuths : tuple of float
        Facing angle in degrees before each camera (0 towards it, +90 to the image's right); empty
        if cameras stand anywhere.
    first_subject : int
        Number of the first subject's folder, which has three digits.
    partition_file : str
        Where the partition is written, below the root.
    modalities : tuple of str
        Which of :data:`mindreid.walkers.gait_synthesis.MODALITIES` a sequence has, the empty name
        standing for aligned silhouettes.
    """

    conditions: dict[str, Wear]
    views: tuple[str, ...]
    partition_file: str
    modalities: tuple[str, ...]
    azimuths: tuple[float, ...] = ()
    first_subject: int = 0

    def subject(self, pid: int) -> str:
        """Name of the folder of person ``pid``, from 1."""
        return f"{pid - 1 + self.first_subject:03d}"


def layout_of(dataset: str) -> Layout:
    """Find the layout of a registered dataset's images.

    Raises
    ------
    InvalidArgumentError
        If there is no such dataset, or it has none.
    """
    return _registered(dataset, "layout", "walkers cannot be written as {!r}, which has no layout of its own")


def sequence_layout_of(dataset: str) -> SequenceLayout:
    """Find the layout of a registered gait dataset's sequences.

    Raises
    ------
    InvalidArgumentError
        If there is no such dataset, or it has none.
    """
    return _registered(dataset, "sequence_layout", "walks cannot be written as {!r}, which has no sequences")


def _registered(dataset: str, kind: str, refusal: str) -> Any:
    layout = getattr(zoo.DATASETS[dataset], kind)
    if layout is None:
        known = [name for name in zoo.DATASETS.names() if getattr(zoo.DATASETS[name], kind) is not None]
        raise InvalidArgumentError(refusal.format(dataset), fix=f"choose one of {', '.join(known)}")
    return layout
