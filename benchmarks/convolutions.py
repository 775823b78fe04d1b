"""What holds MGN on a CPU: each of its convolutions in MindSpore and in PyTorch, one by one.

Each library runs in processes of its own and says, by oneDNN's own trace, which of its kernels computes a
convolution and in which layout of memory. Times are the least of several runs; PyTorch's threads wait
for each other within every operation, so that only an idle machine says something.

    python benchmarks/convolutions.py
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from report import show_table, write_result

HEIGHT, WIDTH = 384, 128
LIBRARIES = ("torch", "mindspore")
#: As oneDNN writes them: implementation, and layout of the map that comes in.
_TRACED = re.compile(r"exec,cpu,convolution,([^,]+),[^,]+,src_?:?f32:?[a-z]*:+blocked:(\w+)")
_VERSION = re.compile(r"oneDNN v([\d.]+)")


@dataclass(frozen=True)
class Convolution:
    """One convolution without bias, and the map that it sees."""

    in_channels: int
    channels: int
    kernel: int
    stride: int
    height: int
    width: int

    def name(self) -> str:
        stride = f" / {self.stride}" if self.stride > 1 else ""
        channels = f"{self.in_channels} → {self.channels}"
        return f"{self.kernel}×{self.kernel}{stride}, {channels}, {self.height}×{self.width}"

    def operations(self, batch: int) -> float:
        """Multiplications and additions."""
        pixels = (self.height // self.stride) * (self.width // self.stride)
        return 2.0 * batch * pixels * self.in_channels * self.channels * self.kernel**2


def convolutions_of_mgn() -> dict[Convolution, int]:
    """Count MGN's convolutions, of one image's way through it."""
    import torch
    from peers.train_step_torch import MGN

    counts: collections.Counter[Convolution] = collections.Counter()

    def count(module: Any, arguments: tuple[Any, ...]) -> None:
        sides = (module.in_channels, module.out_channels, module.kernel_size[0], module.stride[0])
        counts[Convolution(*sides, *arguments[0].shape[2:])] += 1

    network = MGN(1).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_pre_hook(count)
    with torch.no_grad():
        network.embedding(torch.zeros(1, 3, HEIGHT, WIDTH))
    return dict(counts)


Build = Callable[[Convolution, int], Callable[[], Any]]


def torch_builder(threads: int) -> Build:
    """Return what builds a convolution and its input of a batch size, ready to be run."""
    import torch

    torch.set_num_threads(threads)

    def build(of: Convolution, batch: int) -> Callable[[], Any]:
        cell = torch.nn.Conv2d(
            of.in_channels, of.channels, of.kernel, of.stride, of.kernel // 2, bias=False
        ).requires_grad_(False)
        images = torch.from_numpy(_maps(of, batch))
        return lambda: cell(images)

    return build


def mindspore_builder(threads: int) -> Build:
    """Return what builds a convolution and its input of a batch size, ready to be run."""
    import mindspore as ms
    from mindspore import Tensor, nn

    from mindreid.config import DeviceConfig
    from mindreid.engine.platform.device import select_device

    select_device(DeviceConfig(target="CPU"))
    ms.device_context.cpu.op_tuning.threads_num(threads)

    def build(of: Convolution, batch: int) -> Callable[[], Any]:
        cell = nn.Conv2d(
            of.in_channels, of.channels, of.kernel, of.stride, pad_mode="pad", padding=of.kernel // 2
        )
        images, compute = Tensor(_maps(of, batch)), ms.jit(cell.construct)
        return lambda: compute(images)

    return build


BUILDERS = {"torch": torch_builder, "mindspore": mindspore_builder}


def _maps(of: Convolution, batch: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.standard_normal((batch, of.in_channels, of.height, of.width)).astype(np.float32)


def serve(library: str, batch: int, threads: int, repeats: int) -> None:
    """In a process of its own: write one line for every convolution that standard input names."""
    build = BUILDERS[library](threads)
    for line in sys.stdin:
        run, seconds = build(Convolution(*json.loads(line)), batch), []
        run()
        for _ in range(repeats):
            before = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - before)
        sys.stdout.write(f"measured {min(seconds)}\n")
        sys.stdout.flush()


def ask(library: str, convolutions: list[Convolution], arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Return seconds, kernel, layout and oneDNN's version of every convolution in a library."""
    command = [sys.executable, __file__, "--serve", library, "--batch", arguments.batch]
    command += ["--threads", arguments.threads, "--repeats", arguments.repeats]
    told = subprocess.run(
        [str(part) for part in command],
        input="".join(json.dumps(astuple(of)) + "\n" for of in convolutions),
        env={
            **os.environ,
            "DNNL_VERBOSE": "1",
            "ONEDNN_VERBOSE": "1",
            "OMP_NUM_THREADS": str(arguments.threads),
        },
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=Path(__file__).parent,
    ).stdout
    found, kernel, layout, version = [], "not oneDNN's", "", ""
    for line in told.splitlines():
        if traced := _TRACED.search(line):
            kernel, layout = traced.groups()
        elif line.startswith("measured "):
            found.append({"seconds": float(line.split()[1]), "kernel": kernel, "layout": layout})
            kernel, layout = "not oneDNN's", ""
        version = found_version[1] if (found_version := _VERSION.search(line)) else version
    return [{**one, "onednn": version} for one in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--repeats", type=int, default=9, help="timed runs of each convolution")
    parser.add_argument("--serve", choices=LIBRARIES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve, arguments.batch, arguments.threads, arguments.repeats)
        return
    counts = convolutions_of_mgn()
    asked = {library: ask(library, list(counts), arguments) for library in LIBRARIES}
    figures = [
        {
            **asdict(of),
            "count": count,
            "operations": of.operations(arguments.batch),
            **dict(zip(asked, sides)),
        }
        for (of, count), *sides in zip(counts.items(), *asked.values())
    ]
    seconds = {
        library: sum(one["count"] * one[library]["seconds"] for one in figures) for library in LIBRARIES
    }
    show([of.name() for of in counts], figures, seconds)
    settings = {key: getattr(arguments, key) for key in ("batch", "threads", "repeats")}
    ratio = seconds["mindspore"] / seconds["torch"]
    measured = {**settings, "convolutions": figures, "seconds": seconds, "ratio": ratio}
    write_result("convolutions", "python benchmarks/convolutions.py", measured)


def show(names: list[str], figures: list[dict[str, Any]], seconds: dict[str, float]) -> None:
    """Write a table of speeds, kernels and layouts, and the speed of all convolutions of a batch."""
    rows = []
    for name, one in zip(names, figures):
        sides = [one[library] for library in LIBRARIES]
        speeds = [_speed(one["operations"], side["seconds"]) for side in sides]
        kernels = [side[key] for side in sides for key in ("kernel", "layout")]
        rows.append((name, one["count"], *speeds, *kernels))
    operations = sum(one["count"] * one["operations"] for one in figures)
    speeds = [_speed(operations, seconds[library]) for library in LIBRARIES]
    rows.append(("all", sum(one["count"] for one in figures), *speeds, *[""] * 4))
    header = ("convolution", "times", "PyTorch", "MindSpore", "kernel", "layout", "kernel", "layout")
    show_table("MGN's convolutions: 10⁹ operations a second", header, rows)


def _speed(operations: float, seconds: float) -> str:
    return f"{operations / seconds / 1e9:.0f}"


if __name__ == "__main__":
    main()
