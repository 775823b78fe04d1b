"""Searching: how long a search takes among ever more tracklets, and how fast a video is added.

* ``find``: exact search among tracklets of 512 values, all and those of one camera of eight; also how
  long a tracklet takes to be deleted and proved to be gone.
* ``add``: frames per second of ``mindreid search add`` by stage, on a video, with a network.

Run ``python benchmarks/search.py find`` (``--sizes 1000000`` takes 5 GB of disk and some minutes) and
``python benchmarks/search.py add --video FILE --model FILE [--model-input NAME]``.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
from report import show_table, write_result

from mindreid.search.forgetting import forget
from mindreid.search.index import Crop, Filters, IndexedModel, Source, Tracklet, open_index, tracklet_id
from mindreid.search.index.tracklets import BOX
from mindreid.search.ingest import MovingPeople, add_video, open_appearance_model
from mindreid.search.ingest.video_addition import VideoRules

DIMENSION, PER_SOURCE, CAMERAS = 512, 1000, 8
BEGIN = datetime(2026, 11, 1, 8, tzinfo=timezone.utc)
REPEATS = 21


def fill(index, count: int) -> None:
    """Add random tracklets, without pictures, in recordings of a thousand."""
    generator = np.random.default_rng(0)
    model = IndexedModel("0" * 64, "/nowhere.onnx", {}, DIMENSION)
    index.set_model(model)
    boxes = np.zeros(50, BOX)
    with index.exclusive():
        for number in range(count // PER_SOURCE):
            source_id = hashlib.sha256(str(number).encode()).hexdigest()
            camera, start = f"camera {number % CAMERAS}", BEGIN + timedelta(hours=number)
            end = start + timedelta(hours=1)
            source = Source(source_id, "video", "/nowhere.mp4", camera, start, end, 1920, 1080)
            vectors = generator.standard_normal((PER_SOURCE, DIMENSION), dtype=np.float32)
            with index.adding(source_id) as addition:
                for place, vector in enumerate(vectors):
                    name = tracklet_id(source_id, place)
                    crops: tuple[Crop, ...] = ()
                    tracklet = Tracklet(
                        name, source_id, camera, start, end, boxes, crops, model.sha256, vector
                    )
                    addition.put(tracklet, [])
                addition.finish(source)


@contextmanager
def seconds(spent: list[float], processor: list[float] | None = None) -> Iterator[None]:
    """Note the time of the block, and that of it for which a processor was at work."""
    begin, working = time.perf_counter(), time.process_time()
    yield
    spent.append(time.perf_counter() - begin)
    if processor is not None:
        processor.append(time.process_time() - working)


def measure_find(count: int, folder: Path) -> dict[str, float]:
    index = open_index(folder / str(count), create=True)
    filling: list[float] = []
    with seconds(filling):
        fill(index, count)
    generator = np.random.default_rng(1)
    figures = {"tracklets": count, "filling_s": filling[0]}
    ways = {"all": Filters(), "one camera": Filters(cameras=("camera 3",))}
    index.search(generator.standard_normal(DIMENSION), top=10)
    for name, filters in ways.items():
        spent: list[float] = []
        processor: list[float] = []
        for _ in range(REPEATS):
            vector = generator.standard_normal(DIMENSION)
            with seconds(spent, processor):
                index.search(vector, filters, 10)
        figures[f"{name} median_ms"] = 1000 * float(np.median(spent))
        figures[f"{name} processor_ms"] = 1000 * float(np.median(processor))
    opening: list[float] = []
    with seconds(opening):
        open_index(folder / str(count)).search(generator.standard_normal(DIMENSION), top=10)
    forgetting: list[float] = []
    with seconds(forgetting):
        forget(index, [next(index.tracklets()).id], {})
    return {**figures, "open and find_ms": 1000 * opening[0], "forget and prove_s": forgetting[0]}


def run_find(sizes: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        results = [measure_find(count, Path(folder)) for count in sizes]
    names = list(results[0])
    show_table("exact search, 512 values", names, [[result[name] for name in names] for result in results])
    command = f"python benchmarks/search.py find --sizes {' '.join(map(str, sizes))}"
    write_result("search_find", command, {"dimension": DIMENSION, "sizes": results})


def run_add(video: Path, model: Path, inputs: str | None, rate: float) -> None:
    network = open_appearance_model(model, inputs=inputs)
    with tempfile.TemporaryDirectory() as folder:
        index = open_index(Path(folder) / "index", create=True)
        index.set_model(network.described)
        rules = VideoRules(rate=rate)
        added = add_video(index, video, "camera", network, MovingPeople(), start=BEGIN, rules=rules)
    # On a machine that does other things, too, the second column tells more.
    speeds, per_processor = (
        {name: added.frames / spent for name, spent in {**stages, "all of it": sum(stages.values())}.items()}
        for stages in (added.seconds, added.processor)
    )
    rows = [(name, speed, per_processor[name]) for name, speed in speeds.items()]
    show_table("frames, by stage", ["stage", "a second", "a processor's second"], rows)
    chosen = f" --model-input {inputs}" if inputs else ""
    figures = {
        "frames_looked_at": added.frames,
        "frames_read": added.source.frames,
        "width": added.source.width,
        "height": added.source.height,
        "tracklets": added.tracklets,
        "network": model.name,
        "frames_per_second": speeds,
        "frames_per_processor_second": per_processor,
    }
    command = (
        f"python benchmarks/search.py add --video {video.name} --model {model.name}{chosen} --rate {rate:g}"
    )
    write_result("search_add", command, figures)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parts = parser.add_subparsers(dest="part", required=True)
    find = parts.add_parser("find")
    find.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    add = parts.add_parser("add")
    add.add_argument("--video", type=Path, required=True)
    add.add_argument("--model", type=Path, required=True)
    add.add_argument("--model-input")
    add.add_argument("--rate", type=float, default=5.0)
    parsed = parser.parse_args()
    if parsed.part == "find":
        run_find(parsed.sizes)
    else:
        run_add(parsed.video, parsed.model, parsed.model_input, parsed.rate)


if __name__ == "__main__":
    main()
