r"""PKU-Reid, where everybody is seen from eight known sides: viewpoint labels against true orientations.

    python benchmarks/pku_labels.py --root data/pku_reid

Either method tells views from poses; ``--keypoints`` names a file of poses as ``mindreid data views`` takes
it, without it they are estimated. ``--quick`` shows that everything runs, on walkers.
"""

from __future__ import annotations

import argparse
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Optional

import numpy as np
from real_people import data_digest
from report import RESULTS, run_program, show_table, write_result
from runs.finished_runs import Place, add_figures_option, file_digest, place_of, stored
from runs.quick_trees import parse_with_quick, write_pku_walkers

from mindreid.config import Override
from mindreid.data.datasets.pku_reid import orientation_angle
from mindreid.data.open_dataset import load_dataset
from mindreid.data.view_table import ViewRow
from mindreid.preprocess.views.labelling import find_poses
from mindreid.preprocess.views.pose_estimation import PoseEstimatorError
from mindreid.preprocess.views.view_angles import ViewBins, wrap_angle
from mindreid.preprocess.views.view_labels import ViewRules, label_views
from mindreid.preprocess.views.view_methods import METHODS

UNKNOWN = "unknown"
_QUICK_PERSONS = 8


@dataclass(frozen=True)
class PkuViews:
    """What is measured, and where its runs are.

    Attributes
    ----------
    root : Path
        The dataset's folder.
    work : Place
        Of the runs.
    keypoints : Path, optional
        Poses of its images.
    sets : tuple of str or tuple
        Overrides of every recipe.
    """

    root: Path
    work: Place
    keypoints: Optional[Path] = None
    sets: tuple[Override, ...] = ()

    @cached_property
    def data(self) -> str:
        """What its images are, whichever folder they are in."""
        return data_digest("pku_reid", self.root)

    @property
    def poses(self) -> str:
        """Where poses come from."""
        return file_digest(self.keypoints) if self.keypoints else "estimated"


def measure_labels(pku: PkuViews) -> dict[str, Any]:
    """Judge the labels unless that was done before."""
    settings = {"data": pku.data, "poses": pku.poses}
    return stored(pku.work / "view_labels", settings, partial(judge_labels, pku))


def judge_labels(pku: PkuViews) -> dict[str, Any]:
    """Hold the labels of either method against the true orientations."""
    angles, bins = true_angles(pku.root), ViewRules().bins
    return {method: judge(rows, angles, bins) for method, rows in told_views(pku).items()}


def told_views(pku: PkuViews) -> dict[str, list[ViewRow]]:
    """Tell every image's view by either method; poses that were estimated are kept."""
    images = sorted(true_angles(pku.root))
    estimated = pku.work.run / "views.keypoints.json"
    known = pku.keypoints or (estimated if estimated.exists() else None)
    pku.work.run.mkdir(parents=True, exist_ok=True)
    try:
        found = find_poses(pku.work.run / "views.csv", images=pku.root, keypoints=known).poses
    except PoseEstimatorError as error:
        raise SystemExit(f"{error}; or pass poses by --keypoints") from None
    poses = {image: found.get(image) for image in images}
    return {method: label_views(poses, ViewRules(method=method)) for method in METHODS}


def true_angles(root: Path) -> dict[str, float]:
    """Return every image's angle in degrees, by its path below the root with forward slashes."""
    dataset = load_dataset("pku_reid", str(root))
    records = (*dataset.train, *dataset.query, *dataset.gallery)
    return {
        Path(record.path).relative_to(dataset.root).as_posix(): orientation_angle(record.view)
        for record in records
    }


def judge(rows: Sequence[ViewRow], angles: Mapping[str, float], bins: ViewBins) -> dict[str, Any]:
    """Hold told views against true angles.

    An angle on the border of two bins (45 degrees is front and side) belongs to both: either is right.
    An image without a label counts as wrong.
    """
    truths = np.array([angles[row.image] for row in rows])
    near = [bins.numbers(truths + step) for step in (-1.0, 1.0)]
    told = np.array([-1 if row.bin is None else row.bin for row in rows])
    right = (told == near[0]) | (told == near[1])
    labelled, within = told >= 0, near[0] == near[1]
    errors = [abs(wrap_angle(row.angle - truth)) for row, truth in zip(rows, truths) if row.angle is not None]
    return {
        "images": len(rows),
        "labelled_percent": _percent(labelled),
        "right_percent": _percent(right),
        "right_of_labelled_percent": _percent(right[labelled]),
        "right_within_bins_percent": _percent(right[within]),
        "median_error_degrees": round(float(np.median(errors)), 1) if errors else None,
        "confusion": confusion(rows, angles, bins),
    }


def confusion(
    rows: Sequence[ViewRow], angles: Mapping[str, float], bins: ViewBins
) -> dict[str, dict[str, int]]:
    """Count what is told of each true angle: {angle: {name of a bin, or unknown: images}}."""
    counts = {angle: Counter[str]() for angle in sorted(set(angles.values()))}
    for row in rows:
        counts[angles[row.image]][row.name or UNKNOWN] += 1
    return {
        f"{angle:g}": {name: told[name] for name in (*bins.names, UNKNOWN)} for angle, told in counts.items()
    }


def _percent(values: np.ndarray) -> Optional[float]:
    return round(100 * float(values.mean()), 1) if len(values) else None


def show(labels: Mapping[str, Any]) -> None:
    """Write the confusion matrices."""
    for method, judged in labels.items():
        names = list(next(iter(judged["confusion"].values())))
        rows = [(f"{angle}°", *(told[name] for name in names)) for angle, told in judged["confusion"].items()]
        title = (
            f"Views told by {method}: {judged['right_percent']} % right, {judged['labelled_percent']} % told"
        )
        show_table(title, ("true angle", *names), rows)


def with_walkers(pku: PkuViews) -> PkuViews:
    """Take generated walkers, with their true keypoints, in the place of real persons."""
    known = write_pku_walkers(pku.root, _QUICK_PERSONS)
    return replace(pku, keypoints=pku.keypoints or known)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what all programs on PKU-Reid's views take."""
    parser.add_argument("--root", type=Path, help="the dataset's folder; --quick makes its own")
    parser.add_argument("--keypoints", type=Path, metavar="FILE", help="poses; estimated without it")
    parser.add_argument("--work", type=Path, default=Path("runs/pku_views"), help="folder of the runs")
    add_figures_option(parser)


def given_keypoints(arguments: argparse.Namespace) -> list[str]:
    """Return the option of poses, for a command."""
    return ["--keypoints", arguments.keypoints.name] if arguments.keypoints else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser)
    arguments = parse_with_quick(parser)
    pku = PkuViews(arguments.root, place_of(arguments, "pku_views"), arguments.keypoints)
    if arguments.quick:
        pku = with_walkers(pku)
    labels = measure_labels(pku)
    show(labels)
    words = ["python", "benchmarks/pku_labels.py", "--root", "data/pku_reid", *given_keypoints(arguments)]
    figures = {"keypoints": "given" if arguments.keypoints else "estimated", "methods": labels}
    folder = arguments.work if arguments.quick else RESULTS
    write_result("pku_labels", shlex.join(words), figures, folder=folder)


if __name__ == "__main__":
    run_program(main)
