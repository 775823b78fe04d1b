"""``mindreid data views``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Union

from mindreid.commands.arguments import add_pose_source, say


def add(actions: argparse._SubParsersAction) -> None:
    """Add the action to ``mindreid data``."""
    parser = actions.add_parser(
        "views", help="viewpoint labels from keypoints: a pose estimator's files, or estimated here"
    )
    parser.add_argument("--output", type=Path, required=True, metavar="FILE.csv", help="the table to write")
    parser.add_argument(
        "--images",
        type=Path,
        metavar="DIR",
        help="folder of images, usually a dataset's root; by default the images that the keypoints name",
    )
    add_pose_source(parser)
    parser.add_argument(
        "--method",
        default="vote",
        help="vote (all cues) or paper (head and feet); default: %(default)s",
    )
    parser.add_argument(
        "--bins",
        default="front-back-side",
        help="front-back-side, front-back-left-right, a number of equal sectors, or name:start:end,… in "
        "degrees; default: %(default)s",
    )
    parser.add_argument(
        "--threshold",
        type=float,
        default=0.3,
        help="smallest confidence of a keypoint, 0 to 1; default: %(default)s",
    )
    parser.add_argument(
        "--min-confidence",
        type=float,
        default=0.5,
        help="smallest confidence of a label, 0 to 1; default: %(default)s",
    )
    parser.add_argument(
        "--camera-pitch",
        type=_pitch,
        metavar="DEGREES",
        help="downward tilt of the one camera, or auto to estimate it; by default usual ones are averaged",
    )
    parser.set_defaults(run=_views)


def _pitch(text: str) -> Union[str, float]:
    return text if text == "auto" else float(text)


def _views(parsed: argparse.Namespace) -> None:
    from mindreid.preprocess.views.labelling import make_views
    from mindreid.preprocess.views.view_angles import ViewBins
    from mindreid.preprocess.views.view_labels import ViewRules, summarize_views

    rules = ViewRules(
        method=parsed.method,
        bins=ViewBins.parse(parsed.bins),
        threshold=parsed.threshold,
        min_confidence=parsed.min_confidence,
        pitch=None if parsed.camera_pitch == "auto" else parsed.camera_pitch,
    )
    rows = make_views(
        parsed.output,
        rules,
        images=parsed.images,
        keypoints=parsed.keypoints,
        find_pitch=parsed.camera_pitch == "auto",
        python=parsed.pose_python,
    )
    say(f"wrote {parsed.output}: {summarize_views(rows)}")
