"""``mindreid data keypoints``."""

from __future__ import annotations

import argparse
from pathlib import Path

from mindreid.commands.arguments import add_pose_source, say


def add(actions: argparse._SubParsersAction) -> None:
    """Add the action to ``mindreid data``."""
    parser = actions.add_parser(
        "keypoints", help="a table of keypoints: from a pose estimator's files, or estimated here"
    )
    parser.add_argument("--output", type=Path, required=True, metavar="FILE.csv", help="the table to write")
    parser.add_argument(
        "--images", type=Path, required=True, metavar="DIR", help="folder of images: a dataset's root"
    )
    add_pose_source(parser)
    parser.set_defaults(run=_keypoints)


def _keypoints(parsed: argparse.Namespace) -> None:
    from mindreid.preprocess.views.image_keypoints import make_keypoints

    found, every = make_keypoints(
        parsed.output, images=parsed.images, keypoints=parsed.keypoints, python=parsed.pose_python
    )
    say(f"wrote {parsed.output}: keypoints of {found} of {every} images")
