"""Which pose belongs to which image: files name images by their paths, parts of them, or numbers."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Optional

from mindreid.errors import DataError
from mindreid.preprocess.views.pose_files import ImageName, Pose

logger = logging.getLogger(__name__)

#: What OpenPose appends to an image's name.
_APPENDED = re.compile(r"_(keypoints|rendered|pose)(?=\.\w+$|$)")
_LISTED = 3


def match_images(
    poses: Mapping[ImageName, Optional[Pose]], images: Sequence[str]
) -> dict[str, Optional[ImageName]]:
    """Find the pose of every image.

    A pose file names an image by its path or the end of it, with or without the ending, by what
    stands before the base name's first dot, or (AlphaPose's evaluation mode) by the number after the
    last ``_`` of the stem. Folders before the images' own, and OpenPose's ``_keypoints`` and
    ``_rendered``, are passed over.

    Parameters
    ----------
    poses : mapping
        Poses by what the file calls their images.
    images : sequence of str
        Relative paths with forward slashes.

    Returns
    -------
    dict
        Key of a pose, or ``None``, for every image, in order.

    Raises
    ------
    DataError
        If a name fits several images, two names equally well the same image, or no pose any image.
    """
    known = _KnownImages(images)
    matched: dict[str, Optional[ImageName]] = dict.fromkeys(images)
    ranks: dict[str, int] = {}
    unmatched = []
    for name in poses:
        rank, fitting = known.find(name)
        if len(fitting) > 1:
            raise DataError(
                f"the keypoints' image {name.name!r} fits {len(fitting)} images: {fitting[0]}, {fitting[1]}",
                fix="run the pose estimator folder by folder; keep its results in a tree of the same folders",
            )
        taken = matched[fitting[0]] if fitting else None
        if not fitting or (taken is not None and rank > ranks[fitting[0]]):
            unmatched.append(name)
            continue
        if taken is not None and rank == ranks[fitting[0]]:
            raise DataError(
                f"the keypoints' images {_path(taken)!r} and {_path(name)!r} both fit {fitting[0]}",
                fix="name the images by their paths, or pass keypoints of these images alone",
            )
        if taken is not None:
            unmatched.append(taken)
        matched[fitting[0]], ranks[fitting[0]] = name, rank
    _report(poses, images, unmatched)
    return matched


def _report(
    poses: Mapping[ImageName, Optional[Pose]], images: Sequence[str], unmatched: list[ImageName]
) -> None:
    if poses and len(unmatched) == len(poses):
        raise DataError(
            f"none of the {len(poses)} poses belongs to one of the {len(images)} images: "
            f"there is no {_path(unmatched[0])!r}, but {images[0]!r}",
            fix="pass the images that the poses were estimated of",
        )
    if unmatched:
        listed = ", ".join(repr(name.name) for name in unmatched[:_LISTED])
        more = ", …" if len(unmatched) > _LISTED else ""
        logger.warning("%d poses are of other images, such as %s%s", len(unmatched), listed, more)


def _path(name: ImageName) -> str:
    return "/".join(map(str, filter(None, name)))


class _KnownImages:
    """Images by all that a pose file may call them.

    Parameters
    ----------
    images : sequence of str
        Relative paths.
    """

    def __init__(self, images: Sequence[str]) -> None:
        # One table a way to name an image, the more exact ones first.
        self._whole: list[dict[str, list[str]]] = [{}, {}, {}]
        self._ends: list[dict[str, list[str]]] = [{}, {}, {}]
        self._numbers: dict[tuple[str, int], list[str]] = {}
        for image in images:
            path = PurePosixPath(image)
            for table, form in enumerate(_forms(path)):
                self._whole[table].setdefault(form, []).append(image)
                for end in _ends(form):
                    self._ends[table].setdefault(end, []).append(image)
            number = path.stem.rsplit("_", 1)[-1]
            if number.isascii() and number.isdecimal() and len(number) < 19:
                for folder in {"", path.parent.as_posix()}:
                    self._numbers.setdefault((folder, int(number)), []).append(image)

    def find(self, name: ImageName) -> tuple[int, list[str]]:
        """Return how exactly a name fits, 0 for the best, and the images that it fits so."""
        if isinstance(name.name, int):
            return 0, self._numbers.get((name.folder, name.name), [])
        if not PurePosixPath(name.name).name:
            return 0, []
        for rank, (table, key) in enumerate(self._candidates(name.folder, name.name)):
            if key in table:
                return rank, table[key]
        return 0, []

    def _candidates(self, folder: str, name: str) -> Iterator[tuple[dict[str, list[str]], str]]:
        """Tables and keys to look for, in order; as many for every name."""
        path = PurePosixPath(name.replace("\\", "/"))
        path = PurePosixPath(folder, *(part for part in path.parts if part not in ("/", ".")))
        bare = PurePosixPath(path.parent, _APPENDED.sub("", path.name) or path.name)
        keys = [form for spelled in (path, bare) for form in (spelled.as_posix(), *_forms(spelled)[1:])]
        tables = [*self._whole, *([] if folder else self._ends)]
        yield from ((table, key) for key in keys for table in tables)
        # A folder before the images' own is no part of their names; another folder within it would be.
        yield from ((table, end) for table in self._whole for key in keys[:2] for end in _ends(key)[1:])


def _forms(path: PurePosixPath) -> tuple[str, str, str]:
    """Spell a path as it is, without its ending, and as far as the first dot of its base name."""
    before_dot = path.name.split(".")[0] or path.name
    return path.as_posix(), path.with_suffix("").as_posix(), (path.parent / before_dot).as_posix()


def _ends(path: str) -> list[str]:
    """List the path itself, the path without its first folder, …, its base name."""
    parts = path.split("/")
    return ["/".join(parts[start:]) for start in range(len(parts))]
