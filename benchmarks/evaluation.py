"""Evaluation of a set of Market-1501's size from end to end: reading, embedding, ranking.

    python benchmarks/evaluation.py --recipe mgn/market1501 --images 512

A full-size network with random weights embeds as many generated JPEGs as are asked for, with mirror images
where the recipe wants them; the time of all 23,100 follows from their rate. Ranking is measured in full:
3,368 queries, 19,732 gallery images, embeddings of the network's width. What an evaluation spends where is
the result, not an accuracy.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from pipeline import write_images
from ranking import NUM_QUERY, PRODUCT_GALLERY, evaluate_ours, make_sides
from report import show_table, write_result

from mindreid.config import Recipe, load_recipe
from mindreid.engine.checkpoints.networks import build_network
from mindreid.engine.evaluation.features import build_extractor
from mindreid.engine.platform.device import select_device
from mindreid.engine.platform.distributed import Workers


def main() -> None:
    """Measure both parts, print and store."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipe", default="mgn/market1501")
    parser.add_argument("--images", type=int, default=512, help="to embed")
    parser.add_argument("--repeats", type=int, default=3, help="of the ranking")
    parser.add_argument("--dry-run", action="store_true", help="print only, leave results/ alone")
    arguments = parser.parse_args()
    recipe = load_recipe(
        arguments.recipe, [f"evaluation.batch_size={min(32, arguments.images)}", "train.init_weights=null"]
    )
    rate, width = embedding_rate(recipe, arguments.images)
    ranking = ranking_seconds(width, arguments.repeats)
    embedding = (NUM_QUERY + PRODUCT_GALLERY) / rate
    figures = {
        "recipe": arguments.recipe,
        "images": arguments.images,
        "images_per_second": rate,
        "embedding_s_of_all": embedding,
        "ranking_s": ranking,
        "ranking_share": ranking / (embedding + ranking),
    }
    show_table(
        f"Evaluation of {NUM_QUERY} queries against {PRODUCT_GALLERY}, {arguments.recipe}",
        ("part", "seconds"),
        [(f"reading and embedding, {rate:.1f} images/s", embedding), (f"ranking, {width}-d", ranking)],
    )
    if not arguments.dry_run:
        command = f"python benchmarks/evaluation.py --recipe {arguments.recipe} --images {arguments.images}"
        write_result("evaluation", command, figures)


def embedding_rate(recipe: Recipe, count: int) -> tuple[float, int]:
    """Return how many images are read and embedded in a second, and how wide an embedding is."""
    select_device(recipe.device)
    extract = build_extractor(recipe, build_network(recipe), Workers())
    with tempfile.TemporaryDirectory() as folder:
        files: list[Any] = write_images(Path(folder))
        records = [files[number % len(files)] for number in range(count)]
        # Compiles; every batch has this size.
        extract(records[: recipe.evaluation.batch_size])
        begin = time.perf_counter()
        features = extract(records)
        return count / (time.perf_counter() - begin), int(np.prod(features.shape[1:]))


def ranking_seconds(width: int, repeats: int) -> float:
    """Return the median time of a ranking of the whole set, distances included."""
    query, gallery = make_sides(NUM_QUERY, PRODUCT_GALLERY, width)
    seconds = []
    for _ in range(repeats):
        begin = time.perf_counter()
        evaluate_ours(query, gallery)
        seconds.append(time.perf_counter() - begin)
    return float(np.median(seconds))


if __name__ == "__main__":
    main()
