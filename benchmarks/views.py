"""How often viewpoint labels are right, on walkers whose angle is known; and how many crops get one.

Every walker faces the way its camera usually sees (natural) or any way (uniform). A hidden keypoint
is where it truly is, at half the confidence of a visible one, as a pose estimator would place it.
An image without a label counts as wrong.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import numpy as np
from report import show_table, write_result

from mindreid.data.view_table import read_views
from mindreid.preprocess.views.keypoint_orders import to_halpe26
from mindreid.preprocess.views.pose_files import Pose
from mindreid.preprocess.views.view_labels import ViewRules, label_view
from mindreid.walkers import Walk, render_walk

SEEDS, WALKS, CAMERAS, SIZE = (21, 22, 23), 400, 8, (256, 128)
HIDDEN_CONFIDENCE = 0.5


@dataclass(frozen=True)
class Condition:
    """What is done to the keypoints."""

    noise_px: float = 0.0
    missing: float = 0.0
    hidden: float = HIDDEN_CONFIDENCE
    points: int = 26


CONDITIONS = {
    "true keypoints": Condition(),
    "5 px noise": Condition(noise_px=5.0),
    "30 % missing": Condition(missing=0.3),
    "5 px noise, 30 % missing": Condition(noise_px=5.0, missing=0.3),
    "visible keypoints only": Condition(hidden=0.0),
    "COCO-17": Condition(points=17),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crops", type=Path, metavar="FILE.csv", help="a table of real crops to count, too")
    parsed = parser.parse_args()
    figures: dict[str, Any] = {
        "crop_height_px": SIZE[0],
        "walks_per_seed": WALKS,
        "seeds": list(SEEDS),
        "hidden_confidence": HIDDEN_CONFIDENCE,
    }
    for facing in ("natural", "uniform"):
        figures[facing] = measure(facing)
        rows = [
            [name, *(value for method in ("vote", "paper") for value in entry[method].values())]
            for name, entry in figures[facing]["conditions"].items()
        ]
        header = ["keypoints", "vote: right %", "std", "labelled %", "error °", "paper: right %", "std",
                  "labelled %", "error °"]  # fmt: skip
        show_table(f"Viewpoint bins of walkers, facing {facing}", header, rows)
    if parsed.crops:
        figures["crops"] = count_crops(parsed.crops)
        show_table("Crops", ["figure", "value"], list(figures["crops"].items()))
    write_result("views", shlex.join(["python", "benchmarks/views.py", *sys.argv[1:]]), figures)


def measure(facing: str) -> dict[str, Any]:
    """Label the walkers of all seeds under all conditions with both methods."""
    worlds = [list(walkers(seed, facing)) for seed in SEEDS]
    angles = np.array([angle for world in worlds for _, angle in world])
    bins = ViewRules().bins
    shares = Counter(bins.names[number] for number in bins.numbers(angles))
    return {
        "share_of_bins_percent": {name: round(100 * shares[name] / len(angles), 1) for name in bins.names},
        "conditions": {
            name: {
                method: summary([label(world, condition, method, seed) for seed, world in zip(SEEDS, worlds)])
                for method in ("vote", "paper")
            }
            for name, condition in CONDITIONS.items()
        },
    }


def walkers(seed: int, facing: str) -> Iterator[tuple[np.ndarray, float]]:
    """Yield keypoints ``[26, 3]`` with visibility and the angle of one frame of every walk."""
    rng = np.random.default_rng(seed)
    for number in range(WALKS):
        azimuth: Optional[float] = float(rng.uniform(-180, 180)) if facing == "uniform" else None
        walk = Walk(pid=number // CAMERAS + 1, outfit=number % 3, camid=number % CAMERAS)
        frame = render_walk(seed, walk, 1, size=SIZE, azimuth=azimuth)[0]
        yield frame.keypoints.astype(float), frame.azimuth


def label(world: list[tuple[np.ndarray, float]], condition: Condition, method: str, seed: int) -> np.ndarray:
    """Return right, labelled and the error in degrees, ``[N, 3]``; an unknown angle's error is NaN."""
    rng = np.random.default_rng(seed)
    rules = ViewRules(method=method)
    rows = []
    for keypoints, angle in world:
        points = keypoints[: condition.points].copy()
        points[:, 2] = np.array([0.0, condition.hidden, 1.0])[points[:, 2].astype(int)]
        points[:, :2] += condition.noise_px * rng.standard_normal((len(points), 2))
        points[rng.random(len(points)) < condition.missing, 2] = 0.0
        view = label_view("", Pose(to_halpe26(points), 1.0), rules)
        right = view.bin == rules.bins.numbers(np.array(angle))
        error = np.nan if view.angle is None else abs((view.angle - angle + 180) % 360 - 180)
        rows.append((right, view.bin is not None, error))
    return np.array(rows, dtype=float)


def summary(seeds: list[np.ndarray]) -> dict[str, float]:
    """Mean over seeds; the standard deviation is that of the seeds' shares of right bins."""
    right = np.array([100 * rows[:, 0].mean() for rows in seeds])
    every = np.concatenate(seeds)
    return {
        "right_percent": round(right.mean(), 1),
        "right_std": round(right.std(ddof=1), 1),
        "labelled_percent": round(100 * every[:, 1].mean(), 1),
        "median_error_degrees": round(float(np.nanmedian(every[:, 2])), 1),
    }


def count_crops(table: Path) -> dict[str, Any]:
    rows = read_views(table).values()
    known = Counter(row.name for row in rows if row.bin is not None)
    unknown = Counter(row.reason for row in rows if row.bin is None)
    return {
        "images": len(rows),
        "labelled_percent": round(100 * sum(known.values()) / len(rows), 1),
        **dict(sorted(known.items())),
        **{f"unknown: {reason}": count for reason, count in unknown.most_common()},
    }


if __name__ == "__main__":
    main()
