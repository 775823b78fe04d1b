"""Training step and inference of ResNet-50, MGN and OGBase against the same networks in PyTorch.

Each library runs in a process of its own, from the same weights, on the same batch, with the same
number of threads. The two take turns, so that other load on the machine meets both; with several
threads it still hurts PyTorch more, whose threads wait for each other within every operation. Read
the figures of several threads on an idle machine only, or take one thread.
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import os
import resource
import statistics
import tempfile
import time
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from report import show_table, write_result

COMMAND = "python benchmarks/train_step.py"
CLASSES = 751
TASKS = ("infer", "train")
LIBRARIES = {"torch": "peers.train_step_torch", "mindspore": "train_step_mindspore"}


@dataclass(frozen=True)
class Workload:
    """Images of which size, or silhouette sequences of how many frames; how many; which optimiser."""

    network: str
    height: int
    width: int
    batch: int
    optimizer: str
    frames: int = 0
    classes: int = CLASSES

    def images(self) -> np.ndarray:
        rng = np.random.default_rng(0)
        if self.frames:
            return rng.random((self.batch, self.frames, self.height, self.width), np.float32)
        return rng.standard_normal((self.batch, 3, self.height, self.width)).astype(np.float32)

    def pids(self) -> np.ndarray:
        return np.repeat(np.arange(self.batch // 4), 4).astype(np.int32)


WORKLOADS = (
    Workload("resnet50", 256, 128, 16, "adam"),
    Workload("mgn", 384, 128, 8, "sgd"),
    Workload("aug_ogbase", 64, 44, 32, "sgd", frames=10, classes=100),
)


def serve(library: str, workload: Workload, threads: int, weights_file: str, parent: Connection) -> None:
    """Run and time what the parent asks for, until it asks for nothing."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])
    tasks = importlib.import_module(LIBRARIES[library]).tasks(
        workload, threads, workload.classes, weights_file
    )
    parent.send("ready")
    while (task := parent.recv()) is not None:
        wall, processor = time.perf_counter(), time.process_time()
        value = tasks[task]()
        parent.send((time.perf_counter() - wall, time.process_time() - processor, value))
    parent.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)


class Peer:
    """One library's process."""

    def __init__(self, library: str, workload: Workload, threads: int, weights_file: str) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, child = context.Pipe()
        arguments = (library, workload, threads, weights_file, child)
        self.process = context.Process(target=serve, args=arguments, daemon=True)
        self.process.start()
        child.close()
        self.connection.recv()

    def run(self, task: str) -> tuple[float, float, Any]:
        """Run a task; return seconds by the clock, seconds of all threads, and its value."""
        self.connection.send(task)
        return self.connection.recv()

    def stop(self) -> float:
        """End the process and return its peak memory in GiB."""
        self.connection.send(None)
        peak = self.connection.recv()
        self.process.join()
        return peak


def measure(workload: Workload, threads: int, rounds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        weights_file = str(Path(folder) / "weights.npz")
        peers = {library: Peer(library, workload, threads, weights_file) for library in LIBRARIES}
    figures: dict[str, Any] = asdict(workload)
    first = {library: {task: peer.run(task) for task in TASKS} for library, peer in peers.items()}
    theirs, ours = (first[library]["infer"][2] for library in ("torch", "mindspore"))
    figures["embedding_difference"] = float(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs))
    figures["first_loss"] = {library: first[library]["train"][2] for library in LIBRARIES}
    figures["first_step_with_compilation_s"] = first["mindspore"]["train"][0]
    for task in TASKS:
        runs: dict[str, list[Any]] = {library: [] for library in LIBRARIES}
        for _ in range(rounds):
            for library, peer in peers.items():
                runs[library].append(peer.run(task))
        figures[task] = compare(runs)
    figures["peak_memory_gib"] = {library: peer.stop() for library, peer in peers.items()}
    return figures


def compare(runs: dict[str, list[Any]]) -> dict[str, float]:
    """Medians of both libraries and their ratio, by the clock and in processor time.

    Processor time counts waiting threads that spin, but not what other programs take away.
    """
    compared = {}
    for column, name in enumerate(("wall", "cpu")):
        medians = {library: statistics.median(run[column] for run in of) for library, of in runs.items()}
        compared.update({f"{library}_{name}_s": value for library, value in medians.items()})
        compared[f"{name}_ratio"] = medians["mindspore"] / medians["torch"]
    return compared


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="timed steps of each library")
    parser.add_argument("--network", choices=[w.network for w in WORKLOADS], help="only this one")
    cores = len(os.sched_getaffinity(0))
    parser.add_argument("--threads", type=int, default=cores, help="threads, and cores, of each library")
    arguments = parser.parse_args()
    threads, load_before = arguments.threads, os.getloadavg()[0]
    chosen = [w for w in WORKLOADS if arguments.network in (None, w.network)]
    figures = {w.network: measure(w, threads, arguments.rounds) for w in chosen}
    columns = ("torch_wall_s", "mindspore_wall_s", "wall_ratio", "cpu_ratio")
    rows = [[name, task, *(of[task][c] for c in columns)] for name, of in figures.items() for task in TASKS]
    show_table(f"One batch, {threads} threads", ("network", "task", *columns), rows)
    if arguments.network is None:
        settings = {"threads": threads, "rounds": arguments.rounds, "load_average_before": load_before}
        name = "train_step" if threads == cores else f"train_step_{threads}_thread"
        command = COMMAND if threads == cores else f"{COMMAND} --threads {threads}"
        write_result(name, command, {**settings, **figures})


if __name__ == "__main__":
    main()
