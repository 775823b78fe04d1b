"""``mindreid data film``."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from mindreid.commands.arguments import positive_integer, say


def add(actions: argparse._SubParsersAction) -> None:
    """Add the action to ``mindreid data``."""
    parser = actions.add_parser("film", help="generate videos of walkers that pass several cameras")
    parser.add_argument("--root", type=Path, required=True, help="a folder that is not there yet")
    parser.add_argument("--ids", type=positive_integer, default=12, help="persons")
    parser.add_argument("--cameras", type=positive_integer, default=4, help="cameras, one video each")
    parser.add_argument("--seed", type=int, default=1, help="decides everything that is drawn")
    parser.add_argument("--first-id", type=positive_integer, default=1, help="number of the first person")
    parser.add_argument(
        "--size", type=_width_and_height, default="320x240", metavar="WIDTHxHEIGHT",
        help="of the pictures in pixels (default: 320x240)",
    )  # fmt: skip
    parser.add_argument("--frame-rate", type=float, default=10.0, help="frames per second")
    parser.set_defaults(run=_film)


def _width_and_height(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{1,5})[x×]([0-9]{1,5})", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no width and height such as 320x240")
    return int(found[1]), int(found[2])


def _film(parsed: argparse.Namespace) -> None:
    from mindreid.walkers.films.film import film

    width, height = parsed.size
    frames = film(
        parsed.root,
        parsed.ids,
        parsed.seed,
        cameras=parsed.cameras,
        size=(height, width),
        frame_rate=parsed.frame_rate,
        first_id=parsed.first_id,
    )
    say(f"wrote {parsed.root}: " + ", ".join(f"{count} frames of {name}" for name, count in frames.items()))
