r"""KTH's walkers in other clothes: whether gait keeps what appearance loses.

    python benchmarks/kth_walking.py --videos KTH/walking --splits 5

``mindreid data from-kth`` cuts the videos into passes: silhouettes for gait, grey crops of the same passes
for appearance, whose embeddings are averaged over a pass. Every arm begins with the network that it has
learnt from generated walkers and goes on with half of the persons; the passes of the others outdoors (d1)
are looked for among those in other clothes (d3), and among those in the same clothes, outdoors (d1) and
indoors (d4). Figures are means over persons, paired differences are resampled over persons. Runs are kept
in ``--work``, what they found in ``--figures``; one that was interrupted is resumed. ``--quick`` shows that
everything runs, on videos of walkers.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from figures.claim_verdicts import Claim, over_persons
from figures.paired_persons import mean_with_interval, paired_difference, person_means
from figures.person_figures import CHANCE, Figures, of_protocol, over_splits, rank_queries
from learning import EXPERIMENTS, quick_experiment
from report import RESULTS, run_program, show_table, write_result
from runs.experiments import Experiment, file_name, mindreid, train_once
from runs.finished_runs import Place, add_figures_option, digest, place_of, run_settings, stored
from runs.quick_trees import write_kth_walkers
from runs.walker_starts import start_from_walkers, start_settings

from mindreid.config import Override, load_recipe
from mindreid.data.records import Record
from mindreid.engine.evaluation.evaluation_run import EvaluationRun
from mindreid.preprocess.kth.pass_trees import CROPS, GAIT, split_name

#: {protocol: scenario of the queries, of the gallery}.
PROTOCOLS = {"d1 → d3": ("d1", "d3"), "d1 → d1": ("d1", "d1"), "d1 → d4": ("d1", "d4")}
OTHER_CLOTHES, SAME_VIDEO, INDOORS = PROTOCOLS
#: What the change of clothes costs beyond a change of place, and beyond nothing.
LOSS, LOSS_OF_ALL = "d1 → d4 − d1 → d3", "d1 → d1 − d1 → d3"
_LOSSES = {LOSS: INDOORS, LOSS_OF_ALL: SAME_VIDEO}

AUG, PLAIN, IDENTITY, CAL, FIRE = "AUG-OGBase", "OGBase", "identity loss only", "CAL", "FIRe²"
_NOT_ADVERSARIAL: Override = ("model.objective.clothes_adversarial_weight", 0)
CLAIMS = (
    Claim(
        "aug_ogbase",
        "gait finds more in other clothes than the identity loss on crops",
        AUG,
        IDENTITY,
        OTHER_CLOTHES,
    ),
    Claim(
        "aug_ogbase", "crops lose more to other clothes than gait, beside other places", IDENTITY, AUG, LOSS
    ),
    Claim(
        "aug_ogbase",
        "crops lose more to other clothes than gait, beside the same video",
        IDENTITY,
        AUG,
        LOSS_OF_ALL,
    ),
    Claim("aug_ogbase", "AUG finds more in other clothes than plain training", AUG, PLAIN, OTHER_CLOTHES),
    Claim("cal", "CAL finds more in other clothes than the identity loss", CAL, IDENTITY, OTHER_CLOTHES),
    Claim("fire", "FIRe² finds more in other clothes than the identity loss", FIRE, IDENTITY, OTHER_CLOTHES),
)
_LENGTH_FLOOR = 1e-12
_QUICK_PERSONS = 6
_QUICK: Mapping[str, tuple[Override, ...]] = {
    GAIT: (
        ("frames.count", 2),
        ("sampler.persons", 2),
        ("sampler.sequences", 2),
        ("sampler.batches", 3),
        ("train.steps", 3),
    ),
    CROPS: (
        ("model.network.width", 0.0625),
        ("model.objective.start_epoch", 0),
        ("input.height", 48),
        ("input.width", 24),
        ("sampler.persons", 3),
        ("sampler.images", 4),
        ("train.epochs", 1),
    ),
}

#: {arm: {protocol: figures}} of a split.
Found = dict[str, dict[str, Figures]]


@dataclass(frozen=True)
class KthArm:
    """A network that goes on from walkers.

    Attributes
    ----------
    recipe : str
        Of KTH.
    overrides : tuple of str or tuple
        Of it.
    tree : str
        :data:`GAIT` or :data:`CROPS`.
    walkers : tuple of str
        The learning experiment and its arm whose network is gone on from.
    """

    recipe: str
    overrides: tuple[Override, ...]
    tree: str
    walkers: tuple[str, str]


ARMS = {
    AUG: KthArm("aug_ogbase/kth", (), GAIT, ("gait", "AUG")),
    PLAIN: KthArm("aug_ogbase/kth", (("augment", []),), GAIT, ("gait", "plain")),
    IDENTITY: KthArm("cal/kth", (_NOT_ADVERSARIAL,), CROPS, ("clothes", "identity loss only")),
    CAL: KthArm("cal/kth", (), CROPS, ("clothes", "CAL")),
    FIRE: KthArm("fire/kth", (), CROPS, ("fire", "FIRe²")),
}


@dataclass(frozen=True)
class Kth:
    """What is measured, and where its runs are.

    Attributes
    ----------
    videos : Path
        KTH's videos of walking.
    work : Place
        Of the runs.
    splits : int
        Random splits of the persons.
    is_quick : bool
        As small as it gets.
    """

    videos: Path
    work: Place
    splits: int
    is_quick: bool = False

    @property
    def trees(self) -> Path:
        """The folder of both trees, one for each material."""
        return self.work.run / f"trees_{self.splits}_{self.data[:12]}"

    @cached_property
    def data(self) -> str:
        """What the videos are, whichever folder they are in."""
        return digest(self.videos.glob("*.avi"), self.videos)


def make_trees(kth: Kth) -> None:
    """Cut the videos, once for all splits."""
    finished = kth.trees.with_name(f"{kth.trees.name}.done")
    if finished.exists():
        return
    shutil.rmtree(kth.trees, ignore_errors=True)
    kth.trees.parent.mkdir(parents=True, exist_ok=True)
    mindreid("data", "from-kth", "--videos", kth.videos, "--root", kth.trees, "--splits", kth.splits)
    finished.touch()


def walkers_of(kth: Kth, arm: KthArm) -> Experiment:
    """Return the experiment, of one arm alone, in which a network learns from walkers."""
    name, walkers = arm.walkers
    learned = EXPERIMENTS[name](argparse.Namespace())
    experiment = replace(learned, arms=tuple(one for one in learned.arms if one.name == walkers))
    return quick_experiment(experiment) if kth.is_quick else experiment


def overrides_of(kth: Kth, arm: KthArm, split: int) -> list[Override]:
    """Return all that is changed of an arm's recipe, but for its start."""
    suffixes = {"partition": ".json"}
    if arm.tree == CROPS:
        suffixes = dict.fromkeys(("train", "query", "gallery"), ".csv")
    files = [(f"dataset.{name}", split_name(name, split, suffix)) for name, suffix in suffixes.items()]
    root = ("dataset.root", str((kth.trees / arm.tree).resolve()))
    small = _QUICK[arm.tree] if kth.is_quick else ()
    return [root, *files, ("train.seed", split + 1), *small, *arm.overrides]


def run_split(kth: Kth, split: int) -> Found:
    """Measure all arms on one split; what is stored already is read."""
    found = {}
    for name, arm in ARMS.items():
        place = kth.work / f"split_{split}_of_{kth.splits}" / file_name(name)
        overrides = overrides_of(kth, arm, split)
        experiment = walkers_of(kth, arm)
        settings = run_settings(arm.recipe, overrides, data=kth.data, **start_settings(experiment))
        found[name] = stored(place, settings, partial(_run_arm, kth, arm, overrides, place.run))
    return found


def _run_arm(kth: Kth, arm: KthArm, overrides: Sequence[Override], folder: Path) -> dict[str, Figures]:
    start = start_from_walkers(walkers_of(kth, arm), kth.work.run / "walkers")
    make_trees(kth)
    checkpoint = train_once(arm.recipe, [*overrides, start], folder)
    run = EvaluationRun(load_recipe(arm.recipe, overrides), checkpoint)
    records = run.dataset.query
    if arm.tree == CROPS:
        records = (*records, *run.dataset.gallery)
    passes = average_passes(records, run.extract(records), average=arm.tree == CROPS)
    return rank_passes(passes, run.recipe.evaluation.metric)


def pass_of(record: Record) -> tuple[int, str]:
    """Return the person and the name of the pass of a sequence or of a crop: (3, "d1-01-right")."""
    path = Path(record.path)
    if path.suffix == ".pkl":
        return int(path.parents[2].name), path.parents[1].name
    return int(path.parent.name), path.stem.rpartition("-")[0]


def average_passes(
    records: Sequence[Record], features: np.ndarray, *, average: bool
) -> dict[tuple[int, str], np.ndarray]:
    """Return an embedding for each pass; of crops the mean of theirs, normalised."""
    own: dict[tuple[int, str], list[np.ndarray]] = {}
    if average:
        features = features / np.linalg.norm(features, axis=1, keepdims=True).clip(_LENGTH_FLOOR)
    for record, feature in zip(records, features):
        own.setdefault(pass_of(record), []).append(feature)
    return {name: np.mean(of, axis=0) for name, of in sorted(own.items())}


def rank_passes(passes: Mapping[tuple[int, str], np.ndarray], metric: str) -> dict[str, Figures]:
    """Rank the passes of one scenario among those of another, in every protocol; itself is junk."""
    scenarios: dict[str, list[tuple[Record, np.ndarray]]] = {}
    for number, ((person, name), feature) in enumerate(passes.items()):
        # A camera of its own, so that a pass is junk for itself alone.
        record = Record((name,), person, number)
        scenarios.setdefault(name.partition("-")[0], []).append((record, feature))
    found = {}
    for protocol, names in PROTOCOLS.items():
        sides = [scenarios.get(name, []) for name in names]
        records = [[record for record, _ in side] for side in sides]
        features = [np.array([feature for _, feature in side]) for side in sides]
        found[protocol] = rank_queries(*records, (features[0], features[1]), metric=metric)
    return found


def with_losses(split: Mapping[str, Mapping[str, Figures]]) -> Found:
    """Add what every person's passes lose to other clothes."""
    return {
        arm: {**of, **{loss: lost(of[same], of[OTHER_CLOTHES]) for loss, same in _LOSSES.items()}}
        for arm, of in split.items()
    }


def lost(same: Figures, other: Figures) -> Figures:
    """Return each person's mean in the same clothes minus that in others, for persons who have both."""
    found: Figures = {}
    for metric in same:
        ours, theirs = person_means(same[metric]), person_means(other[metric])
        found[metric] = {person: [ours[person] - theirs[person]] for person in ours if person in theirs}
    return found


def claims(found: Sequence[Found]) -> list[dict[str, Any]]:
    """Hold the claims against all splits."""
    splits = [with_losses(split) for split in found]
    return [
        over_persons(
            claim, "KTH", [{arm: of[claim.protocol] for arm, of in split.items()} for split in splits]
        )
        for claim in CLAIMS
    ]


def summarize(found: Sequence[Found]) -> dict[str, Any]:
    """Return what every arm finds in every protocol, beside chance."""
    return {
        protocol: {
            arm: {
                **{metric: mean_with_interval(persons) for metric, persons in figures.items()},
                "rank1_minus_chance": paired_difference(figures["rank1"], figures[CHANCE]),
            }
            for arm, figures in over_splits(of_protocol(found, protocol)).items()
            if figures["rank1"]
        }
        for protocol in PROTOCOLS
    }


def show(summary: Mapping[str, Any]) -> None:
    """Write a row for each arm and protocol."""
    rows = [
        (
            protocol,
            arm,
            *(f"{100 * of[metric]['mean']:.1f}" for metric in ("rank1", "mAP", CHANCE)),
            *(f"{100 * end:.1f}" for end in of["rank1"]["interval_95"]),
            of["rank1_minus_chance"]["verdict"],
        )
        for protocol, arms in summary.items()
        for arm, of in arms.items()
    ]
    header = ("protocol", "network", "rank-1", "mAP", "chance", "95 % from", "to", "above chance")
    show_table("KTH's walkers, per cent", header, rows)


def measure(kth: Kth) -> list[Found]:
    """Return what every split finds."""
    finished = kth.videos.with_name("videos.done")
    if kth.is_quick and not finished.exists():
        write_kth_walkers(kth.videos, _QUICK_PERSONS)
        finished.touch()
    return [run_split(kth, split) for split in range(kth.splits)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", type=Path, help="the folder of KTH's videos; --quick makes its own")
    parser.add_argument("--splits", type=int, default=5, help="random splits of the persons")
    parser.add_argument("--work", type=Path, default=Path("runs/kth_walking"), help="folder of the runs")
    parser.add_argument("--quick", action="store_true", help="generated persons, a few steps, no result")
    add_figures_option(parser)
    arguments = parser.parse_args()
    work, videos = arguments.work, arguments.videos
    if arguments.quick and videos:
        parser.error("--quick makes its own persons and takes no folder")
    if arguments.quick:
        work = work / "quick"
        videos = work / "videos"
    if videos is None:
        parser.error("pass the folder of the videos by --videos")
    arguments.work = work
    found = measure(
        Kth(videos, place_of(arguments, "kth_walking"), arguments.splits, is_quick=arguments.quick)
    )
    summary = summarize(found)
    show(summary)
    write_result(
        "kth_walking",
        f"python benchmarks/kth_walking.py --videos KTH/walking --splits {arguments.splits}",
        {"splits": arguments.splits, "protocols": summary, "claims": claims(found)},
        folder=work if arguments.quick else RESULTS,
    )


if __name__ == "__main__":
    run_program(main)
