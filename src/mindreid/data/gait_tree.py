"""Trees of pickled gait sequences in OpenGait's layout: subject / condition / view / one file a modality."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Optional

from mindreid.atomic import write_json
from mindreid.data.dataset_files import LayoutError, number_persons, require
from mindreid.data.records import Record, Records, numbering
from mindreid.errors import DataError
from mindreid.text_files import read_text_file

logger = logging.getLogger(__name__)

#: Keys of a partition file.
_TRAIN_KEY, _TEST_KEY = "TRAIN_SET", "TEST_SET"


@dataclass(frozen=True)
class Partition:
    """Which subjects, by the names of their folders, are for training and for testing."""

    train: frozenset[str]
    test: frozenset[str]

    def write(self, path: Path) -> None:
        """Write a partition file, whole or not at all."""
        write_json(path, {_TRAIN_KEY: sorted(self.train), _TEST_KEY: sorted(self.test)})


@dataclass(frozen=True)
class GaitTree:
    """What the loaders of pickled gait sequences share.

    Parameters
    ----------
    root : path
        The dataset's folder.
    tree : str
        The expected tree, for messages.
    modality : str
        Whose file is taken of every sequence, by name: "aligned-sils" stands for
        ``{view}-aligned-sils.pkl``. An empty one stands for ``{view}.pkl``.
    """

    root: Path
    tree: str
    modality: str

    def partition(self, file: str, default: Optional[Partition]) -> Partition:
        """Read the partition file ``file`` of the root; without it, take the ``default``.

        Raises
        ------
        LayoutError
            If there is neither.
        DataError
            If the file is malformed, or a subject is for both training and testing.
        """
        path = self.root / file
        if not path.is_file():
            if default is None:
                raise LayoutError(self.root, [file], self.tree)
            return default
        text = read_text_file(path)
        try:
            content = json.loads(text)
            sets = [_subject_names(content[key]) for key in (_TRAIN_KEY, _TEST_KEY)]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise DataError(
                f"this is no partition ({type(error).__name__}: {error})",
                where=str(path),
                fix=f'it is JSON with the lists "{_TRAIN_KEY}" and "{_TEST_KEY}" of subject folders',
            ) from None
        if sets[0] & sets[1]:
            raise DataError(
                f"the subject {min(sets[0] & sets[1])!r} is for both training and testing", where=str(path)
            )
        return Partition(*sets)

    def sequences(self, subjects: frozenset[str], pids: Mapping[str, int]) -> Records:
        """List the sequences of those ``subjects`` that are there.

        Parameters
        ----------
        subjects : frozenset of str
            Names of their folders.
        pids : mapping
            The number of each subject.

        Returns
        -------
        tuple of Record
            Sorted by subject, condition and view, with ``condition`` and, as released, the view
            in ``camera``; ``camid`` is 0 until :func:`number_cameras`.

        Raises
        ------
        DataError
            If a sequence lacks the modality's file.
        """
        return tuple(
            Record((path,), pids[subject], 0, tracklet=number, condition=condition, camera=view)
            for subject in sorted(subjects & set(pids))
            for number, (condition, view, path) in enumerate(self._files(subject))
        )

    def subjects(self) -> list[str]:
        """List the names of the subjects' folders, sorted."""
        return folder_names(require(self.root, self.tree))

    def _files(self, subject: str) -> Iterator[tuple[str, str, str]]:
        for condition, view in sequence_folders(self.root / subject):
            folder = self.root / subject / condition / view
            path = folder / self.file_name(view)
            if not path.is_file():
                raise self._no_modality(folder, view)
            yield condition, view, str(path)

    def file_name(self, view: str) -> str:
        """Name of the modality's file of a sequence."""
        return f"{view}-{self.modality}.pkl" if self.modality else f"{view}.pkl"

    def _no_modality(self, folder: Path, view: str) -> DataError:
        files = sorted(name for name in os.listdir(folder) if name.endswith(".pkl"))
        known = [name.removesuffix(".pkl").removeprefix(view).removeprefix("-") for name in files]
        return DataError(
            f"the sequence has no file {self.file_name(view)!r}",
            where=str(folder),
            fix=f"its modalities are {', '.join(map(repr, known))}" if known else "delete the empty folder",
        )


def load_splits(
    tree: GaitTree, partition_file: str, default: Optional[Partition] = None
) -> tuple[Records, Records]:
    """List the training and the test sequences of a tree; see :class:`GaitTree`.

    Subjects of neither set are left out, with a warning. A subject's number is its folder's name
    if all names are numbers, else its rank among the sorted names.

    Raises
    ------
    DataError
        If two names are the same number, or as the tree's methods do.
    """
    present = tree.subjects()
    partition = tree.partition(partition_file, default)
    unused = [name for name in present if name not in partition.train | partition.test]
    if unused:
        logger.warning(
            "%d subjects of %s are for neither training nor testing, the first is %r",
            len(unused),
            tree.root,
            unused[0],
        )
    names_are_numbers = all(name.isdecimal() for name in present)
    pids = number_persons(present, tree.root) if names_are_numbers else numbering(present)
    return tree.sequences(partition.train, pids), tree.sequences(partition.test, pids)


def number_cameras(records: Sequence[Record], all_records: Sequence[Record]) -> Records:
    """Give each record the rank of its camera's name among the sorted names of ``all_records``."""
    numbers = numbering(record.camera for record in all_records)
    return tuple(replace(record, camid=numbers[record.camera]) for record in records)


def _subject_names(names: object) -> frozenset[str]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise TypeError("a set is a list of names")
    return frozenset(names)


def sequence_folders(subject: Path) -> Iterator[tuple[str, str]]:
    """Yield condition and view of each sequence of a subject, by the sorted names of their folders."""
    for condition in folder_names(subject):
        for view in folder_names(subject / condition):
            yield condition, view


def folder_names(folder: Path) -> list[str]:
    """List the names of the folders in ``folder``, sorted; hidden ones left out.

    Raises
    ------
    DataError
        If it cannot be listed.
    """
    try:
        with os.scandir(folder) as entries:
            return sorted(e.name for e in entries if e.is_dir() and not e.name.startswith("."))
    except OSError as error:
        raise DataError(f"cannot list the folder ({error.strerror})", where=str(folder)) from None
