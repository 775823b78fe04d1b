r"""What the compiled graphs of every method ask of Ascend and GPU, told without either.

    python benchmarks/platform_audit.py
    python benchmarks/platform_audit.py --models isp gi_reid

Of each method the recipe ``smoke`` is compiled, whose operators are those of its larger ones, in float32;
of an image's and a gait method at mixed precision O2, too. A recipe has a process of its own. Methods are
stored one by one; what is stored of the others stays.
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

from report import now, read_result, show_table, write_result

from mindreid.config import load_recipe
from mindreid.engine.audit.platform_audit import audit_recipe
from mindreid.engine.audit.platform_support import PLATFORMS
from mindreid.zoo import list_models

FLOAT32, HALF = "O0", "O2"
ALSO_HALF = ("aug_ogbase", "mgn")


def main() -> None:
    """Audit, print and store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", choices=list_models(), default=list_models(), metavar="NAME")
    parser.add_argument("--one", nargs=3, metavar=("RECIPE", "LEVEL", "FILE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        audit_one(*arguments.one)
        return
    methods = stored_methods()
    for method in arguments.models:
        methods[method] = audit_method(method)
        methods = dict(sorted(methods.items()))
        write_result("audit", "python benchmarks/platform_audit.py", {"methods": methods})
    rows = [
        (method, level, platform, str(len(audit["findings"])))
        for method in arguments.models
        for level, audits in methods[method]["levels"].items()
        for platform, audit in audits.items()
    ]
    show_table("Audit", ("method", "precision", "platform", "findings"), rows)


def stored_methods() -> dict[str, Any]:
    """Read what an earlier audit found of methods that there still are, each with its date."""
    content = read_result("audit")
    if content is None:
        return {}
    own = {name: found for name, found in content["figures"]["methods"].items() if name in list_models()}
    return {name: {"measured_at": content["measured_at"], **found} for name, found in own.items()}


def audit_method(method: str) -> dict[str, Any]:
    """Audit a method's recipe in every precision that is asked for."""
    recipe = f"{method}/smoke"
    levels = (FLOAT32, HALF) if method in ALSO_HALF else (FLOAT32,)
    found = {level: in_process(recipe, level) for level in levels}
    return {"measured_at": now(), "recipe": recipe, "levels": found}


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
