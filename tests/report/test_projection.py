"""Embeddings on a plane: the same twice, neighbours together."""

import numpy as np
import pytest

from mindreid.data.records import Record
from mindreid.errors import InvalidArgumentError
from mindreid.report.projection import METHODS, choose_records, project


@pytest.fixture(scope="module")
def groups():
    """Three persons of ten embeddings in two parts each."""
    generator = np.random.default_rng(0)
    centres = np.repeat(generator.standard_normal((3, 6, 2)), 10, axis=0)
    return centres + 0.05 * generator.standard_normal(centres.shape), np.repeat([0, 1, 2], 10)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("method", METHODS)
def test_points_are_the_same_twice_and_persons_stay_together(method, metric, groups):
    embeddings, pids = groups
    points = project(embeddings, method, metric=metric)
    assert points.shape == (30, 2)
    np.testing.assert_array_equal(points, project(embeddings, method, metric=metric))
    distances = np.linalg.norm(points[:, None] - points, axis=2) + np.diag(np.full(30, np.inf))
    assert (pids[distances.argmin(axis=1)] == pids).all()


@pytest.mark.parametrize("method", METHODS)
def test_few_or_equal_embeddings(method):
    assert np.isfinite(project(np.ones((4, 3), np.float32), method)).all()
    assert np.isfinite(project(np.eye(4, dtype=np.float32), method)).all()
    with pytest.raises(InvalidArgumentError):
        project(np.eye(3), method)


def test_chosen_records_are_distinct_and_of_few_persons():
    records = [Record((f"{n}.jpg",), pid=n % 9, camid=0) for n in range(90)]
    chosen = choose_records([*records, *records], persons=4, per_person=5)
    assert len(chosen) == len(set(chosen)) == 20
    assert {record.pid for record in chosen} == {0, 2, 5, 8}
