"""Tracklets joined over cameras, against trying every way to join them."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mindreid.errors import DataError, InvalidArgumentError
from mindreid.search.index import Tracklet
from mindreid.search.index.tracklets import BOX
from mindreid.search.paths import TravelLimits, join_tracklets, read_travel_limits
from tests.search.made_up_sources import BEGIN

PERSONS = np.eye(4, dtype=np.float32)


def seen(number, camera, start, end, embedding):
    embedding = np.asarray(embedding, np.float32)
    return Tracklet(
        f"t{number:03d}", "recording", camera, BEGIN + timedelta(seconds=float(start)),
        BEGIN + timedelta(seconds=float(end)), np.zeros(0, BOX), (), "model",
        embedding / np.linalg.norm(embedding),
    )  # fmt: skip


def routes(paths):
    return [[(step.tracklet.id, step.tracklet.camera) for step in path.steps] for path in paths]


def test_a_person_is_followed_from_camera_to_camera_and_others_are_not():
    tracklets = [
        seen(0, "a", 0, 4, PERSONS[0]),
        seen(1, "a", 1, 5, PERSONS[1]),
        seen(2, "b", 12, 15, PERSONS[1]),
        seen(3, "b", 13, 16, PERSONS[0]),
        seen(4, "c", 25, 28, PERSONS[0]),
        seen(5, "c", 26, 28, PERSONS[2]),
    ]
    paths = join_tracklets(tracklets[::-1], TravelLimits(), 0.5)
    assert routes(paths) == [
        [("t000", "a"), ("t003", "b"), ("t004", "c")],
        [("t001", "a"), ("t002", "b")],
        [("t005", "c")],
    ]
    steps = paths[0].steps
    assert [step.seconds for step in steps] == [None, 9, 9]
    assert [step.similarity for step in steps[1:]] == pytest.approx([1, 1])
    assert (paths[0].start, paths[0].end) == (BEGIN, BEGIN + timedelta(seconds=28))


def test_the_best_of_all_is_not_the_best_of_each():
    # The first takes what the second alone can have, if each takes its best one by itself.
    first, second = np.array([1, 0.7, 0, 0]), np.array([1, 0, 0, 0])
    tracklets = [
        seen(0, "a", 0, 1, first), seen(1, "a", 0, 1, second),
        seen(2, "b", 5, 6, [1, 0, 0.5, 0]), seen(3, "b", 5, 6, [0.5, 1, 0.3, 0]),
    ]  # fmt: skip
    assert [
        [name for name, _ in route] for route in routes(join_tracklets(tracklets, TravelLimits(), 0.3))
    ] == [
        ["t000", "t003"],
        ["t001", "t002"],
    ]


@pytest.mark.parametrize(
    ("limits", "joined"),
    [
        (TravelLimits(0, 60), True),
        (TravelLimits(0, 5.9), False),
        (TravelLimits(6.1, 60), False),
        (TravelLimits(6, 6), True),
        (TravelLimits(0, 60, 10, {("a", "b"): None}), False),
        (TravelLimits(0, 1, 10, {("a", "b"): (5, 7)}), True),
        (TravelLimits(0, 60, 10, {("a", "b"): (10, 20)}), False),
        (TravelLimits(0, 60, 10, {("a", "c"): None}), True),
    ],
)
def test_travel_times_limit_who_can_follow(limits, joined):
    tracklets = [seen(0, "a", 0, 4, PERSONS[0]), seen(1, "b", 10, 12, PERSONS[0])]
    assert len(join_tracklets(tracklets, limits, 0.5)) == (1 if joined else 2)
    # The way holds in both directions.
    back = [seen(0, "b", 0, 4, PERSONS[0]), seen(1, "a", 10, 12, PERSONS[0])]
    assert len(join_tracklets(back, limits, 0.5)) == (1 if joined else 2)


def test_who_is_in_two_pictures_at_once_is_followed_where_views_overlap():
    tracklets = [seen(0, "a", 0, 4, PERSONS[0]), seen(1, "b", 2, 6, PERSONS[0])]
    assert len(join_tracklets(tracklets, TravelLimits(), 0.5)) == 2
    assert len(join_tracklets(tracklets, TravelLimits(-3, 60), 0.5)) == 1


def test_what_is_lost_within_a_view_is_found_again():
    tracklets = [seen(0, "a", 0, 4, PERSONS[0]), seen(1, "a", 6, 9, PERSONS[0])]
    assert len(join_tracklets(tracklets, TravelLimits(gap=3), 0.5)) == 1
    assert len(join_tracklets(tracklets, TravelLimits(gap=1), 0.5)) == 2
    assert len(join_tracklets(tracklets, TravelLimits(gap=0), 0.5)) == 2


def brute_force(tracklets, limits, least):
    """The largest sum of gains that any choice of successors has."""

    def gain(i, j):
        span = limits.between(tracklets[i].camera, tracklets[j].camera)
        gap = (tracklets[j].start - tracklets[i].end).total_seconds()
        if span is None or not span[0] <= gap <= span[1] or tracklets[j].start <= tracklets[i].start:
            return None
        cosine = float(tracklets[i].embedding @ tracklets[j].embedding)
        return cosine - least if cosine >= least else None

    count = len(tracklets)
    choices = [[None] + [j for j in range(count) if gain(i, j) is not None] for i in range(count)]
    sums = [
        sum(gain(i, j) for i, j in enumerate(chosen) if j is not None)
        for chosen in product(*choices)
        if len({j for j in chosen if j is not None}) == sum(j is not None for j in chosen)
    ]
    return max(sums)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6))
def test_nothing_fits_better(seed, count):
    generator = np.random.default_rng(seed)
    tracklets = []
    for number in range(count):
        # Times of their own, so that who is earlier is clear.
        start = number * 2 + generator.uniform(0, 1)
        tracklets.append(
            seen(number, generator.choice(["a", "b", "c"]), start, start + generator.uniform(0, 5),
                 generator.normal(size=3))
        )  # fmt: skip
    limits = TravelLimits(-1, 6, 3, {("a", "c"): (0, 2)})
    paths = join_tracklets(tracklets, limits, 0.1)
    found = sum(step.similarity - 0.1 for path in paths for step in path.steps[1:])
    assert found == pytest.approx(brute_force(tracklets, limits, 0.1), abs=1e-5)
    everybody = sorted(step.tracklet.id for path in paths for step in path.steps)
    assert everybody == [tracklet.id for tracklet in tracklets]
    for path in paths:
        starts = [step.tracklet.start for step in path.steps]
        assert starts == sorted(starts)
        for before, later in zip(path.steps, path.steps[1:]):
            span = limits.between(before.tracklet.camera, later.tracklet.camera)
            assert span[0] <= later.seconds <= span[1]
            assert later.similarity >= 0.1


def test_thousands_of_tracklets_of_a_day_are_joined():
    generator = np.random.default_rng(0)
    persons = generator.normal(size=(1000, 32))
    tracklets = [
        seen(3 * pid + place, "abc"[place], 60 * pid + 20 * place, 60 * pid + 20 * place + 5,
             persons[pid] + 0.1 * generator.normal(size=32))
        for pid in range(1000) for place in range(3)
    ]  # fmt: skip
    paths = join_tracklets(tracklets, TravelLimits(0, 90), 0.6)
    assert len(paths) == 1000
    assert all(len(path.steps) == 3 for path in paths)


def test_without_time_or_tracklets():
    assert join_tracklets([], TravelLimits(), 0.5) == []
    photo = Tracklet("p", "s", "a", None, None, np.zeros(0, BOX), (), "m", PERSONS[0])
    with pytest.raises(InvalidArgumentError, match="has no time"):
        join_tracklets([photo], TravelLimits(), 0.5)
    with pytest.raises(InvalidArgumentError, match="cosine"):
        join_tracklets([], TravelLimits(), float("nan"))


@pytest.mark.parametrize("numbers", [(5, 1, 0), (0, 1, -1), (0, float("nan"), 0), (0, float("inf"), 0)])
def test_limits_that_make_no_sense(numbers):
    with pytest.raises(InvalidArgumentError, match="travel time"):
        TravelLimits(*numbers)


def test_limits_are_read_from_a_file(tmp_path):
    file = tmp_path / "ways.json"
    file.write_text(
        '[{"cameras": ["stairs", "hall"], "seconds": [2, 40]}, {"cameras": ["a", "b"], "seconds": null}]'
    )
    limits = read_travel_limits(file, least=1, most=9, gap=3)
    assert limits.between("hall", "stairs") == limits.between("stairs", "hall") == (2, 40)
    assert limits.between("b", "a") is None
    assert limits.between("a", "hall") == (1, 9)
    assert limits.between("a", "a") == (0, 3)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "no JSON"),
        ("{}", "no list of ways"),
        ('[{"cameras": ["a"], "seconds": [1, 2]}]', "entry 0"),
        ('[{"cameras": ["a", "a"], "seconds": [1, 2]}]', "no way"),
        ('[{"cameras": ["a", "b"], "seconds": [3, 2]}]', "no way"),
        ('[{"cameras": ["a", "b"], "seconds": [true, 2]}]', "no way"),
        ('[{"cameras": ["a", "b"], "seconds": [1, 1e999]}]', "no way"),
        ('[{"cameras": ["a", "b"]}]', "no way"),
        ('[{"cameras": ["a", "b"], "seconds": [1, 2], "x": 1}]', "no way"),
        ('[{"cameras": ["a", "b"], "seconds": null}, {"cameras": ["b", "a"], "seconds": null}]', "twice"),
        ("[3]", "no way"),
    ],
)
def test_a_file_that_is_no_list_of_ways(tmp_path, text, problem):
    (tmp_path / "ways.json").write_text(text)
    with pytest.raises(DataError, match=problem):
        read_travel_limits(tmp_path / "ways.json", least=0, most=60, gap=10)
