"""``mindreid convert``."""

from __future__ import annotations

import argparse
from pathlib import Path

from mindreid.commands.arguments import add_overrides, overrides, say
from mindreid.errors import InvalidArgumentError

#: :data:`mindreid.convert.SOURCES`, whose import would take seconds; a test holds them together.
_SOURCES = (
    "fire_ccreid", "isp_reid", "mgn_pytorch", "opengait", "opengait_deepgaitv2", "opengait_gaitgl",
    "opengait_gaitpart", "opengait_gaitset", "reid_mgn", "simple_ccreid", "simple_ccreid_video",
    "torchreid_hacnn", "torchvision_resnet",
)  # fmt: skip


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("convert", help="make a checkpoint of an author's PyTorch weights")
    parser.add_argument(
        "--source",
        required=True,
        metavar="SOURCE",
        help="whose weights: " + ", ".join(_SOURCES),
    )
    parser.add_argument(
        "--input", type=Path, required=True, metavar="FILE.pth", help="file of PyTorch, or safetensors"
    )
    parser.add_argument(
        "--output", type=Path, required=True, metavar="FILE.ckpt", help="the checkpoint to write"
    )
    parser.add_argument(
        "--entry",
        metavar="KEY",
        help="key of the weights in the file; by default averaged ones (state_dict_ema, model_ema, …) before "
        "those as last trained",
    )
    parser.add_argument(
        "--verify", nargs="?", const=True, metavar="RECORDING.npz",
        help="load the file afresh and compare; with a recording ('images', 'embedding'), against that; "
        "by default nothing is compared",
    )  # fmt: skip
    parser.add_argument(
        "--config", metavar="NAME|FILE", help="the recipe to evaluate with; by default the source's own"
    )
    add_overrides(parser)
    parser.set_defaults(run=_convert)


def _convert(parsed: argparse.Namespace) -> None:
    from mindreid.convert import convert_file
    from mindreid.engine.checkpoints.conversion import (
        format_conversion,
        read_recording,
        recipe_of,
        save_converted,
        verify_converted,
    )

    _check_output(parsed.output, parsed.input)
    recording = read_recording(Path(parsed.verify)) if isinstance(parsed.verify, str) else None
    conversion = convert_file(parsed.input, parsed.source, parsed.entry)
    say(format_conversion(conversion))
    recipe = recipe_of(parsed.source, parsed.config, overrides(parsed))
    network = save_converted(conversion, recipe, parsed.output)
    what = f"a {recipe.model.name} network" if recipe else "a trunk, for train.init_weights"
    say(f"wrote {parsed.output}: {what}, every parameter filled")
    if parsed.verify:
        difference = verify_converted(network, recipe, parsed.output, recording)
        against = parsed.verify if recording else "the network before it was written"
        say(f"verified: relative difference from {against} {difference:.2g}")


def _check_output(output: Path, source: Path) -> None:
    if output.suffix != ".ckpt":
        raise InvalidArgumentError(
            "a checkpoint's name ends in .ckpt", where=str(output), fix="pass --output FILE.ckpt"
        )
    if output.exists() and source.exists() and output.samefile(source):
        raise InvalidArgumentError(
            "the checkpoint would replace the file that it is made of",
            where=str(output),
            fix="name another file",
        )
