"""The command line: ``mindreid train|eval|export|data|report``. Argument parsing, nothing else."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from mindreid.errors import MindReidError

EXIT_USER_ERROR = 2
EXIT_INTERRUPTED = 130


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run one command and return its exit code: 0, or 2 after an error that the user can mend."""
    # Set before MindSpore is imported: its notes on its own internals tell a user nothing.
    os.environ.setdefault("GLOG_v", "3")
    parsed = build_parser().parse_args(arguments)
    parsed.command_line = shlex.join(["mindreid", *(sys.argv[1:] if arguments is None else arguments)])
    from mindreid.engine.logs import log_to_console

    log_to_console()
    try:
        parsed.run(parsed)
    except MindReidError as error:
        if parsed.debug:
            raise
        sys.stderr.write(f"error: {error}\n")
        return EXIT_USER_ERROR
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return EXIT_INTERRUPTED
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    parser = argparse.ArgumentParser(prog="mindreid", description=__doc__.splitlines()[0])
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_train(commands)
    _add_eval(commands)
    _add_export(commands)
    _add_data(commands)
    _add_report(commands)
    return parser


def _add_recipe(parser: argparse.ArgumentParser, required: bool = True) -> None:
    parser.add_argument(
        "--config", required=required, metavar="NAME|FILE", help="a recipe, e.g. mgn/market1501"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides",
        help="override a key of the recipe, e.g. --set train.epochs=20 (repeatable)",
    )  # fmt: skip
    parser.add_argument("--root", help="folder of the dataset; short for --set dataset.root=ROOT")


def _overrides(parsed: argparse.Namespace) -> list[str]:
    # An override's value is YAML, in which a path such as "a: b", "#1" or "7" means something else.
    root = [f"dataset.root={json.dumps(parsed.root)}"] if parsed.root else []
    return [*parsed.overrides, *root]


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


# --- train ---------------------------------------------------------------------------------------


def _add_train(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("train", help="train a recipe")
    _add_recipe(parser, required=False)
    parser.add_argument("--output", type=Path, help="folder of the run (default: runs/<recipe>)")
    parser.add_argument("--resume", type=Path, metavar="DIR", help="go on with the run in this folder")
    parser.set_defaults(run=_train)


def _train(parsed: argparse.Namespace) -> None:
    from mindreid.config import load_recipe
    from mindreid.engine.training import train

    if parsed.resume is not None:
        recipe = load_recipe(str(parsed.resume / "config.yaml"), _overrides(parsed))
        train(recipe, parsed.resume, resume=True)
        return
    if parsed.config is None:
        raise MindReidError("train needs --config, or --resume with the folder of a run")
    recipe = load_recipe(parsed.config, _overrides(parsed))
    train(recipe, parsed.output or Path("runs", Path(parsed.config).with_suffix("")))


# --- eval ----------------------------------------------------------------------------------------


def _add_eval(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("eval", help="evaluate a checkpoint on a dataset's protocols")
    _add_recipe(parser)
    _add_weights(parser)
    parser.add_argument("--dataset", help="another dataset than the recipe's; needs --root")
    parser.add_argument("--rerank", action="store_true", help="k-reciprocal re-ranking")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here")
    parser.set_defaults(run=_eval)


def _add_weights(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--checkpoint", type=Path, metavar="FILE")
    which.add_argument("--untrained", action="store_true", help="the network as training would start")


def _evaluation_overrides(parsed: argparse.Namespace) -> list[str]:
    dataset = []
    if getattr(parsed, "dataset", None):
        if not parsed.root:
            raise MindReidError("--dataset needs --root, the folder of that dataset")
        dataset = [f"dataset={{name: {parsed.dataset}, root: {json.dumps(parsed.root)}}}"]
    rerank = ["evaluation.rerank=true"] if getattr(parsed, "rerank", False) else []
    return [*dataset, *_overrides(parsed), *rerank]


def _eval(parsed: argparse.Namespace) -> None:
    from mindreid.config import load_recipe
    from mindreid.engine.evaluation import EvaluationRun
    from mindreid.engine.evaluator import format_results

    run = EvaluationRun(load_recipe(parsed.config, _evaluation_overrides(parsed)), parsed.checkpoint)
    results = run.evaluate()
    if run.workers.is_first:
        _say(run.headline())
        _say(format_results(results))
    if parsed.json:
        run.write_result(parsed.json, results, parsed.command_line)


# --- export --------------------------------------------------------------------------------------


def _add_export(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("export", help="write MindIR or ONNX with pre-processing inside")
    _add_recipe(parser)
    parser.add_argument("--checkpoint", type=Path, required=True, metavar="FILE")
    parser.add_argument("--format", choices=("mindir", "onnx"), default="mindir")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE")
    parser.add_argument("--verify", action="store_true", help="reload in a fresh process and compare")
    parser.set_defaults(run=_export)


def _export(parsed: argparse.Namespace) -> None:
    from mindreid.config import load_recipe
    from mindreid.engine.exporter import export_checkpoint

    recipe = load_recipe(parsed.config, _overrides(parsed))
    difference = export_checkpoint(
        recipe, parsed.checkpoint, parsed.output, parsed.format, verify=parsed.verify
    )
    verdict = (
        f"largest difference from the live network {difference:.2g}" if parsed.verify else "not verified"
    )
    _say(f"{parsed.output}: {verdict}")


# --- data ----------------------------------------------------------------------------------------


def _add_data(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("data", help="check, generate or convert data")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_check(actions)
    _add_synthesize(actions)
    _add_from_mot(actions)


def _add_check(actions: argparse._SubParsersAction) -> None:
    parser = actions.add_parser("check", help="expected tree, what is missing, counts against the statistics")
    parser.add_argument("--name", required=True, help="a dataset, e.g. market1501")
    parser.add_argument("--root", required=True)
    parser.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE", dest="options")
    parser.add_argument("--images", action="store_true", help="also decode every image")
    parser.set_defaults(run=_check)


def _check(parsed: argparse.Namespace) -> None:
    from mindreid.config import parse_options
    from mindreid.data.check import check_dataset, format_check

    options = parse_options(parsed.options)
    report = check_dataset(parsed.name, parsed.root, verify_images=parsed.images, **options)
    _say(format_check(report))
    if not report.ok:
        raise MindReidError("the dataset is not as expected", where=parsed.root)


def _add_synthesize(actions: argparse._SubParsersAction) -> None:
    parser = actions.add_parser("synthesize", help="generate walkers in the layout of a dataset")
    parser.add_argument("--layout", default="market1501", help="the dataset whose tree is written")
    parser.add_argument("--root", type=Path, required=True, help="a folder that is not there yet")
    parser.add_argument("--ids", type=int, default=40, help="persons, training and test together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--outfits", type=int, default=1, help="outfits of each person")
    parser.add_argument("--cameras", type=int, help="cameras; by default 4, or fewer if the layout has fewer")
    parser.add_argument("--frames", type=int, default=4, help="frames per person, outfit and camera")
    parser.add_argument("--annotations", action="store_true", help="also silhouettes, keypoints, masks")
    parser.set_defaults(run=_synthesize)


def _synthesize(parsed: argparse.Namespace) -> None:
    from mindreid.data.walkers import synthesize

    synthesize(
        parsed.layout,
        parsed.root,
        parsed.ids,
        parsed.seed,
        outfits=parsed.outfits,
        cameras=parsed.cameras,
        frames=parsed.frames,
        annotations=parsed.annotations,
    )


def _add_from_mot(actions: argparse._SubParsersAction) -> None:
    parser = actions.add_parser("from-mot", help="crops in Market-1501's layout from a MOT sequence")
    frames = parser.add_mutually_exclusive_group(required=True)
    frames.add_argument("--video", type=Path, help="a video file")
    frames.add_argument("--images", type=Path, help="a folder of frames (img1/)")
    parser.add_argument("--annotations", type=Path, required=True, help="gt.txt")
    parser.add_argument("--root", type=Path, required=True, help="a folder that is not there yet")
    parser.add_argument("--seed", type=int, default=1, help="decides who is for training")
    parser.add_argument("--train-share", type=float, default=0.5, help="share of persons for training")
    parser.add_argument("--segments", type=int, default=2, help="parts of a track that serve as cameras")
    parser.add_argument("--gap", type=int, default=7, help="frames left out between two parts")
    parser.add_argument("--queries", type=int, default=1, help="query images per part of a track")
    parser.add_argument("--every", type=int, default=1, help="take every n-th frame")
    parser.add_argument("--min-visibility", type=float, default=0.6, help="smallest visible share")
    parser.add_argument("--min-height", type=float, default=40.0, help="smallest height in pixels")
    parser.add_argument("--min-confidence", type=float, default=0.5)
    parser.add_argument(
        "--same-person",
        action="append",
        default=[],
        type=_identities,
        metavar="ID,ID",
        help="annotated identities that are one person who came back (repeatable)",
    )
    parser.set_defaults(run=_from_mot)


def _identities(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _from_mot(parsed: argparse.Namespace) -> None:
    from mindreid.preprocess.mot import CropRules, mot_to_market

    counts = mot_to_market(
        parsed.video or parsed.images,
        parsed.annotations,
        parsed.root,
        seed=parsed.seed,
        train_share=parsed.train_share,
        segments=parsed.segments,
        gap=parsed.gap,
        queries=parsed.queries,
        same_person=parsed.same_person,
        rules=CropRules(
            min_confidence=parsed.min_confidence,
            min_visibility=parsed.min_visibility,
            min_height=parsed.min_height,
            every=parsed.every,
        ),
    )
    _say(f"wrote {parsed.root}: " + ", ".join(f"{count} {split}" for split, count in counts.items()))


# --- report --------------------------------------------------------------------------------------


def _add_report(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("report", help="pictures of results")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    ranks = actions.add_parser("ranks", help="queries with their nearest gallery images")
    _add_recipe(ranks)
    _add_weights(ranks)
    ranks.add_argument("--output", type=Path, required=True, metavar="FILE.png")
    ranks.add_argument("--queries", type=int, default=8, help="how many queries are drawn")
    ranks.add_argument("--top", type=int, default=10, help="how many gallery images each")
    ranks.set_defaults(run=_ranks)
    sheet = actions.add_parser("walkers", help="generated persons, outfits and cameras on one sheet")
    sheet.add_argument("--output", type=Path, required=True, metavar="FILE.png")
    sheet.add_argument("--seed", type=int, default=5)
    sheet.set_defaults(run=_walkers)


def _ranks(parsed: argparse.Namespace) -> None:
    from mindreid.config import load_recipe
    from mindreid.engine.evaluation import EvaluationRun
    from mindreid.report.rank_list import draw_rank_list

    run = EvaluationRun(load_recipe(parsed.config, _overrides(parsed)), parsed.checkpoint)
    protocol = next(iter(run.dataset.protocols.values()))
    draw_rank_list(
        protocol,
        run.extract(protocol.query),
        run.extract(protocol.gallery),
        parsed.output,
        queries=parsed.queries,
        top=parsed.top,
    )
    _say(f"wrote {parsed.output}")


def _walkers(parsed: argparse.Namespace) -> None:
    from mindreid.report.contact_sheet import draw_contact_sheet

    draw_contact_sheet(parsed.output, seed=parsed.seed)
    _say(f"wrote {parsed.output}")
