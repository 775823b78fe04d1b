"""Fill the README's tables of measured figures from results/*.json: ``python benchmarks/tables.py``.

``--check`` changes nothing and fails if a table and the files disagree.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Optional

from mindreid.atomic import write_text

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
NOT_MEASURED = "–"


def main() -> int:
    """Rewrite the README, or say whether it agrees."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="fail if the README is out of date")
    check = parser.parse_args().check
    readme = ROOT / "README.md"
    before = readme.read_text(encoding="utf-8")
    after = fill(before)
    if check and after != before:
        sys.stderr.write("README.md disagrees with results/: run python benchmarks/tables.py\n")
        return 1
    if not check:
        write_text(readme, after)
    return 0


def fill(document: str) -> str:
    """Replace what stands between the markers of ``document``."""
    head, rest = document.split(BEGIN)
    _, tail = rest.split(END)
    return f"{head}{BEGIN}\n{learning_table()}\n\n{speed_table()}\n{END}{tail}"


def learning_table() -> str:
    """Show what the shipped small recipes learn, on persons not in training."""
    lines = ["| data | network | recipe | rank-1 / mAP | runs |", "| --- | --- | --- | --- | --- |"]
    for name, data in (("walkers", "generated walkers"), ("pets09", "PETS09-S2L1")):
        lines += learning_rows(f"learning_{name}", data)
    return "\n".join(lines)


def learning_rows(result: str, data: str) -> list[str]:
    """Make one row per arm of a learning experiment, standard protocol."""
    figures = _figures(result)
    if figures is None:
        return []
    return [
        f"| {data} | MGN, small, {arm} | `{figures['arms'][arm]['recipe']}` "
        f"| {_rank1_and_map(row['standard'])} | {len(figures['seeds'])} seeds |"
        for arm, row in figures["summary"].items()
    ]


def speed_table() -> str:
    """Ratios to the baseline that each benchmark names."""
    rows = [
        ("ranking with distances, 3,368 × 15,913", "plain NumPy, per query", _speedup("ranking", "ranking")),
        ("re-ranking, the same set", "dense NumPy", _speedup("ranking", "reranking")),
        ("memory of that re-ranking", "dense NumPy", _rerank_memory()),
        ("ResNet-50 training step", "PyTorch", _step_ratio("resnet50", "train")),
        ("ResNet-50 inference", "PyTorch", _step_ratio("resnet50", "infer")),
        ("MGN training step", "PyTorch", _step_ratio("mgn", "train")),
        ("MGN inference", "PyTorch", _step_ratio("mgn", "infer")),
    ]
    lines = ["| what, on two CPU cores | against | figure |", "| --- | --- | --- |"]
    return "\n".join([*lines, *(f"| {what} | {against} | {figure} |" for what, against, figure in rows)])


def _figures(name: str) -> Optional[dict[str, Any]]:
    path = ROOT / "results" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))["figures"] if path.is_file() else None


def _rank1_and_map(spreads: dict[str, dict[str, float]]) -> str:
    values = [spreads[metric] for metric in ("rank1", "mAP")]
    return " / ".join(f"{100 * value['mean']:.1f} ± {100 * value['std']:.1f}" for value in values)


def _speedup(name: str, part: str) -> str:
    figures = _figures(name)
    if figures is None:
        return NOT_MEASURED
    key = next(key for key in figures[part] if key.startswith("speedup"))
    return f"{figures[part][key]:.1f} times faster"


def _rerank_memory() -> str:
    figures = _figures("ranking")
    if figures is None:
        return NOT_MEASURED
    part = figures["reranking"]
    return f"{part['peak_extra_gib_ours']:.2f} GiB instead of {part['peak_extra_gib_dense']:.2f} GiB"


def _step_ratio(network: str, phase: str) -> str:
    figures = _figures("train_step")
    return NOT_MEASURED if figures is None else f"{figures[network][phase]['wall_ratio']:.2f} times the time"


if __name__ == "__main__":
    sys.exit(main())
