"""``mindreid train``."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from mindreid.commands.arguments import add_recipe, overrides
from mindreid.errors import InvalidArgumentError, MindReidError

logger = logging.getLogger(__name__)


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
    if parsed.resume is not None:
        _resume(parsed)
        return
    from mindreid.config import load_recipe
    from mindreid.engine.training.run import train

    if parsed.config is None:
        raise MindReidError("train needs --config, or --resume with the folder of a run")
    recipe = load_recipe(parsed.config, overrides(parsed))
    train(recipe, parsed.output or default_output(parsed.config), profile=parsed.profile)


def _resume(parsed: argparse.Namespace) -> None:
    from mindreid.config import load_recipe
    from mindreid.engine.training.run import train

    if parsed.output is not None and parsed.output.resolve() != parsed.resume.resolve():
        raise InvalidArgumentError(
            f"a resumed run goes on in its own folder, {parsed.resume}",
            where=f"--output {parsed.output}",
            fix="leave out --output, or begin a new run with --set train.init_checkpoint=FILE",
        )
    own = parsed.resume / "config.yaml"
    recipe = load_recipe(str(own), overrides(parsed))
    if parsed.config is not None:
        logger.info("the run goes on with its own recipe, %s; --config is not read", own)
    train(recipe, parsed.resume, resume=True, profile=parsed.profile)


def default_output(recipe: str) -> Path:
    """Return the folder of a recipe's run: ``runs/<name>``, of a file ``runs/<its name without ending>``.

    Examples
    --------
    >>> default_output("mgn/walkers").as_posix()
    'runs/mgn/walkers'
    """
    path = Path(recipe)
    return Path("runs", path.stem if path.is_file() else path)
