"""Latency per image of the same network in MindSpore, as MindIR, in ONNX Runtime and in PyTorch; memory.

Every network is the full-size one of its recipe, with random weights. Each runtime loads it in a
process of its own, one after the other, takes the same uint8 inputs and gives the same embeddings.
Also: the size of the checkpoint of weights against the number of values in it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import mindspore as ms
import numpy as np
from report import show_table, write_result

import mindreid
from mindreid.config import Recipe, load_recipe
from mindreid.engine.checkpoints.checkpoint_files import Description, save_weights
from mindreid.engine.deployment.exporter import FORMATS, export_network

COMMAND = "python benchmarks/inference.py"
RECIPES = {
    "mgn": "mgn/market1501",
    "cal": "cal/ltcc",
    "val": "val/ltcc",
    "fire": "fire/ltcc",
    "aug_ogbase": "aug_ogbase/ccpg",
}
RUNTIMES = ("MindSpore", "MindIR", "ONNX Runtime", "PyTorch")
BATCH, FRAMES = 8, 30


def main() -> None:
    """Measure every network in every runtime, then show and store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="timed passes of each runtime")
    parser.add_argument("--model", choices=sorted(RECIPES), help="only this one; nothing is stored")
    arguments = parser.parse_args()
    chosen = [name for name in RECIPES if arguments.model in (None, name)]
    load_before = os.getloadavg()[0]
    figures = {name: measure(name, arguments.rounds) for name in chosen}
    show_table(
        f"batch of {BATCH}, {len(os.sched_getaffinity(0))} cores",
        ("network", "runtime", "ms per image", "start s", "peak MiB", "difference"),
        [
            (name, runtime, row["ms_per_image"], row["start_s"], row["peak_memory_mib"], row["difference"])
            for name, own in figures.items()
            for runtime, row in own["runtimes"].items()
        ],
    )
    if arguments.model is None:
        settings = {"rounds": arguments.rounds, "load_average_before": load_before}
        write_result("inference", f"{COMMAND} --rounds {arguments.rounds}", {**settings, "models": figures})


def measure(name: str, rounds: int) -> dict[str, Any]:
    """Write one network's files, run them in every runtime, and compare the embeddings."""
    recipe = load_recipe(RECIPES[name])
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        sizes = write_files(name, recipe, folder)
        runtimes = {runtime: run(runtime, name, folder, rounds) for runtime in RUNTIMES}
    reference = runtimes[RUNTIMES[0]].pop("embeddings")
    length = np.linalg.norm(reference, axis=1).mean()
    runtimes[RUNTIMES[0]]["difference"] = 0.0
    for runtime in RUNTIMES[1:]:
        difference = np.abs(runtimes[runtime].pop("embeddings") - reference).max() / length
        runtimes[runtime]["difference"] = float(difference)
    resolution = f"{recipe.input.height}x{recipe.input.width}"
    if recipe.input.kind == "silhouettes":
        resolution = f"{FRAMES}x{resolution}"
    return {**sizes, "batch": BATCH, "resolution": resolution, "runtimes": runtimes}


def write_files(name: str, recipe: Recipe, folder: Path) -> dict[str, Any]:
    """Write the network in all forms and the inputs; return its numbers of values and bytes."""
    ms.set_seed(1)
    network = mindreid.create_model(name, **recipe.model.network)
    description = Description(name, dict(recipe.model.network), 0, recipe.as_dict())
    save_weights(folder / "weights.ckpt", network, description)
    for file_format, suffix in FORMATS.items():
        export_network(network, description, folder / f"network{suffix}", file_format, verify=False)
    parameters = dict(network.parameters_and_names())
    np.savez(folder / "weights.npz", **{key: value.asnumpy() for key, value in parameters.items()})
    size = (recipe.input.height, recipe.input.width)
    shape = (FRAMES, *size) if recipe.input.kind == "silhouettes" else (*size, 3)
    inputs = np.random.default_rng(0).integers(0, 256, (BATCH, *shape), dtype=np.uint8)
    np.save(folder / "inputs.npy", inputs)
    values = sum(value.size for value in parameters.values())
    size_on_disk = (folder / "weights.ckpt").stat().st_size
    return {
        "parameters": sum(value.size for value in network.trainable_params()),
        "values_with_buffers": values,
        "checkpoint_bytes": size_on_disk,
        "checkpoint_bytes_per_value": size_on_disk / values,
    }


def run(runtime: str, name: str, folder: Path, rounds: int) -> dict[str, Any]:
    """Run one runtime in a process of its own; see `inference_runtimes.py`."""
    worker = Path(__file__).with_name("inference_runtimes.py")
    command = [sys.executable, str(worker), runtime, name, RECIPES[name], str(folder), str(rounds)]
    subprocess.run(command, check=True)
    measured = json.loads((folder / "measured.json").read_text(encoding="utf-8"))
    return {**measured, "embeddings": np.load(folder / "embeddings.npy")}


if __name__ == "__main__":
    main()
