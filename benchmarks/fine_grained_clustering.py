"""Speed of the clustering within persons against the authors' loop over images, written plainly.

10,000 features of width 4096 of 100 persons, in several outfits each, as they come out of the network
at the beginning of an epoch. Both sides include the search for neighbours, the Jaccard distances,
DBSCAN and the numbering of the classes.

Run ``python benchmarks/fine_grained_clustering.py`` (about two minutes).
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from report import show_table, write_result
from sklearn.cluster import DBSCAN
from threadpoolctl import threadpool_limits

from mindreid.metrics import l2_normalize
from mindreid.metrics.person_clusters import cluster_persons

NUM_IMAGES, NUM_PERSONS, DIMENSIONS, OUTFITS = 10_000, 100, 4096, 5
K1, K2, EPS, MIN_SAMPLES = 20, 6, 0.4, 1


def make_features() -> tuple[np.ndarray, np.ndarray]:
    """Draw features ``[N, D]`` around a centre per person and outfit, and their pids ``[N]``."""
    rng = np.random.default_rng(3)
    pids = rng.permutation(np.arange(NUM_IMAGES) % NUM_PERSONS)
    persons = rng.standard_normal((NUM_PERSONS, DIMENSIONS), dtype=np.float32)
    looks = rng.standard_normal((NUM_PERSONS, OUTFITS, DIMENSIONS), dtype=np.float32)
    features = persons[pids] + looks[pids, rng.integers(OUTFITS, size=NUM_IMAGES)]
    features += 1.5 * rng.standard_normal((NUM_IMAGES, DIMENSIONS), dtype=np.float32)
    return features, pids


def cluster_plainly(features: np.ndarray, pids: np.ndarray) -> np.ndarray:
    """Cluster person after person, and within a person image after image."""
    labels = np.empty(len(pids), np.int64)
    begin = 0
    for person in np.unique(pids):
        own = np.flatnonzero(pids == person)
        distances = plain_distances(l2_normalize(features[own]))
        found = DBSCAN(eps=EPS, min_samples=MIN_SAMPLES, metric="precomputed").fit_predict(distances)
        labels[own] = begin + found
        begin += found.max() + 1
    return labels


def plain_distances(features: np.ndarray) -> np.ndarray:
    """Compute the Jaccard distances of at least K1 images with loops over images and members."""
    count = len(features)
    ranks = np.argsort(-(features @ features.T), axis=1)[:, :K1]
    encoding = np.zeros((count, count), np.float32)
    full = [_reciprocal(ranks, item, K1 + 1) for item in range(count)]
    half = [_reciprocal(ranks, item, round(K1 / 2) + 1) for item in range(count)]
    for item in range(count):
        expanded = full[item]
        for member in full[item]:
            if len(np.intersect1d(half[member], full[item])) > 2 / 3 * len(half[member]):
                expanded = np.append(expanded, half[member])
        expanded = np.unique(expanded)
        weights = np.exp(-(2 - 2 * (features[expanded] @ features[item])))
        encoding[item, expanded] = weights / weights.sum()
    encoding = np.stack([encoding[nearest].mean(axis=0) for nearest in ranks[:, :K2]])
    holders = [np.flatnonzero(encoding[:, item]) for item in range(count)]
    distances = np.empty((count, count), np.float32)
    for item in range(count):
        minima = np.zeros(count, np.float32)
        for member in np.flatnonzero(encoding[item]):
            others = holders[member]
            minima[others] += np.minimum(encoding[item, member], encoding[others, member])
        distances[item] = 1 - minima / (2 - minima)
    return np.maximum(distances, 0)


def _reciprocal(ranks: np.ndarray, item: int, length: int) -> np.ndarray:
    forward = ranks[item, :length]
    return forward[(ranks[forward, :length] == item).any(axis=1)]


def cluster_ours(features: np.ndarray, pids: np.ndarray) -> np.ndarray:
    return cluster_persons(features, pids, k1=K1, k2=K2, eps=EPS, min_samples=MIN_SAMPLES).labels


def cluster_ours_alone(features: np.ndarray, pids: np.ndarray) -> np.ndarray:
    return cluster_persons(features, pids, k1=K1, k2=K2, eps=EPS, min_samples=MIN_SAMPLES, threads=1).labels


SIDES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "plain loop over images": cluster_plainly,
    "cluster_persons, one thread": cluster_ours_alone,
    "cluster_persons": cluster_ours,
}


def measure(repeats: int) -> dict[str, Any]:
    """Time all sides in turn and compare their labels."""
    features, pids = make_features()
    cluster_ours(features[:500], pids[:500])
    seconds: dict[str, list[float]] = {name: [] for name in SIDES}
    labels = {}
    for _ in range(repeats):
        for name, cluster in SIDES.items():
            # More threads than one make the small matrix products of the plain loop slower.
            with threadpool_limits(1):
                begin = time.perf_counter()
                labels[name] = cluster(features, pids)
                seconds[name].append(time.perf_counter() - begin)
    plain = labels["plain loop over images"]
    medians = {name: float(np.median(values)) for name, values in seconds.items()}
    return {
        "images": NUM_IMAGES,
        "width": DIMENSIONS,
        "persons": NUM_PERSONS,
        "classes": int(plain.max() + 1),
        "threads": os.cpu_count(),
        "seconds": seconds,
        "speedup_of_medians": {name: medians["plain loop over images"] / medians[name] for name in SIDES},
        "images_with_another_label": {
            name: int(np.count_nonzero(values != plain)) for name, values in labels.items()
        },
    }


def show(figures: dict[str, Any]) -> None:
    """Print the table."""
    rows = [
        (
            name,
            float(np.median(seconds)),
            figures["speedup_of_medians"][name],
            figures["images_with_another_label"][name],
        )
        for name, seconds in figures["seconds"].items()
    ]
    show_table(
        f"clustering within {figures['persons']} persons, {figures['images']} x {figures['width']}, "
        f"{figures['classes']} classes",
        ("", "seconds (median)", "speed-up", "images with another label"),
        rows,
    )


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parsed = parser.parse_args()
    figures = measure(parsed.repeats)
    show(figures)
    command = f"python benchmarks/fine_grained_clustering.py --repeats {parsed.repeats}"
    write_result("fine_grained_clustering", command, figures)


if __name__ == "__main__":
    main()
