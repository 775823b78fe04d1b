"""``mindreid export``."""

from __future__ import annotations

import argparse
from pathlib import Path

from mindreid.commands.arguments import add_recipe, overrides, say


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("export", help="write MindIR or ONNX with pre-processing inside")
    add_recipe(parser)
    parser.add_argument(
        "--checkpoint",
        type=Path,
        required=True,
        metavar="FILE",
        help="last.ckpt of a run, or converted weights",
    )
    parser.add_argument("--format", choices=("mindir", "onnx"), default="mindir", help="what is written")
    parser.add_argument(
        "--output", type=Path, required=True, metavar="FILE",
        help="the file to write; what it takes and gives is told in FILE.json beside it",
    )  # fmt: skip
    parser.add_argument("--verify", action="store_true", help="reload in a fresh process and compare")
    parser.set_defaults(run=_export)


def _export(parsed: argparse.Namespace) -> None:
    from mindreid.config import load_recipe
    from mindreid.engine.deployment.exporter import export_checkpoint

    recipe = load_recipe(parsed.config, overrides(parsed))
    difference = export_checkpoint(
        recipe, parsed.checkpoint, parsed.output, parsed.format, verify=parsed.verify
    )
    verdict = (
        f"largest difference from the live network {difference:.2g}" if parsed.verify else "not verified"
    )
    say(f"{parsed.output}: {verdict}")
