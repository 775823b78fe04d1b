"""What the page asks for: people in a picture, searches that are refined, what the hits look like."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Callable, Generic, Optional, TypeVar

import numpy as np
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from mindreid.errors import DataError, InvalidArgumentError
from mindreid.search.calibration import Calibration
from mindreid.search.finding import RatedHit, find_others, is_nobody, rate_hits
from mindreid.search.index import Filters, Index, Tracklet, check_cameras
from mindreid.search.ingest import AppearanceModel, Detector
from mindreid.search.ingest.crop_choice import crop_of
from mindreid.search.ingest.detectors import within
from mindreid.search.page.query_refinement import refine
from mindreid.search.page.recorded_frames import encode_jpeg

#: Pictures and searches that are kept in memory; older ones go.
_PICTURES, _SEARCHES = 16, 64
_MOST_HITS = 200
#: Pixels; a box that is farther away is none of a picture.
_FARTHEST = 1e6
#: Frames around one in which somebody without a box of that frame is shown, in seconds.
_SAME_MOMENT = 0.25

_Name = Annotated[str, Field(min_length=1, max_length=200)]
_Kept = TypeVar("_Kept")


class SearchWish(BaseModel):
    """A search, as the page sends it.

    Attributes
    ----------
    picture, box
        Somebody in an uploaded picture: its name, and left, top, width, height in its pixels; or
    tracklet
        somebody in the index.
    cameras, after, before
        See :class:`mindreid.search.index.Filters`.
    top
        How many hits.
    reason
        Why, for the log.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    picture: Optional[_Name] = None
    box: Optional[tuple[float, float, float, float]] = None
    tracklet: Optional[_Name] = None
    cameras: tuple[_Name, ...] = Field(default=(), max_length=1000)
    after: Optional[AwareDatetime] = None
    before: Optional[AwareDatetime] = None
    top: int = Field(default=24, ge=1, le=_MOST_HITS)
    reason: str = Field(min_length=1, max_length=500, pattern=r"\S")

    @property
    def filters(self) -> Filters:
        """What the index is to look at."""
        return Filters(self.cameras, self.after, self.before)


class RefineWish(BaseModel):
    """What the user says of a search's hits: the ids of tracklets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    confirmed: tuple[_Name, ...] = Field(default=(), max_length=_MOST_HITS)
    rejected: tuple[_Name, ...] = Field(default=(), max_length=_MOST_HITS)


@dataclass(frozen=True)
class Picture:
    """An uploaded picture.

    Attributes
    ----------
    image : np.ndarray
        uint8 RGB ``[H, W, 3]``.
    sha256 : str
        Of the file.
    """

    image: np.ndarray
    sha256: str


@dataclass
class Search:
    """A search, from its query to what was said of its hits.

    Attributes
    ----------
    wish : SearchWish
        As it was sent.
    query : np.ndarray
        Embedding of who is looked for, as it was first.
    crop : bytes
        JPEG of who is looked for.
    asked : dict
        How the log names who is looked for.
    hits : list of RatedHit
        As they are now.
    confirmed, rejected : tuple of str
        Ids of tracklets.
    """

    wish: SearchWish
    query: np.ndarray
    crop: bytes
    asked: dict[str, str]
    hits: list[RatedHit] = field(default_factory=list)
    confirmed: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()

    @property
    def is_refined(self) -> bool:
        """Whether the query was moved, so that nobody knows what its scores mean."""
        return bool(self.confirmed or self.rejected)


class _Recent(Generic[_Kept]):
    """The last few of something, each under a name that nobody can guess."""

    def __init__(self, most: int, what: str) -> None:
        self._most, self._what = most, what
        self._held: OrderedDict[str, _Kept] = OrderedDict()

    def put(self, value: _Kept) -> str:
        name = secrets.token_urlsafe(12)
        self._held[name] = value
        while len(self._held) > self._most:
            self._held.popitem(last=False)
        return name

    def get(self, name: str) -> _Kept:
        if name not in self._held:
            raise DataError(f"this {self._what} is not held any more", fix="begin anew")
        self._held.move_to_end(name)
        return self._held[name]

    def drop(self, name: str) -> None:
        self._held.pop(name, None)


class SearchService:
    """An index with all that is needed to search it by pictures; for several threads.

    Parameters
    ----------
    index : Index
        Not empty.
    model : AppearanceModel
        The index's.
    detector : Detector
        Finds persons in uploaded pictures.
    calibration : Calibration, optional
        What scores mean.
    decode : callable
        Turns an uploaded file into uint8 RGB ``[H, W, 3]``, or raises ``DataError``.
    """

    def __init__(
        self,
        index: Index,
        model: AppearanceModel,
        detector: Detector,
        calibration: Optional[Calibration],
        decode: Callable[[bytes], np.ndarray],
    ) -> None:
        self.index = index
        self._model, self._detector, self._calibration, self._decode = model, detector, calibration, decode
        # One embedding or search at a time: they fill the processors anyway.
        self._turn = threading.RLock()
        self._pictures: _Recent[Picture] = _Recent(_PICTURES, "picture")
        self._searches: _Recent[Search] = _Recent(_SEARCHES, "search")

    def overview(self) -> dict[str, Any]:
        """Return what the index holds: cameras, times, number of tracklets."""
        sources = self.index.sources()
        starts = [source.start for source in sources if source.start is not None]
        ends = [source.end for source in sources if source.end is not None]
        return {
            "tracklets": self.index.count(),
            "recordings": len(sources),
            "cameras": sorted({source.camera for source in sources}),
            "start": _iso(min(starts, default=None)),
            "end": _iso(max(ends, default=None)),
            "calibrated": self._calibration is not None,
        }

    def add_picture(self, content: bytes) -> dict[str, Any]:
        """Decode an uploaded picture and find the persons in it.

        Raises
        ------
        DataError
            If it can't be decoded.
        """
        image = self._decode(content)
        with self._turn:
            people = self._detector(image)
            name = self._pictures.put(Picture(image, hashlib.sha256(content).hexdigest()))
        height, width = image.shape[:2]
        return {
            "picture": name,
            "width": width,
            "height": height,
            "people": [[round(float(side), 1) for side in box[:4]] for box in people],
        }

    def begin(self, wish: SearchWish) -> dict[str, Any]:
        """Search, and note it in the index's log.

        Raises
        ------
        InvalidArgumentError
            If nobody is looked for, a box lies outside of its picture, or the index has no such camera.
        DataError
            If the picture is not held any more, there is no such tracklet, the log can't be written, or
            the index was embedded anew since the service was made.
        """
        with self._turn:
            check_cameras(self.index, wish.cameras)
            search = self._query(wish)
            self._look(search)
            return self._told(self._searches.put(search), search)

    def refine(self, name: str, wish: RefineWish) -> dict[str, Any]:
        """Search again, with what was said of the hits; noted in the log, too.

        What was forgotten in the meantime is passed over.

        Raises
        ------
        InvalidArgumentError
            If a tracklet is both confirmed and rejected.
        DataError
            As :meth:`begin` and :meth:`search`.
        """
        if set(wish.confirmed) & set(wish.rejected):
            raise InvalidArgumentError("a tracklet is confirmed or rejected, not both")
        with self._turn:
            search = self.search(name)
            search.confirmed, search.rejected = map(self._still_there, (wish.confirmed, wish.rejected))
            self._look(search)
            return self._told(name, search)

    def search(self, name: str) -> Search:
        """Return a search that is still held, without what was forgotten in the meantime.

        Raises
        ------
        DataError
            If it is not held any more, or who was looked for was forgotten.
        """
        with self._turn:
            search = self._searches.get(name)
            asked = search.wish.tracklet
            if asked is not None and not self._still_there((asked,)):
                self._searches.drop(name)
                raise DataError("who was looked for was forgotten in the meantime", fix="begin anew")
            search.confirmed, search.rejected = map(self._still_there, (search.confirmed, search.rejected))
            there = set(self._still_there([hit.hit.tracklet.id for hit in search.hits]))
            search.hits = [hit for hit in search.hits if hit.hit.tracklet.id in there]
            return search

    def picture(self, name: str) -> bytes:
        """Return an uploaded picture as JPEG."""
        return encode_jpeg(self._pictures.get(name).image)

    def people_beside(self, tracklet: Tracklet, box: np.void) -> list[dict[str, Any]]:
        """Return who else is in the frame of a tracklet's box: their tracklets, and where they are."""
        found = []
        for other in self.index.tracklets(Filters(sources=(tracklet.source,))):
            distances = np.abs(other.boxes["seconds"] - box["seconds"])
            near = int(distances.argmin())
            if distances[near] <= _SAME_MOMENT:
                sides = [float(other.boxes[near][side]) for side in ("left", "top", "width", "height")]
                found.append({"tracklet": other.id, "box": [round(side, 1) for side in sides]})
        return found

    def _still_there(self, names: Sequence[str]) -> tuple[str, ...]:
        there = []
        for name in names:
            with suppress(DataError):
                there.append(self.index.tracklet(name).id)
        return tuple(there)

    def _check_model(self) -> None:
        now = self.index.model()
        if now is None or not now.embeds_like(self._model.described):
            raise DataError(
                "the index was embedded anew by another network",
                where=self.index.location,
                fix="start `mindreid search serve` again",
            )

    def _query(self, wish: SearchWish) -> Search:
        if (wish.picture is None) == (wish.tracklet is None):
            raise InvalidArgumentError("look for somebody in a picture or for a tracklet of the index")
        if wish.tracklet is not None:
            tracklet = self.index.tracklet(wish.tracklet)
            # Not by its id: the log must not hold what can be forgotten.
            asked = {"tracklet_sha256": hashlib.sha256(tracklet.id.encode()).hexdigest()}
            return Search(wish, tracklet.embedding, self.index.read_crop(tracklet.crops[0]), asked)
        picture = self._pictures.get(wish.picture or "")
        crop = picture.image
        if wish.box is not None:
            box = np.array([[*wish.box, 1.0]])
            is_near = bool((np.abs(box) < _FARTHEST).all())
            inside = within(box, *picture.image.shape[:2]) if is_near else box[:0]
            if not len(inside):
                raise InvalidArgumentError("the box lies outside of the picture")
            crop = crop_of(picture.image, inside[0])
        asked = {"image_sha256": picture.sha256}
        return Search(wish, self._model.embed([crop])[0], encode_jpeg(crop), asked)

    def _look(self, search: Search) -> None:
        wish = search.wish
        self._check_model()
        confirmed, rejected = (
            [self.index.tracklet(name) for name in names] for names in (search.confirmed, search.rejected)
        )
        query = refine(
            search.query, [one.embedding for one in confirmed], [one.embedding for one in rejected]
        )
        # Rejected ones make room for others, and a tracklet is no answer to the question who it is.
        left_out = {*search.rejected} if wish.tracklet is None else {*search.rejected, wish.tracklet}
        hits = find_others(self.index, query, wish.filters, wish.top, left_out)
        self._check_model()  # nor meanwhile
        self._note(search, len(hits))
        search.hits = rate_hits(hits, None if search.is_refined else self._calibration)

    def _note(self, search: Search, hits: int) -> None:
        wish = search.wish
        details = {
            **search.asked,
            "cameras": list(wish.cameras),
            "after": _iso(wish.after),
            "before": _iso(wish.before),
            "confirmed": len(search.confirmed),
            "rejected": len(search.rejected),
            "hits": hits,
            "reason": wish.reason,
            "page": True,
        }
        self.index.append_log("find", details)

    def _told(self, name: str, search: Search) -> dict[str, Any]:
        sources = {source.id: source for source in self.index.sources()}
        hits = []
        for hit in search.hits:
            source = sources.get(hit.hit.tracklet.source)
            if source is None:  # forgotten since it was found
                continue
            hits.append(
                {**hit.as_json(), "kind": source.kind, "width": source.width, "height": source.height}
            )
        told = {"search": name, "nobody": is_nobody(search.hits), "refined": search.is_refined, "hits": hits}
        return {**told, **_said(search)}


def _said(search: Search) -> dict[str, Sequence[str]]:
    return {"confirmed": search.confirmed, "rejected": search.rejected}


def _iso(time: Optional[datetime]) -> Optional[str]:
    return None if time is None else time.isoformat()
