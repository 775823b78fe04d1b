"""Arguments that several commands share, and how a command speaks."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from mindreid.engine.platform.logs import write_line
from mindreid.errors import InvalidArgumentError


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


def overrides(parsed: argparse.Namespace) -> list[str]:
    """Return the overrides of the recipe that the arguments ask for.

    Raises
    ------
    InvalidArgumentError
        If one is a name that no text can hold.
    """
    # An override's value is YAML, in which a path such as "a: b", "#1" or "7" means something else.
    root = [f"dataset.root={json.dumps(parsed.root)}"] if getattr(parsed, "root", None) else []
    for text in (*parsed.overrides, getattr(parsed, "root", None) or ""):
        if not text.isascii() and text != text.encode("utf-8", "replace").decode():
            raise InvalidArgumentError(
                "a recipe can't hold a name whose bytes are no UTF-8", where=text, fix="rename or link it"
            )
    return [*parsed.overrides, *root]


def add_weights(parser: argparse.ArgumentParser) -> None:
    """Add the choice between a checkpoint and the network as training would start."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--checkpoint", type=Path, metavar="FILE")
    which.add_argument("--untrained", action="store_true", help="the network as training would start")


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
