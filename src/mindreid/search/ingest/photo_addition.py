"""Photos become tracklets of an index: one for each person in a photo."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Optional

import numpy as np
from PIL import Image
from tqdm import tqdm

from mindreid.data.formats.images import read_image
from mindreid.data.formats.regular_files import file_checksum
from mindreid.engine.deployment.input_listing import Unreadable, list_inputs, printable
from mindreid.errors import DataError
from mindreid.search.index.index_protocol import Index
from mindreid.search.index.source_addition import crop_name
from mindreid.search.index.tracklets import Crop, Source, Tracklet, tracklet_id
from mindreid.search.ingest.appearance_model import AppearanceModel
from mindreid.search.ingest.crop_choice import crop_of
from mindreid.search.ingest.crop_pictures import decode_crop, encode_crop, pack_boxes
from mindreid.search.ingest.detectors import Detector
from mindreid.search.ingest.known_recordings import check_same, is_looked_at_again
from mindreid.search.ingest.recording_times import check_start, is_possible
from mindreid.search.retention import oldest_kept

logger = logging.getLogger(__name__)

#: Photos whose persons are embedded together.
_TOGETHER = 8
_EXIF, _TIME, _OFFSET = 0x8769, 0x9003, 0x9011


@dataclass(frozen=True)
class PhotosAdded:
    """What became of photos.

    Attributes
    ----------
    photos, tracklets : int
        Added.
    known : int
        Were in the index already.
    empty : int
        Of these, those in which nobody was found.
    unnoted : int
        Of these, those of which is not noted what has found their persons.
    expired : int
        Were not added, since their camera's are not kept that long.
    unreadable : int
        Could not be read; the log names them.
    """

    photos: int = 0
    tracklets: int = 0
    known: int = 0
    empty: int = 0
    unnoted: int = 0
    expired: int = 0
    unreadable: int = 0


@dataclass(frozen=True)
class _Photo:
    source: Source
    boxes: np.ndarray
    pictures: list[bytes]


def list_photos(source: Path) -> list[Path]:
    """Return the images in a folder and those below it, see :func:`mindreid.engine.deployment.list_inputs`.

    What can't be read is left out, which is logged.

    Raises
    ------
    DataError
        If there are none.
    """
    if source.is_file():
        return [source]
    unreadable: list[Unreadable] = []
    paths = list_inputs(source, "image", unreadable)
    for failure in unreadable:
        logger.warning("left out: %s can't be read (%s)", printable(str(failure.path)), failure.reason)
    return paths


def add_photos(
    index: Index,
    paths: Sequence[Path],
    camera: str,
    model: AppearanceModel,
    detector: Optional[Detector] = None,
    *,
    start: Optional[datetime] = None,
    found_by: Optional[str] = None,
) -> PhotosAdded:
    """Add the persons in photos, each photo as a whole.

    A photo is known by its content: one that is in the index already is passed over, unless nobody was
    found in it and something else looks now. Nothing is added if one of them may not be.

    Parameters
    ----------
    index : Index
        Its model is ``model``.
    paths : sequence of Path
        The photos.
    camera : str
        What took them.
    model : AppearanceModel
        Embeds the persons.
    detector : Detector, optional
        Finds persons; without one, every photo shows one person from edge to edge.
    start : datetime, optional
        When they were taken; by default what each says, if it does.
    found_by : str, optional
        What ``detector`` is, see :func:`mindreid.search.ingest.finding_ways.photo_way`, to be noted and
        compared; without it neither is done.

    Raises
    ------
    DataError
        If one is in the index with another camera or time, or persons that something else has found.
    InvalidArgumentError
        If nothing can have been recorded at ``start``.
    """
    check_start(start, is_photo=True)
    identified = _identified(paths)
    known = _known(index, identified, camera, start, found_by)
    again = {name: source for name, source in known.items() if is_looked_at_again(source, found_by)}
    for name in again:
        index.delete_source(name)

    def read(path: Path, name: str) -> _Photo:
        # When it was taken may have been said then, and not now.
        time = again[name].start if name in again else start or _taken(path)
        return _read(path, name, camera, time, detector, found_by)

    work = _PhotoWork(index, model, read, camera)
    for path, source_id in tqdm(identified, "photos", unit="photo", disable=None):
        work.offer(path, source_id, None if source_id in again else known.get(source_id))
    return work.finish(unreadable=len(paths) - len(identified))


class _PhotoWork:
    """Photos on their way into an index."""

    def __init__(
        self, index: Index, model: AppearanceModel, read: Callable[[Path, str], _Photo], camera: str
    ) -> None:
        self._index, self._model, self._read = index, model, read
        self._oldest = oldest_kept(index, camera)
        self._waiting: list[_Photo] = []
        self._seen: set[str] = set()
        self._tracklets = self._known = self._empty = self._unnoted = self._expired = self._unreadable = 0

    def offer(self, path: Path, source_id: str, known: Optional[Source]) -> None:
        """Add a photo, unless there is a reason against it, which is counted."""
        if known is not None or source_id in self._seen:
            self._known += 1
            self._empty += known is not None and known.persons == 0
            self._unnoted += known is not None and known.found_by is None
            return
        try:
            photo = self._read(path, source_id)
            is_expired = self._is_expired(photo, path)
        except (DataError, OSError) as error:
            logger.warning("left out: %s", error)
            self._unreadable += 1
            return
        if is_expired:
            self._expired += 1
            return
        self._seen.add(source_id)
        self._waiting.append(photo)
        if len(self._waiting) == _TOGETHER:
            self._store()

    def finish(self, unreadable: int) -> PhotosAdded:
        """Add what still waits; ``unreadable`` were not even offered."""
        self._store()
        return PhotosAdded(
            photos=len(self._seen),
            tracklets=self._tracklets,
            known=self._known,
            empty=self._empty,
            unnoted=self._unnoted,
            expired=self._expired,
            unreadable=self._unreadable + unreadable,
        )

    def _is_expired(self, photo: _Photo, path: Path) -> bool:
        if self._oldest is None:
            return False
        if photo.source.start is None:
            raise DataError(
                "the photo does not say when it was taken, and its camera's are kept for a time only",
                where=str(path),
                fix="pass --start",
            )
        return photo.source.start < self._oldest

    def _store(self) -> None:
        photos, self._waiting = self._waiting, []
        self._tracklets += _store(self._index, photos, self._model)


def _identified(paths: Sequence[Path]) -> list[tuple[Path, str]]:
    """Return photos with their checksums."""
    identified = []
    for path in paths:
        try:
            identified.append((path, file_checksum(path)))
        except OSError as error:
            logger.warning("left out: %s", error)
    return identified


def _known(
    index: Index,
    photos: Sequence[tuple[Path, str]],
    camera: str,
    start: Optional[datetime],
    found_by: Optional[str],
) -> dict[str, Source]:
    """Return the photos that are in the index already, by their ids."""
    known = {}
    for path, source_id in photos:
        source = index.source(source_id)
        if source is not None:
            check_same(source, camera, start, path, found_by)
            known[source_id] = source
    return known


def _read(
    path: Path,
    source_id: str,
    camera: str,
    time: Optional[datetime],
    detector: Optional[Detector],
    found_by: Optional[str],
) -> _Photo:
    image = read_image(path)
    height, width = image.shape[:2]
    whole = np.array([[0, 0, width, height, 1]], np.float32)
    boxes = whole if detector is None else detector(image)
    source = Source(
        source_id, "photo", str(path.resolve()), camera, time, time, width, height,
        found_by=found_by, persons=len(boxes),
    )  # fmt: skip
    return _Photo(source, boxes, [encode_crop(crop_of(image, box)) for box in boxes])


def _store(index: Index, photos: Sequence[_Photo], model: AppearanceModel) -> int:
    vectors = model.embed([decode_crop(picture) for photo in photos for picture in photo.pictures])
    ends = np.cumsum([len(photo.pictures) for photo in photos])[:-1]
    for photo, rows in zip(photos, np.split(vectors, ends)):
        with index.adding(photo.source.id) as addition:
            for tracklet, picture in _tracklets(photo, rows, model):
                addition.put(tracklet, [picture])
            addition.finish(photo.source)
    return len(vectors)


def _tracklets(
    photo: _Photo, vectors: np.ndarray, model: AppearanceModel
) -> Iterator[tuple[Tracklet, bytes]]:
    source = photo.source
    for number, (box, picture, vector) in enumerate(zip(photo.boxes, photo.pictures, vectors)):
        name = tracklet_id(source.id, number)
        crops = (Crop(crop_name(source.id, name, 0), 0),)
        packed = pack_boxes([(0, 0.0, box)])
        yield (
            Tracklet(
                name, source.id, source.camera, source.start, source.end, packed, crops,
                model.described.sha256, vector,
            ),
            picture,
        )  # fmt: skip


def _taken(path: Path) -> Optional[datetime]:
    """Return when a photo says that it was taken, if it may be; without a time zone as if it were UTC."""
    try:
        with Image.open(path) as image:
            fields = image.getexif().get_ifd(_EXIF)
            text = f"{fields[_TIME]}{fields.get(_OFFSET, '+00:00')}"
            time = datetime.strptime(text, "%Y:%m:%d %H:%M:%S%z").astimezone(timezone.utc)
            return time if is_possible(time) else None
    except Exception:  # damaged headers make readers raise almost anything; the photo is good without
        return None
