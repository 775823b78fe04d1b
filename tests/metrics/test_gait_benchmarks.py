"""CCPG's and CASIA-B's protocols: recorded values, a slow reference, what changes nothing."""

import numpy as np
import pytest

from mindreid.errors import InvalidArgumentError
from mindreid.metrics import CCPG_SETTINGS, evaluate_casia_b, evaluate_ccpg

SETTINGS = ("CL", "UP", "DN", "BG")


def ccpg_arguments(arrays):
    return [arrays[f"ccpg_{name}"] for name in ("embeddings", "labels", "types", "views")]


def casia_arguments(arrays):
    return [arrays[f"casia_{name}"] for name in ("embeddings", "labels", "types", "views")]


@pytest.mark.parametrize(("metric", "short"), [("euclidean", "euc"), ("cosine", "cos")])
def test_ccpg_as_recorded(golden, metric, short):
    arrays = golden("eval")
    result = evaluate_ccpg(*ccpg_arguments(arrays), metric=metric)
    for row, setting in enumerate(SETTINGS):
        reid, gait = result["reid"][setting], result["gait"][setting]
        recorded = {
            name: arrays[f"ccpg_{short}_{name}"][row]
            for name in (
                "rank1", "map", "minp", "rank1_excl_identical_view", "rank1_incl_identical_view",
                "view_pair_rank1", "rank1_per_angle_excl",
            )
        }  # fmt: skip
        assert reid["rank1"] == pytest.approx(100 * recorded["rank1"], abs=1e-4)
        assert reid["mAP"] == pytest.approx(100 * recorded["map"], abs=1e-9)
        assert reid["mINP"] == pytest.approx(100 * recorded["minp"], abs=1e-9)
        np.testing.assert_allclose(gait["view_pairs"], recorded["view_pair_rank1"], atol=1e-9)
        without_diagonal = gait["view_pairs"] * (1 - np.eye(5))
        np.testing.assert_allclose(without_diagonal.sum(1) / 4, recorded["rank1_per_angle_excl"], atol=5e-3)
        assert gait["rank1_excluding_identical_view"] == pytest.approx(
            recorded["rank1_excl_identical_view"], abs=1e-9
        )
        assert gait["rank1_including_identical_view"] == pytest.approx(
            recorded["rank1_incl_identical_view"], abs=1e-9
        )


def test_casia_b_as_recorded(golden):
    arrays = golden("eval")
    single = evaluate_casia_b(*casia_arguments(arrays))
    cross = evaluate_casia_b(*casia_arguments(arrays), protocol="cross_view")
    for name in ("NM", "BG", "CL"):
        assert single[name]["rank1"] == pytest.approx(float(arrays[f"casia_singleview_{name}@R1"]), abs=1e-9)
        assert cross[name]["rank1"] == pytest.approx(
            float(arrays[f"casia_crossview_{name}-Rank@1"]), abs=1e-9
        )
        assert cross[name]["mAP"] == pytest.approx(float(arrays[f"casia_crossview_{name}-mAP"]), abs=1e-9)


def part_distance(a, b, metric):
    if metric == "euclidean":
        return np.mean([np.linalg.norm(a[:, p] - b[:, p]) for p in range(a.shape[1])])
    cosines = [
        a[:, p] @ b[:, p] / np.linalg.norm(a[:, p]) / np.linalg.norm(b[:, p]) for p in range(a.shape[1])
    ]
    return 1 - np.mean(cosines)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_ccpg_against_a_written_out_search(metric):
    rng = np.random.default_rng(0)
    status = np.array(sorted({s for lists in CCPG_SETTINGS.values() for side in lists for s in side}))
    labels = [(p, s, v) for p in range(4) for s in status for v in ("01_0", "02_0", "02_1", "03_0")]
    pids, worn, views = (np.array(column) for column in zip(*labels))
    centres = rng.standard_normal((4, 5, 3))
    features = centres[pids] + 1.5 * rng.standard_normal((len(pids), 5, 3))
    result = evaluate_ccpg(features, pids, worn, views, metric=metric)
    cameras = np.array([view[:2] for view in views])
    for setting, (probe_status, gallery_status) in CCPG_SETTINGS.items():
        probes = np.flatnonzero(np.isin(worn, probe_status))
        gallery = np.flatnonzero(np.isin(worn, gallery_status))
        hits, precisions, penalties, pairs = [], [], [], {}
        for p in probes:
            ranked = sorted(gallery, key=lambda g, p=p: part_distance(features[p], features[g], metric))
            for camera in sorted(set(cameras)):
                first = next(g for g in ranked if cameras[g] == camera)
                pairs.setdefault((cameras[p], camera), []).append(pids[first] == pids[p])
            kept = [g for g in ranked if not (pids[g] == pids[p] and cameras[g] == cameras[p])]
            ranks = [rank for rank, g in enumerate(kept, start=1) if pids[g] == pids[p]]
            hits.append(ranks[0] == 1)
            precisions.append(np.mean([n / rank for n, rank in enumerate(ranks, start=1)]))
            penalties.append(len(ranks) / ranks[-1])
        per_pair = {pair: round(100 * np.mean(found), 2) for pair, found in pairs.items()}
        assert result["reid"][setting]["rank1"] == pytest.approx(100 * np.mean(hits))
        assert result["reid"][setting]["mAP"] == pytest.approx(100 * np.mean(precisions))
        assert result["reid"][setting]["mINP"] == pytest.approx(100 * np.mean(penalties))
        assert result["gait"][setting]["rank1_including_identical_view"] == pytest.approx(
            np.mean(list(per_pair.values()))
        )
        assert result["gait"][setting]["rank1_excluding_identical_view"] == pytest.approx(
            np.mean([value for (a, b), value in per_pair.items() if a != b])
        )


def test_features_without_parts_are_features_of_one_part(golden):
    embeddings, *labels = ccpg_arguments(golden("eval"))
    flat = evaluate_ccpg(embeddings[:, :, 0], *labels)
    one_part = evaluate_ccpg(embeddings[:, :, :1], *labels)
    assert flat["reid"] == one_part["reid"]
    np.testing.assert_array_equal(flat["gait"]["CL"]["view_pairs"], one_part["gait"]["CL"]["view_pairs"])


def test_order_of_the_sequences_does_not_matter(golden):
    arguments = ccpg_arguments(golden("eval"))
    order = np.random.default_rng(0).permutation(len(arguments[0]))
    shuffled = evaluate_ccpg(*[argument[order] for argument in arguments])
    assert shuffled["reid"]["CL"] == pytest.approx(evaluate_ccpg(*arguments)["reid"]["CL"])


def test_a_missing_outfit_is_named(golden):
    arrays = golden("eval")
    keep = arrays["ccpg_types"] != "U0_D3"
    with pytest.raises(InvalidArgumentError, match="no sequence of U0_D3"):
        evaluate_ccpg(*[argument[keep] for argument in ccpg_arguments(arrays)])


def test_a_pair_of_views_without_sequences_is_left_out(golden):
    arrays = golden("eval")
    keep = ~((arrays["ccpg_types"] == "U0_D3") & (np.char.partition(arrays["ccpg_views"], "_")[:, 0] == "02"))
    gait = evaluate_ccpg(*[argument[keep] for argument in ccpg_arguments(arrays)])["gait"]["UP"]
    assert np.isnan(gait["view_pairs"][:, 1]).all()
    pairs = np.delete(gait["view_pairs"], 1, axis=1)
    assert gait["rank1_including_identical_view"] == pytest.approx(pairs.mean())


def opengaits_cross_view(features, pids, types, views):
    """Rank-1 and mAP of NM as OpenGait's ``compute_ACC_mAP`` has them, view by view."""
    ranks, precisions = [], []
    for view in sorted(set(views)):
        hits, averages = [], []
        for probe in np.flatnonzero((types == "nm-01") & (views == view)):
            kept = np.isin(types, ["nm-02", "bg-02", "cl-02"]) & ((views != view) | (pids != pids[probe]))
            nearest = np.argsort(np.linalg.norm(features[kept] - features[probe], axis=1))
            matches = (pids[kept] == pids[probe])[nearest]
            hits.append(matches[0])
            if matches.any():
                averages.append(np.mean(np.arange(1, matches.sum() + 1) / (np.flatnonzero(matches) + 1)))
        ranks.append(round(100 * np.mean(hits), 2))
        if averages:
            precisions.append(round(100 * np.mean(averages), 2))
    return {"rank1": pytest.approx(np.mean(ranks)), "mAP": pytest.approx(np.mean(precisions))}


def test_casia_b_counts_a_probe_without_a_match_as_not_found():
    """Of two persons a single view is left, which nobody else has in one case."""
    rng = np.random.default_rng(0)
    views_of = {0: ("036",), 1: ("036", "090"), 2: ("036", "090"), 3: ("036", "090"), 4: ("180",)}
    types = [*(f"nm-0{n}" for n in range(1, 7)), "bg-01", "bg-02", "cl-01", "cl-02"]
    labels = [(person, worn, view) for person, own in views_of.items() for view in own for worn in types]
    pids, worn, views = (np.array(column) for column in zip(*labels))
    features = rng.standard_normal((5, 8))[pids] + rng.standard_normal((len(pids), 8))
    found = evaluate_casia_b(features, pids, worn, views, protocol="cross_view")["NM"]
    assert found == opengaits_cross_view(features, pids, worn, views)


def test_casia_b_without_any_match(golden):
    embeddings, _, types, views = casia_arguments(golden("eval"))
    with pytest.raises(InvalidArgumentError, match="no query has a match"):
        evaluate_casia_b(embeddings, np.arange(len(types)), types, views, protocol="cross_view")


def test_unknown_casia_b_protocol(golden):
    with pytest.raises(InvalidArgumentError, match="single_view, cross_view"):
        evaluate_casia_b(*casia_arguments(golden("eval")), protocol="all")


@pytest.mark.parametrize("position", [1, 2, 3])
def test_labels_of_another_length(golden, position):
    arguments = ccpg_arguments(golden("eval"))
    arguments[position] = arguments[position][:-1]
    with pytest.raises(InvalidArgumentError, match="one per sequence"):
        evaluate_ccpg(*arguments)
