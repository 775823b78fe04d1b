r"""Agreement of mined fine-grained classes with outfits and viewpoints, epoch by epoch.

Reads ``mining.jsonl`` of finished runs, which ``python benchmarks/learning.py fire`` leaves in its
folder as ``<seed>/<arm>/run``:

    python benchmarks/mined_classes.py --runs runs/learning/fire
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from learning import EXPERIMENTS
from report import show_table, write_result
from runs.experiments import file_name, spread

#: {arm: {epoch from 1: {figure: one value per seed}}}
Figures = dict[str, dict[int, dict[str, list[float]]]]

SHOWN = ("classes", "outliers", "nmi_outfit", "nmi_outfit_within_persons", "nmi_outfit_view",
         "nmi_outfit_view_within_persons", "clustering_seconds", "embedding_seconds")  # fmt: skip


def read_runs(root: Path) -> Figures:
    """Collect the figures of all runs under ``root``."""
    found: Figures = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    arms = {file_name(arm.name): arm.name for arm in EXPERIMENTS["fire"](argparse.Namespace()).arms}
    for path in sorted(root.glob("*/*/run/mining.jsonl")):
        arm = arms.get(path.parts[-3], path.parts[-3])
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            for name in SHOWN:
                if name in row:
                    found[arm][row["epoch"] + 1][name].append(row[name])
    if not found:
        raise SystemExit(f"no mining.jsonl under {root}: run `python benchmarks/learning.py fire` first")
    return found


def summarize(figures: Figures) -> dict[str, list[dict[str, Any]]]:
    """Mean and sample deviation (n - 1) over seeds, one row per epoch."""
    return {
        arm: [
            {
                "epoch": epoch,
                "seeds": len(values["classes"]),
                **{name: spread(own) for name, own in values.items()},
            }
            for epoch, values in sorted(epochs.items())
        ]
        for arm, epochs in figures.items()
    }


def show(summary: dict[str, list[dict[str, Any]]]) -> None:
    """Print one table per arm."""
    for arm, rows in summary.items():
        names = [name for name in SHOWN if name in rows[0]]
        show_table(
            f"{arm}: mined classes, means over seeds (NMI: normalised mutual information)",
            ("before epoch", *(name.replace("_", " ") for name in names)),
            [(row["epoch"], *(row[name]["mean"] for name in names)) for row in rows],
        )


def main() -> None:
    """Read, print and store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, default=Path("runs/learning/fire"))
    parsed = parser.parse_args()
    summary = summarize(read_runs(parsed.runs))
    show(summary)
    write_result(
        "mined_classes", f"python benchmarks/mined_classes.py --runs {parsed.runs}", {"arms": summary}
    )


if __name__ == "__main__":
    main()
