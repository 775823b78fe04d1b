"""``mindreid data from-mot``."""

from __future__ import annotations

import argparse
from pathlib import Path

from mindreid.commands.arguments import say
from mindreid.commands.dataclass_options import add_options, read_options
from mindreid.preprocess.mot.rules import CropRules, Cutting, Reading


def add(actions: argparse._SubParsersAction) -> None:
    """Add the action to ``mindreid data``."""
    parser = actions.add_parser("from-mot", help="crops in Market-1501's layout from a MOT sequence")
    frames = parser.add_mutually_exclusive_group(required=True)
    frames.add_argument("--video", type=Path, help="a video file (this or --images)")
    frames.add_argument("--images", type=Path, help="a folder of frames, img1/ (this or --video)")
    parser.add_argument("--annotations", type=Path, required=True, help="the sequence's gt.txt (required)")
    parser.add_argument("--root", type=Path, required=True, help="a folder that is not there yet (required)")
    for rules in (Reading, Cutting, CropRules):
        add_options(parser, rules)
    parser.set_defaults(run=_from_mot)


def _from_mot(parsed: argparse.Namespace) -> None:
    # Checked before anything heavy is imported.
    reading, cutting = read_options(parsed, Reading), read_options(parsed, Cutting)
    rules = read_options(parsed, CropRules)
    from mindreid.preprocess.mot.crops import mot_to_market

    source = parsed.video or parsed.images
    counts = mot_to_market(
        source, parsed.annotations, parsed.root, reading=reading, cutting=cutting, rules=rules
    )
    say(f"wrote {parsed.root}: " + ", ".join(f"{count} {split}" for split, count in counts.items()))
