"""``mindreid data from-mot``."""

from __future__ import annotations

import argparse
from pathlib import Path

from mindreid.commands.arguments import say


def add(actions: argparse._SubParsersAction) -> None:
    """Add the action to ``mindreid data``."""
    parser = actions.add_parser("from-mot", help="crops in Market-1501's layout from a MOT sequence")
    frames = parser.add_mutually_exclusive_group(required=True)
    frames.add_argument("--video", type=Path, help="a video file")
    frames.add_argument("--images", type=Path, help="a folder of frames (img1/)")
    parser.add_argument("--annotations", type=Path, required=True, help="gt.txt")
    parser.add_argument("--root", type=Path, required=True, help="a folder that is not there yet")
    add_cutting(parser)
    parser.add_argument("--queries", type=int, default=1, help="query images per part of a track")
    parser.add_argument("--every", type=int, default=1, help="take every n-th frame")
    parser.add_argument("--min-visibility", type=float, default=0.6, help="smallest visible share")
    parser.add_argument("--min-height", type=float, default=40.0, help="smallest height in pixels")
    parser.add_argument("--min-confidence", type=float, default=0.5)
    parser.set_defaults(run=_from_mot)


def add_cutting(parser: argparse.ArgumentParser) -> None:
    """Add how a MOT sequence's tracks become persons and cameras."""
    parser.add_argument("--seed", type=int, default=1, help="decides who is for training")
    parser.add_argument("--train-share", type=float, default=0.5, help="share of persons for training")
    parser.add_argument("--segments", type=int, default=2, help="parts of a track that serve as cameras")
    parser.add_argument("--gap", type=int, default=7, help="frames left out between two parts")
    parser.add_argument(
        "--same-person",
        action="append",
        default=[],
        type=_identities,
        metavar="ID,ID",
        help="annotated identities that are one person who came back (repeatable)",
    )


def _identities(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _from_mot(parsed: argparse.Namespace) -> None:
    from mindreid.preprocess.mot.crops import CropRules, mot_to_market

    counts = mot_to_market(
        parsed.video or parsed.images,
        parsed.annotations,
        parsed.root,
        seed=parsed.seed,
        train_share=parsed.train_share,
        segments=parsed.segments,
        gap=parsed.gap,
        queries=parsed.queries,
        same_person=parsed.same_person,
        rules=CropRules(
            min_confidence=parsed.min_confidence,
            min_visibility=parsed.min_visibility,
            min_height=parsed.min_height,
            every=parsed.every,
        ),
    )
    say(f"wrote {parsed.root}: " + ", ".join(f"{count} {split}" for split, count in counts.items()))
