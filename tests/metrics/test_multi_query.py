"""Multiple query pools the normalised embeddings of a person in a camera."""

import numpy as np
import pytest

from mindreid.errors import InvalidArgumentError
from mindreid.metrics import pool_multi_query


def test_equals_a_loop_over_the_queries():
    rng = np.random.default_rng(0)
    features = rng.standard_normal((200, 7)).astype(np.float32)
    pids, camids = rng.integers(0, 9, 200) - 1, rng.integers(0, 4, 200)
    queries = rng.permutation(200)[:40]
    pooled = pool_multi_query(features, pids, camids, pids[queries], camids[queries])
    for query, row in zip(queries, pooled):
        members = features[(pids == pids[query]) & (camids == camids[query])].astype(float)
        members /= np.linalg.norm(members, axis=1, keepdims=True)
        np.testing.assert_allclose(row, members.mean(axis=0), rtol=0, atol=1e-6)
    assert pooled.dtype == np.float32


def test_one_image_each_is_the_normalised_query():
    pooled = pool_multi_query([[3.0, 4.0], [0.0, 2.0]], [1, 2], [0, 0], [2, 1], [0, 0])
    np.testing.assert_allclose(pooled, [[0.0, 1.0], [0.6, 0.8]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"query_camids": [0, 3]}, r"no image of 1 queries, first of query 1 \(pid 2, camera 3\)"),
        ({"pool_pids": [1]}, "expected 2 labels.*pool_pids"),
        ({"query_camids": [0]}, "expected 2 labels.*query_camids"),
        ({"pool_features": [[np.nan, 1.0], [1.0, 1.0]]}, "NaN or infinity.*pool_features"),
    ],
)
def test_bad_input_is_named(change, message):
    good = {
        "pool_features": np.eye(2),
        "pool_pids": [1, 2],
        "pool_camids": [0, 0],
        "query_pids": [1, 2],
        "query_camids": [0, 0],
    }
    with pytest.raises(InvalidArgumentError, match=message):
        pool_multi_query(**{**good, **change})
