"""Whether protocols can give a figure: what the check says is what the evaluation would run into."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mindreid.data.records import Dataset, Protocol, Record
from mindreid.engine.evaluation.protocol_check import check_protocols
from mindreid.errors import InvalidArgumentError
from mindreid.metrics import JUNK_RULES, evaluate_distances

ROOT = Path("/data")
TRAIN = tuple(Record((f"/data/t{n}.jpg",), n // 2, 0) for n in range(4))


def records(prefix, *labels):
    return tuple(
        Record((f"/data/{prefix}{n}.jpg",), pid, camid, clothes_id=outfit)
        for n, (pid, camid, outfit) in enumerate(labels)
    )


def dataset(query, gallery, rule="standard", train=TRAIN, **protocol):
    return Dataset(
        "toy", ROOT, train, query, gallery, {rule: Protocol(rule, rule, query, gallery, **protocol)}
    )


def test_one_camera_alone():
    labels = (0, 0, 0), (1, 0, 0)
    found = check_protocols(dataset(records("q", *labels), records("g", *labels)))
    assert found.obstacles == {
        "standard": "there is only one camera, and none of 2 queries has a match: "
        "2 of whose person each gallery image is of the query's camera (q0.jpg, q1.jpg)"
    }


def test_nobody_of_the_queries_is_in_the_gallery():
    found = check_protocols(dataset(records("q", *[(n, 0, 0) for n in range(5)]), records("g", (7, 1, 0))))
    assert found.obstacles == {
        "standard": "none of 5 queries has a match: 5 whose person is not in the gallery "
        "(q0.jpg, q1.jpg, q2.jpg and 2 more)"
    }


def test_some_queries_count_nowhere():
    query = records("q", (0, 0, 0), (1, 0, 0), (2, 0, 0))
    found = check_protocols(dataset(query, records("g", (0, 1, 0), (1, 0, 0))))
    assert not found.obstacles
    assert found.warnings == (
        "standard: 2 of 3 queries count nowhere: 1 whose person is not in the gallery (q2.jpg); "
        "1 of whose person each gallery image is of the query's camera (q1.jpg)",
    )


def test_nobody_changes_clothes():
    found = check_protocols(dataset(records("q", (0, 0, 3)), records("g", (0, 1, 3)), "clothes_changing"))
    assert "is of the query's camera or outfit (q0.jpg)" in found.obstacles["clothes_changing"]


def test_queries_that_find_themselves():
    query = records("q", (0, 0, 0), (1, 1, 0))
    again = tuple(replace(record, camid=record.camid + 5) for record in query)
    alone = check_protocols(dataset(query, again))
    assert "2 whose only match is the very same file (q0.jpg, q1.jpg)" in alone.obstacles["standard"]
    among_others = check_protocols(dataset(query, again + records("g", (0, 2, 0))))
    assert not among_others.obstacles
    (line,) = among_others.warnings
    assert line.startswith("standard: 2 of 2 queries find the very same file in the gallery")
    junk_alone = check_protocols(dataset(query, query))
    assert (
        "2 of these are in the gallery as the very same file (q0.jpg, q1.jpg)"
        in junk_alone.obstacles["standard"]
    )
    # Under its own camera a file is junk to itself.
    assert not check_protocols(dataset(query, query + records("g", (0, 2, 0), (1, 2, 0)))).warnings


def test_the_same_file_by_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    query = (Record((f"{tmp_path}/real/a.jpg",), 0, 0),)
    gallery = (Record((f"{tmp_path}/link/a.jpg",), 0, 1),)
    assert "the very same file" in check_protocols(dataset(query, gallery)).obstacles["standard"]


def test_tracklets_take_the_place_of_cameras():
    query, gallery = (replace(records(name, (0, 0, 0))[0], tracklet=4) for name in "qg")
    found = check_protocols(dataset((query,), (gallery,), source="tracklet"))
    assert "only one tracklet" in found.obstacles["standard"]
    other = replace(gallery, tracklet=5)
    assert not check_protocols(dataset((query,), (other,), source="tracklet")).obstacles


def test_labels_that_a_rule_needs():
    query, gallery = records("q", (0, 0, None)), records("g", (0, 1, None))
    assert (
        "query_clothes" in check_protocols(dataset(query, gallery, "same_clothes")).obstacles["same_clothes"]
    )


def test_training_on_single_images_on_one_person_and_on_what_is_tested():
    query, gallery = records("q", (0, 0, 0)), records("g", (0, 1, 0))
    single = (*TRAIN, Record(("/data/t9.jpg",), 2, 0))
    (line,) = check_protocols(dataset(query, gallery, train=single)).warnings
    assert line == "1 of 3 persons to train on have one image alone (t9.jpg)"
    (line,) = check_protocols(dataset(query, gallery, train=TRAIN[:2])).warnings
    assert "one person alone" in line
    (line,) = check_protocols(dataset(query, gallery, train=(*TRAIN, replace(gallery[0], pid=0)))).warnings
    assert line.startswith("1 of 5 images to train on are tested on, too")


def sequences(*labels):
    return tuple(
        Record((f"/data/{n}.pkl",), pid, 0, condition=condition, camera=camera)
        for n, (pid, condition, camera) in enumerate(labels)
    )


@pytest.mark.parametrize("rule", ["casia_b_single_view", "casia_b_cross_view", "ccpg"])
def test_gait_benchmarks_need_their_conditions_and_two_views(rule):
    conditions = (
        ["U0_D0_BG", "U0_D0", "U1_D0", "U1_D1", "U0_D3", "U3_D3"]
        if rule == "ccpg"
        else [*(f"nm-0{n}" for n in range(1, 7)), "bg-01", "bg-02", "cl-01", "cl-02"]
    )

    def obstacles(*cameras):
        own = sequences(*[(pid, c, camera) for pid in (0, 1) for c in conditions for camera in cameras])
        return check_protocols(dataset(own, own, rule)).obstacles

    assert obstacles("000", "090") == {}
    assert rule in obstacles("000")
    conditions.remove("U0_D3" if rule == "ccpg" else "bg-01")
    if rule != "casia_b_single_view":
        assert "there is no sequence of" in obstacles("000", "090")[rule]


side = st.lists(st.tuples(*[st.integers(0, 2)] * 3), min_size=1, max_size=5)


@settings(max_examples=200, deadline=None)
@given(query=side, gallery=side, rule=st.sampled_from(JUNK_RULES))
def test_an_obstacle_is_what_the_evaluation_refuses(query, gallery, rule):
    q, g = records("q", *query), records("g", *gallery)
    found = check_protocols(dataset(q, g, rule))
    try:
        labels = [np.array([row[n] for row in rows]) for n in range(3) for rows in (query, gallery)]
        result = evaluate_distances(np.zeros((len(q), len(g))), *labels, protocol=rule)
    except InvalidArgumentError:
        assert set(found.obstacles) == {rule}
    else:
        assert not found.obstacles
        without = len(q) - result.num_valid_queries
        said = f"{rule}: {without} of {len(q)} queries count nowhere"
        assert sum(line.startswith(said) for line in found.warnings) == (without > 0)
