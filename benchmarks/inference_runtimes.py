"""One runtime of `inference.py`: load, warm up, time, and tell the largest memory of the process."""

from __future__ import annotations

import json
import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mindreid.config import load_recipe
from mindreid.layers.resnet import norm_parameter_name, parameter_name

Run = Callable[[np.ndarray], np.ndarray]


def main() -> None:
    """Measure what the command line names; write ``measured.json`` and ``embeddings.npy``."""
    runtime, model, recipe, folder, rounds = sys.argv[1:]
    place = Path(folder)
    inputs = np.load(place / "inputs.npy")
    begin = time.perf_counter()
    run = LOADERS[runtime](model, recipe, place)
    embeddings = run(inputs)
    start = time.perf_counter() - begin
    seconds = []
    for _ in range(int(rounds)):
        begin = time.perf_counter()
        run(inputs)
        seconds.append(time.perf_counter() - begin)
    np.save(place / "embeddings.npy", embeddings)
    measured = {
        "ms_per_image": 1000 * statistics.median(seconds) / len(inputs),
        "start_s": start,
        "peak_memory_mib": peak_memory_mib(),
    }
    (place / "measured.json").write_text(json.dumps(measured), encoding="utf-8")


def peak_memory_mib() -> float:
    """Return the most memory that this process had; getrusage would count the parent's before exec."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def load_mindspore(model: str, recipe_name: str, folder: Path) -> Run:
    """Compile the live network, its checkpoint loaded."""
    import mindspore as ms

    import mindreid
    from mindreid.config import DeviceConfig
    from mindreid.engine.checkpoints.checkpoint_files import load_weights
    from mindreid.engine.deployment.wrappers import deployable_network
    from mindreid.engine.platform.device import select_device

    select_device(DeviceConfig(target="CPU"))
    recipe = load_recipe(recipe_name)
    network = mindreid.create_model(model, **recipe.model.network)
    load_weights(folder / "weights.ckpt", network)
    embed = ms.jit(deployable_network(network, recipe.input).construct)
    return lambda inputs: embed(ms.Tensor(inputs)).asnumpy()


def load_mindir(_model: str, _recipe: str, folder: Path) -> Run:
    """Load the MindIR file in MindSpore."""
    from mindreid.config import DeviceConfig
    from mindreid.engine.deployment.runtimes import MindSporeRuntime
    from mindreid.engine.platform.device import select_device

    select_device(DeviceConfig(target="CPU"))
    return MindSporeRuntime(folder / "network.mindir")


def load_onnx(_model: str, _recipe: str, folder: Path) -> Run:
    """Load the ONNX file."""
    from mindreid.engine.deployment.runtimes import OnnxRuntime

    return OnnxRuntime(folder / "network.onnx")


def load_torch(model: str, recipe_name: str, folder: Path) -> Run:
    """Build the same network in PyTorch, with the same weights and pre-processing."""
    import torch
    from peers.inference_torch import NETWORKS

    inputs = load_recipe(recipe_name).input
    network = NETWORKS[model]().eval()
    weights = np.load(folder / "weights.npz")
    counters = {name for name in network.state_dict() if name.endswith("num_batches_tracked")}
    state = {
        name: torch.from_numpy(weights[_our_name(name)])
        for name in network.state_dict()
        if name not in counters
    }
    missing = set(network.load_state_dict(state, strict=False).missing_keys)
    if missing - counters:
        raise RuntimeError(f"PyTorch's network has no values for {sorted(missing - counters)}")
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (inputs.mean, inputs.std))

    def run(batch: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            pixels = torch.from_numpy(batch).float() / 255
            if inputs.kind == "silhouettes":
                return network.embedding(pixels).numpy()
            embedding = network.embedding((pixels.permute(0, 3, 1, 2) - mean) / std)
            return torch.nn.functional.normalize(embedding).numpy()

    return run


def _our_name(torch_name: str) -> str:
    name = torch_name.removeprefix("network.")
    if re.search(r"\.norm\.\w+$", name):
        return norm_parameter_name(name)
    return str(parameter_name(name))


LOADERS: dict[str, Callable[[str, str, Path], Run]] = {
    "MindSpore": load_mindspore,
    "MindIR": load_mindir,
    "ONNX Runtime": load_onnx,
    "PyTorch": load_torch,
}

if __name__ == "__main__":
    main()
