"""Speed and memory of the ranking metrics against plain dense NumPy code, at the size of Market-1501.

Four parts, each measured in a process of its own:

* ``product``: ``evaluate_ranking`` of 2,048 values against the matrix product of its distances alone;
* ``ranking``: ``evaluate_ranking`` against a loop over the queries that sorts the gallery;
* ``reranking``: ``rerank_k_reciprocal`` against the usual dense form of the method, time and memory;
* ``scaling``: time per query and gallery item as the gallery grows.

Run ``python benchmarks/ranking.py`` (about three minutes, 10 GB for the dense re-ranking), or one part:
``python benchmarks/ranking.py --parts product``. The product's figures have a file of their own; the others
are stored together, when all three were measured.
"""

from __future__ import annotations

import argparse
import functools
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from report import show_table, write_result

from mindreid.metrics import evaluate_ranking, l2_normalize, rerank_k_reciprocal

NUM_QUERY, NUM_GALLERY, DIMENSIONS = 3368, 15913, 256
NUM_PERSONS, NUM_CAMERAS = 750, 6
GALLERY_SIZES = (15_000, 30_000, 60_000, 120_000)
SCALING_QUERIES = 1000
PRODUCT_GALLERY, PRODUCT_DIMENSIONS = 19732, 2048
PRODUCT = "product"
PARTS = ("ranking", "reranking", "scaling")


class Side(NamedTuple):
    """Queries or gallery: float32 features ``[N, D]`` and int64 labels ``[N]``."""

    features: np.ndarray
    pids: np.ndarray
    camids: np.ndarray


def make_sides(num_query: int, num_gallery: int, dimensions: int = DIMENSIONS) -> tuple[Side, Side]:
    """Draw features that have an identity, a camera and noise in them."""
    rng = np.random.default_rng(7)
    persons = rng.standard_normal((NUM_PERSONS, dimensions), dtype=np.float32)
    cameras = rng.standard_normal((NUM_CAMERAS, dimensions), dtype=np.float32)

    def side(count: int) -> Side:
        pids = rng.integers(NUM_PERSONS, size=count)
        camids = rng.integers(NUM_CAMERAS, size=count)
        # Difficulty differs from image to image, as it does among real ones.
        noise = rng.uniform(0.3, 1.8, (count, 1)).astype(np.float32)
        features = noise * rng.standard_normal((count, dimensions), dtype=np.float32)
        features += persons[pids] + cameras[camids] * np.float32(0.8)
        return Side(l2_normalize(features), pids, camids)

    return side(num_query), side(num_gallery)


class Scores(NamedTuple):
    """What both evaluators return: the CMC curve, mAP, mINP."""

    cmc: np.ndarray
    mean_ap: float
    mean_inp: float


def evaluate_plain(query: Side, gallery: Side) -> Scores:
    """Evaluate one query after the other: sort the gallery, mask out junk, read off the hits."""
    distances = 1 - query.features @ gallery.features.T
    curve = np.zeros(len(gallery.pids))
    average_precisions, penalties = [], []
    for row, pid, camid in zip(distances, query.pids, query.camids):
        order = np.argsort(row)
        same_person = gallery.pids[order] == pid
        hits = same_person[~(same_person & (gallery.camids[order] == camid))]
        ranks = np.flatnonzero(hits) + 1
        if not len(ranks):
            continue
        curve[ranks[0] - 1 :] += 1
        average_precisions.append(np.mean(np.arange(1, len(ranks) + 1) / ranks))
        penalties.append(len(ranks) / ranks[-1])
    return Scores(curve / len(penalties), float(np.mean(average_precisions)), float(np.mean(penalties)))


def evaluate_ours(query: Side, gallery: Side) -> Scores:
    result = evaluate_ranking(
        query.features, gallery.features, query.pids, gallery.pids, query.camids, gallery.camids
    )
    return Scores(result.cmc, result.mean_ap, result.mean_inp)


def rerank_ours(query: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    return rerank_k_reciprocal(query, gallery)


def rerank_dense(
    query: np.ndarray, gallery: np.ndarray, k1: int = 20, k2: int = 6, weight: float = 0.3
) -> np.ndarray:
    """Re-rank as Zhong et al. (CVPR 2017) describe it, with dense matrices over all items."""
    features = np.concatenate([query, gallery])
    original = 2 - 2 * features @ features.T
    original = (original / original.max(axis=0)).T
    order = np.argsort(original, axis=1).astype(np.int32)
    encoding = np.zeros_like(original)
    for item in range(len(features)):
        members = _expanded_set(order, item, k1)
        kernel = np.exp(-original[item, members])
        encoding[item, members] = kernel / kernel.sum()
    original = original[: len(query)].copy()
    if k2 > 1:
        encoding = np.stack([encoding[nearest].mean(axis=0) for nearest in order[:, :k2]])
    holders = [np.flatnonzero(encoding[:, column]) for column in range(len(features))]
    jaccard = np.empty_like(original)
    for item in range(len(query)):
        minima = np.zeros(len(features), np.float32)
        for column in np.flatnonzero(encoding[item]):
            minima[holders[column]] += np.minimum(encoding[item, column], encoding[holders[column], column])
        jaccard[item] = 1 - minima / (2 - minima)
    return ((1 - weight) * jaccard + weight * original)[:, len(query) :]


def _expanded_set(order: np.ndarray, item: int, k1: int) -> np.ndarray:
    members = _reciprocal(order, item, k1 + 1)
    expanded = members
    for member in members:
        theirs = _reciprocal(order, member, int(np.around(k1 / 2)) + 1)
        if len(np.intersect1d(theirs, members)) > 2 / 3 * len(theirs):
            expanded = np.append(expanded, theirs)
    return np.unique(expanded)


def _reciprocal(order: np.ndarray, item: int, length: int) -> np.ndarray:
    forward = order[item, :length]
    return forward[(order[forward, :length] == item).any(axis=1)]


def measure_product(repeats: int) -> dict[str, Any]:
    """Time the evaluation and the product that it can't do without, in turn; in wall and processor time."""
    query, gallery = make_sides(NUM_QUERY, PRODUCT_GALLERY, PRODUCT_DIMENSIONS)
    ways = {
        "evaluation": evaluate_ours,
        "product": lambda query, gallery: query.features @ gallery.features.T,
    }
    wall: dict[str, list[float]] = {name: [] for name in ways}
    processor: dict[str, list[float]] = {name: [] for name in ways}
    for repeat in range(repeats + 1):
        for name, way in ways.items():
            begin, begin_processor = time.perf_counter(), time.process_time()
            way(query, gallery)
            if repeat:
                wall[name].append(time.perf_counter() - begin)
                processor[name].append(time.process_time() - begin_processor)
    return {
        "queries": NUM_QUERY,
        "gallery": PRODUCT_GALLERY,
        "dimensions": PRODUCT_DIMENSIONS,
        "seconds": wall,
        "processor_seconds": processor,
        "wall_ratio": _ratio_of_medians(wall),
        "processor_ratio": _ratio_of_medians(processor),
    }


def _ratio_of_medians(seconds: dict[str, list[float]]) -> float:
    return float(np.median(seconds["evaluation"]) / np.median(seconds["product"]))


def measure_ranking(repeats: int) -> dict[str, Any]:
    """Time both evaluators in turn, distances included; compare what they say."""
    query, gallery = make_sides(NUM_QUERY, NUM_GALLERY)
    evaluate_ours(Side(*(part[:256] for part in query)), gallery)
    seconds: dict[str, list[float]] = {"ours": [], "plain": []}
    for _ in range(repeats):
        for name, evaluate in (("ours", evaluate_ours), ("plain", evaluate_plain)):
            begin = time.perf_counter()
            scores = evaluate(query, gallery)
            seconds[name].append(time.perf_counter() - begin)
            if name == "ours":
                ours = scores
    difference = max(float(np.max(np.abs(np.subtract(a, b)))) for a, b in zip(ours, scores))
    return {
        "rank1": float(ours.cmc[0]),
        "mAP": ours.mean_ap,
        "mINP": ours.mean_inp,
        "seconds_ours": seconds["ours"],
        "seconds_plain": seconds["plain"],
        "speedup_of_medians": float(np.median(seconds["plain"]) / np.median(seconds["ours"])),
        "largest_difference": difference,
    }


def measure_rerank(rerank: Callable[[np.ndarray, np.ndarray], np.ndarray], target: Path) -> dict[str, float]:
    """Time one re-ranking, store its result, and return its seconds and the memory it took on top."""
    query, gallery = make_sides(NUM_QUERY, NUM_GALLERY)
    rerank(query.features[:100], gallery.features[:300])
    before = _resident_bytes()
    begin = time.perf_counter()
    result = rerank(query.features, gallery.features)
    seconds = time.perf_counter() - begin
    # The high-water mark may stem from drawing the features: an upper bound of what re-ranking took.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    np.save(target, result)
    return {"seconds": seconds, "peak_extra_gib": peak / 2**30}


def measure_reranking(repeats: int) -> dict[str, Any]:
    """Compare both re-rankings; the dense one runs once, ours ``repeats`` times around it."""
    with tempfile.TemporaryDirectory() as folder:
        ours_path, dense_path = Path(folder) / "ours.npy", Path(folder) / "dense.npy"
        ours = [run_alone(measure_rerank, rerank_ours, ours_path)]
        dense = run_alone(measure_rerank, rerank_dense, dense_path)
        ours += [run_alone(measure_rerank, rerank_ours, ours_path) for _ in range(repeats - 1)]
        difference = _largest_difference(ours_path, dense_path)
    seconds = [run["seconds"] for run in ours]
    return {
        "seconds_ours": seconds,
        "seconds_dense": dense["seconds"],
        "speedup_of_median": dense["seconds"] / float(np.median(seconds)),
        "peak_extra_gib_ours": max(run["peak_extra_gib"] for run in ours),
        "peak_extra_gib_dense": dense["peak_extra_gib"],
        "largest_difference": difference,
    }


def measure_scaling(repeats: int) -> dict[str, Any]:
    """Time the evaluation against ever larger galleries of the same persons, distances included."""
    query, gallery = make_sides(SCALING_QUERIES, GALLERY_SIZES[-1])
    nanoseconds: dict[str, float] = {}
    for size in GALLERY_SIZES:
        part = Side(*(values[:size] for values in gallery))
        seconds = []
        for _ in range(repeats):
            begin = time.perf_counter()
            evaluate_ours(query, part)
            seconds.append(time.perf_counter() - begin)
        nanoseconds[str(size)] = float(np.median(seconds)) / SCALING_QUERIES / size * 1e9
    values = list(nanoseconds.values())
    return {
        "queries": SCALING_QUERIES,
        "nanoseconds_per_query_and_item": nanoseconds,
        "largest_over_smallest_gallery": values[-1] / values[0],
    }


def run_alone(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call ``function`` in a fresh process, so that its peak of memory is its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _largest_difference(left: Path, right: Path) -> float:
    a, b = np.load(left, mmap_mode="r"), np.load(right, mmap_mode="r")
    return max(float(np.abs(x - y).max()) for x, y in zip(a, b))


def show_product(figures: dict[str, Any]) -> None:
    """Print what :func:`measure_product` found."""
    rows = [
        (
            way,
            float(np.median(figures["seconds"][way])),
            float(np.median(figures["processor_seconds"][way])),
            *ratios,
        )
        for way, ratios in (
            ("product", (1.0, 1.0)),
            ("evaluation", (figures["wall_ratio"], figures["processor_ratio"])),
        )
    ]
    show_table(
        "evaluation, {queries} x {gallery}, {dimensions}-d, distances included".format(**figures),
        ("", "seconds (median)", "processor seconds", "ratio", "ratio of processor seconds"),
        rows,
    )


def show_ranking(figures: dict[str, Any]) -> None:
    show_table(
        f"evaluation, {NUM_QUERY} x {NUM_GALLERY}, {DIMENSIONS}-d, distances included "
        f"(rank-1 {figures['rank1']:.3f}, mAP {figures['mAP']:.3f})",
        ("", "seconds (median)", "speed-up", "largest difference"),
        (
            ("plain NumPy, per query", float(np.median(figures["seconds_plain"])), 1.0, ""),
            (
                "evaluate_ranking",
                float(np.median(figures["seconds_ours"])),
                figures["speedup_of_medians"],
                figures["largest_difference"],
            ),
        ),
    )


def show_reranking(figures: dict[str, Any]) -> None:
    show_table(
        f"k-reciprocal re-ranking, {NUM_QUERY} x {NUM_GALLERY}, {DIMENSIONS}-d",
        ("", "seconds", "peak extra GiB", "speed-up", "largest difference"),
        (
            ("dense NumPy", figures["seconds_dense"], figures["peak_extra_gib_dense"], 1.0, ""),
            (
                "rerank_k_reciprocal",
                float(np.median(figures["seconds_ours"])),
                figures["peak_extra_gib_ours"],
                figures["speedup_of_median"],
                figures["largest_difference"],
            ),
        ),
    )


def show_scaling(figures: dict[str, Any]) -> None:
    show_table(
        f"evaluation of {figures['queries']} queries, distances included",
        ("gallery", "ns per query and gallery item"),
        list(figures["nanoseconds_per_query_and_item"].items()),
    )


MEASURE: dict[str, Callable[[int], dict[str, Any]]] = {
    PRODUCT: functools.partial(run_alone, measure_product),
    "ranking": functools.partial(run_alone, measure_ranking),
    # Starts its own processes: the parent must stay small, since a child inherits its high-water mark.
    "reranking": measure_reranking,
    "scaling": functools.partial(run_alone, measure_scaling),
}
SHOW = {PRODUCT: show_product, "ranking": show_ranking, "reranking": show_reranking, "scaling": show_scaling}


def store(figures: dict[str, dict[str, Any]], repeats: int) -> None:
    """Write what is complete: the product's part, the three others."""
    command = "python benchmarks/ranking.py --parts"
    if PRODUCT in figures:
        write_result("ranking_product", f"{command} {PRODUCT} --repeats {repeats}", figures[PRODUCT])
    if set(PARTS) <= set(figures):
        others = {part: figures[part] for part in PARTS}
        write_result("ranking", f"{command} {' '.join(PARTS)} --repeats {repeats}", others)


def main() -> None:
    """Run the parts that were asked for, print their tables, and store all figures of a whole run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parts", nargs="+", choices=tuple(MEASURE), default=tuple(MEASURE))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--dry-run", action="store_true", help="print only, leave results/ alone")
    options = parser.parse_args()
    figures = {}
    for part in options.parts:
        figures[part] = MEASURE[part](options.repeats)
        SHOW[part](figures[part])
    if not options.dry_run:
        store(figures, options.repeats)


if __name__ == "__main__":
    main()
