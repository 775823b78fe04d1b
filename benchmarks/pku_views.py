r"""PKU-Reid, where everybody is seen from eight known sides: view labels, and who is found from another side.

    python benchmarks/pku_views.py --root data/pku_reid --splits 5

First, the viewpoint labels that either method tells from poses are held against the true orientations;
``--keypoints`` names a file of poses as ``mindreid data views`` takes it, without it they are estimated.
Then the identity loss alone, CAL, VAL with true orientations and VAL with told views are trained on half
of the persons; on the others, a query is ranked among images of each difference of orientation. Figures
are means over persons, paired differences are resampled over persons. Runs are kept in ``--work``, what
they found in ``--figures``; one that was interrupted is resumed. ``--quick`` shows that everything runs,
on walkers.
"""

from __future__ import annotations

import argparse
import shlex
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Optional

import numpy as np
from claim_verdicts import Claim, over_persons
from experiments import file_name, train_once
from finished_runs import Place, add_figures_option, file_digest, place_of, run_settings, stored
from person_figures import (
    CHANCE,
    Figures,
    compare,
    join_figures,
    of_protocol,
    over_splits,
    rank_queries,
)
from quick_trees import parse_with_quick, write_pku_walkers
from real_people import QUICK, data_digest
from report import RESULTS, run_program, show_table, write_result
from view_ranks import rank_by_views

from mindreid.config import Override, load_recipe
from mindreid.data.datasets.pku_reid import ORIENTATIONS, orientation_angle
from mindreid.data.open_dataset import load_dataset
from mindreid.data.view_table import ViewRow, write_views
from mindreid.engine.evaluation.evaluation_run import EvaluationRun
from mindreid.preprocess.views.labelling import find_poses
from mindreid.preprocess.views.pose_estimation import PoseEstimatorError
from mindreid.preprocess.views.view_angles import ViewBins, wrap_angle
from mindreid.preprocess.views.view_labels import ViewRules, label_views
from mindreid.preprocess.views.view_methods import METHODS

PROTOCOL = "multi_shot"
ALL, ACROSS = "all", "90° and more"
IDENTITY, CAL, VAL, VAL_TOLD = "identity loss only", "CAL", "VAL", "VAL, told views"
UNKNOWN = "unknown"
#: Recipe of every arm and what is changed of it.
ARMS: Mapping[str, tuple[str, list[Override]]] = {
    IDENTITY: ("cal/pku_reid", [("model.objective.clothes_adversarial_weight", 0)]),
    CAL: ("cal/pku_reid", []),
    VAL: ("val/pku_reid", []),
    VAL_TOLD: ("val/pku_reid", []),
}
CLAIM = Claim("VAL finds more from other sides than CAL", VAL, CAL, ACROSS)
_STEP = 360 // ORIENTATIONS
_QUICK_PERSONS = 8

#: {arm: {difference of orientation: figures}} of a split.
Found = dict[str, dict[str, Figures]]


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

    @property
    def poses(self) -> str:
        """Where poses come from."""
        return file_digest(self.keypoints) if self.keypoints else "estimated"


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


def difference(own: int, other: int) -> str:
    """Name the difference of two orientations, 0..180 degrees."""
    steps = abs(own - other) % ORIENTATIONS
    return f"{_STEP * min(steps, ORIENTATIONS - steps)}°"


def told_table(pku: PkuViews) -> Path:
    """Return the table of the views that votes tell, as a recipe takes it."""
    table = pku.work.run / "told_views.csv"
    if not table.exists():
        write_views(table, told_views(pku)["vote"])
    return table.resolve()


def run_split(pku: PkuViews, split: int, arms: Sequence[str] = ARMS) -> Found:
    """Measure arms on one split; what is stored already is read."""
    data = data_digest("pku_reid", pku.root)
    base: list[Override] = [
        ("dataset.root", str(pku.root.resolve())),
        ("dataset.split", split),
        ("train.seed", split + 1),
        *pku.sets,
    ]
    found = {}
    for arm in arms:
        recipe, own = ARMS[arm]
        place = pku.work / f"split_{split}" / file_name(arm)
        # The table is not made for what is stored, and poses differ in their last digits between machines.
        views = {"views": pku.poses} if arm == VAL_TOLD else {}
        settings = run_settings(recipe, [*base, *own], data=data, **views)
        table = partial(told_table, pku) if views else None
        found[arm] = stored(place, settings, partial(_run_arm, recipe, [*base, *own], table, place.run))
    return found


def _run_arm(
    recipe: str, base: Sequence[Override], table: Optional[Callable[[], Path]], folder: Path
) -> dict[str, Figures]:
    told = [("dataset.views", str(table()))] if table else []
    checkpoint = train_once(recipe, [*base, *told], folder)
    # Without the table: told views train a network, true orientations tell who stands how.
    run = EvaluationRun(load_recipe(recipe, base), checkpoint)
    protocol = run.dataset.protocols[PROTOCOL]
    sides = protocol.query, protocol.gallery
    features = run.extract(protocol.query), run.extract(protocol.gallery)
    by_difference = rank_by_views(*sides, features, difference, rule=protocol.rule)
    across = [figures for name, figures in by_difference.items() if int(name.rstrip("°")) >= 90]
    return {
        ALL: rank_queries(*sides, features, rule=protocol.rule),
        ACROSS: join_figures(across),
        **dict(sorted(by_difference.items(), key=lambda item: int(item[0].rstrip("°")))),
    }


def claims(found: Sequence[Found]) -> list[dict[str, Any]]:
    """Hold VAL's claim against all splits."""
    return [over_persons(CLAIM, "PKU-Reid", of_protocol(found, CLAIM.protocol))]


def summarize(found: Sequence[Found]) -> dict[str, Any]:
    """Return what every arm finds by difference of orientation, beside CAL."""
    protocols = next(iter(found[0].values()))
    return {name: compare(over_splits(of_protocol(found, name)), CAL) for name in protocols}


def show(labels: Mapping[str, Any], by_difference: Mapping[str, Any]) -> None:
    """Write the confusion matrices, and a row for each arm."""
    for method, judged in labels.items():
        names = list(next(iter(judged["confusion"].values())))
        rows = [(f"{angle}°", *(told[name] for name in names)) for angle, told in judged["confusion"].items()]
        title = (
            f"Views told by {method}: {judged['right_percent']} % right, {judged['labelled_percent']} % told"
        )
        show_table(title, ("true angle", *names), rows)
    arms = next(iter(by_difference.values()))
    rows = [
        (arm, *(f"{100 * of[arm]['rank1']['mean']:.1f}" for of in by_difference.values())) for arm in arms
    ]
    chance = [f"{100 * next(iter(of.values()))[CHANCE]['mean']:.1f}" for of in by_difference.values()]
    header = ("rank-1, per cent", *by_difference)
    show_table("By difference of orientation", header, [*rows, (CHANCE, *chance)])


def measure(pku: PkuViews, splits: int) -> tuple[dict[str, Any], list[Found]]:
    """Return what is found of labels, and of every split."""
    settings = {"data": data_digest("pku_reid", pku.root), "poses": pku.poses}
    labels = stored(pku.work / "view_labels", settings, partial(judge_labels, pku))
    return labels, [run_split(pku, split) for split in range(splits)]


def quick(pku: PkuViews) -> PkuViews:
    """Make it so small that it only shows that everything runs, on walkers."""
    known = write_pku_walkers(pku.root, _QUICK_PERSONS)
    small = (*QUICK, ("model.objective.start_epoch", 0), ("sampler.images", 4), *pku.sets)
    return replace(pku, keypoints=pku.keypoints or known, sets=small)


def main() -> None:
    arguments = _parse()
    pku = PkuViews(arguments.root, place_of(arguments), arguments.keypoints, tuple(arguments.sets))
    if arguments.quick:
        pku = quick(pku)
    labels, found = measure(pku, arguments.splits)
    by_difference = summarize(found)
    show(labels, by_difference)
    figures = {
        "view_labels": labels,
        "keypoints": "given" if arguments.keypoints else "estimated",
        "splits": arguments.splits,
        "by_difference": by_difference,
        "claims": claims(found),
    }
    write_result(
        "pku_views", _command(arguments), figures, folder=arguments.work if arguments.quick else RESULTS
    )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, help="the dataset's folder; --quick makes its own")
    parser.add_argument("--keypoints", type=Path, metavar="FILE", help="poses; estimated without it")
    parser.add_argument("--splits", type=int, default=5, help="random splits of the persons")
    parser.add_argument("--set", action="append", default=[], dest="sets", metavar="KEY=VALUE")
    parser.add_argument("--work", type=Path, default=Path("runs/pku_views"), help="folder of the runs")
    add_figures_option(parser)
    return parse_with_quick(parser)


def _command(arguments: argparse.Namespace) -> str:
    given = ["--keypoints", arguments.keypoints.name] if arguments.keypoints else []
    sets = [part for text in arguments.sets for part in ("--set", text)]
    words = ["python", "benchmarks/pku_views.py", "--root", "data/pku_reid", "--splits", arguments.splits]
    return shlex.join(map(str, (*words, *given, *sets)))


if __name__ == "__main__":
    run_program(main)
