"""Arguments that say who in a picture is looked for."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from mindreid.errors import InvalidArgumentError

if TYPE_CHECKING:
    from mindreid.search.ingest import Detector
    from mindreid.search.query_picture import QueryPicture

logger = logging.getLogger(__name__)


def add_query_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--box``, ``--whole``, ``--detector`` and ``--person-class``, which go with ``--image``."""
    parser.add_argument(
        "--box", type=box_argument, metavar="LEFT,TOP,WIDTH,HEIGHT",
        help="where the person is in the picture, in pixels (default: the one who is found in it)",
    )  # fmt: skip
    parser.add_argument("--whole", action="store_true", help="the picture shows one person from edge to edge")
    parser.add_argument(
        "--detector", type=Path, metavar="FILE.onnx",
        help="finds the person in the picture, YOLO or RT-DETR (default: OpenCV's)",
    )  # fmt: skip
    parser.add_argument("--person-class", type=int, default=0, help="the detector's class of persons, from 0")


def has_query_options(parsed: argparse.Namespace) -> bool:
    """Whether anything is said of a picture.

    Raises
    ------
    InvalidArgumentError
        If what is said contradicts itself.
    """
    said = [
        name
        for name, is_said in (
            ("--box", parsed.box is not None),
            ("--whole", parsed.whole),
            ("--detector", parsed.detector is not None),
        )
        if is_said
    ]
    if len(said) > 1:
        raise InvalidArgumentError(
            f"{' and '.join(said)} exclude each other",
            fix="say where the person is, or that the picture shows nothing else, or what looks for persons",
        )
    return bool(said)


def box_argument(text: str) -> tuple[float, ...]:
    """Read four numbers.

    Raises
    ------
    argparse.ArgumentTypeError
        If there are others.
    """
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    if len(values) != 4 or not all(abs(value) < 1e6 for value in values) or min(values[2:]) <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no box LEFT,TOP,WIDTH,HEIGHT in pixels")
    return values


def query_picture_of(parsed: argparse.Namespace) -> QueryPicture:
    """Return who is looked for in ``--image``; whom nobody has pointed at is logged.

    Raises
    ------
    DataError
        If it can't be read.
    InvalidArgumentError
        If it is not clear who is looked for.
    """
    from mindreid.search.ingest.hog_people import HogPeople
    from mindreid.search.ingest.onnx_detector import OnnxDetector
    from mindreid.search.query_picture import boxed_person, person_in_picture, whole_picture

    if parsed.box is not None:
        return boxed_person(parsed.image, parsed.box)
    if parsed.whole:
        return whole_picture(parsed.image)
    detector: Detector = HogPeople()
    if parsed.detector is not None:
        detector = OnnxDetector(parsed.detector, person_class=parsed.person_class)
    found = person_in_picture(parsed.image, detector)
    logger.info("%s", found.told)
    return found
