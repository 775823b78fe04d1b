"""How a generator of images writes the tree of a released dataset.

Each dataset file in :mod:`mindreid.data.datasets` offers a :class:`Layout` beside its loader, so
that the same module knows the dataset's file-name grammar in both directions.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


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


class Layout(ABC):
    """The tree of one dataset, seen by a writer."""

    #: File ending of the images, with the dot.
    suffix: str = ".jpg"
    #: Cameras that the file-name grammar can tell apart.
    max_cameras: int = 99

    @abstractmethod
    def relative_path(self, shot: Shot) -> str:
        """Path of ``shot`` below the dataset's root; distinct shots get distinct paths."""

    def write_lists(self, root: Path, shots: Sequence[Shot]) -> None:  # noqa: B027 - most trees have no lists
        """Write the list files that the dataset has beside its images, after all images."""
