"""Images per second of the training pipeline against a plain loop and MindSpore's own workers."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import mindspore.dataset as ds
import numpy as np
from PIL import Image
from report import show_table, write_result

from mindreid.config import Component, InputConfig
from mindreid.data.formats.images import Transform, load_image
from mindreid.data.pipeline import training_batches
from mindreid.data.records import Record
from mindreid.data.samplers import DistinctPersonsSampler
from mindreid.data.transforms import training_transform

COMMAND = "python benchmarks/pipeline.py"
PERSONS, IMAGES_OF_PERSON = 64, 8
INPUTS = InputConfig(height=384, width=128, interpolation="bicubic")
AUGMENT = ("flip", "normalize", "random_erasing")


def write_images(folder: Path) -> list[Record]:
    """Write JPEGs of Market-1501's size: smooth colours with grain decode like photographs."""
    rng = np.random.default_rng(0)
    records = []
    for number in range(PERSONS * IMAGES_OF_PERSON):
        coarse = Image.fromarray(rng.integers(0, 256, (16, 8, 3), dtype=np.uint8))
        smooth = np.asarray(coarse.resize((64, 128), Image.Resampling.BICUBIC))
        grainy = np.clip(smooth + rng.normal(0, 10, smooth.shape), 0, 255).astype(np.uint8)
        path = folder / f"{number}.jpg"
        Image.fromarray(grainy).save(path, quality=90)
        records.append(Record((str(path),), pid=number // IMAGES_OF_PERSON, camid=0))
    return records


def plain_loop(records: Sequence[Record], transform: Transform) -> int:
    generator = np.random.default_rng(0)
    for first in range(0, len(records), 64):
        np.stack([load_image(record, transform, generator) for record in records[first : first + 64]])
    return len(records)


def mindspore_workers(records: Sequence[Record], transform: Transform, reader_threads: int) -> int:
    class Source:
        def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
            generator = np.random.default_rng(index)
            return load_image(records[index], transform, generator), np.int32(records[index].pid)

        def __len__(self) -> int:
            return len(records)

    dataset = ds.GeneratorDataset(
        Source(),
        ["images", "pid"],
        shuffle=False,
        num_parallel_workers=reader_threads,
        python_multiprocessing=False,
    )
    iterator = dataset.batch(64).create_dict_iterator(num_epochs=1, output_numpy=True)
    return sum(len(batch["pid"]) for batch in iterator)


def our_pipeline(records: Sequence[Record], transform: Transform, reader_threads: int) -> int:
    sampler = DistinctPersonsSampler(records, persons=16, images=4)
    batches = training_batches(records, sampler, transform, 0, seed=1, reader_threads=reader_threads)
    return sum(len(batch["pid"]) for batch in batches)


def images_per_second(ways: dict[str, Callable[[], int]], repeats: int) -> dict[str, float]:
    """Median of each way; the ways take turns, so that they share whatever else the machine does."""
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for repeat in range(repeats + 1):
        for name, way in ways.items():
            begin = time.perf_counter()
            rate = way() / (time.perf_counter() - begin)
            if repeat:
                rates[name].append(rate)
    return {name: statistics.median(values) for name, values in rates.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reader-threads", type=int, default=2, help="threads that read images")
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    transform = training_transform([Component(name=name) for name in AUGMENT], INPUTS)
    with tempfile.TemporaryDirectory() as folder:
        records = write_images(Path(folder))
        rates = images_per_second(
            {
                "plain loop, one thread": partial(plain_loop, records, transform),
                "MindSpore's workers": partial(
                    mindspore_workers, records, transform, arguments.reader_threads
                ),
                "this pipeline": partial(our_pipeline, records, transform, arguments.reader_threads),
            },
            arguments.repeats,
        )
    ratio = {name: rates["this pipeline"] / rate for name, rate in rates.items() if name != "this pipeline"}
    rows = [(name, rate, ratio.get(name, 1.0)) for name, rate in rates.items()]
    show_table("Reading 64×128 JPEGs at 128×384", ("way", "images/s", "this pipeline is × as fast"), rows)
    command = f"{COMMAND} --reader-threads {arguments.reader_threads} --repeats {arguments.repeats}"
    write_result("pipeline", command, {"images_per_second": rates, "times_as_fast_as": ratio})


if __name__ == "__main__":
    main()
