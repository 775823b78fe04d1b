"""``mindreid data synthesize``."""

from __future__ import annotations

import argparse
from pathlib import Path

from mindreid.errors import MindReidError
from mindreid.zoo import DATASETS


def add(actions: argparse._SubParsersAction) -> None:
    """Add the action to the parser of ``mindreid data``."""
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
        "16 of a gait sequence; of an outfit that is rendered as it is read, 2",
    )
    parser.add_argument("--annotations", action="store_true", help="also silhouettes, keypoints, masks")
    parser.add_argument(
        "--in-one-file",
        action="store_true",
        help="of images that are rendered as they are read: render them all now, once for several runs",
    )
    parser.set_defaults(run=_synthesize)


def _synthesize(parsed: argparse.Namespace) -> None:
    from mindreid.data.layouts import layout_of
    from mindreid.walkers import synthesize

    if DATASETS[parsed.layout].rendered:
        _describe_world(parsed)
        return
    if parsed.in_one_file:
        raise MindReidError(f"--in-one-file is for rendered images, and those of {parsed.layout!r} are files")
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


def _describe_world(parsed: argparse.Namespace) -> None:
    from mindreid.walkers.rendered_images import synthesize_world

    if parsed.annotations:
        raise MindReidError(
            f"--annotations are written beside images, and {parsed.layout!r} renders its own as they are read"
        )
    numbers = {"outfits": parsed.outfits, "cameras": parsed.cameras, "images": parsed.frames}
    given = {name: number for name, number in numbers.items() if number is not None}
    synthesize_world(parsed.root, parsed.ids, parsed.seed, in_one_file=parsed.in_one_file, **given)
