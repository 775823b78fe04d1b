"""Arguments that several actions of ``mindreid search`` share."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Optional

from mindreid.errors import InvalidArgumentError

if TYPE_CHECKING:
    from mindreid.search.calibration import Calibration
    from mindreid.search.index import Filters, Index, IndexedModel
    from mindreid.search.ingest.given_boxes import GivenBoxes

logger = logging.getLogger(__name__)


def add_index(parser: argparse.ArgumentParser) -> None:
    """Add the index."""
    parser.add_argument(
        "index", metavar="INDEX", help="a folder, or milvus://HOST:PORT/COLLECTION of a Milvus database"
    )


def add_model(parser: argparse.ArgumentParser, default: str) -> None:
    """Add ``--model`` and ``--model-input``: what embeds persons."""
    parser.add_argument(
        "--model", type=Path, metavar="FILE.mindir|FILE.onnx",
        help=f"what `mindreid export` wrote, or an ONNX network of others (default: {default})",
    )  # fmt: skip
    parser.add_argument(
        "--model-input", metavar="NAME|FILE.json",
        help="what a network of others takes: open-model-zoo, imagenet, or a description; by default that in "
        "<model>.input.json",
    )  # fmt: skip


def add_moved_model(parser: argparse.ArgumentParser) -> None:
    """Add ``--model`` for a network that can be no other than the index's."""
    parser.add_argument(
        "--model",
        type=Path,
        metavar="FILE",
        help="the index's network, if it was moved since (default: there)",
    )


def calibration_of(model: IndexedModel, path: Optional[Path]) -> Optional[Calibration]:
    """Read the calibration beside an index's network, or ``None``; that there is no network is logged.

    Parameters
    ----------
    model : IndexedModel
        The index's.
    path : Path, optional
        Where the network is, if it was moved.

    Raises
    ------
    InvalidArgumentError
        If the network at ``path`` is not the index's.
    DataError
        If the calibration is damaged, or was learnt with another model.
    """
    from mindreid.search.calibration import load_calibration
    from mindreid.search.ingest.appearance_model import place_of

    found = load_calibration(model, None if path is None else place_of(model, path))
    if found is None and path is None and not Path(model.path).is_file():
        logger.warning(
            "%s, beside which a calibration would be, is not there any more: pass its place with --model",
            model.path,
        )
    return found


def add_filters(parser: argparse.ArgumentParser) -> None:
    """Add ``--camera``, ``--after`` and ``--before``."""
    parser.add_argument(
        "--camera",
        type=text_argument,
        action="append",
        default=[],
        help="only of this camera (repeatable; default: all)",
    )
    parser.add_argument("--after", type=time_argument, metavar="TIME", help="only seen at this time or later")
    parser.add_argument(
        "--before", type=time_argument, metavar="TIME", help="only seen at this time or earlier"
    )


def add_reason(parser: argparse.ArgumentParser) -> None:
    """Add ``--reason``."""
    parser.add_argument("--reason", default="", metavar="TEXT", help="why, for the index's log")


def filters_of(index: Index, parsed: argparse.Namespace) -> Filters:
    """Return the filters that the arguments ask for.

    Raises
    ------
    InvalidArgumentError
        If the index does not have one of the cameras, or nothing can be after and before these times.
    """
    from mindreid.search.index import Filters, check_cameras

    check_cameras(index, parsed.camera)
    return Filters(tuple(parsed.camera), parsed.after, parsed.before)


def read_truths(texts: Sequence[str]) -> dict[str, GivenBoxes]:
    """Read the annotated tracks that ``CAMERA=FILE`` name.

    Raises
    ------
    InvalidArgumentError
        If one is nothing like that, or names what another one names.
    DataError
        If a file can't be read.
    """
    from mindreid.search.ingest.given_boxes import read_boxes

    truths = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if not (name and equals and path):
            raise InvalidArgumentError(f"--truth is CAMERA=FILE, not {text!r}")
        if name in truths:
            raise InvalidArgumentError(f"--truth names {name} twice")
        truths[name] = read_boxes(Path(path))
    return truths


def text_argument(text: str) -> str:
    """Read a name of something in an index: not empty, and such as a text can hold.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is none.
    """
    if not text.strip():
        raise argparse.ArgumentTypeError("an empty name is none")
    if text != text.encode("utf-8", "replace").decode():
        raise argparse.ArgumentTypeError(f"{text!r} has bytes that are no UTF-8")
    return text


def time_argument(text: str) -> datetime:
    """Read a time in the manner of ISO 8601; one without a time zone is taken as UTC.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is none.
    """
    try:
        time = datetime.fromisoformat(f"{text[:-1]}+00:00" if text.endswith(("Z", "z")) else text)
        if time.tzinfo is not None:
            return time.astimezone(timezone.utc)
    except (ValueError, OverflowError):  # in UTC it may be before the year 1
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time such as 2026-11-01T08:00 or 2026-11-01T08:00+01:00"
        ) from None
    logger.warning("%s has no time zone and is taken as UTC", text)
    return time.replace(tzinfo=timezone.utc)


def shown_time(time: object) -> str:
    """Return a time for users, in UTC and to the second."""
    return f"{time:%Y-%m-%d %H:%M:%S}" if isinstance(time, datetime) else "at an unknown time"
