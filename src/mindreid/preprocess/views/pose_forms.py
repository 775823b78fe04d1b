"""The forms in which pose estimators write persons to JSON, each read to names, points and scores.

- AlphaPose, after its ``docs/output.md`` and ``write_json``: by default one list for the whole run,
  an object per person with ``image_id`` (the image's base name, its folder dropped; in evaluation
  mode a number), flat ``keypoints`` and ``score``; with ``--format cmu`` or ``open`` a dictionary by
  image with ``bodies``/``joints`` or ``people``/``pose_keypoints_2d``, scores lost, and beside it a
  folder of one file per image, named by the text before the first dot of the image's name.
- OpenPose: one file per image, ``<image without ending>_keypoints.json``, with ``people`` and
  ``pose_keypoints_2d``.
- COCO: a list of results as AlphaPose's, or annotations, with ``images``, ``annotations`` and the
  names of the keypoints in ``categories``; of its flags, 1 (labelled, but hidden) counts as 0.5.
- MediaPipe has no files of its own; its 33 landmarks are read as ``keypoints`` or ``landmarks``, flat or
  as objects with x, y and visibility, in a list of persons with ``image_id``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional, Union

import numpy as np

from mindreid.errors import DataError
from mindreid.preprocess.views.keypoint_orders import to_halpe26
from mindreid.preprocess.views.keypoint_units import FLAG_CONFIDENCE

_PEOPLE = {"bodies": ("joints",), "people": ("pose_keypoints_2d", "pose_keypoints")}
_KEYPOINTS = ("keypoints", "landmarks", "pose_landmarks")
_CONFIDENCES = ("visibility", "confidence", "score")
#: Flat keypoints of MediaPipe have x, y, z and the visibility of 33 points.
_FLAT_WITH_DEPTH = 4 * 33

#: What a file calls an image: its base name or path, what stands before its ending, or a number.
Name = Union[str, int]


@dataclass(frozen=True)
class Person:
    """One person as a file has it.

    Attributes
    ----------
    keypoints : np.ndarray
        float64 ``[26, 3]``: x, y and confidence in the file's units; see :func:`to_halpe26`.
    score : float, optional
        How sure the detector is of the person, on any scale.
    """

    keypoints: np.ndarray
    score: Optional[float] = None


#: A person of an image, or ``None`` where the file names an image without a person.
Named = tuple[Name, Optional[Person]]


def read_persons(content: Any, image: str, where: str) -> Iterator[Named]:
    """Find the persons in the content of a JSON file, whatever its form.

    Parameters
    ----------
    content : object
        Of the whole file.
    image : str
        The image of a file that is of one image: what its own name says.
    where : str
        The file, for messages.

    Raises
    ------
    DataError
        If it has none of the forms above; a wrong entry is named.
    """
    if isinstance(content, list):
        yield from _listed(content, where)
    elif not isinstance(content, dict):
        raise DataError("this is neither a list nor a dictionary of persons", where=where)
    elif "annotations" in content:
        yield from _annotated(content, where)
    elif not _PEOPLE.keys().isdisjoint(content):
        yield from _persons_of_image(image, content, where)
    else:
        for name, entry in content.items():
            if name != "version":
                yield from _persons_of_image(name, entry, f"{where}, image {name!r}")


def _listed(content: list[Any], where: str) -> Iterator[Named]:
    for number, entry in enumerate(content, 1):
        place = f"{where}, entry {number}"
        image = _identifier(entry.get("image_id")) if isinstance(entry, dict) else None
        key = next((key for key in _KEYPOINTS if image is not None and key in entry), None)
        if image is None or key is None:
            raise DataError("an entry of the list lacks image_id or keypoints", where=place)
        yield image, _person(entry[key], entry.get("score"), place) if entry[key] else None


def _identifier(value: Any) -> Optional[Name]:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, (str, int)) and not isinstance(value, bool) else None


def _persons_of_image(image: str, entry: Any, where: str) -> Iterator[Named]:
    kind = next((kind for kind in _PEOPLE if isinstance(entry, dict) and kind in entry), None)
    if kind is None:
        raise DataError("there is neither 'people' nor 'bodies' for the image", where=where)
    persons = _sequence(entry[kind], f"{kind!r} is a list of persons", where)
    if not persons:
        yield image, None
    for number, person in enumerate(persons, 1):
        place = f"{where}, person {number}"
        key = next((key for key in _PEOPLE[kind] if isinstance(person, Mapping) and key in person), None)
        if key is None:
            raise DataError(f"a person lacks {_PEOPLE[kind][0]!r}", where=place)
        # OpenPose writes no points, not points of confidence 0, where only a face or a hand was found.
        yield image, _person(person[key], None, place) if person[key] else None


def _annotated(content: Mapping[str, Any], where: str) -> Iterator[Named]:
    files: dict[Any, str] = {}
    for number, image in enumerate(_sequence(content.get("images", []), "'images' is a list", where), 1):
        if not isinstance(image, Mapping) or not isinstance(image.get("file_name"), str):
            raise DataError("an image lacks its id or its file_name", where=f"{where}, image {number}")
        files[_identifier(image.get("id"))] = image["file_name"]
        yield image["file_name"], None
    names = {
        _identifier(category.get("id")): category["keypoints"]
        for category in _sequence(content.get("categories", []), "'categories' is a list", where)
        if isinstance(category, Mapping) and isinstance(category.get("keypoints"), list)
    }
    annotations = _sequence(content["annotations"], "'annotations' is a list", where)
    for number, entry in enumerate(annotations, 1):
        place = f"{where}, annotation {number}"
        image_id = _identifier(entry.get("image_id")) if isinstance(entry, Mapping) else None
        if image_id is None or (files and image_id not in files):
            raise DataError("an annotation's image_id is that of no image", where=place)
        # Boxes of persons without keypoints, and of other things, are usual in such files.
        if entry.get("keypoints"):
            order = names.get(_identifier(entry.get("category_id")))
            person = _person(entry["keypoints"], entry.get("score"), place, order)
            _read_flags(person.keypoints)
            yield files.get(image_id, image_id), person


def _read_flags(keypoints: np.ndarray) -> None:
    """Make confidences of flags in place; annotations by a pose estimator have confidences already."""
    flags = keypoints[:, 2]
    if np.isin(flags, range(len(FLAG_CONFIDENCE))).all():
        keypoints[:, 2] = FLAG_CONFIDENCE[flags.astype(int)]


def _sequence(value: Any, what: str, where: str) -> Sequence[Any]:
    if not isinstance(value, list):
        raise DataError(f"{what}, not a {type(value).__name__}", where=where)
    return value


def _person(points: Any, score: Any, where: str, names: Optional[Sequence[str]] = None) -> Person:
    try:
        rows = _rows(points)
        known = None if score is None else float(score)
    except (TypeError, ValueError, OverflowError, KeyError):
        raise DataError(
            "keypoints are a flat list of numbers x1, y1, c1, x2, … or a list of points, a score is a number",
            where=where,
        ) from None
    try:
        keypoints = to_halpe26(rows, names)
    except DataError as error:
        raise DataError(error.what, where=where, fix=error.fix) from None
    return Person(keypoints, known if known is not None and np.isfinite(known) else None)


def _rows(points: Any) -> np.ndarray:
    """Points as float ``[K, 3]``, from a flat list, rows of 3, or objects; ``null`` becomes NaN."""
    if isinstance(points, list) and points and isinstance(points[0], Mapping):
        points = [[point["x"], point["y"], _confidence(point)] for point in points]
    values = np.array(points, dtype=float)
    if values.ndim == 1 and len(values) == _FLAT_WITH_DEPTH:
        return values.reshape(-1, 4)[:, [0, 1, 3]]
    if values.ndim == 1 and len(values) % 3 == 0:
        return values.reshape(-1, 3)
    if values.ndim != 2 or values.shape[1] != 3:
        raise ValueError(values.shape)
    return values


def _confidence(point: Mapping[str, Any]) -> Any:
    for key in _CONFIDENCES:
        if key in point:
            return point[key]
    raise KeyError(_CONFIDENCES)
