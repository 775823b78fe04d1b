"""``mindreid album``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Optional

from mindreid.commands.arguments import say
from mindreid.commands.search.search_arguments import add_model
from mindreid.errors import InvalidArgumentError

if TYPE_CHECKING:
    from mindreid.search.ingest import AppearanceModel, Detector

#: Where nobody has said what a network's similarities mean.
_SIMILARITY = 0.7


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("album", help="put the photos of one person together")
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="a folder of photos, which is only read")
    parser.add_argument(
        "--output", type=Path, metavar="DIR",
        help="the album: new, or of an earlier run (default: PHOTOS-album beside PHOTOS)",
    )  # fmt: skip
    add_model(parser, "that of the album; of a new one what scripts/quickstart.sh made")
    who = parser.add_mutually_exclusive_group()
    who.add_argument(
        "--detector",
        type=Path,
        metavar="FILE.onnx",
        help="a person detector, YOLO or RT-DETR (default: OpenCV's)",
    )
    who.add_argument("--whole", action="store_true", help="every photo shows one person from edge to edge")
    parser.add_argument("--person-class", type=int, default=0, help="the detector's class of persons, from 0")
    parser.add_argument(
        "--similarity", type=float,
        help="mean similarity from which on pictures show one person (default: from which on hits of a "
        f"calibrated network are likely right, else {_SIMILARITY})",
    )  # fmt: skip
    _add_wishes(parser)
    parser.set_defaults(run=_album)


def _add_wishes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--name", type=_name, action="append", default=[], metavar="WHO=NAME", dest="names",
        help="call a group, or a picture by its id, by a name (repeatable)",
    )  # fmt: skip
    parser.add_argument(
        "--merge", nargs=2, action="append", default=[], metavar="WHO", dest="merges",
        help="two groups, or a group and a picture, are the same person (repeatable)",
    )  # fmt: skip
    parser.add_argument(
        "--apart", action="append", default=[], metavar="PICTURE",
        help="a picture is in the wrong group (repeatable)",
    )  # fmt: skip
    parser.add_argument("--regroup", action="store_true", help="make the groups without a name anew")


def _name(text: str) -> tuple[str, str]:
    who, equals, name = text.partition("=")
    if not (who.strip() and equals and name.strip()):
        raise argparse.ArgumentTypeError(f"{text!r} is not WHO=NAME, such as 3=Anna")
    if name != name.encode("utf-8", "replace").decode():
        raise argparse.ArgumentTypeError(f"{name!r} has letters that no text can hold")
    return who.strip(), name.strip()


def _album(parsed: argparse.Namespace) -> None:
    from mindreid.search.album.album_run import AlbumWishes, detector_name, make_album

    folder = parsed.output or parsed.photos.absolute().with_name(f"{parsed.photos.absolute().name}-album")
    model = _model(parsed, folder)
    similarity = parsed.similarity
    if similarity is None:
        similarity = _likely(model, parsed.model)
    album = make_album(
        parsed.photos,
        folder,
        model,
        _detector(parsed),
        found_by=detector_name(parsed.detector, whole=parsed.whole),
        least_similarity=similarity,
        wishes=AlbumWishes(
            tuple(parsed.names),
            tuple((one, other) for one, other in parsed.merges),
            tuple(parsed.apart),
            parsed.regroup,
        ),
    )
    say(
        f"{album.pictures} pictures of persons in {album.photos} photos: {album.persons} persons, "
        f"{album.strangers} strangers (similarity {similarity:.2f})"
    )
    say(f"open {folder / 'index.html'} in a browser; names are in {folder / 'people.csv'}")


def _likely(model: AppearanceModel, path: Optional[Path]) -> float:
    """Return the similarity from which on two pictures are likely one person."""
    from mindreid.search.calibration import load_calibration

    calibration = load_calibration(model.described, path)
    if calibration is None or calibration.likely is None:
        say(f"not calibrated: {_SIMILARITY} is a guess; look at the page, and pass a --similarity that fits")
        return _SIMILARITY
    return calibration.likely


def _model(parsed: argparse.Namespace, folder: Path) -> AppearanceModel:
    from mindreid.search.album.album_run import INDEX
    from mindreid.search.index import open_index
    from mindreid.search.ingest.appearance_model import open_appearance_model, reopen

    if parsed.model is None and (folder / INDEX).is_dir():
        own = open_index(folder / INDEX, create=True).model()
        if own is not None:
            return reopen(own, batch=16)
    return open_appearance_model(parsed.model, inputs=parsed.model_input)


def _detector(parsed: argparse.Namespace) -> Optional[Detector]:
    from mindreid.search.ingest.hog_people import HogPeople
    from mindreid.search.ingest.onnx_detector import OnnxDetector

    if parsed.whole:
        return None
    if parsed.detector is None:
        return HogPeople()
    if not parsed.detector.is_file():
        raise InvalidArgumentError("there is no such detector", where=str(parsed.detector))
    return OnnxDetector(parsed.detector, person_class=parsed.person_class)
