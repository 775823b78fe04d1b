"""Arguments that several commands share, and how a command speaks."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mindreid.engine.platform.logs import write_line
from mindreid.errors import InvalidArgumentError

if TYPE_CHECKING:
    from mindreid.config import Override


class _DefaultsInHelp(argparse.HelpFormatter):
    """Ends an option's help with its default, unless the help tells it already."""

    def _get_help_string(self, action: argparse.Action) -> str:
        text = action.help or ""
        is_switch = action.default in (None, False, [], argparse.SUPPRESS)
        if is_switch or action.default == "" or "default" in text:
            return text
        return f"{text} (default: %(default)s)"


class CommandParser(argparse.ArgumentParser):
    """A parser whose help tells every default; the parsers of its commands do the same."""

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=_DefaultsInHelp, **options)


def add_recipe(parser: argparse.ArgumentParser, required: bool = True) -> None:
    """Add ``--config``, ``--set`` and ``--root``: a recipe and what is changed in it."""
    parser.add_argument(
        "--config", required=required, metavar="NAME|FILE", help="a recipe, e.g. mgn/market1501"
    )
    add_overrides(parser)
    parser.add_argument("--root", help="folder of the dataset; short for --set dataset.root=ROOT")


def add_overrides(parser: argparse.ArgumentParser) -> None:
    """Add ``--set``."""
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides",
        help="override a key of the recipe, e.g. --set train.epochs=20 (repeatable)",
    )  # fmt: skip


def add_dataset(parser: argparse.ArgumentParser, names: Sequence[str]) -> None:
    """Add ``--name``, ``--root`` and ``--set``: one of some datasets, its folder, the loader's options."""
    parser.add_argument("--name", required=True, help=f"the dataset: {', '.join(names)}")
    parser.add_argument("--root", required=True, help="its folder, as unpacked")
    parser.add_argument(
        "--set", action="append", default=[], metavar="OPTION=VALUE", dest="options",
        help="an option of the dataset's loader, e.g. --set variant=detected of cuhk03 (repeatable)",
    )  # fmt: skip


def overrides(parsed: argparse.Namespace) -> list[Override]:
    """Return the overrides of the recipe that the arguments ask for.

    Raises
    ------
    InvalidArgumentError
        If one is a name that no text can hold.
    """
    root = [("dataset.root", parsed.root)] if getattr(parsed, "root", None) else []
    for text in (*parsed.overrides, getattr(parsed, "root", None) or ""):
        if not text.isascii() and text != text.encode("utf-8", "replace").decode():
            raise InvalidArgumentError(
                "a recipe can't hold a name whose bytes are no UTF-8", where=text, fix="rename or link it"
            )
    return [*parsed.overrides, *root]


def add_weights(parser: argparse.ArgumentParser) -> None:
    """Add the choice between a checkpoint and the network as training would start."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--checkpoint",
        type=Path,
        metavar="FILE",
        help="last.ckpt of a run, or converted weights",
    )
    which.add_argument("--untrained", action="store_true", help="the network as training would start")


def add_picture(parser: argparse.ArgumentParser) -> None:
    """Add ``--output``: the picture to write."""
    parser.add_argument("--output", type=Path, required=True, metavar="FILE.png", help="the picture to write")


def add_split(parser: argparse.ArgumentParser, default: str) -> None:
    """Add ``--split``: which records of a dataset."""
    parser.add_argument(
        "--split", choices=("train", "query", "gallery"), default=default, help="which records of the dataset"
    )


def positive_integer(text: str) -> int:
    """Read a count of at least 1; for ``type`` of an argument.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is anything else.
    """
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no integer of at least 1")
    return number


def say(text: str) -> None:
    """Write a line of a command's result to standard output."""
    write_line(text)


def add_pose_source(parser: argparse.ArgumentParser) -> None:
    """Add where poses come from: files of a pose estimator, or one that is run."""
    parser.add_argument(
        "--keypoints",
        type=Path,
        metavar="PATH",
        help="JSON of AlphaPose, OpenPose, COCO or MediaPipe's landmarks, a tree of such files in the "
        "images' folders, or a walkers' frames.jsonl; by default poses are estimated with the extra 'pose'",
    )
    parser.add_argument(
        "--pose-python",
        type=Path,
        metavar="PYTHON",
        help="interpreter of an environment with mediapipe; by default what setup.sh --extras pose made",
    )
