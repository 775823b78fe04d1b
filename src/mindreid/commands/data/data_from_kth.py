"""``mindreid data from-kth``."""

from __future__ import annotations

import argparse
from pathlib import Path

from mindreid.commands.arguments import say
from mindreid.commands.dataclass_options import add_options, read_options
from mindreid.preprocess.kth.pass_rules import PassRules


def add(actions: argparse._SubParsersAction) -> None:
    """Add the action to ``mindreid data``."""
    parser = actions.add_parser("from-kth", help="gait sequences and grey crops from KTH's videos of walking")
    parser.add_argument("--videos", type=Path, required=True, help="the folder of the videos (required)")
    parser.add_argument("--root", type=Path, required=True, help="a folder that is not there yet (required)")
    add_options(parser, PassRules)
    parser.set_defaults(run=_from_kth)


def _from_kth(parsed: argparse.Namespace) -> None:
    # Checked before anything heavy is imported.
    rules = read_options(parsed, PassRules)
    from mindreid.preprocess.kth.pass_trees import LEFT_OUT, kth_to_trees

    counts = kth_to_trees(parsed.videos, parsed.root, rules)
    numbers = ", ".join(f"{count:,} {what}" for what, count in counts.items())
    say(f"wrote {parsed.root}: {numbers}; what was left out, by video: {LEFT_OUT}")
