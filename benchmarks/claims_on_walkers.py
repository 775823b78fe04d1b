"""The claims that generated walkers can show, in groups of arms that share their data.

Arms are those of ``learning.py`` and ``gait_or_clothes.py``, and so are data and budgets, but for walkers who
change clothes: they live in a world of many outfits.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Optional

import numpy as np
from figures.claim_verdicts import Claim, over_seeds
from figures.person_figures import METRICS
from figures.view_ranks import rank_by_views
from gait_or_clothes import VISIBLE, Compared, reid_arms
from learning import EXPERIMENTS, QUICK_DATA, VIEWS, make_walkers, quick_experiment
from runs.experiments import Arm, Experiment, Scores, mindreid, run_arms
from runs.finished_runs import Place

from mindreid.data.records import Dataset
from mindreid.engine.evaluation.protocol_evaluation import ProtocolEmbeddings

WALKERS = "walkers"


@dataclass(frozen=True)
class ClothesWalkers:
    """Walkers who change clothes, on whom CAL, VAL and FIRe² are tested.

    Attributes
    ----------
    recipes : mapping of str to str
        What each method is trained with, by its name.
    data : str
        Name of their folder.
    make_data : callable
        ``make_data(folder, seed)`` writes one seed's walkers.
    views : str, optional
        The table of their views in that folder; ``None`` where the records know them.
    """

    recipes: Mapping[str, str]
    data: str
    make_data: Callable[[Path, int], None]
    views: Optional[str] = None


def make_outfit_walkers(root: Path, seed: int) -> None:
    """Render walkers in many outfits, 200 to train on and 120 to test, once for all arms."""
    mindreid(
        "data",
        "synthesize",
        "--layout",
        "outfit_walkers",
        "--root",
        root,
        "--ids",
        320,
        "--seed",
        seed,
        "--in-one-file",
    )


CLOTHES = ClothesWalkers(
    {"cal": "cal/outfits", "val": "val/outfits", "fire": "fire/outfits"},
    "outfit_walkers",
    make_outfit_walkers,
)
QUICK_CLOTHES = ClothesWalkers(
    {"cal": "cal/smoke", "val": "val/smoke", "fire": "fire/smoke"},
    "clothes_walkers",
    QUICK_DATA["clothes_walkers"],
    VIEWS,
)

#: Protocols beside those of the evaluation: other clothes seen from another side; what rank-1 loses
#: from a bag to other clothes.
ACROSS_VIEWS, LOSS = "clothes_changing, other views", "BG reid − CL reid"
IDENTITY, CAL, VAL, FIRE = "identity loss only", "CAL", "VAL", "FIRe²"
PAPERS_CAL, PAPERS_VAL, PAPERS_FIRE = (f"{name}, ε = 0.1" for name in (CAL, VAL, FIRE))
MGN, GLOBAL_BRANCH = "MGN", "global branch"
AUG, PLAIN = "AUG", "plain"


@dataclass(frozen=True)
class Group:
    """Claims, and the arms that they compare.

    Attributes
    ----------
    experiment : Experiment
        The arms and their data.
    claims : tuple of Claim
        On its arms.
    derive : callable, optional
        Makes scores of more protocols of those of a run.
    """

    experiment: Experiment
    claims: tuple[Claim, ...]
    derive: Optional[Callable[[Scores], Scores]] = None


def run_group(group: Group, seeds: Sequence[int], work: Place) -> list[dict[str, Any]]:
    """Run what ``work`` does not hold yet; return what is found of every claim."""
    runs = run_arms(group.experiment, seeds, work)
    if group.derive is not None:
        for run in runs:
            run["results"] |= group.derive(run["results"])
    return [over_seeds(claim, WALKERS, runs) for claim in group.claims]


def groups(*, is_quick: bool = False) -> dict[str, Group]:
    """Return all claims on walkers; quick ones are so small that they only show that everything runs."""
    clothes = QUICK_CLOTHES if is_quick else CLOTHES
    found = {"mgn": _mgn(), "gait": _gait()}
    if is_quick:
        found = {
            name: replace(group, experiment=quick_experiment(group.experiment))
            for name, group in found.items()
        }
    return {"clothes": _clothes(clothes), "fire": _fire(clothes), **found}


def _mgn() -> Group:
    recipe = "mgn/walkers"
    arms = (Arm(MGN, recipe), Arm(GLOBAL_BRANCH, recipe, (("model.network.branches", [1]),)))
    experiment = Experiment("mgn", "generated walkers, MGN", WALKERS, make_walkers, arms)
    claim = Claim("mgn", "MGN finds more than its global branch alone", MGN, GLOBAL_BRANCH, "standard")
    return Group(experiment, (claim,))


def _clothes(walkers: ClothesWalkers) -> Group:
    claims = (
        *_more_than_identity("cal", CAL, PAPERS_CAL),
        *(
            Claim("val", f"{val} finds more from other sides than CAL", val, cal, ACROSS_VIEWS)
            for val, cal in ((VAL, CAL), (PAPERS_VAL, PAPERS_CAL))
        ),
    )
    arms = (IDENTITY, CAL, PAPERS_CAL, VAL, PAPERS_VAL)
    experiment = _in_other_clothes(walkers, "clothes", arms)
    return Group(replace(experiment, more=_across_views), claims)


def _fire(walkers: ClothesWalkers) -> Group:
    arms = ("identity + FFM", "identity + FAR", FIRE, PAPERS_FIRE)
    return Group(
        _in_other_clothes(walkers, "fire", (IDENTITY, *arms)), tuple(_more_than_identity("fire", *arms))
    )


def _more_than_identity(model: str, *arms: str) -> Iterator[Claim]:
    for arm in arms:
        what = f"{arm} finds more in other clothes than the identity loss"
        yield Claim(model, what, arm, IDENTITY, "clothes_changing")


def _gait() -> Group:
    learned = EXPERIMENTS["gait"](Namespace())
    own = [arm for arm in learned.arms if arm.name in (AUG, PLAIN)]
    visible = [arm for arm in reid_arms(Compared(100)) if arm.name == VISIBLE]
    claims = (
        Claim("aug_ogbase", "gait finds more in other clothes than colour frames", AUG, VISIBLE, "CL reid"),
        Claim("aug_ogbase", "colour frames lose more to other clothes than gait", VISIBLE, AUG, LOSS),
        Claim("aug_ogbase", "AUG finds more in other clothes than plain training", AUG, PLAIN, "CL reid"),
    )
    return Group(replace(learned, arms=(*own, *visible)), claims, _loss)


def _in_other_clothes(walkers: ClothesWalkers, name: str, arms: Sequence[str]) -> Experiment:
    learned = EXPERIMENTS[name](Namespace())
    own = tuple(
        replace(
            arm,
            recipe=walkers.recipes[arm.recipe.partition("/")[0]],
            # Some methods learn from views; all are ranked by them.
            files=(("dataset.views", walkers.views),) if walkers.views else (),
        )
        for arm in learned.arms
        if arm.name in arms
    )
    return replace(learned, data=walkers.data, make_data=walkers.make_data, arms=own)


def _loss(scores: Scores) -> Scores:
    bag, clothes = (scores[protocol] for protocol in ("BG reid", "CL reid"))
    return {LOSS: {metric: bag[metric] - clothes[metric] for metric in ("rank1", "mAP")}}


def _across_views(dataset: Dataset, embeddings: ProtocolEmbeddings) -> Scores:
    """Rank among those who are seen from another side than the query, in other clothes."""
    protocol = dataset.protocols["clothes_changing"]
    found = rank_by_views(
        protocol.query,
        protocol.gallery,
        (embeddings(protocol.query), embeddings(protocol.gallery)),
        lambda own, other: "same" if own == other else "other",
        rule=protocol.rule,
    )["other"]
    means = {
        metric: float(np.mean([value for values in found[metric].values() for value in values]))
        for metric in METRICS
    }
    return {ACROSS_VIEWS: means}
