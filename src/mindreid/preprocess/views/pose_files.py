"""Files and trees of keypoints to the best person of every image, in one unit.

``annotations/frames.jsonl`` of generated walkers is read too; of the forms of JSON see
:mod:`mindreid.preprocess.views.pose_forms`.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Optional

import numpy as np

from mindreid.errors import DataError
from mindreid.preprocess.views.keypoint_orders import to_halpe26
from mindreid.preprocess.views.keypoint_units import FLAG_CONFIDENCE, to_confidences
from mindreid.preprocess.views.pose_forms import Name, Named, Person, read_persons
from mindreid.text_files import read_text_file

logger = logging.getLogger(__name__)

_RESULTS, _SEPARATE = "alphapose-results.json", "sep-json"


class ImageName(NamedTuple):
    """What a pose file calls an image.

    Attributes
    ----------
    folder : str
        The folder that the image must be in, relative; empty for any.
    name : str or int
        Its base name or path, what stands before the ending of its base name, or a number.
    """

    folder: str
    name: Name


@dataclass(frozen=True)
class Pose:
    """One detected person.

    Attributes
    ----------
    keypoints : np.ndarray
        float64 ``[26, 3]``: x, y in pixels, confidence 0..1; see :func:`to_halpe26`.
    score : float
        How sure the detector is of the person, on any scale.
    """

    keypoints: np.ndarray
    score: float


def read_poses(path: Path) -> dict[ImageName, Optional[Pose]]:
    """Read the keypoints of the best person of every image.

    Of several persons in an image, the one with the highest score is taken (if one of them has no
    score, the one with the highest mean confidence), of equal ones the first; how many images have
    several is logged.

    Parameters
    ----------
    path : Path
        A ``.json`` in one of the forms of :mod:`~mindreid.preprocess.views.pose_forms`; a walkers'
        ``.jsonl``; or a folder of one ``.json`` per image, or of one ``alphapose-results.json``.
        Folders below it stand for the folders of the images, since AlphaPose drops them and base
        names may repeat.

    Returns
    -------
    dict
        ``None`` for an image that is named without a person. Confidences are brought to 0..1 by
        :func:`~mindreid.preprocess.views.keypoint_units.to_confidences`.

    Raises
    ------
    DataError
        If a file cannot be read or has another form; a wrong entry is named.
    """
    persons: dict[ImageName, list[Person]] = {}
    for folder, file in _files(path):
        for name, person in _named_persons(file):
            found = persons.setdefault(ImageName(folder, name), [])
            if person is not None:
                found.append(person)
    every = [person.keypoints for found in persons.values() for person in found]
    if every:
        # In place: the confidences of all that were estimated together tell their unit.
        confidences = to_confidences(np.stack(every)[:, :, 2], str(path))
        for keypoints, known in zip(every, confidences):
            keypoints[:, 2] = known
    several = [name for name, found in persons.items() if len(found) > 1]
    if several:
        logger.info(
            "%d images have several persons, the first is %r: the one with the highest score is taken",
            len(several),
            several[0].name,
        )
    return {name: _best(found) for name, found in persons.items()}


def _best(persons: list[Person]) -> Optional[Pose]:
    scored = all(person.score is not None for person in persons)
    poses = [
        Pose(p.keypoints, p.score if scored and p.score is not None else float(p.keypoints[:, 2].mean()))
        for p in persons
    ]
    return max(poses, key=lambda pose: pose.score, default=None)


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    """All files to read, each with the folder of its images."""
    if not path.is_dir():
        yield "", path
        return
    empty = True
    for folder, below, names in os.walk(path):
        below.sort()
        relative = Path(folder).relative_to(path).as_posix()
        files = [_RESULTS] if _RESULTS in names else sorted(name for name in names if name.endswith(".json"))
        if _RESULTS in names and _SEPARATE in below:
            # The same persons once more.
            below.remove(_SEPARATE)
        for name in files:
            empty = False
            yield "" if relative == "." else relative, Path(folder, name)
    if empty:
        raise DataError("there is no .json file below this folder", where=str(path))


def _named_persons(path: Path) -> Iterator[Named]:
    if path.suffix == ".jsonl":
        return _walkers(path)
    return read_persons(_parsed(read_text_file(path), str(path)), path.stem, str(path))


def _parsed(text: str, where: str) -> Any:
    if not text.strip():
        raise DataError("cannot read the keypoints (the file is empty)", where=where)
    try:
        return json.loads(text, object_pairs_hook=_without_repetition)
    except RecursionError:
        raise DataError("cannot read the keypoints (nested too deeply)", where=where) from None
    except ValueError as error:
        raise DataError(f"cannot read the keypoints ({error})", where=where) from None


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make the dictionary; of a key that occurs twice, Python's reader would drop the first."""
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"{next(key for key in keys if keys.count(key) > 1)!r} occurs twice")
    return made


def _walkers(path: Path) -> Iterator[Named]:
    for number, line in enumerate(read_text_file(path).splitlines(), 1):
        where = f"{path}, line {number}"
        entry = _parsed(line, where)
        try:
            points = np.array(entry["keypoints"], dtype=float)
            points[:, 2] = FLAG_CONFIDENCE[points[:, 2].astype(int)]
            yield str(_mapping(entry)["path"]), Person(to_halpe26(points), 1.0)
        except (ValueError, KeyError, TypeError, IndexError, OverflowError):
            raise DataError("no line of walkers' annotations", where=where) from None


def _mapping(entry: Any) -> Mapping[str, Any]:
    if not isinstance(entry, Mapping):
        raise TypeError(type(entry))
    return entry
