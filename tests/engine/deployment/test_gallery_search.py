"""The nearest of a gallery: equal ones in its order, embeddings of any magnitude, counts that make sense."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mindreid.cli import main
from mindreid.engine.deployment import gallery_search
from mindreid.engine.deployment.gallery_search import search, write_ranking
from mindreid.engine.deployment.inference import Embedded
from mindreid.errors import InvalidArgumentError


def embedded(rows):
    return Embedded([f"{number}.jpg" for number in range(len(rows))], rows)


def nearest(query, gallery, metric, top):
    return [found.tolist() for _, found, _ in search(embedded(query), embedded(gallery), metric, top)]


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("top", [1, 10, 199, 200, 300])
def test_equal_rows_come_in_the_gallerys_order(metric, top):
    query = np.random.default_rng(0).standard_normal((3, 40)).astype(np.float32)
    gallery = np.repeat(query[:1] + 0.3, 200, axis=0)
    assert nearest(query, gallery, metric, top) == [list(range(min(top, 200)))] * 3


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@given(seed=st.integers(0, 2**32 - 1), top=st.integers(1, 70), rows=st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_the_cut_goes_through_equal_rows_in_the_gallerys_order(metric, seed, top, rows):
    """Few distinct rows, each several times, in blocks of any size."""
    rng = np.random.default_rng(seed)
    distinct = rng.standard_normal((4, 9)).astype(np.float32)
    chosen = rng.integers(0, 4, 60)
    query = rng.standard_normal((7, 9)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gallery_search, "block_rows", lambda _: rows)
        found = nearest(query, distinct[chosen], metric, top)
    for item, ranked in zip(query.astype(float), found):
        if metric == "cosine":
            distances = -(distinct @ item) / np.linalg.norm(distinct, axis=1)
        else:
            distances = np.linalg.norm(distinct - item, axis=1)
        assert ranked == np.argsort(distances[chosen], kind="stable")[:top].tolist()


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("shape", [(12,), (4, 3)])
@pytest.mark.parametrize("factor", [1e-30, 1e-19, 1e19, 1e30])
@pytest.mark.filterwarnings("error")
def test_the_magnitude_of_embeddings_does_not_matter(metric, shape, factor):
    rng = np.random.default_rng(1)
    query, gallery = (rng.standard_normal((count, *shape)).astype(np.float32) for count in (8, 90))
    scaled = [side * np.float32(factor) for side in (query, gallery)]
    plain, large = (list(search(*map(embedded, sides), metric, 20)) for sides in ((query, gallery), scaled))
    for (_, found, distances), (_, expected, wanted) in zip(large, plain):
        np.testing.assert_array_equal(found, expected)
        length = factor if metric == "euclidean" else 1.0
        np.testing.assert_allclose(distances, wanted * length, rtol=1e-5)


def test_the_table_lists_the_nearest_and_their_distances(tmp_path):
    gallery = np.array([[3e-20, 0], [1e-20, 0], [1e-20, 0], [0, 5e-20]], np.float32)
    query = embedded(np.array([[0, 0], [0, 4e-20]], np.float32))
    write_ranking(query, embedded(gallery), tmp_path / "ranking.csv", metric="euclidean", top=3)
    with (tmp_path / "ranking.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.reader(file))
    assert lines == [
        ["query", "rank", "gallery", "distance"],
        ["0.jpg", "1", "1.jpg", "1e-20"],
        ["0.jpg", "2", "2.jpg", "1e-20"],
        ["0.jpg", "3", "0.jpg", "3e-20"],
        ["1.jpg", "1", "3.jpg", "1e-20"],
        ["1.jpg", "2", "1.jpg", "4.12311e-20"],
        ["1.jpg", "3", "2.jpg", "4.12311e-20"],
    ]


@pytest.mark.parametrize("top", [0, -1, 2.0, True, None])
def test_a_number_of_rows_that_is_none_is_refused_before_anything_is_written(top, tmp_path):
    sides = embedded(np.eye(3)), embedded(np.eye(3))
    with pytest.raises(InvalidArgumentError, match=rf"a positive integer, not {top!r}: top"):
        search(*sides, "cosine", top)
    with pytest.raises(InvalidArgumentError, match="top"):
        write_ranking(*sides, tmp_path / "ranking.csv", metric="cosine", top=top)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["--top", "--batch-size", "--reader-threads"])
@pytest.mark.parametrize("value", ["0", "-1", "2.5", "ten", ""])
def test_the_command_refuses_counts_that_are_none(option, value, capsys):
    with pytest.raises(SystemExit) as end:
        main(["infer", "--model", "m.onnx", "--input", "i", "--output", "o", option, value])
    assert end.value.code == 2
    assert f"{value!r} is no integer of at least 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("query", "gallery", "message"),
    [
        (np.zeros((1, 4)), np.ones((2, 3)), "different models"),
        (np.ones((1, 4, 2)), np.ones((2, 4)), "different models"),
        (np.ones((1, 2)), np.array([[1, 1], [np.nan, 1]]), "hold NaN or infinity, first in row 1: gallery"),
        (np.array([[0.0, 0.0]]), np.ones((2, 2)), "all zeros, .* first in row 0: query"),
        (np.ones((1, 2)), np.ones((0, 2)), r"got shape \(0, 2\): gallery_features"),
    ],
)
def test_embeddings_that_can_not_be_ranked_are_refused(query, gallery, message):
    with pytest.raises(InvalidArgumentError, match=message):
        search(embedded(query), embedded(gallery), "cosine", 1)
