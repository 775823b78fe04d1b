"""``mindreid report``'s sheets of persons, sequences and views, drawn without a network."""

from __future__ import annotations

import argparse
from pathlib import Path

from mindreid.commands.arguments import add_dataset, add_picture, add_split, say
from mindreid.zoo import DATASETS


def add(actions: argparse._SubParsersAction) -> None:
    """Add the actions to the parser of ``mindreid report``."""
    _add_walkers(actions)
    _add_augmentations(actions)
    _add_silhouettes(actions)
    _add_views(actions)


def _add_walkers(actions: argparse._SubParsersAction) -> None:
    parser = actions.add_parser("walkers", help="generated persons, outfits and cameras on one sheet")
    add_picture(parser)
    parser.add_argument("--seed", type=int, default=5, help="decides persons, clothes and cameras")
    parser.set_defaults(run=_walkers)


def _walkers(parsed: argparse.Namespace) -> None:
    from mindreid.report.pictures.contact_sheet import draw_contact_sheet

    draw_contact_sheet(parsed.output, seed=parsed.seed)
    say(f"wrote {parsed.output}")


def _add_augmentations(actions: argparse._SubParsersAction) -> None:
    parser = actions.add_parser("augmentations", help="what each augmentation does to a silhouette sequence")
    add_picture(parser)
    parser.add_argument(
        "--sequence", default="", metavar="FILE.pkl", help="a sequence of one's own instead of a walker's"
    )
    parser.add_argument("--seed", type=int, default=1, help="decides the walker and what is drawn at random")
    parser.set_defaults(run=_augmentations)


def _augmentations(parsed: argparse.Namespace) -> None:
    from mindreid.report.pictures.silhouette_sheet import draw_augmentations

    draw_augmentations(parsed.output, seed=parsed.seed, sequence=parsed.sequence)
    say(f"wrote {parsed.output}")


def _add_silhouettes(actions: argparse._SubParsersAction) -> None:
    parser = actions.add_parser("silhouettes", help="sequences of a gait dataset on one sheet")
    # What distinguishes a gait tree is that it holds pickled silhouettes.
    add_dataset(parser, [name for name in DATASETS.names() if ".pkl" in DATASETS[name].tree])
    add_split(parser, "query")
    parser.add_argument("--rows", type=int, default=12, help="how many sequences are drawn")
    add_picture(parser)
    parser.set_defaults(run=_silhouettes)


def _silhouettes(parsed: argparse.Namespace) -> None:
    from mindreid.config import parse_options
    from mindreid.data.open_dataset import load_dataset
    from mindreid.report.pictures.silhouette_sheet import draw_records

    dataset = load_dataset(parsed.name, parsed.root, **parse_options(parsed.options))
    draw_records(parsed.output, dataset.split(parsed.split), rows=parsed.rows)
    say(f"wrote {parsed.output}")


def _add_views(actions: argparse._SubParsersAction) -> None:
    parser = actions.add_parser("views", help="some images of every viewpoint bin, with their angles")
    parser.add_argument("--views", type=Path, required=True, metavar="FILE.csv", help="the table")
    parser.add_argument("--images", type=Path, required=True, metavar="DIR", help="the labelled folder")
    add_picture(parser)
    parser.add_argument("--per-bin", type=int, default=5, help="images of each bin")
    parser.set_defaults(run=_views)


def _views(parsed: argparse.Namespace) -> None:
    from mindreid.data.view_table import read_views
    from mindreid.report.pictures.view_sheet import draw_view_sheet

    draw_view_sheet(read_views(parsed.views), parsed.images, parsed.output, per_bin=parsed.per_bin)
    say(f"wrote {parsed.output}")
