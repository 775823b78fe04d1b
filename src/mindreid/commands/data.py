"""``mindreid data``; the actions that make data of raw material have modules of their own."""

from __future__ import annotations

import argparse
from pathlib import Path

from mindreid.commands import (
    data_film,
    data_from_kth,
    data_from_mot,
    data_keypoints,
    data_silhouettes,
    data_views,
)
from mindreid.commands.arguments import add_dataset, say
from mindreid.errors import MindReidError
from mindreid.zoo import DATASETS


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command and its actions to the parser."""
    parser = commands.add_parser("data", help="check, generate or convert data")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_check(actions)
    _add_synthesize(actions)
    data_film.add(actions)
    data_from_kth.add(actions)
    data_from_mot.add(actions)
    data_keypoints.add(actions)
    data_silhouettes.add(actions)
    data_views.add(actions)


def _add_check(actions: argparse._SubParsersAction) -> None:
    parser = actions.add_parser("check", help="expected tree, what is missing, counts against the statistics")
    add_dataset(parser, DATASETS.names())
    parser.add_argument("--images", action="store_true", help="also decode every image")
    parser.set_defaults(run=_check)


def _check(parsed: argparse.Namespace) -> None:
    from mindreid.config import parse_options
    from mindreid.engine.evaluation.dataset_check import check_dataset, format_check

    options = parse_options(parsed.options)
    report = check_dataset(parsed.name, parsed.root, verify_images=parsed.images, **options)
    say(format_check(report))
    if not report.ok:
        raise MindReidError("the dataset is not as expected", where=parsed.root)


def _add_synthesize(actions: argparse._SubParsersAction) -> None:
    parser = actions.add_parser("synthesize", help="generate walkers in the layout of a dataset")
    layouts = [name for name in DATASETS.names() if DATASETS[name].can_be_generated]
    parser.add_argument(
        "--layout", default="market1501", help=f"the dataset whose tree is written: {', '.join(layouts)}"
    )
    parser.add_argument("--root", type=Path, required=True, help="a folder that is not there yet")
    parser.add_argument("--ids", type=int, default=40, help="persons, training and test together")
    parser.add_argument("--seed", type=int, default=1, help="decides everything that is drawn")
    parser.add_argument(
        "--outfits", type=int, help="outfits of each person; by default what the layout wants"
    )
    parser.add_argument("--cameras", type=int, help="cameras; by default 4, or fewer if the layout has fewer")
    parser.add_argument(
        "--frames",
        type=int,
        help="frames per person, outfit and camera; by default 4 (fewer where a layout has no room), "
        "or 16 of a gait sequence",
    )
    parser.add_argument("--annotations", action="store_true", help="also silhouettes, keypoints, masks")
    parser.set_defaults(run=_synthesize)


def _synthesize(parsed: argparse.Namespace) -> None:
    from mindreid.data.layouts import layout_of
    from mindreid.walkers import synthesize

    if DATASETS[parsed.layout].sequence_layout is not None:
        _synthesize_sequences(parsed)
        return
    synthesize(
        parsed.layout,
        parsed.root,
        parsed.ids,
        parsed.seed,
        outfits=parsed.outfits,
        cameras=parsed.cameras,
        frames=min(4, layout_of(parsed.layout).max_frames) if parsed.frames is None else parsed.frames,
        annotations=parsed.annotations,
    )


def _synthesize_sequences(parsed: argparse.Namespace) -> None:
    from mindreid.walkers.gait_synthesis import synthesize_sequences

    for option in ("outfits", "annotations"):
        if getattr(parsed, option):
            raise MindReidError(
                f"--{option} is for layouts of images: what is worn and written follows from a gait dataset"
            )
    synthesize_sequences(
        parsed.layout,
        parsed.root,
        parsed.ids,
        parsed.seed,
        cameras=parsed.cameras,
        frames=16 if parsed.frames is None else parsed.frames,
    )
