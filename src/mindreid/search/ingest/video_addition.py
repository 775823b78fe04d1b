"""A video becomes tracklets of an index."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Optional, Union

import numpy as np
from tqdm import tqdm

from mindreid.data.formats.regular_files import file_checksum
from mindreid.errors import DataError, InvalidArgumentError
from mindreid.search.index.index_protocol import Addition, Index
from mindreid.search.index.source_addition import crop_name
from mindreid.search.index.tracklets import Crop, Source, Tracklet, tracklet_id
from mindreid.search.ingest.appearance_model import AppearanceModel, mean_direction
from mindreid.search.ingest.crop_choice import Candidate, crop_of, crop_quality
from mindreid.search.ingest.crop_pictures import decode_crop, encode_crop, pack_boxes
from mindreid.search.ingest.detectors import Detector, within
from mindreid.search.ingest.given_boxes import GivenBoxes
from mindreid.search.ingest.known_recordings import check_same, is_looked_at_again
from mindreid.search.ingest.recording_times import check_start
from mindreid.search.ingest.stage_clock import StageClock
from mindreid.search.ingest.timed_video import TimedFrame, TimedVideo
from mindreid.search.ingest.tracking import BoxTracker, GivenTracker, OpenTrack
from mindreid.search.retention import oldest_kept

logger = logging.getLogger(__name__)

#: Crops that wait until they are embedded together.
_WAITING = 32
DEFAULT_RATE, _MOST_RATE = 5.0, 1000


@dataclass(frozen=True)
class VideoRules:
    """How a video becomes tracklets.

    Attributes
    ----------
    rate : float
        Frames per second that are looked at, at most 1000; given boxes are taken of every frame.
    crops : int
        Most pictures of a tracklet.
    least_boxes : int
        Shorter tracks are no persons.
    least_height : int
        Pixels; lower boxes are left out, for nobody is to be known in them.

    Raises
    ------
    InvalidArgumentError
        If one of them is not positive, or the rate is more than 1000.
    """

    rate: float = DEFAULT_RATE
    crops: int = 5
    least_boxes: int = 3
    least_height: int = 32

    def __post_init__(self) -> None:
        for name in ("rate", "crops", "least_boxes", "least_height"):
            if not getattr(self, name) > 0:
                raise InvalidArgumentError(f"{name.replace('_', ' ')} is more than 0")
        if self.rate > _MOST_RATE:
            raise InvalidArgumentError(f"rate is at most {_MOST_RATE} frames per second, not {self.rate}")


@dataclass(frozen=True)
class VideoAddition:
    """What became of a video.

    Attributes
    ----------
    source : Source
        As it is in the index.
    tracklets : int
        How many were added.
    expired : int
        How many were not, since their camera's are not kept that long.
    seconds : dict
        By stage; empty if the video was in the index already.
    processor : dict
        Of these, those in which a processor was at work.
    frames : int
        Frames in which persons were looked for.
    """

    source: Source
    tracklets: int
    expired: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    processor: dict[str, float] = field(default_factory=dict)
    frames: int = 0

    @property
    def is_new(self) -> bool:
        """Whether it was not in the index before."""
        return bool(self.seconds)


def add_video(
    index: Index,
    path: Path,
    camera: str,
    model: AppearanceModel,
    persons: Union[Detector, GivenBoxes],
    *,
    start: Optional[datetime] = None,
    rules: VideoRules = VideoRules(),
    found_by: Optional[str] = None,
) -> VideoAddition:
    """Add the tracklets of a video, all of them at once at its end.

    A video is known by its content: one that is in the index already is passed over, unless nobody was
    found in it and something else looks now.

    Parameters
    ----------
    index : Index
        Its model is ``model``.
    path : Path
        The video.
    camera : str
        What recorded it.
    model : AppearanceModel
        Embeds the crops.
    persons : Detector or GivenBoxes
        Who is to be seen where.
    start : datetime, optional
        When the first frame was recorded, with a time zone; by default what the file says.
    rules : VideoRules
        How frames become tracklets.
    found_by : str, optional
        What ``persons`` and ``rules`` are, see :func:`mindreid.search.ingest.finding_ways.video_way`, to
        be noted and compared; without it neither is done.

    Raises
    ------
    DataError
        If the video can't be read, is in the index with another camera or time or persons that something
        else has found, nobody says when it was recorded, or given boxes go beyond its end.
    InvalidArgumentError
        If nothing can have been recorded at ``start``.
    """
    source_id = file_checksum(path)
    known = index.source(source_id)
    if known is not None:
        check_same(known, camera, start, path, found_by)
        if not is_looked_at_again(known, found_by):
            return VideoAddition(known, 0)
        start = known.start
    video = TimedVideo(path)
    begin = recording_begin(video, start)
    if known is not None:
        index.delete_source(source_id)
    with index.adding(source_id) as addition:
        work = _VideoWork(index, addition, model, rules, _Recording(source_id, camera, begin, found_by))
        work.run(video, persons)
        return work.finish(video)


def recording_begin(video: TimedVideo, start: Optional[datetime] = None) -> datetime:
    """Return when a video's first frame was recorded: as somebody says, or else as the file does.

    Raises
    ------
    DataError
        If neither does.
    InvalidArgumentError
        If nothing can have been recorded then.
    """
    check_start(start)
    begin = start or video.recorded
    if begin is None:
        raise DataError(
            "the file does not say when it was recorded",
            where=str(video.path),
            fix="pass --start, e.g. --start 2026-11-01T08:00+01:00",
        )
    return begin


@dataclass(frozen=True)
class _Recording:
    source_id: str
    camera: str
    begin: datetime
    found_by: Optional[str]


class _VideoWork:
    """A video on its way into an index."""

    def __init__(
        self,
        index: Index,
        addition: Addition,
        model: AppearanceModel,
        rules: VideoRules,
        recording: _Recording,
    ) -> None:
        self._addition, self._model, self._rules, self._recording = addition, model, rules, recording
        self._oldest = oldest_kept(index, recording.camera)
        self._clock = StageClock()
        self._waiting: list[tuple[OpenTrack, list[Candidate]]] = []
        self._frames = self._added = self._expired = 0

    def run(self, video: TimedVideo, persons: Union[Detector, GivenBoxes]) -> None:
        """Look at all frames."""
        given = persons if isinstance(persons, GivenBoxes) else None
        # A given box may be in any frame.
        interval = 1 / self._rules.rate if given is None else 0.0
        tracker: Union[BoxTracker, GivenTracker]
        if given is None:
            tracker = BoxTracker(interval, least_boxes=self._rules.least_boxes)
        elif given.ids is None:
            tracker = BoxTracker(given.step / video.rate, least_boxes=self._rules.least_boxes)
        else:
            tracker = GivenTracker(given.ids)
        total = None if video.duration is None else round(video.duration, 1)
        with tqdm(desc=video.path.name, total=total, unit="s", disable=None) as bar:
            for frame in self._clock.timed("decoding", video.frames(interval)):
                if given is None or given.is_due(frame.number):
                    self._look_at(frame, persons, tracker)
                bar.update(min(frame.seconds, bar.total or frame.seconds) - bar.n)
        self._end(tracker.finish())
        self._embed_waiting()
        if given is not None:
            _check_fitting(given, video)

    def finish(self, video: TimedVideo) -> VideoAddition:
        """Make the recording part of the index."""
        recording = self._recording
        height, width = video.size
        end = recording.begin + timedelta(seconds=video.seconds)
        source = Source(
            recording.source_id, "video", str(video.path.resolve()), recording.camera, recording.begin, end,
            width, height, video.read, video.missing, recording.found_by, self._added + self._expired,
        )  # fmt: skip
        with self._clock.stage("storing"):
            self._addition.finish(source)
        clock = self._clock
        return VideoAddition(source, self._added, self._expired, clock.seconds, clock.processor, self._frames)

    def _look_at(
        self,
        frame: TimedFrame,
        persons: Union[Detector, GivenBoxes],
        tracker: Union[BoxTracker, GivenTracker],
    ) -> None:
        self._frames += 1
        with self._clock.stage("detection"):
            if isinstance(persons, GivenBoxes):
                boxes = persons.of_frame(frame.number)
            else:
                boxes = persons(frame.image)
                boxes = boxes[boxes[:, 3] >= self._rules.least_height]
        with self._clock.stage("tracking"):
            found, ended = tracker.update(frame.number, frame.seconds, boxes)
        with self._clock.stage("crops"):
            for track, box in found:
                self._offer(frame, track, box, boxes)
        self._end(ended)

    def _offer(self, frame: TimedFrame, track: OpenTrack, box: np.ndarray, boxes: np.ndarray) -> None:
        inside = within(box[None], *frame.image.shape[:2])
        if not len(inside) or inside[0, 3] < self._rules.least_height:
            return
        crop = crop_of(frame.image, box)
        others = boxes[(boxes != box).any(axis=1)]
        # What is cut off at the edge of the picture counts less.
        share = float(inside[0, 2] * inside[0, 3] / (box[2] * box[3]))
        track.candidates.offer(Candidate(frame.number, crop, share * crop_quality(crop, box, others)))

    def _end(self, tracks: Sequence[OpenTrack]) -> None:
        for track in tracks:
            if not track.candidates or len(track.boxes) < self._rules.least_boxes:
                continue
            with self._clock.stage("crops"):
                self._waiting.append((track, track.candidates.choose(self._rules.crops)))
        if sum(len(crops) for _, crops in self._waiting) >= _WAITING:
            self._embed_waiting()

    def _embed_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        with self._clock.stage("crops"):
            pictures = [[encode_crop(crop.image) for crop in candidates] for _, candidates in waiting]
        with self._clock.stage("embedding"):
            # Of the stored pictures, so that the embedding can be made again from them.
            rows = self._model.embed([decode_crop(picture) for crops in pictures for picture in crops])
        ends = np.cumsum([len(crops) for crops in pictures])[:-1]
        with self._clock.stage("storing"):
            for (track, candidates), crops, vectors in zip(waiting, pictures, np.split(rows, ends)):
                self._put(track, candidates, crops, mean_direction(vectors))

    def _put(
        self, track: OpenTrack, candidates: Sequence[Candidate], pictures: Sequence[bytes], vector: np.ndarray
    ) -> None:
        recording = self._recording
        first, last = (recording.begin + timedelta(seconds=track.boxes[place][1]) for place in (0, -1))
        if self._oldest is not None and last < self._oldest:
            self._expired += 1
            return
        name = tracklet_id(recording.source_id, self._added)
        crops = tuple(
            Crop(crop_name(recording.source_id, name, number), candidate.frame)
            for number, candidate in enumerate(candidates)
        )
        tracklet = Tracklet(
            name, recording.source_id, recording.camera, first, last, pack_boxes(track.boxes), crops,
            self._model.described.sha256, vector,
        )  # fmt: skip
        self._addition.put(tracklet, pictures)
        self._added += 1


def _check_fitting(given: GivenBoxes, video: TimedVideo) -> None:
    if given.last >= video.read:
        raise DataError(
            f"the boxes go to frame {given.last}, the video to {video.read - 1}",
            where=str(given.path),
            fix="pass the video and the boxes of the same recording",
        )
    if video.missing:
        raise DataError(
            f"{video.missing} frames can't be decoded, so that boxes behind the damaged ones would be put "
            "into others",
            where=str(video.path),
            fix="convert the video and find the boxes anew",
        )
