"""``mindreid search``; its actions have modules of their own."""

from __future__ import annotations

import argparse

from mindreid.commands.search import (
    search_add,
    search_find,
    search_forget,
    search_label,
    search_log,
    search_paths,
    search_quality,
    search_serve,
)


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command and its actions to the parser."""
    parser = commands.add_parser("search", help="find a person again in recorded video and photos")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for module in (
        search_add,
        search_find,
        search_serve,
        search_paths,
        search_label,
        search_quality,
        search_forget,
        search_log,
    ):
        module.add(actions)
