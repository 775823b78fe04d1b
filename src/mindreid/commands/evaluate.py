"""``mindreid eval``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mindreid.commands.arguments import add_recipe, add_weights, overrides, say
from mindreid.errors import MindReidError

if TYPE_CHECKING:
    from mindreid.config import Override


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("eval", help="evaluate a checkpoint on a dataset's protocols")
    add_recipe(parser)
    add_weights(parser)
    parser.add_argument("--dataset", help="another dataset than the recipe's, on its protocols; needs --root")
    parser.add_argument("--rerank", action="store_true", help="k-reciprocal re-ranking")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here")
    parser.set_defaults(run=_eval)


def _evaluation_overrides(parsed: argparse.Namespace) -> list[Override]:
    chosen: list[Override] = []
    if getattr(parsed, "dataset", None):
        if not parsed.root:
            raise MindReidError("--dataset needs --root, the folder of that dataset")
        chosen.append(("dataset", {"name": parsed.dataset, "root": parsed.root}))
    chosen += overrides(parsed)
    if getattr(parsed, "rerank", False):
        chosen.append(("evaluation.rerank", True))
    return chosen


def _names_protocols(parsed: argparse.Namespace) -> bool:
    """Tell whether the user asks for protocols, which are then those of the dataset or a mistake."""
    keys = {text.partition("=")[0] for text in parsed.overrides}
    return bool(keys & {"evaluation", "evaluation.protocols"})


def _eval(parsed: argparse.Namespace) -> None:
    from mindreid.config import load_recipe
    from mindreid.engine.evaluation.evaluation_run import EvaluationRun
    from mindreid.engine.evaluation.protocol_results import format_results
    from mindreid.report.tables.published import format_rows, rows_for

    recipe = load_recipe(parsed.config, _evaluation_overrides(parsed))
    others = bool(parsed.dataset) and not _names_protocols(parsed)
    run = EvaluationRun(recipe, parsed.checkpoint, other_dataset=others)
    results = run.evaluate()
    if run.workers.is_first:
        say(run.headline())
        say(format_results(results))
        published = rows_for(run.recipe.model.name, run.dataset, results)
        if published:
            say(format_rows(published, results))
    if parsed.json:
        run.write_result(parsed.json, results, parsed.command_line)
