"""``mindreid data silhouettes`` and ``mindreid data organize-ccpg``."""

from __future__ import annotations

import argparse
from pathlib import Path

from mindreid.commands.arguments import positive_integer, say
from mindreid.commands.dataclass_options import add_options, given_options, read_options
from mindreid.errors import MindReidError
from mindreid.preprocess.mot.rules import Cutting, Reading, SilhouetteRules

_VIDEO_RULES = (Reading, Cutting, SilhouetteRules)


def add(actions: argparse._SubParsersAction) -> None:
    """Add the actions to ``mindreid data``."""
    _add_silhouettes(actions)
    _add_organize(actions)


def _add_silhouettes(actions: argparse._SubParsersAction) -> None:
    parser = actions.add_parser(
        "silhouettes", help="gait sequences from folders of silhouettes, or from a video of a still camera"
    )
    parser.add_argument("--root", type=Path, required=True, help="a folder that is not there yet (required)")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--masks",
        type=Path,
        help="folders subject/condition/view of silhouettes (or --video, --images)",
    )
    source.add_argument("--video", type=Path, help="a video file (or --images, --masks)")
    source.add_argument("--images", type=Path, help="a folder of a video's frames (or --video, --masks)")
    _add_mask_options(parser.add_argument_group("options of masks"))
    of_video = parser.add_argument_group("options of a video or its frames")
    of_video.add_argument("--annotations", type=Path, help="the video's gt.txt (required with a video)")
    for rules in _VIDEO_RULES:
        add_options(of_video, rules)
    parser.set_defaults(run=_silhouettes)


def _add_mask_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--modality",
        default="",
        help="write {view}-MODALITY.pkl, not {view}.pkl (default: {view}.pkl)",
    )
    group.add_argument(
        "--reader-threads",
        "--workers",
        type=positive_integer,
        default=4,
        help="threads that read (default: 4)",
    )


def _silhouettes(parsed: argparse.Namespace) -> None:
    counts = _align(parsed) if parsed.masks else _subtract(parsed)
    say(f"wrote {parsed.root}: " + ", ".join(f"{count} {what}" for what, count in counts.items()))


def _align(parsed: argparse.Namespace) -> dict[str, int]:
    unused = [name for rules in _VIDEO_RULES for name in given_options(parsed, rules)]
    if parsed.annotations is not None or unused:
        names = ", ".join(unused or ["--annotations"])
        raise MindReidError(f"{names} belongs to a video, not to --masks", fix="leave it out")
    from mindreid.preprocess.gait.raw_silhouettes import align_raw_silhouettes

    return align_raw_silhouettes(
        parsed.masks, parsed.root, modality=parsed.modality, reader_threads=parsed.reader_threads
    )


def _subtract(parsed: argparse.Namespace) -> dict[str, int]:
    if parsed.annotations is None:
        raise MindReidError("a video needs --annotations, the gt.txt with its boxes")
    if parsed.modality:
        raise MindReidError("--modality belongs to --masks, not to a video", fix="leave it out")
    # Checked before anything heavy is imported.
    reading, cutting = read_options(parsed, Reading), read_options(parsed, Cutting)
    rules = read_options(parsed, SilhouetteRules)
    from mindreid.preprocess.mot.gait_tree_writer import mot_to_silhouettes

    source = parsed.video or parsed.images
    return mot_to_silhouettes(
        source, parsed.annotations, parsed.root, reading=reading, cutting=cutting, rules=rules
    )


def _add_organize(actions: argparse._SubParsersAction) -> None:
    parser = actions.add_parser("organize-ccpg", help="CCPG's released images to the sequences that are read")
    parser.add_argument("--colour", type=Path, required=True, help="e.g. CCPG_D_MASK_FACE_SHOE")
    parser.add_argument("--silhouettes", type=Path, required=True, help="e.g. CCPG_G_SIL")
    parser.add_argument("--root", type=Path, required=True, help="a folder that is not there yet")
    parser.set_defaults(run=_organize)


def _organize(parsed: argparse.Namespace) -> None:
    from mindreid.preprocess.gait.ccpg_release import organize_ccpg

    counts = organize_ccpg(parsed.colour, parsed.silhouettes, parsed.root)
    say(f"wrote {parsed.root}: " + ", ".join(f"{count} {what}" for what, count in counts.items()))
