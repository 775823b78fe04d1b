"""Transitions and stays, and that a crowd's tell of nobody."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mindreid.errors import InvalidArgumentError
from mindreid.search.paths import (
    format_paths,
    format_summary,
    paths_as_json,
    summarize,
    summarize_crowd,
    summary_as_json,
)
from mindreid.search.paths.tracklet_joining import PersonPath, Step
from tests.search.paths.test_tracklet_joining import PERSONS, seen


def path_through(number, cameras, travel=10.0, stay=3.0):
    steps, now = [], 100.0 * number
    for place, camera in enumerate(cameras):
        tracklet = seen(10 * number + place, camera, now, now + stay, PERSONS[0])
        steps.append(Step(tracklet, 0.9, travel) if place else Step(tracklet))
        now += stay + travel
    return PersonPath(tuple(steps))


def counts(summary):
    return {(way.origin, way.target): way.persons for way in summary.transitions}


def test_every_way_and_every_stay_is_counted():
    paths = [
        path_through(0, "ab"),
        path_through(1, "ab", travel=20, stay=5),
        path_through(2, "ba"),
        path_through(3, "c"),
    ]
    summary = summarize(paths)
    assert counts(summary) == {
        ("unknown", "a"): 2, ("a", "b"): 2, ("b", "unknown"): 2, ("unknown", "b"): 1, ("b", "a"): 1,
        ("a", "unknown"): 1, ("unknown", "c"): 1, ("c", "unknown"): 1,
    }  # fmt: skip
    median = {(way.origin, way.target): way.median_seconds for way in summary.transitions}
    assert (median["a", "b"], median["b", "a"], median["unknown", "a"]) == (15, 10, None)
    assert {stay.camera: (stay.persons, stay.median_seconds) for stay in summary.dwells} == {
        "a": (3, 3), "b": (3, 3), "c": (1, 3),
    }  # fmt: skip


def test_who_was_lost_within_a_view_has_stayed():
    summary = summarize([path_through(0, "aab", travel=2, stay=3)])
    assert counts(summary) == {("unknown", "a"): 1, ("a", "b"): 1, ("b", "unknown"): 1}
    assert {stay.camera: stay.median_seconds for stay in summary.dwells} == {"a": 8, "b": 3}


def test_who_goes_to_and_fro_counts_once():
    assert counts(summarize([path_through(0, "abab")]))["a", "b"] == 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("abc", min_size=1, max_size=3), max_size=25), st.integers(2, 6))
def test_a_crowds_numbers_tell_of_no_few(routes, least):
    paths = [path_through(number, cameras) for number, cameras in enumerate(routes)]
    whole, crowd = summarize(paths), summarize_crowd(paths, least)
    everything = counts(whole)
    assert counts(crowd) == {way: count for way, count in everything.items() if count >= least}
    few = {camera for way, count in everything.items() if count < least for camera in way}
    for stay in crowd.dwells:
        assert (stay.persons is None) == (stay.camera in few)
        assert stay.persons is None or stay.persons >= least
    present = Counter(camera for cameras in routes for camera in set(cameras))
    assert {stay.camera for stay in crowd.dwells} == {c for c, count in present.items() if count >= least}
    text = json.dumps(summary_as_json(crowd)) + format_summary(crowd)
    assert not any(step.tracklet.id in text for path in paths for step in path.steps)


def test_a_crowd_of_one_is_none():
    with pytest.raises(InvalidArgumentError, match="at least 2"):
        summarize_crowd([], 1)


def test_tables_and_json_say_the_same():
    paths = [path_through(0, "ab"), path_through(1, "c")]
    content = json.loads(json.dumps(paths_as_json(paths)))
    assert [[step["camera"] for step in path["steps"]] for path in content] == [["a", "b"], ["c"]]
    assert content[0]["steps"][1]["seconds"] == 10
    assert "a → b (0.90, 10 s)" in format_paths(paths)
    shown = format_summary(summarize(paths))
    for way in summary_as_json(summarize(paths))["transitions"]:
        assert any(
            line.split()[:3] == [way["origin"], way["target"], str(way["persons"])]
            for line in shown.splitlines()
        )
    assert "left out" not in shown
    assert "fewer than 3 persons" in format_summary(summarize_crowd(paths, 3))
    assert not np.isnan(summary_as_json(summarize(paths))["dwells"][0]["median_seconds"])
