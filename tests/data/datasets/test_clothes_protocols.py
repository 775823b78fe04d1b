"""Protocols of the clothes-changing datasets: a slow reference on random labels, and recorded values.

Everything goes the whole way: labels are written as file names and lists, read by the loader, and
ranked as the evaluation does.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mindreid import load_dataset
from mindreid.config import EvaluationConfig
from mindreid.engine.evaluation.protocol_evaluation import evaluate_dataset
from mindreid.errors import InvalidArgumentError
from mindreid.metrics import evaluate_distances
from tests.data.datasets.labelled_trees import TRAIN, WRITERS, Item


@dataclass(frozen=True)
class Rule:
    """A protocol word by word: who takes part, and which items of the query's person are junk."""

    junk: Callable = lambda query, item: query.camera == item.camera
    query: Callable = lambda item: True
    gallery: Callable = lambda item: True


GENERAL = Rule()
CHANGING = Rule(junk=lambda q, g: q.camera == g.camera or q.outfit == g.outfit)
SAME = Rule(junk=lambda q, g: q.camera == g.camera or q.outfit != g.outfit)
NO_JUNK = Rule(junk=lambda q, g: False)


def among_cameras(*cameras):
    return Rule(query=lambda i: i.camera in cameras, gallery=lambda i: i.camera in cameras)


#: Protocols by dataset; PRCC's cameras are 0 (A), 1 (B), 2 (C).
RULES = {
    "ltcc": {"standard": GENERAL, "clothes_changing": CHANGING, "same_clothes": SAME},
    "ccvid": {"standard": GENERAL, "clothes_changing": CHANGING, "same_clothes": SAME},
    "vc_clothes": {
        "standard": GENERAL, "clothes_changing": among_cameras(3, 4), "same_clothes": among_cameras(2, 3),
    },
    "prcc": {
        f"{name}_{shots}": Rule(junk=NO_JUNK.junk, query=lambda i, camera=camera: i.camera == camera)
        for shots in ("multi_shot", "single_shot")
        for name, camera in (("clothes_changing", 2), ("same_clothes", 1))
    },
    "celeb_reid": {"standard": NO_JUNK},
    "last": {"standard": NO_JUNK},
    "deepchange": {"standard": Rule(junk=lambda q, g: q.tracklet == g.tracklet)},
}  # fmt: skip


def embedding(item, side):
    seed = [item.number, side == "query", 7]
    return np.random.default_rng(seed).standard_normal(5)


def rank_slowly(rule, query, gallery):
    """Rank-1, mAP, mINP and the number of valid queries; none if no query is valid."""
    first, precisions, penalties = [], [], []
    for q in filter(rule.query, query):
        a = embedding(q, "query")
        ranked = []
        for g in filter(rule.gallery, gallery):
            b = embedding(g, "gallery")
            if not (g.pid == q.pid and rule.junk(q, g)):
                ranked.append((1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b), g.pid == q.pid))
        hits = [rank for rank, (_, good) in enumerate(sorted(ranked), 1) if good]
        if hits:
            first.append(hits[0] == 1)
            precisions.append(np.mean([count / rank for count, rank in enumerate(hits, 1)]))
            penalties.append(len(hits) / hits[-1])
    return (np.mean(first), np.mean(precisions), np.mean(penalties), len(first)) if first else None


def rank_trials_slowly(rule, protocol, item_of, query, gallery):
    """Average over the galleries of the trials, which are taken as they were drawn."""
    if protocol is None or not protocol.trials:
        return rank_slowly(rule, query, gallery)
    trials = [[item_of[record.path] for record in trial] for trial in protocol.trials]
    ranked = [rank_slowly(rule, query, trial) for trial in trials]
    return None if None in ranked else np.mean(ranked, axis=0)


def items(start, cameras, pids):
    one = st.tuples(st.sampled_from(pids), st.sampled_from(cameras), st.integers(1, 3), st.integers(1, 4))
    return st.lists(one, min_size=1, max_size=14).map(
        lambda many: [Item(start + number, *labels) for number, labels in enumerate(many)]
    )


def problems(name):
    if name == "prcc":
        # Cameras B and C have images, and outfits that follow from the camera.
        query = items(100, (1, 2), (1, 2, 3)).map(
            lambda many: [*many, Item(150, 1, 1, 1), Item(151, 1, 2, 2)]
        )
        return st.tuples(query, items(200, (0,), (1, 2, 3)))
    gallery_pids = (0, 1, 2, 3) if name == "last" else (1, 2, 3)
    return st.tuples(items(100, (1, 2, 3, 4), (1, 2, 3)), items(200, (1, 2, 3, 4), gallery_pids))


def write_and_load(name, folder, query, gallery, write_images):
    root = Path(folder, "exp_12_c3", "query")
    splits = {"train": TRAIN, "query": query, "gallery": gallery}
    return WRITERS[name](root, splits, write_images), load_dataset(name, root)


@pytest.mark.parametrize("name", sorted(RULES))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_protocol_equals_a_slow_reference(name, write_images, data):
    query, gallery = data.draw(problems(name))
    with tempfile.TemporaryDirectory() as folder:
        item_of, dataset = write_and_load(name, folder, query, gallery, write_images)
    query_paths = {record.path for record in dataset.query}

    def extract(records):
        sides = ["query" if record.path in query_paths else "gallery" for record in records]
        return np.array([embedding(item_of[r.path], side) for r, side in zip(records, sides)], np.float32)

    for protocol, rule in RULES[name].items():
        expected = rank_trials_slowly(rule, dataset.protocols.get(protocol), item_of, query, gallery)
        if expected is None:
            if protocol in dataset.protocols:
                with pytest.raises(InvalidArgumentError, match="no query has a match"):
                    evaluate_dataset(extract, dataset, EvaluationConfig(protocols=(protocol,)))
            continue
        row = evaluate_dataset(extract, dataset, EvaluationConfig(protocols=(protocol,)))[protocol]
        found = [row.rank1, row.mean_ap, row.mean_inp, row.valid_queries]
        np.testing.assert_allclose(found, expected, rtol=1e-9)
        assert row.queries == sum(map(rule.query, query))
        persons = len({item.pid for item in gallery})
        assert row.gallery == (persons if "single" in protocol else sum(map(rule.gallery, gallery)))


#: Recorded rules by dataset, protocol: the prefix of the values, and the label recorded as camera.
RECORDED = [
    ("ltcc", "standard", ["simpleccreid_general", "fire_ltcc_standard"]),
    ("ltcc", "clothes_changing", ["simpleccreid_cc", "fire_ltcc_cc"]),
    ("ltcc", "same_clothes", ["simpleccreid_sc"]),
    ("ccvid", "standard", ["simpleccreid_general"]),
    ("ccvid", "clothes_changing", ["simpleccreid_cc"]),
    ("ccvid", "same_clothes", ["simpleccreid_sc"]),
    ("deepchange", "standard", ["simpleccreid_general", "fire_general"]),
    ("celeb_reid", "standard", ["fire_prcc"]),
    ("last", "standard", ["fire_prcc"]),
]


@pytest.fixture(scope="module")
def recorded(golden):
    """Recorded distances, with the labels as items; the first four queries have no match."""
    arrays = golden("eval")

    def side(letter):
        labels = (arrays[f"{letter}_{kind}"].tolist() for kind in ("pids", "camids", "clothes"))
        # Nobody is person 0, who is a distractor in LaST; cameras count from 1.
        return [Item(i, p + 1, c + 1, o + 1, c) for i, (p, c, o) in enumerate(zip(*labels))]

    return arrays, side("q"), side("g")


@pytest.mark.parametrize(("name", "protocol", "sources"), RECORDED)
def test_recorded_values_of_the_authors_evaluations(
    name, protocol, sources, recorded, tmp_path, write_images
):
    arrays, query, gallery = recorded
    item_of, dataset = write_and_load(name, tmp_path, query, gallery, write_images)
    chosen = dataset.protocols[protocol]
    # Queries without a match count nowhere with us, and as 0 / 0 in FIRe's evaluation of PRCC.
    skipped = 4 if sources == ["fire_prcc"] else 0
    order = [[item_of[record.path].number for record in side] for side in (chosen.query, chosen.gallery)]
    labels = [
        np.array([-1 if getattr(r, name) is None else getattr(r, name) for r in side])
        for name in ("pid", chosen.source, "clothes_id")
        for side in (chosen.query, chosen.gallery)
    ]
    result = evaluate_distances(arrays["distmat"][np.ix_(*order)], *labels, protocol=chosen.rule)
    suffix = "_queries4on" if skipped else ""
    for source in sources:
        curve = arrays[f"{source}_cmc{suffix}"]
        np.testing.assert_allclose(result.cmc[: len(curve)], curve, rtol=0, atol=1e-7)
        assert result.mean_ap == pytest.approx(float(arrays[f"{source}_map{suffix}"]), abs=1e-9)
