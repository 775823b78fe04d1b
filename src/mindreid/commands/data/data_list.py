"""``mindreid data list``."""

from __future__ import annotations

import argparse
from pathlib import Path

from mindreid.commands.arguments import say
from mindreid.commands.dataclass_options import add_options, read_options
from mindreid.errors import DataError
from mindreid.preprocess.lists.list_rules import ListRules


def add(actions: argparse._SubParsersAction) -> None:
    """Add the action to ``mindreid data``."""
    parser = actions.add_parser("list", help="lists of your own images, told apart by folders or names")
    parser.add_argument(
        "--images", type=Path, required=True, metavar="DIR", help="a folder with images in it and below it"
    )
    parser.add_argument(
        "--root", type=Path, required=True, metavar="DIR",
        help="where train.csv, query.csv and gallery.csv are written; may be --images",
    )  # fmt: skip
    add_options(parser, ListRules)
    parser.set_defaults(run=_list)


def _list(parsed: argparse.Namespace) -> None:
    # Checked before anything heavy is imported.
    rules = read_options(parsed, ListRules)
    from mindreid.engine.deployment.input_listing import Unreadable, list_inputs
    from mindreid.preprocess.lists.person_lists import make_lists

    folder, root = parsed.images.expanduser(), parsed.root.expanduser()
    if not folder.is_dir():
        raise DataError("there is no such folder of images", where=str(parsed.images))
    unreadable: list[Unreadable] = []
    lists = make_lists(list_inputs(folder, unreadable=unreadable), folder, root, rules)
    for line in (*lists.describe(), *(f"left out, {it.reason}: {it.path}" for it in unreadable)):
        say(line)
    say(f"next: mindreid data check --name csv_list --root {parsed.root}")
