r"""Does training help, and does each method beat its own ablation? On persons not in training.

    python benchmarks/learning.py walkers
    python benchmarks/learning.py pets09 --video vtest.avi --annotations gt.txt \
        --start runs/quickstart/run/last.ckpt

Runs that are finished are kept in ``--work``: the command can be interrupted and given again.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from runs.experiments import Arm, Experiment, mindreid, run_experiment
from runs.finished_runs import in_one_folder

from mindreid.config import Override, load_recipe

#: The sequence's 19 annotated tracks show ten people, most of whom come back.
PETS09_SAME_PERSON = ("1,19", "2,13", "3,11", "4,12", "5,9", "6,10", "8,14,15,18")
VIEWS = "views.csv"
#: CAL, VAL and FIRe² weigh a person's other outfits (classes) by 0.1; the walkers' recipes by 1.
PAPERS_EPSILON = ("model.objective.epsilon", 0.1)


def main() -> None:
    """Run one experiment."""
    arguments = _parse()
    experiment = EXPERIMENTS[arguments.experiment](arguments)
    run_experiment(experiment, arguments.seeds, in_one_folder(arguments.work), _command(arguments))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("experiment", choices=sorted(EXPERIMENTS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--work", type=Path, default=Path("runs/learning"), help="folder of the runs")
    pets09 = parser.add_argument_group("pets09", "the README says where both files come from")
    pets09.add_argument("--video", type=Path, help="vtest.avi")
    pets09.add_argument("--annotations", type=Path, help="gt.txt of PETS09-S2L1")
    pets09.add_argument("--start", type=Path, help="weights that training starts from, the quickstart's")
    arguments = parser.parse_args()
    needed = (arguments.video, arguments.annotations, arguments.start)
    if arguments.experiment == "pets09" and None in needed:
        parser.error("pets09 needs --video, --annotations and --start")
    return arguments


def _command(arguments: argparse.Namespace) -> str:
    files = ""
    if arguments.experiment == "pets09":
        files = " --video vtest.avi --annotations gt.txt --start runs/quickstart/run/last.ckpt"
    seeds = " ".join(map(str, arguments.seeds))
    return f"python benchmarks/learning.py {arguments.experiment}{files} --seeds {seeds}"


def _walkers(_arguments: argparse.Namespace) -> Experiment:
    return Experiment(
        "walkers",
        "generated walkers, MGN",
        "walkers",
        make_walkers,
        (Arm("untrained", "mgn/walkers", checkpoint="none"), Arm("trained", "mgn/walkers")),
    )


def make_walkers(root: Path, seed: int, ids: int = 120) -> None:
    """Write walkers in Market-1501's tree."""
    mindreid("data", "synthesize", "--root", root, "--ids", ids, "--seed", seed)


def _pets09(arguments: argparse.Namespace) -> Experiment:
    start = str(arguments.start)
    return Experiment(
        "pets09",
        "PETS09-S2L1, real pedestrians, MGN",
        "pets09",
        partial(_make_pets09, arguments),
        (
            Arm("untrained", "mgn/pets09_scratch", checkpoint="none"),
            Arm("trained from scratch", "mgn/pets09_scratch"),
            Arm("trained on walkers only", "mgn/pets09", checkpoint=start),
            Arm("trained", "mgn/pets09", (("train.init_checkpoint", start),)),
        ),
    )


def _make_pets09(arguments: argparse.Namespace, root: Path, seed: int) -> None:
    together = [part for ids in PETS09_SAME_PERSON for part in ("--same-person", ids)]
    mindreid(
        "data", "from-mot", "--video", arguments.video, "--annotations", arguments.annotations,
        "--root", root, "--seed", seed, "--every", 3, "--queries", 5, *together,
    )  # fmt: skip


def _clothes(_arguments: argparse.Namespace) -> Experiment:
    return Experiment(
        "clothes",
        "generated walkers who change clothes",
        "clothes_walkers",
        make_clothes_walkers,
        (
            Arm("untrained", "cal/walkers", checkpoint="none"),
            Arm("identity loss only", "cal/walkers", (("model.objective.clothes_adversarial_weight", 0),)),
            Arm("CAL", "cal/walkers"),
            Arm("CAL, ε = 0.1", "cal/walkers", (PAPERS_EPSILON,)),
            Arm("VAL", "val/walkers", files=(("dataset.views", VIEWS),)),
            Arm("VAL, ε = 0.1", "val/walkers", (PAPERS_EPSILON,), files=(("dataset.views", VIEWS),)),
        ),
    )


def _fire(_arguments: argparse.Namespace) -> Experiment:
    return Experiment(
        "fire",
        "generated walkers who change clothes",
        "clothes_walkers",
        make_clothes_walkers,
        (
            _fire_without("identity loss only", "triplet", "ffm", "far"),
            _fire_without("identity + triplet", "ffm", "far"),
            _fire_without("identity + FFM", "triplet", "far"),
            _fire_without("identity + FAR", "triplet", "ffm"),
            _fire_without("FIRe²"),
            _fire_without("FIRe², ε = 0.1", more=(PAPERS_EPSILON,)),
        ),
    )


def _fire_without(name: str, *terms: str, more: tuple[Override, ...] = ()) -> Arm:
    weights = tuple((f"model.objective.{term}_weight", 0) for term in terms)
    # The views are for the log only: how well the mined classes agree with them.
    return Arm(name, "fire/walkers", (*weights, *more), files=(("dataset.views", VIEWS),))


def make_clothes_walkers(root: Path, seed: int, ids: int = 100, outfits: int = 6) -> None:
    """Write walkers who change clothes, with keypoints and views."""
    mindreid(
        "data", "synthesize", "--layout", "ltcc", "--root", root, "--ids", ids, "--outfits", outfits,
        "--cameras", 3, "--frames", 2, "--seed", seed, "--annotations",
    )  # fmt: skip
    keypoints = root / "annotations" / "frames.jsonl"
    mindreid("data", "views", "--images", root, "--keypoints", keypoints, "--output", root / VIEWS)


def _gait(_arguments: argparse.Namespace) -> Experiment:
    return Experiment(
        "gait",
        "generated walkers in CCPG's tree, gait",
        "gait_walkers",
        make_gait_walkers,
        (
            Arm("untrained", "aug_ogbase/walkers", checkpoint="none"),
            Arm("plain", "aug_ogbase/walkers", (("augment", []),)),
            Arm("AUG", "aug_ogbase/walkers"),
        ),
    )


def make_gait_walkers(root: Path, seed: int, ids: int = 100) -> None:
    """Write sequences of walkers in CCPG's tree."""
    mindreid("data", "synthesize", "--layout", "ccpg", "--root", root, "--ids", ids, "--seed", seed)


#: A handful of walkers each, by the name of their data.
QUICK_DATA: dict[str, Callable[[Path, int], None]] = {
    "walkers": partial(make_walkers, ids=16),
    "clothes_walkers": partial(make_clothes_walkers, ids=12, outfits=3),
    "gait_walkers": partial(make_gait_walkers, ids=8),
}


def quick_experiment(experiment: Experiment) -> Experiment:
    """Make an experiment on walkers so small that it only shows that everything runs."""
    arms = tuple(map(_quick_arm, experiment.arms))
    return replace(experiment, make_data=QUICK_DATA[experiment.data], arms=arms)


def _quick_arm(arm: Arm) -> Arm:
    method, _, data = arm.recipe.partition("/")
    small = f"{method}/smoke"
    if data != "gait_walkers":
        return replace(arm, recipe=small)
    # Colour frames of gait's walkers: the recipe stays, the sizes are those of the small one.
    recipe = load_recipe(small)
    sizes: tuple[Override, ...] = (
        ("model.network.width", recipe.model.network["width"]),
        ("input.height", recipe.input.height),
        ("input.width", recipe.input.width),
        ("sampler.persons", 4),
        ("sampler.images", 4),
        ("train.epochs", 1),
    )
    return replace(arm, overrides=(*sizes, *arm.overrides))


EXPERIMENTS: dict[str, Callable[[argparse.Namespace], Experiment]] = {
    "walkers": _walkers,
    "pets09": _pets09,
    "clothes": _clothes,
    "fire": _fire,
    "gait": _gait,
}

if __name__ == "__main__":
    main()
