"""Seconds per epoch with data, augmentation and step, against the loops of Simple-CCReID and OpenGait.

    python benchmarks/epoch.py --simple-ccreid DIR --opengait DIR

CAL on generated walkers in LTCC's tree, GaitBase on generated walkers in CCPG's, each at the networks'
full width: the authors' code trains them from the folder that is named, on the same files, with as many
reading workers, at the same sizes. Each training has a process of its own, one after the other; the first
epoch, which compiles, is told apart. ``peers/peer_loops.py`` says what of their code is replaced, since it
wants a GPU; they need torch, torchvision, yacs and einops, of ``--peer-python`` if not of this Python.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from report import show_table, write_result

from mindreid.cli import main as mindreid

HERE = Path(__file__).resolve().parent
#: Generated so that an epoch of CAL has as many images as ``steps`` batches.
WALKERS = {
    "simple_ccreid": (
        "ltcc",
        "LTCC_ReID",
        *["--ids", "8", "--outfits", "2", "--cameras", "2", "--frames", "8"],
    ),
    "opengait": ("ccpg", "CCPG", "--ids", "16"),
}
CAL = {"height": 256, "width": 128, "persons": 4, "images": 4, "steps": 8}
GAITBASE = {"persons": 4, "images": 4, "frames": 10, "steps": 8, "classes": 8}
#: What ``--quick`` makes of both: to see that everything runs.
QUICK = {"height": 64, "width": 32, "frames": 4, "steps": 2}
NAMES = {"simple_ccreid": "CAL, Simple-CCReID", "opengait": "GaitBase, OpenGait"}


def main() -> None:
    """Measure against every loop whose folder is given, print and store."""
    arguments = _parse()
    folders = {"simple_ccreid": arguments.simple_ccreid, "opengait": arguments.opengait}
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as scratch:
        figures = {
            loop: compare(loop, folder.resolve(), Path(scratch), arguments)
            for loop, folder in folders.items()
            if folder is not None
        }
    rows = [
        (NAMES[loop], side, own[side][0], median(own[side][1:]), own["ratio"] if side == "ours" else 1.0)
        for loop, own in figures.items()
        for side in ("ours", "theirs")
    ]
    show_table("Seconds per epoch", ("what", "loop", "first epoch", "later ones", "ratio"), rows)
    if arguments.quick:
        return
    command = f"python benchmarks/epoch.py --simple-ccreid DIR --opengait DIR --epochs {arguments.epochs}"
    about = {"load_average_before": load, "workers": arguments.workers, "patches": patches()}
    write_result("epoch", command, {**about, "loops": figures})


def patches() -> tuple[str, ...]:
    """Read what is replaced of the others' code; the module itself needs torch."""
    tree = ast.parse((HERE / "peers/peer_loops.py").read_text(encoding="utf-8"))
    (value,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PATCHES"
    )
    return ast.literal_eval(value)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--simple-ccreid", type=Path, metavar="DIR", help="a checkout of Simple-CCReID")
    parser.add_argument("--opengait", type=Path, metavar="DIR", help="a checkout of OpenGait")
    parser.add_argument("--peer-python", default=sys.executable, help="the Python that runs their code")
    parser.add_argument("--epochs", type=int, default=3, help="at least 2: the first one compiles")
    parser.add_argument("--quick", action="store_true", help="tiny, and nothing is stored: does it run?")
    parser.add_argument("--workers", type=int, default=2, help="that read images")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    return parser.parse_args()


def compare(loop: str, folder: Path, scratch: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Train with both loops on the same files; return the seconds of all epochs, the sizes and the ratio."""
    layout, name, *options = WALKERS[loop]
    root = scratch / loop / name
    mindreid(["data", "synthesize", "--layout", layout, "--root", str(root), *options])
    sizes = {**(CAL if loop == "simple_ccreid" else GAITBASE), "epochs": arguments.epochs}
    if arguments.quick:
        sizes |= {name: value for name, value in QUICK.items() if name in sizes}
    overrides = cal_overrides(sizes) if loop == "simple_ccreid" else gaitbase_overrides(sizes)
    recipe = "cal/ltcc" if loop == "simple_ccreid" else "aug_ogbase/ccpg"
    common = ["train.evaluate_every=0", f"train.reader_threads={arguments.workers}", f"dataset.root={root}"]
    own = {"loop": "ours", "recipe": recipe, "overrides": [*overrides, *common]}
    data = root.parent if loop == "simple_ccreid" else root
    other = {"loop": loop, "folder": str(folder), "data": str(data)}
    other["size"] = {**sizes, "workers": arguments.workers}
    seconds = {
        "ours": run({**own, "threads": arguments.threads}, scratch / f"{loop}_ours.json", sys.executable),
        "theirs": run(
            {**other, "threads": arguments.threads}, scratch / f"{loop}_theirs.json", arguments.peer_python
        ),
    }
    ratio = median(seconds["ours"][1:]) / median(seconds["theirs"][1:])
    return {**seconds, "ratio": ratio, "sizes": sizes, "recipe": recipe, "overrides": overrides}


def run(task: dict[str, Any], file: Path, python: str) -> list[float]:
    """Carry out a training in a fresh process."""
    file.write_text(json.dumps(task), encoding="utf-8")
    environment = {**os.environ, "OMP_NUM_THREADS": str(task["threads"])}
    subprocess.run([python, str(HERE / "epoch_runs.py"), str(file)], check=True, env=environment)
    return json.loads(file.with_suffix(".seconds").read_text(encoding="utf-8"))


def cal_overrides(sizes: dict[str, int]) -> list[str]:
    """Return what makes CAL's recipe as small as the benchmark's sizes; adversarial from the first epoch."""
    return [
        f"input.height={sizes['height']}",
        f"input.width={sizes['width']}",
        f"sampler.persons={sizes['persons']}",
        f"sampler.images={sizes['images']}",
        f"train.epochs={sizes['epochs']}",
        "train.init_weights=null",
        "model.objective.start_epoch=0",
        "device.norm_groups=1",
    ]


def gaitbase_overrides(sizes: dict[str, int]) -> list[str]:
    """Return what makes AUG-OGBase's recipe OpenGait's GaitBase on CCPG at the benchmark's sizes."""
    return [
        f"sampler.persons={sizes['persons']}",
        f"sampler.sequences={sizes['images']}",
        f"sampler.batches={sizes['steps']}",
        f"frames.count={sizes['frames']}",
        f"train.steps={sizes['steps'] * sizes['epochs']}",
        "augment=[{name: cut_sides}]",
        "device.sync_bn=false",
    ]


if __name__ == "__main__":
    main()
