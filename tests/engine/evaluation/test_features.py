"""Evaluation of a dataset's protocols: trials, tracklets in the camera's place, and the table."""

from __future__ import annotations

from zlib import crc32

import numpy as np
import pytest

from mindreid import metrics
from mindreid.config import EvaluationConfig
from mindreid.data.records import Dataset, Protocol, Record
from mindreid.engine.evaluation.protocol_evaluation import evaluate_dataset
from mindreid.engine.evaluation.protocol_results import format_results
from mindreid.errors import ConfigError
from mindreid.metrics import evaluate_ranking
from tests.metrics.test_reranking import rerank_densely

FIGURES = ("rank1", "rank5", "rank10", "rank20", "mAP", "mINP")


def records_of(prefix, count, cameras):
    generator = np.random.default_rng(len(prefix))
    return tuple(
        Record((f"{prefix}{i}",), i % 5, int(generator.integers(cameras)), i % 10, tracklet=i // 3)
        for i in range(count)
    )


def extract(records):
    """Embeddings that depend on the record alone, and differ from one to the next."""
    seeds = [crc32(record.path.encode()) for record in records]
    return np.array([np.random.default_rng(seed).standard_normal(6) for seed in seeds], np.float32)


def evaluate(*protocols, **options):
    query, gallery = protocols[0].query, protocols[0].gallery
    dataset = Dataset("toy", None, query, query, gallery, {p.name: p for p in protocols})
    return evaluate_dataset(extract, dataset, EvaluationConfig(**options))


def labels(records, name):
    return np.array([getattr(record, name) for record in records])


def rank(query, gallery, source="camid", rule="standard"):
    sides = [labels(side, name) for name in ("pid", source, "clothes_id") for side in (query, gallery)]
    return evaluate_ranking(extract(query), extract(gallery), *sides, protocol=rule)


QUERY, GALLERY = records_of("query", 20, 3), records_of("gallery_", 40, 3)


def test_a_protocol_with_trials_gives_their_mean_and_standard_deviation():
    trials = tuple(tuple(GALLERY[i::4]) for i in range(4))
    row = evaluate(Protocol("single", "all", QUERY, GALLERY, trials=trials))["single"]
    results = [rank(QUERY, trial, rule="all") for trial in trials]
    for k in (1, 5):
        values = [result.rank(k) for result in results]
        assert row.named(f"rank{k}") == pytest.approx(np.mean(values))
        assert row.std.named(f"rank{k}") == pytest.approx(np.std(values))
    assert row.mean_ap == pytest.approx(np.mean([result.mean_ap for result in results]))
    assert row.std.mean_ap == pytest.approx(np.std([result.mean_ap for result in results]))
    assert row.std.mean_ap > 0
    assert (row.trials, row.gallery, row.queries) == (4, 10, 20)
    assert tuple(row.std.figures()) == FIGURES


def test_a_protocol_by_tracklet_compares_tracklets_in_place_of_cameras():
    rows = evaluate(
        Protocol("by camera", "standard", QUERY, GALLERY),
        Protocol("by tracklet", "standard", QUERY, GALLERY, source="tracklet"),
    )
    for name, source in (("by camera", "camid"), ("by tracklet", "tracklet")):
        result = rank(QUERY, GALLERY, source)
        assert rows[name].mean_ap == pytest.approx(result.mean_ap)
        assert rows[name].valid_queries == result.num_valid_queries
    assert rows["by camera"].mean_ap != rows["by tracklet"].mean_ap
    assert rows["by tracklet"].rule == "standard, by tracklet"


def ranked_plainly(distances):
    """Mean average precision, mean inverse negative penalty and rank-1, by the standard junk rule."""
    figures = []
    for query, row in zip(QUERY, distances):
        order = [GALLERY[i] for i in np.argsort(row)]
        kept = [other for other in order if (other.pid, other.camid) != (query.pid, query.camid)]
        places = 1 + np.flatnonzero([other.pid == query.pid for other in kept])
        precisions = [count / place for count, place in enumerate(places, start=1)]
        figures.append((np.mean(precisions), len(places) / places[-1], places[0] == 1))
    return np.mean(figures, axis=0)


@pytest.mark.parametrize(
    ("metric", "rerank"), [("cosine", False), ("euclidean", False), ("cosine", True), ("euclidean", True)]
)
def test_a_query_with_a_pool_is_the_mean_of_its_persons_images_from_its_camera(metric, rerank):
    pool = (*QUERY, *records_of("pool", 30, 3))
    protocol = Protocol("multiple", "standard", QUERY, GALLERY, query_pool=pool)
    row = evaluate(protocol, metric=metric, rerank=rerank)["multiple"]
    vectors, gallery = extract(pool).astype(float), extract(GALLERY).astype(float)
    if rerank or metric == "cosine":
        # Long vectors would weigh more than short ones in the mean, and lengths are no matter to a cosine.
        vectors, gallery = (rows / np.linalg.norm(rows, axis=1)[:, None] for rows in (vectors, gallery))
    means = []
    for query in QUERY:
        own = [i for i, other in enumerate(pool) if (other.pid, other.camid) == (query.pid, query.camid)]
        means.append(sum(vectors[i] for i in own) / len(own))
    means = np.array(means)
    if rerank:
        distances = rerank_densely(means, gallery, k1=20, k2=6, weight=0.3)
    elif metric == "cosine":
        distances = -(means / np.linalg.norm(means, axis=1)[:, None]) @ gallery.T
    else:
        distances = np.linalg.norm(means[:, None] - gallery, axis=2)
    assert (row.mean_ap, row.mean_inp, row.rank1) == pytest.approx(ranked_plainly(distances))
    assert (row.queries, row.valid_queries, row.gallery) == (20, 20, 40)


def test_the_table_names_every_protocol_and_prints_the_spread_of_trials():
    trials = tuple(tuple(GALLERY[i::4]) for i in range(4))
    rows = evaluate(
        Protocol("clothes_changing_multi_shot", "all", QUERY, GALLERY),
        Protocol("clothes_changing_single_shot", "all", QUERY, GALLERY, trials=trials),
    )
    head, multi, single, spread = format_results(rows).splitlines()
    assert multi.split()[:2] == ["clothes_changing_multi_shot", "all"]
    assert single.split()[0] == "clothes_changing_single_shot"
    assert "± over 4 trials" in spread
    std = rows["clothes_changing_single_shot"].std.figures()
    assert spread.split()[-5:] == [f"{100 * std[n]:.2f}" for n in ("rank1", "rank5", "rank10", "mAP", "mINP")]
    end = head.index("mAP") + 3
    assert single[:end].endswith(f"{100 * rows['clothes_changing_single_shot'].mean_ap:.2f}")
    assert spread[:end].endswith(f"{100 * std['mAP']:.2f}")


def test_only_the_asked_protocols_are_ranked_in_the_asked_order():
    both = [Protocol(name, name, QUERY, GALLERY) for name in ("standard", "all")]
    assert list(evaluate(*both, protocols=("all", "standard"))) == ["all", "standard"]
    assert list(evaluate(*both, protocols=("all",))) == ["all"]
    with pytest.raises(ConfigError, match="'toy' has no protocol 'single_shot'"):
        evaluate(*both, protocols=("single_shot",))


def gait_records(conditions, cameras, persons=4):
    labels = [(p, s, c) for p in range(persons) for s in conditions for c in cameras]
    return tuple(Record((f"{p}/{s}/{c}",), p, cameras.index(c), condition=s, camera=c) for p, s, c in labels)


def test_ccpg_is_evaluated_in_both_protocols_in_one_run():
    status = sorted({name for lists in metrics.CCPG_SETTINGS.values() for side in lists for name in side})
    records = gait_records(status, ["01", "02", "03"])
    rows = evaluate(Protocol("ccpg", "ccpg", records, records), metric="euclidean")
    pids, worn, views = (labels(records, name) for name in ("pid", "condition", "camera"))
    expected = metrics.evaluate_ccpg(extract(records), pids, worn, views)
    assert list(rows)[:4] == ["CL reid", "UP reid", "DN reid", "BG reid"]
    for setting in ("CL", "UP", "DN", "BG"):
        for name in ("rank1", "mAP", "mINP"):
            assert 100 * rows[f"{setting} reid"].named(name) == pytest.approx(expected["reid"][setting][name])
        gait = expected["gait"][setting]
        excluding, including = rows[f"{setting} gait"], rows[f"{setting} gait, same view"]
        assert 100 * excluding.rank1 == pytest.approx(gait["rank1_excluding_identical_view"])
        assert 100 * including.rank1 == pytest.approx(gait["rank1_including_identical_view"])
    assert (rows["CL reid"].queries, rows["CL reid"].gallery) == (24, 36)
    table = format_results(rows).splitlines()
    assert len(table) == 13
    assert table[5].split()[:2] == ["CL", "gait"]
    assert table[5].split().count("-") == 4


def test_casia_b_is_evaluated_in_both_protocols_in_one_run():
    types = [f"{kind}-0{n}" for kind, last in (("nm", 6), ("bg", 2), ("cl", 2)) for n in range(1, last + 1)]
    records = gait_records(types, ["000", "090"])
    names = ("single_view", "cross_view")
    protocols = [Protocol(name, f"casia_b_{name}", records, records) for name in names]
    rows = evaluate(*protocols, metric="euclidean")
    pids, worn, views = (labels(records, name) for name in ("pid", "condition", "camera"))
    for protocol in names:
        expected = metrics.evaluate_casia_b(extract(records), pids, worn, views, protocol=protocol)
        for name, figures in expected.items():
            row = rows[f"{name} {protocol}"]
            assert {key: 100 * value for key, value in row.figures().items()} == pytest.approx(figures)
    assert (rows["NM single_view"].queries, rows["NM single_view"].gallery) == (16, 32)


def test_a_gait_benchmark_refuses_re_ranking():
    records = gait_records(["nm-01"], ["000"])
    with pytest.raises(ConfigError, match="re-ranking"):
        evaluate(Protocol("single_view", "casia_b_single_view", records, records), rerank=True)
