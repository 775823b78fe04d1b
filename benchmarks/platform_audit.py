r"""What the compiled graphs of every method ask of Ascend and GPU, told without either.

    python benchmarks/platform_audit.py

Of each method the recipe ``smoke`` is compiled, whose operators are those of its larger ones, in float32;
of an image's and a gait method at mixed precision O2, too. A recipe has a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from report import show_table, write_result

from mindreid.config import load_recipe
from mindreid.engine.audit.platform_audit import audit_recipe
from mindreid.engine.audit.platform_support import PLATFORMS
from mindreid.zoo import list_models

FLOAT32, HALF = "O0", "O2"
ALSO_HALF = ("aug_ogbase", "mgn")


def main() -> None:
    """Audit, print and store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--one", nargs=3, metavar=("RECIPE", "LEVEL", "FILE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        audit_one(*arguments.one)
        return
    figures = {method: audit_method(method) for method in list_models()}
    rows = [
        (method, level, platform, str(len(audit["findings"])))
        for method, own in figures.items()
        for level, audits in own["levels"].items()
        for platform, audit in audits.items()
    ]
    show_table("Audit", ("method", "precision", "platform", "findings"), rows)
    write_result("audit", "python benchmarks/platform_audit.py", {"methods": figures})


def audit_method(method: str) -> dict[str, Any]:
    """Audit a method's recipe in every precision that is asked for."""
    recipe = f"{method}/smoke"
    levels = (FLOAT32, HALF) if method in ALSO_HALF else (FLOAT32,)
    return {"recipe": recipe, "levels": {level: in_process(recipe, level) for level in levels}}


def in_process(recipe: str, level: str) -> dict[str, Any]:
    """Audit in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "audit.json")
        command = [sys.executable, __file__, "--one", recipe, level, str(target)]
        subprocess.run(command, check=True)
        return json.loads(target.read_text(encoding="utf-8"))


def audit_one(recipe: str, level: str, target: str) -> None:
    """Write what is seen of a recipe on both platforms."""
    audits = audit_recipe(load_recipe(recipe, [f"device.amp_level={level}"]), PLATFORMS)
    content = {platform: asdict(audit) for platform, audit in audits.items()}
    Path(target).write_text(json.dumps(content), encoding="utf-8")


if __name__ == "__main__":
    main()
