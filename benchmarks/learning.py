"""Does training help? The trained network against the untrained one, on persons not in training.

Each seed makes its own data split and its own start. Figures are those of the last epoch, never
of the best one.

    python benchmarks/learning.py walkers
    python benchmarks/learning.py pets09 --video vtest.avi --annotations gt.txt

With ``--start runs/quickstart/run/last.ckpt`` training goes on from a network that was trained on
something else, which is evaluated, too.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from report import show_table, write_result

METRICS = ("rank1", "mAP", "mINP")
#: The sequence's 19 annotated tracks show ten people, most of whom come back.
PETS09_SAME_PERSON = ("1,19", "2,13", "3,11", "4,12", "5,9", "6,10", "8,14,15,18")
#: What has been learnt elsewhere is adapted, not overwritten.
FINE_TUNING = ("--set", "optimizers.network.lr=1e-4", "--set", "train.epochs=4")


def main() -> None:
    """Train and evaluate per seed, then show and store mean and standard deviation."""
    arguments = _parse()
    make_data = {"walkers": _make_walkers, "pets09": _make_pets09}[arguments.data]
    with tempfile.TemporaryDirectory() as folder:
        runs = [
            _run_seed(arguments.data, seed, Path(folder, str(seed)), make_data, arguments)
            for seed in arguments.seeds
        ]
    rows = ("untrained", "start", "trained") if arguments.start else ("untrained", "trained")
    figures = {
        "recipe": f"mgn/{arguments.data}",
        "seeds": arguments.seeds,
        "protocol": "standard, re-ranking off, last epoch",
        "runs": runs,
        **{which: _summary([run[which] for run in runs]) for which in rows},
    }
    show_table(
        f"{arguments.data}: persons not in training, {len(runs)} seeds, per cent",
        ("network", *METRICS),
        [(which, *(_percent(figures[which][m]) for m in METRICS)) for which in rows],
    )
    suffix = "_started" if arguments.start else ""
    write_result(f"learning_{arguments.data}{suffix}", _command(arguments), figures)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", choices=("walkers", "pets09"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--video", type=Path, help="vtest.avi, for pets09")
    parser.add_argument("--annotations", type=Path, help="gt.txt of PETS09-S2L1, for pets09")
    parser.add_argument("--start", type=Path, help="checkpoint that training goes on from")
    arguments = parser.parse_args()
    if arguments.data == "pets09" and not (arguments.video and arguments.annotations):
        parser.error("pets09 needs --video and --annotations; the README says where both come from")
    return arguments


def _command(arguments: argparse.Namespace) -> str:
    files = " --video vtest.avi --annotations gt.txt" if arguments.data == "pets09" else ""
    seeds = " ".join(map(str, arguments.seeds))
    start = " --start runs/quickstart/run/last.ckpt" if arguments.start else ""
    return f"python benchmarks/learning.py {arguments.data}{files}{start} --seeds {seeds}"


def _make_walkers(root: Path, seed: int, _arguments: argparse.Namespace) -> None:
    _mindreid("data", "synthesize", "--root", root, "--ids", 120, "--seed", seed)


def _make_pets09(root: Path, seed: int, arguments: argparse.Namespace) -> None:
    together = [part for ids in PETS09_SAME_PERSON for part in ("--same-person", ids)]
    _mindreid(
        "data", "from-mot", "--video", arguments.video, "--annotations", arguments.annotations,
        "--root", root, "--seed", seed, "--every", 3, *together,
    )  # fmt: skip


def _run_seed(
    name: str,
    seed: int,
    folder: Path,
    make_data: Callable[[Path, int, argparse.Namespace], None],
    arguments: argparse.Namespace,
) -> dict[str, Any]:
    data, run = folder / "data", folder / "run"
    make_data(data, seed, arguments)
    recipe = ("--config", f"mgn/{name}", "--root", data, "--set", f"train.seed={seed}")
    networks = {"untrained": ("--untrained",), "trained": ("--checkpoint", run / "last.ckpt")}
    gently = ()
    if arguments.start:
        networks["start"] = ("--checkpoint", arguments.start)
        gently = ("--set", f"train.init_checkpoint={arguments.start}", *FINE_TUNING)
    _mindreid("train", *recipe, *gently, "--output", run)
    results = {}
    for which, weights in networks.items():
        _mindreid("eval", *recipe, *weights, "--json", folder / f"{which}.json")
        standard = json.loads((folder / f"{which}.json").read_text())["results"]["standard"]
        results[which] = {key: standard[key] for key in (*METRICS, "valid_queries", "gallery")}
    return {"seed": seed, **results}


def _mindreid(*arguments: Any) -> None:
    subprocess.run([sys.executable, "-m", "mindreid", *map(str, arguments)], check=True)


def _summary(rows: Sequence[dict[str, float]]) -> dict[str, dict[str, float]]:
    return {
        metric: {
            "mean": float(np.mean([row[metric] for row in rows])),
            "std": float(np.std([row[metric] for row in rows])),
        }
        for metric in METRICS
    }


def _percent(value: dict[str, float]) -> str:
    return f"{100 * value['mean']:.1f} ± {100 * value['std']:.1f}"


if __name__ == "__main__":
    main()
