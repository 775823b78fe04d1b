"""``mindreid export``."""

from __future__ import annotations

import argparse
from pathlib import Path

from mindreid.commands.arguments import add_recipe, overrides, positive_integer, say


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("export", help="write MindIR, ONNX or AIR with pre-processing inside")
    add_recipe(parser)
    parser.add_argument(
        "--checkpoint",
        type=Path,
        required=True,
        metavar="FILE",
        help="last.ckpt of a run, or converted weights",
    )
    parser.add_argument(
        "--format", choices=("mindir", "onnx", "air"), default="mindir",
        help="what is written; air on Ascend devices only",
    )  # fmt: skip
    parser.add_argument(
        "--output", type=Path, required=True, metavar="FILE",
        help="the file to write; what it takes and gives is told in FILE.json beside it",
    )  # fmt: skip
    batch = parser.add_mutually_exclusive_group()
    batch.add_argument(
        "--batch-size", type=positive_integer, metavar="N", help="fix the batch size (default: it is free)"
    )
    batch.add_argument(
        "--dynamic-batch", type=_gears, metavar="N,N,...",
        help="batch sizes for converter_lite to compile, which FILE.converter.cfg tells it (default: none)",
    )  # fmt: skip
    parser.add_argument(
        "--frames", type=positive_integer, metavar="N",
        help="fix the number of frames of sequences and clips (default: it is free)",
    )  # fmt: skip
    parser.add_argument(
        "--precision", choices=("float32", "float16"),
        help="what the file computes and keeps its weights in (default: the recipe's device.amp_level)",
    )  # fmt: skip
    parser.add_argument("--verify", action="store_true", help="reload in a fresh process and compare")
    parser.set_defaults(run=_export)


def _gears(text: str) -> tuple[int, ...]:
    return tuple(positive_integer(part) for part in text.split(","))


def _export(parsed: argparse.Namespace) -> None:
    from mindreid.config import load_recipe
    from mindreid.engine.deployment.export_sizes import ExportSizes
    from mindreid.engine.deployment.exporter import export_checkpoint

    sizes = ExportSizes(parsed.batch_size, parsed.frames, parsed.dynamic_batch or ())
    recipe = load_recipe(parsed.config, overrides(parsed))
    difference = export_checkpoint(
        recipe,
        parsed.checkpoint,
        parsed.output,
        parsed.format,
        sizes=sizes,
        precision=parsed.precision,
        verify=parsed.verify,
    )
    verdict = f"largest difference from the live network {difference:.2g}"
    if parsed.format == "air":
        verdict = "its header was read; nothing here runs it"
    say(f"{parsed.output}: {verdict if parsed.verify else 'not verified'}")
