"""Files of keypoints: AlphaPose's JSON in its list and dictionary forms, and the walkers' own.

What AlphaPose writes, after its ``docs/output.md`` and ``write_json``:

- by default one list for the whole run, an object per person with ``image_id`` (the image's base
  name, its folder dropped; in evaluation mode a number), flat ``keypoints`` and ``score``;
- with ``--format cmu`` or ``open`` a dictionary by image with ``bodies``/``joints`` or
  ``people``/``pose_keypoints_2d`` in the 18-point order, scores lost, and beside it a folder of one
  file per image, named by the text before the first dot of the image's name.

``annotations/frames.jsonl`` of generated walkers is read too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Optional, Union

import numpy as np

from mindreid.errors import DataError
from mindreid.preprocess.views.keypoint_orders import to_halpe26

_RESULTS, _SEPARATE = "alphapose-results.json", "sep-json"
_SHAPES = {"bodies": "joints", "people": "pose_keypoints_2d"}
#: Confidence of a walker's keypoint outside the image, hidden, and visible: a pose estimator places
#: a hidden point too, but is less sure of it.
_WALKER_CONFIDENCE = np.array([0.0, 0.5, 1.0])


class ImageName(NamedTuple):
    """What a pose file calls an image.

    Attributes
    ----------
    folder : str
        The folder that the image must be in, relative; empty for any.
    name : str or int
        Its base name or path, what stands before the first dot of its base name, or a number.
    """

    folder: str
    name: Union[str, int]


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


def read_poses(path: Path) -> dict[ImageName, Pose]:
    """Read the keypoints of the best person of every image.

    Of several persons in an image, the one with the highest score is taken (without scores, the
    one with the highest mean confidence), of equal ones the first. Confidences above 1, as some
    models give, are divided by the largest of all, so that thresholds are relative.

    Parameters
    ----------
    path : Path
        A ``.json`` in one of AlphaPose's forms; a walkers' ``.jsonl``; or a folder of one ``.json``
        per image, or of one ``alphapose-results.json``. Folders below it stand for the folders of
        the images, since AlphaPose drops them and base names may repeat.

    Raises
    ------
    DataError
        If a file cannot be read or has another form; a wrong entry is named.
    """
    best: dict[ImageName, Pose] = {}
    for folder, file in _files(path):
        for name, pose in _read_persons(file):
            image = ImageName(folder, name)
            if image not in best or pose.score > best[image].score:
                best[image] = pose
    highest = max((float(pose.keypoints[:, 2].max()) for pose in best.values()), default=0.0)
    if highest > 1.0:
        scale = np.array([1.0, 1.0, 1.0 / highest])
        best = {image: Pose(pose.keypoints * scale, pose.score) for image, pose in best.items()}
    return best


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


def _read_persons(path: Path) -> Iterator[tuple[Union[str, int], Pose]]:
    if path.suffix == ".jsonl":
        yield from _walkers(path)
        return
    content = _read_json(path)
    if isinstance(content, dict) and not _SHAPES.keys().isdisjoint(content):
        yield from _persons_of_image(path.name.split(".")[0], content, str(path))
    elif isinstance(content, dict):
        for image, entry in content.items():
            if image != "version":
                yield from _persons_of_image(image, entry, f"{path}, image {image!r}")
    else:
        yield from _listed_persons(content, path)


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read the keypoints ({error})", where=str(path)) from None


def _listed_persons(content: Any, path: Path) -> Iterator[tuple[Union[str, int], Pose]]:
    if not isinstance(content, list):
        raise DataError("this is neither a list nor a dictionary of persons", where=str(path))
    for number, entry in enumerate(content, 1):
        where = f"{path}, entry {number}"
        image = entry.get("image_id") if isinstance(entry, dict) else None
        if not isinstance(image, (str, int)) or "keypoints" not in entry:
            raise DataError("an entry of the list lacks image_id or keypoints", where=where)
        yield image, _pose(entry["keypoints"], entry.get("score"), where)


def _persons_of_image(image: str, entry: Any, where: str) -> Iterator[tuple[Union[str, int], Pose]]:
    name = next((name for name in _SHAPES if isinstance(entry, dict) and name in entry), None)
    if name is None:
        raise DataError("there is neither 'people' nor 'bodies' for the image", where=where)
    for number, person in enumerate(entry[name], 1):
        place = f"{where}, person {number}"
        if not isinstance(person, Mapping) or _SHAPES[name] not in person:
            raise DataError(f"a person lacks {_SHAPES[name]!r}", where=place)
        yield image, _pose(person[_SHAPES[name]], None, place)


def _walkers(path: Path) -> Iterator[tuple[Union[str, int], Pose]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read the keypoints ({error})", where=str(path)) from None
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            points = np.array(entry["keypoints"], dtype=float)
            points[:, 2] = _WALKER_CONFIDENCE[points[:, 2].astype(int)]
            yield str(entry["path"]), Pose(to_halpe26(points), 1.0)
        except (ValueError, KeyError, TypeError, IndexError):
            raise DataError("no line of walkers' annotations", where=f"{path}, line {number}") from None


def _pose(flat: Any, score: Optional[Any], where: str) -> Pose:
    try:
        values = np.array(flat, dtype=float)
        known_score = None if score is None else float(score)
    except (TypeError, ValueError):
        raise DataError("keypoints and scores are numbers", where=where) from None
    if values.ndim != 1 or len(values) % 3:
        raise DataError(
            f"keypoints are one flat list x1, y1, c1, x2, …, but its shape is {values.shape}", where=where
        )
    try:
        keypoints = to_halpe26(values.reshape(-1, 3))
    except DataError as error:
        raise DataError(error.what, where=where, fix=error.fix) from None
    keypoints[:, 2] = np.maximum(keypoints[:, 2], 0.0)
    return Pose(keypoints, values[2::3].mean() if known_score is None else known_score)
