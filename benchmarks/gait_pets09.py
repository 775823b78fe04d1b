r"""Gait of real walkers: persons found again in another part of their track, in PETS09-S2L1.

    python benchmarks/gait_pets09.py --video vtest.avi --annotations gt.txt

The silhouettes of ten persons are cut into sequences; each half of a track is a view of its own, and
a query's own view is junk. Every seed cuts the persons into two halves: each is tested by a network
that learnt from the other one, so that everybody is tested once. The figures are means over persons;
their interval is resampled over persons, since sequences of one person are not independent.
Runs are kept in ``--work``; one that was interrupted is resumed, one of other settings refused.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Optional

import numpy as np
from figures.paired_persons import mean_with_interval, paired_difference, person_means
from learning import PETS09_SAME_PERSON
from report import show_table, write_result
from runs.experiments import file_name, mindreid, train_once
from runs.finished_runs import in_one_folder, run_settings, stored

from mindreid.config import Override, load_recipe
from mindreid.data.gait_tree import Partition
from mindreid.data.records import Record
from mindreid.engine.evaluation.evaluation_run import EvaluationRun
from mindreid.metrics import evaluate_ranking
from mindreid.report.tables.markdown import percent

RECIPE = "aug_ogbase/pets09"


def make_data(root: Path, video: Path, annotations: Path) -> None:
    """Extract the silhouettes, once for all splits."""
    finished = root.with_name(f"{root.name}.done")
    if finished.exists():
        return
    shutil.rmtree(root, ignore_errors=True)
    together = [part for ids in PETS09_SAME_PERSON for part in ("--same-person", ids)]
    mindreid("data", "silhouettes", "--video", video, "--annotations", annotations, "--root", root, *together)
    finished.touch()


def splits(root: Path, seed: int) -> list[Partition]:
    """Cut the persons into two halves, either of which is tested once."""
    names = sorted(path.name for path in root.iterdir() if path.is_dir())
    drawn = np.random.default_rng(seed).permutation(names).tolist()
    halves = [frozenset(drawn[: len(drawn) // 2]), frozenset(drawn[len(drawn) // 2 :])]
    return [Partition(halves[0], halves[1]), Partition(halves[1], halves[0])]


def queries_of(recipe: Sequence[Override], checkpoint: Optional[Path]) -> list[dict[str, Any]]:
    """Rank every query; return its person, whether the first is right, and the odds of a guess."""
    run = EvaluationRun(load_recipe(RECIPE, recipe), checkpoint)
    records, features = run.dataset.query, run.embed("query")
    pids, views = (np.array([getattr(record, name) for record in records]) for name in ("pid", "camid"))
    scores = evaluate_ranking(
        features, features, pids, pids, views, views, metric=run.recipe.evaluation.metric
    ).scores
    return [
        {"person": _subject(records[query]), "found": bool(rank == 1), "chance": _chance(query, pids, views)}
        for query, rank in zip(scores.queries, scores.first_ranks)
    ]


def _subject(record: Record) -> str:
    return Path(record.path).parents[2].name


def _chance(query: int, pids: np.ndarray, views: np.ndarray) -> float:
    same = pids == pids[query]
    junk = same & (views == views[query])
    return float((same & ~junk).sum() / (~junk).sum())


def run_split(
    root: Path, split: Partition, seed: int, folder: Path, start: Optional[Path], sets: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    """Train on one half; return what every network says of the other half's queries."""
    partition = folder / "partition.json"
    folder.mkdir(parents=True, exist_ok=True)
    split.write(partition)
    recipe: list[Override] = [
        ("dataset.root", str(root)),
        ("dataset.partition", str(partition)),
        ("train.seed", seed),
        *sets,
    ]
    found = {"untrained": queries_of(recipe, None)}
    starts = {"plain": [*recipe, ("augment", [])], "AUG": recipe}
    if start is not None:
        found["walkers only"] = queries_of(recipe, start)
        starts["walkers, then AUG"] = [*recipe, ("train.init_checkpoint", str(start))]
    for arm, overrides in starts.items():
        measure = partial(_train_and_rank, recipe, overrides, folder / file_name(arm))
        found[arm] = stored(in_one_folder(folder) / file_name(arm), run_settings(RECIPE, overrides), measure)
    return found


def _train_and_rank(
    recipe: Sequence[Override], overrides: Sequence[Override], run: Path
) -> list[dict[str, Any]]:
    return queries_of(recipe, train_once(RECIPE, overrides, run))


def summarize(queries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Mean over persons of rank-1 and of chance, with 95 % intervals over persons."""
    persons = sorted({query["person"] for query in queries})
    found, chance = (
        {person: [float(query[key]) for query in queries if query["person"] == person] for person in persons}
        for key in ("found", "chance")
    )
    rank1, above = mean_with_interval(found), paired_difference(found, chance)
    return {
        "persons": len(persons),
        "queries": len(queries),
        "rank1": rank1["mean"],
        "chance": mean_with_interval(chance)["mean"],
        "interval_95": {"rank1": rank1["interval_95"], "rank1_minus_chance": above["interval_95"]},
        "rank1_by_person": person_means(found),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--video", type=Path, required=True, help="vtest.avi")
    parser.add_argument("--annotations", type=Path, required=True, help="gt.txt of PETS09-S2L1")
    parser.add_argument("--start", type=Path, help="weights of aug_ogbase/walkers, for two more rows")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--set", action="append", default=[], dest="sets", metavar="KEY=VALUE")
    parser.add_argument("--work", type=Path, default=Path("runs/gait_pets09"), help="folder of the runs")
    arguments = parser.parse_args()
    work, start = arguments.work.resolve(), arguments.start and arguments.start.resolve()
    root = work / "data"
    make_data(root, arguments.video, arguments.annotations)
    by_arm: dict[str, list[dict[str, Any]]] = {}
    for seed in arguments.seeds:
        for number, split in enumerate(splits(root, seed)):
            folder = work / f"{seed}_{number}"
            found = run_split(root, split, seed, folder, start, arguments.sets)
            for arm, queries in found.items():
                by_arm.setdefault(arm, []).extend(queries)
    summary = {arm: summarize(queries) for arm, queries in by_arm.items()}
    rows = [
        (arm, *(percent(value) for value in (of["rank1"], *of["interval_95"]["rank1"], of["chance"])))
        for arm, of in summary.items()
    ]
    show_table("PETS09 silhouettes, per cent", ("network", "rank-1", "95 % from", "to", "chance"), rows)
    given = " --start runs/gait_walkers/last.ckpt" if start else ""
    given += "".join(f" --set {text}" for text in arguments.sets)
    seeds = " ".join(map(str, arguments.seeds))
    command = (
        f"python benchmarks/gait_pets09.py --video vtest.avi --annotations gt.txt{given} --seeds {seeds}"
    )
    write_result("gait_pets09", command, {"recipe": RECIPE, "seeds": arguments.seeds, "networks": summary})


if __name__ == "__main__":
    main()
