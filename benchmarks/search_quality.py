r"""Searching: how often persons are found, and whether scores mean what they promise.

    python benchmarks/search_quality.py --model mgn.mindir [--video vtest.avi --annotations gt.txt]
        [--peer person-reidentification-retail-0267.onnx]

Four cameras film walkers: at two places, where it is learnt what scores mean, and elsewhere, where it is
checked: other persons before the cameras of the first place, and other persons at a third place. With
PETS09-S2L1 it is checked on real pedestrians, too. ``--peer`` is another network for the same tracklets.

Everything is done by ``mindreid data film`` and ``mindreid search add``, ``label``, ``reembed``,
``calibrate``, ``eval`` and ``find``, in processes of their own. What is finished is kept in ``--work``.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Optional

import numpy as np
from report import RESULTS, show_table, write_result
from runs.experiments import mindreid
from scenes.search_pictures import find_pictures
from scenes.search_scenes import (
    Film,
    Scene,
    add_scene,
    copy_scene,
    film_scene,
    found_passes,
    merge_same_person,
    pets09_scene,
)

from mindreid.errors import DataError
from mindreid.report.pictures import draw_calibration
from mindreid.report.tables.markdown import percent
from mindreid.search.calibration import calibrate
from mindreid.search.index import open_index
from mindreid.search.labelled_searches import FPIR, LabelledVectors, labelled_hits, reliability
from mindreid.search.labels import labelled_vectors, read_labels

#: Where it is learnt what scores mean.
LEARNT = (Film("first place", 7, 1, 64), Film("second place", 8, 1, 48))
#: Where it is checked. The network has seen none of all these persons and cameras.
CHECKED = (Film("same cameras", 7, 65, 48), Film("other cameras", 9, 1, 48))
LOOSER_FPIR = 0.1
#: Persons from whom it is learnt what scores mean, at the first place, and draws of them; who is not among
#: the most of them is looked for.
LEARNT_FROM, DRAWS = (5, 10, 15, 20, 25), 20


@dataclass(frozen=True)
class Network:
    """A network, where it lies with its calibration, and what it takes."""

    name: str
    path: Path
    inputs: Optional[str] = None


def place_network(work: Path, name: str, given: Path, inputs: Optional[str] = None) -> Network:
    """Copy a network, so that its calibration stays within the benchmark."""
    folder = work / "networks" / name
    folder.mkdir(parents=True, exist_ok=True)
    for path in (given, given.with_name(f"{given.name}.json")):
        if path.is_file():
            shutil.copy2(path, folder / path.name)
    return Network(name, folder / given.name, inputs)


def measure(
    work: Path, network: Network, learnt: Sequence[Scene], checked: Sequence[Scene]
) -> dict[str, Any]:
    """Learn what scores mean, at one place and at two, and check each elsewhere."""
    figures: dict[str, Any] = {}
    for scenes in (learnt[:1], learnt):
        name = " and ".join(scene.name for scene in scenes)
        pairs = [part for scene in scenes for part in ("--labels", _labels(work, scene))]
        indexes = [_index(work, network, scene) for scene in scenes]
        mindreid("search", "calibrate", *indexes, *pairs)
        beside = network.path.with_name(f"{network.path.name}.calibration.json")
        own = json.loads(beside.read_text(encoding="utf-8"))
        figures[name] = {
            **{key: own[key] for key in ("searches", "right_hits", "likely", "perhaps")},
            "checked": {scene.name: _evaluate(work, network, scene, name, FPIR) for scene in checked},
        }
    looser = {scene.name: _evaluate(work, network, scene, "looser", LOOSER_FPIR) for scene in checked}
    keys = ("threshold", "fpir", "fnir")
    return {
        "learnt_at": figures,
        "looser": {name: {key: own[key] for key in keys} for name, own in looser.items()},
    }


def _evaluate(work: Path, network: Network, scene: Scene, learnt_at: str, fpir: float) -> dict[str, Any]:
    common = [_index(work, network, scene), "--labels", _labels(work, scene)]
    common += ["--within-cameras"] if scene.within else []
    path = work / "evaluations" / network.name / learnt_at / f"{scene.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    mindreid("search", "eval", *common, "--fpir", fpir, "--json", path)
    return json.loads(path.read_text(encoding="utf-8"))


def _index(work: Path, network: Network, scene: Scene) -> Path:
    return work / "indexes" / network.name / scene.name


def _labels(work: Path, scene: Scene) -> Path:
    return work / "labels" / f"{scene.name}.csv"


def prepare(work: Path, networks: Sequence[Network], scene: Scene) -> dict[str, Any]:
    """Put a scene into an index for each network; return what became of the persons in it."""
    first, *others = networks
    index, tracks = _index(work, first, scene), work / "labels" / f"{scene.name} tracks.csv"
    tracks.parent.mkdir(parents=True, exist_ok=True)
    if not tracks.exists():
        add_scene(scene, index, tracks, first.path)
    merge_same_person(scene, tracks, _labels(work, scene))
    for network in others:
        copy_scene(index, _index(work, network, scene), network.path, network.inputs or "imagenet")
    persons = len(set(read_labels(_labels(work, scene)).values()))
    return {"cameras": len(scene.recordings), "persons": persons, **found_passes(scene, index, tracks)}


def learning_curve(index: Path, labels: Path) -> list[dict[str, Any]]:
    """Learn from some of a place's persons and check with others, in many draws."""
    opened = open_index(index)
    known, model = labelled_vectors(opened, read_labels(labels), str(labels)), opened.model()
    opened.close()
    generator, rows = np.random.default_rng(0), []
    for count in LEARNT_FROM:
        errors, right, few = [], [], 0
        for _ in range(DRAWS):
            persons = generator.permutation(_seen_twice(known))
            try:
                learnt = calibrate([known.of_persons(persons[:count])], model, "a draw")
            except DataError:
                few += 1
                continue
            scores, is_right = labelled_hits(known.of_persons(persons[max(LEARNT_FROM) :]))
            errors.append(reliability(learnt.probability(scores), is_right)[1])
            called = scores >= (np.inf if learnt.likely is None else learnt.likely)
            right += is_right[called].tolist()
        rows.append(
            {
                "persons": count,
                "checked_with": len(persons) - max(LEARNT_FROM),
                "draws": DRAWS,
                "too_few_hits": few,
                "calibration_error": float(np.mean(errors)),
                "likely_hits": len(right),
                "right_of_likely": float(np.mean(right)),
            }
        )
    return rows


def _seen_twice(known: LabelledVectors) -> np.ndarray:
    persons = np.unique(known.persons)
    return persons[[len(set(known.cameras[known.persons == person])) > 1 for person in persons]]


def show(networks: Mapping[str, Any]) -> None:
    """Write the main figures to the console."""
    rows = [
        (
            network, learnt_at, name, own["mated"], percent(own["hit_rates"]["1"]),
            percent(own["hit_rates"]["5"]), percent(own["chance"]["1"]), own["nonmated"],
            percent(own["fpir"]), percent(own["fnir"]), percent(figures["looser"][name]["fnir"]),
            percent(own["calibration_error"]),
        )
        for network, figures in networks.items()
        for learnt_at, calibration in figures["learnt_at"].items()
        for name, own in calibration["checked"].items()
    ]  # fmt: skip
    header = (
        "network", "learnt at", "checked", "searches", "rank 1", "rank 5", "chance", "absent", "FPIR",
        "FNIR", "FNIR at FPIR 10", "calibration error",
    )  # fmt: skip
    show_table("searches, per cent", header, rows)


def main() -> None:
    """Film, add, learn, check, print and store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="the quickstart's network, .mindir")
    parser.add_argument("--video", type=Path, help="vtest.avi of PETS09-S2L1")
    parser.add_argument("--annotations", type=Path, help="its gt.txt")
    parser.add_argument("--peer", type=Path, help="a network of Open Model Zoo, .onnx")
    parser.add_argument("--work", type=Path, default=Path("runs/search_quality"))
    given = parser.parse_args()
    work = given.work.resolve()
    networks = [place_network(work, "quickstart", given.model)]
    if given.peer:
        networks.append(place_network(work, given.peer.stem, given.peer, "open-model-zoo"))
    learnt = [film_scene(work, plan) for plan in LEARNT]
    checked = [film_scene(work, plan) for plan in CHECKED]
    if given.video:
        checked.append(pets09_scene(given.video, given.annotations))
    scenes = {scene.name: prepare(work, networks, scene) for scene in (*learnt, *checked)}
    for name, plan in ((plan.name, plan) for plan in (*LEARNT, *CHECKED)):
        scenes[name]["film"] = asdict(plan)
    measured = {network.name: measure(work, network, learnt, checked) for network in networks}
    first = networks[0]
    figures = {
        "scenes": scenes,
        "networks": measured,
        "learning_curve": learning_curve(_index(work, first, learnt[0]), _labels(work, learnt[0])),
        "pictures": find_pictures(
            checked[0],
            _index(work, first, checked[0]),
            read_labels(_labels(work, checked[0])),
            work / "pictures",
        ),
    }
    show(measured)
    both = list(measured[first.name]["learnt_at"].values())[-1]
    draw_calibration(RESULTS / "search_quality.png", both["checked"][checked[1].name]["reliability"])
    command = "python benchmarks/search_quality.py --model mgn.mindir"
    command += " --video vtest.avi --annotations gt.txt" if given.video else ""
    command += f" --peer {given.peer.name}" if given.peer else ""
    write_result("search_quality", command, figures)


if __name__ == "__main__":
    main()
