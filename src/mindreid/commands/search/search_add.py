"""``mindreid search add`` and ``mindreid search reembed``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Optional, Union

from mindreid.commands.arguments import positive_integer, say
from mindreid.commands.search.search_arguments import (
    add_index,
    add_model,
    add_reason,
    shown_time,
    text_argument,
    time_argument,
)
from mindreid.errors import InvalidArgumentError, MindReidError

if TYPE_CHECKING:
    from mindreid.search.index import Index, Source
    from mindreid.search.ingest import AppearanceModel, VideoAddition
    from mindreid.search.ingest.detectors import Detector
    from mindreid.search.ingest.given_boxes import GivenBoxes
    from mindreid.search.ingest.video_addition import VideoRules


def add(actions: argparse._SubParsersAction) -> None:
    """Add the actions to ``mindreid search``."""
    parser = actions.add_parser("add", help="add the persons in videos or photos to an index")
    add_index(parser)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--video", type=Path, nargs="+", metavar="FILE", help="videos (this or --photos)")
    what.add_argument(
        "--photos",
        type=Path,
        metavar="DIR|FILE",
        help="a photo, or a folder with those below it, also linked ones",
    )
    parser.add_argument(
        "--camera", type=text_argument, required=True, help="what recorded it; any name (required)"
    )
    parser.add_argument(
        "--start", type=time_argument, metavar="TIME",
        help="when the first frame was recorded, e.g. 2026-11-01T08:00+01:00; without a time zone in UTC "
        "(default: what the file says)",
    )  # fmt: skip
    add_model(parser, "the index's; of a new one what scripts/quickstart.sh made")
    _add_persons(parser)
    add_reason(parser)
    parser.set_defaults(run=_add)
    again = actions.add_parser("reembed", help="embed all of an index anew with another network")
    add_index(again)
    add_model(again, "what scripts/quickstart.sh made")
    again.set_defaults(run=_reembed)


def _add_persons(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--detector", type=Path, metavar="FILE.onnx",
        help="a person detector, YOLO or RT-DETR (default: OpenCV's, where something moves)",
    )  # fmt: skip
    parser.add_argument("--person-class", type=int, default=0, help="the detector's class of persons, from 0")
    parser.add_argument(
        "--boxes", type=Path, metavar="FILE",
        help="boxes or tracks of one video, found elsewhere: MOT text, or .json (default: they are found)",
    )  # fmt: skip
    parser.add_argument("--whole", action="store_true", help="every photo shows one person from edge to edge")
    parser.add_argument("--rate", type=float, default=5.0, help="frames per second that are looked at")
    parser.add_argument("--crops", type=positive_integer, default=5, help="most pictures of a tracklet")


def _add(parsed: argparse.Namespace) -> None:
    _refuse_contradictions(parsed)
    from mindreid.search.forgetting import forget_expired
    from mindreid.search.index import open_index
    from mindreid.search.ingest.finding_ways import photo_way, video_way
    from mindreid.search.ingest.given_boxes import read_boxes
    from mindreid.search.ingest.moving_people import MovingPeople
    from mindreid.search.ingest.recording_times import check_start
    from mindreid.search.ingest.video_addition import VideoRules

    check_start(parsed.start, is_photo=parsed.photos is not None)
    rules = VideoRules(rate=parsed.rate, crops=parsed.crops)
    given = None if parsed.boxes is None else read_boxes(parsed.boxes)
    present = _present(parsed)
    model = _model(parsed, present)
    detector = _detector(parsed)
    if parsed.photos is not None:
        found_by = photo_way(parsed.detector, parsed.person_class, whole=parsed.whole)
    else:
        found_by = video_way(given, parsed.detector, parsed.person_class, rules)
    paths = _readable(parsed, present, found_by)
    index = open_index(parsed.index, create=True)
    with index.exclusive():
        index.set_model(model.described)
        if parsed.photos is not None:
            _add_photos(index, paths, parsed, model, detector, found_by)
        for path in paths if parsed.photos is None else ():
            _add_video(index, path, parsed, model, given or detector or MovingPeople(), rules, found_by)
        expired = forget_expired(index)
        if expired is not None:
            say(f"forgot {len(expired.deleted.ids)} tracklets that were older than their cameras' are kept")
    say(f"{parsed.index}: {index.count()} tracklets of {len(index.sources())} recordings")


def _refuse_contradictions(parsed: argparse.Namespace) -> None:
    single = len(parsed.video or ()) <= 1
    if parsed.boxes is not None and (parsed.photos is not None or not single):
        raise InvalidArgumentError("--boxes are those of one video")
    if parsed.boxes is not None and parsed.detector is not None:
        raise InvalidArgumentError("--boxes are found already: leave out --detector")
    if parsed.start is not None and not single:
        raise InvalidArgumentError("--start is that of one video: add them one by one")
    if parsed.whole and parsed.photos is None:
        raise InvalidArgumentError("--whole is for --photos")
    if parsed.whole and parsed.detector is not None:
        raise InvalidArgumentError("--whole photos are not searched for persons: leave out --detector")


def _present(parsed: argparse.Namespace) -> Optional[Index]:
    """Return the index if there is one; why there is none, making it tells."""
    from mindreid.search.index import open_index

    try:
        return open_index(parsed.index)
    except MindReidError:
        return None


def _readable(parsed: argparse.Namespace, present: Optional[Index], found_by: str) -> list[Path]:
    """Return the videos or photos; for what can't be added, no index is made, nor one half filled."""
    from mindreid.data.formats.regular_files import file_checksum
    from mindreid.search.ingest.known_recordings import check_same
    from mindreid.search.ingest.photo_addition import list_photos
    from mindreid.search.ingest.timed_video import TimedVideo
    from mindreid.search.ingest.video_addition import recording_begin

    if parsed.photos is not None:
        return list_photos(parsed.photos)
    for video in map(TimedVideo, parsed.video):
        known = None if present is None else present.source(file_checksum(video.path))
        if known is None:
            recording_begin(video, parsed.start)
        else:
            check_same(known, parsed.camera, parsed.start, video.path, found_by)
    return list(parsed.video)


def _model(parsed: argparse.Namespace, present: Optional[Index]) -> AppearanceModel:
    """Open the network that was asked for, or that of the index."""
    from mindreid.search.ingest.appearance_model import open_appearance_model, reopen

    own = None if present is None else present.model()
    if parsed.model is None and own is not None:
        return reopen(own, batch=16)
    return open_appearance_model(parsed.model, inputs=parsed.model_input)


def _add_video(
    index: Index,
    path: Path,
    parsed: argparse.Namespace,
    model: AppearanceModel,
    persons: Union[Detector, GivenBoxes],
    rules: VideoRules,
    found_by: str,
) -> None:
    from mindreid.search.ingest.video_addition import add_video

    added = add_video(
        index, path, parsed.camera, model, persons, start=parsed.start, rules=rules, found_by=found_by
    )
    if not added.is_new:
        _tell_known(index, path, added.source)
        return
    index.append_log(
        "add",
        {
            "recording": added.source.id,
            "file": path.name,
            "camera": parsed.camera,
            "tracklets": added.tracklets,
            "reason": parsed.reason,
        },
    )
    _tell(path, added)


def _tell_known(index: Index, path: Path, known: Source) -> None:
    from mindreid.search.index import Filters
    from mindreid.search.ingest.known_recordings import forget_first

    count = index.count(Filters(sources=(known.id,)))
    say(f"{path} is in the index already, with {count} tracklets: nothing was added")
    if known.found_by is None:
        say(
            "an earlier version added it and did not note what found its persons: if it is to be done anew, "
            f"{forget_first(known)}"
        )
    elif known.persons == 0:
        say("nobody was found in it: it is looked at again with other options (--detector, --boxes, --rate)")


def _tell(path: Path, added: VideoAddition) -> None:
    source = added.source
    say(
        f"{path}: {added.tracklets} tracklets of camera {source.camera}, {shown_time(source.start)} to "
        f"{shown_time(source.end)} UTC, {source.frames} frames read"
    )
    if source.missing:
        say(f"warning: {source.missing} frames of {path} could not be decoded: what they show is not indexed")
    if added.expired:
        say(f"{added.expired} tracklets are older than this camera's are kept, and were not added")
    total = sum(added.seconds.values())
    stages = ", ".join(
        f"{name} {added.frames / max(spent, 1e-9):.0f}" for name, spent in added.seconds.items()
    )
    say(f"{added.frames} frames looked at, {added.frames / total:.1f} a second (by stage: {stages})")


def _add_photos(
    index: Index,
    paths: list[Path],
    parsed: argparse.Namespace,
    model: AppearanceModel,
    detector: Optional[Detector],
    found_by: str,
) -> None:
    from mindreid.search.ingest.hog_people import HogPeople
    from mindreid.search.ingest.photo_addition import add_photos

    persons = None if parsed.whole else detector or HogPeople()
    added = add_photos(index, paths, parsed.camera, model, persons, start=parsed.start, found_by=found_by)
    index.append_log(
        "add",
        {
            "photos": added.photos,
            "camera": parsed.camera,
            "tracklets": added.tracklets,
            "reason": parsed.reason,
        },
    )
    say(
        f"{parsed.photos}: {added.tracklets} persons in {added.photos} photos; {added.known} were there "
        f"already, {added.unreadable} can't be read, {added.expired} are too old to be kept"
    )
    if added.empty:
        say(
            f"of those there already, {added.empty} have nobody in them: with --whole or another --detector "
            "they are looked at again"
        )
    if added.unnoted:
        say(
            f"an earlier version added {added.unnoted} of them and did not note what found their persons: to "
            "look at one again, forget it first with `mindreid search forget INDEX --recording`, which takes "
            "what `mindreid search info` calls it"
        )


def _detector(parsed: argparse.Namespace) -> Optional[Detector]:
    from mindreid.search.ingest.onnx_detector import OnnxDetector

    return (
        None if parsed.detector is None else OnnxDetector(parsed.detector, person_class=parsed.person_class)
    )


def _reembed(parsed: argparse.Namespace) -> None:
    from mindreid.search.index import open_index
    from mindreid.search.ingest.appearance_model import open_appearance_model
    from mindreid.search.reembedding import reembed

    index = open_index(parsed.index)
    model = open_appearance_model(parsed.model, inputs=parsed.model_input)
    say(f"embedded {reembed(index, model)} tracklets anew with {model.described.path}")
