"""How fast walkers are rendered with all annotations, written as a dataset, and rendered as they are read."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
from report import show_table, write_result

from mindreid.data.datasets.outfit_walkers import OutfitWorld
from mindreid.walkers import Walk, render_walk, synthesize
from mindreid.walkers.rendered_images import render_image

SIZE = (256, 128)
SEED, PERSONS, CAMERAS = 1, 25, 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3, help="the fastest one counts")
    repeats = parser.parse_args().repeats
    _use_one_core()
    # The cameras' surroundings are drawn once in the life of a process.
    for camid in range(CAMERAS):
        render_walk(SEED, Walk(1, camid=camid), 1, size=SIZE)
    figures = {
        "crop_height": SIZE[0],
        "crop_width": SIZE[1],
        "rendered_frames_per_cpu_second_walks_of_4": _best(repeats, lambda: _render(4), time.process_time),
        "rendered_frames_per_cpu_second_walks_of_30": _best(repeats, lambda: _render(30), time.process_time),
        "rendered_frames_per_second_walks_of_4": _best(repeats, lambda: _render(4)),
        "images_of_128x64_rendered_as_read_per_cpu_second": _best(repeats, _read, time.process_time),
        "written_images_per_second": _best(repeats, lambda: _write(annotations=False)),
        "written_images_per_second_with_annotations": _best(repeats, lambda: _write(annotations=True)),
    }
    show_table("Walkers on one core", ["figure", "value"], list(figures.items()))
    write_result("walkers", "python benchmarks/walkers.py", figures)


def _use_one_core() -> None:
    cv2.setNumThreads(1)
    if sys.platform == "linux":
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def _best(repeats: int, work: Callable[[], int], clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the highest rate of several runs.

    Rendering is one thread that waits for nothing, so its CPU time is what it takes on a core of
    its own, whatever else the machine does; writing also waits for the disk.
    """
    rates = []
    for _ in range(repeats):
        start = clock()
        count = work()
        rates.append(count / (clock() - start))
    return round(max(rates), 1)


def _render(frames: int) -> int:
    walks = [Walk(pid, camid=camid) for pid in range(1, PERSONS + 1) for camid in range(CAMERAS)]
    walks = walks[: max(1, 400 // frames)]
    return sum(len(render_walk(SEED, walk, frames, size=SIZE)) for walk in walks)


def _read() -> int:
    images = OutfitWorld(SEED, PERSONS, 1, outfits=4, images=4).training_images()
    return len([render_image(image.name) for image in images])


def _write(annotations: bool) -> int:
    with tempfile.TemporaryDirectory() as folder:
        counts = synthesize(
            "market1501",
            Path(folder, "walkers"),
            PERSONS,
            SEED,
            cameras=CAMERAS,
            size=SIZE,
            annotations=annotations,
        )
    return sum(counts.values())


if __name__ == "__main__":
    main()
