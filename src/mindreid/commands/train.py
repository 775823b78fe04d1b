"""``mindreid train``."""

from __future__ import annotations

import argparse
from pathlib import Path

from mindreid.commands.arguments import add_recipe, overrides
from mindreid.errors import MindReidError


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("train", help="train a recipe")
    add_recipe(parser, required=False)
    parser.add_argument("--output", type=Path, help="folder of the run (default: runs/<recipe>)")
    parser.add_argument("--resume", type=Path, metavar="DIR", help="go on with the run in this folder")
    parser.add_argument(
        "--profile",
        action="store_true",
        help="profile a few steps, into profile/summary.md of the run's folder",
    )
    parser.set_defaults(run=_train)


def _train(parsed: argparse.Namespace) -> None:
    from mindreid.config import load_recipe
    from mindreid.engine.training.run import train

    if parsed.resume is not None:
        recipe = load_recipe(str(parsed.resume / "config.yaml"), overrides(parsed))
        train(recipe, parsed.resume, resume=True, profile=parsed.profile)
        return
    if parsed.config is None:
        raise MindReidError("train needs --config, or --resume with the folder of a run")
    recipe = load_recipe(parsed.config, overrides(parsed))
    train(recipe, parsed.output or Path("runs", Path(parsed.config).with_suffix("")), profile=parsed.profile)
