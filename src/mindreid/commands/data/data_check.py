"""``mindreid data check``."""

from __future__ import annotations

import argparse

from mindreid.commands.arguments import add_dataset, say
from mindreid.errors import MindReidError
from mindreid.zoo import DATASETS


def add(actions: argparse._SubParsersAction) -> None:
    """Add the action to the parser of ``mindreid data``."""
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
