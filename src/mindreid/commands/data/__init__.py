"""``mindreid data``: each action has a module of its own."""

from __future__ import annotations

import argparse

from mindreid.commands.data import (
    data_check,
    data_film,
    data_from_kth,
    data_from_mot,
    data_keypoints,
    data_list,
    data_silhouettes,
    data_synthesize,
    data_views,
)


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command and its actions to the parser."""
    parser = commands.add_parser("data", help="check, generate or convert data")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for module in (
        data_check,
        data_synthesize,
        data_film,
        data_from_kth,
        data_from_mot,
        data_keypoints,
        data_list,
        data_silhouettes,
        data_views,
    ):
        module.add(actions)
