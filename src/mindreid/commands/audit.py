"""``mindreid audit``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mindreid.commands.arguments import add_overrides, say

if TYPE_CHECKING:
    from mindreid.engine.audit.platform_audit import Audit

#: Spelled out, for the module that knows them is not needed to explain the command.
PLATFORMS = ("Ascend", "GPU")


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "audit", help="what a recipe's compiled graphs ask of a platform, told without such a device"
    )
    parser.add_argument("--platform", choices=PLATFORMS, required=True, help="where it shall run")
    parser.add_argument(
        "--config", required=True, metavar="NAME|FILE", help="a recipe, e.g. mgn/market1501; needs no dataset"
    )
    add_overrides(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was seen as JSON, too")
    parser.set_defaults(run=_audit)


def _audit(parsed: argparse.Namespace) -> None:
    from dataclasses import asdict

    from mindreid.atomic import write_json
    from mindreid.config import load_recipe
    from mindreid.engine.audit.platform_audit import audit_recipe

    recipe = load_recipe(parsed.config, parsed.overrides)
    audit = audit_recipe(recipe, [parsed.platform])[parsed.platform]
    for line in _lines(audit):
        say(line)
    if parsed.json is not None:
        write_json(parsed.json, {"platform": parsed.platform, "recipe": recipe.as_dict(), **asdict(audit)})


def _lines(audit: Audit) -> list[str]:
    from mindreid.text_table import format_table

    header = ("phase", "operator", "problem", "line", "times")
    rows = [(f.phase, f.operator, f.problem, f.place, str(f.count)) for f in audit.findings]
    found = format_table([header, *rows]) if rows else ""
    operators = ", ".join(f"{count} in {phase}" for phase, count in audit.operators.items())
    verdicts = ", ".join(f"{len(names)} {verdict}" for verdict, names in audit.verdicts.items())
    lines = [found, f"operators: {operators}", f"primitives: {verdicts}"]
    return [line for line in lines if line]
