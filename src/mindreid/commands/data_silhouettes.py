"""``mindreid data silhouettes`` and ``mindreid data organize-ccpg``."""

from __future__ import annotations

import argparse
from pathlib import Path

from mindreid.commands.arguments import say
from mindreid.commands.data_from_mot import add_cutting
from mindreid.errors import MindReidError


def add(actions: argparse._SubParsersAction) -> None:
    """Add the actions to ``mindreid data``."""
    _add_silhouettes(actions)
    _add_organize(actions)


def _add_silhouettes(actions: argparse._SubParsersAction) -> None:
    parser = actions.add_parser(
        "silhouettes", help="gait sequences from folders of silhouettes, or from a video of a still camera"
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--masks", type=Path, help="folders subject/condition/view of silhouette images")
    source.add_argument("--video", type=Path, help="a video file; needs --annotations")
    source.add_argument("--images", type=Path, help="a folder of a video's frames; needs --annotations")
    parser.add_argument("--root", type=Path, required=True, help="a folder that is not there yet")
    parser.add_argument("--modality", default="", help="of masks: write {view}-MODALITY.pkl, not {view}.pkl")
    parser.add_argument(
        "--reader-threads", "--workers", type=int, default=4, help="of masks: threads that read"
    )
    parser.add_argument("--annotations", type=Path, help="of a video: gt.txt")
    parser.add_argument("--length", type=int, default=16, help="of a video: frames of a sequence")
    parser.add_argument(
        "--max-overlap", type=float, default=0.05, help="of a video: share of a box that another may cover"
    )
    parser.add_argument("--min-height", type=float, default=40.0, help="smallest height in pixels")
    add_cutting(parser)
    parser.set_defaults(run=_silhouettes)


def _silhouettes(parsed: argparse.Namespace) -> None:
    counts = _align(parsed) if parsed.masks else _subtract(parsed)
    say(f"wrote {parsed.root}: " + ", ".join(f"{count} {what}" for what, count in counts.items()))


def _align(parsed: argparse.Namespace) -> dict[str, int]:
    from mindreid.preprocess.gait.raw_silhouettes import align_raw_silhouettes

    return align_raw_silhouettes(
        parsed.masks, parsed.root, modality=parsed.modality, reader_threads=parsed.reader_threads
    )


def _subtract(parsed: argparse.Namespace) -> dict[str, int]:
    from mindreid.preprocess.mot.gait_tree_writer import SilhouetteRules, mot_to_silhouettes

    if parsed.annotations is None:
        raise MindReidError("a video needs --annotations, the gt.txt with its boxes")
    return mot_to_silhouettes(
        parsed.video or parsed.images,
        parsed.annotations,
        parsed.root,
        seed=parsed.seed,
        train_share=parsed.train_share,
        segments=parsed.segments,
        gap=parsed.gap,
        length=parsed.length,
        same_person=parsed.same_person,
        rules=SilhouetteRules(min_height=parsed.min_height, max_overlap=parsed.max_overlap),
    )


def _add_organize(actions: argparse._SubParsersAction) -> None:
    parser = actions.add_parser("organize-ccpg", help="CCPG's released images to the sequences that are read")
    parser.add_argument("--colour", type=Path, required=True, help="e.g. CCPG_D_MASK_FACE_SHOE")
    parser.add_argument("--silhouettes", type=Path, required=True, help="e.g. CCPG_G_SIL")
    parser.add_argument("--root", type=Path, required=True, help="a folder that is not there yet")
    parser.set_defaults(run=_organize)


def _organize(parsed: argparse.Namespace) -> None:
    from mindreid.preprocess.gait.organize_ccpg import organize_ccpg

    counts = organize_ccpg(parsed.colour, parsed.silhouettes, parsed.root)
    say(f"wrote {parsed.root}: " + ", ".join(f"{count} {what}" for what, count in counts.items()))
