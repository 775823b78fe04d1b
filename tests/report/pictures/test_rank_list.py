"""The rank-list picture: order, frames, junk left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from mindreid.data.records import Protocol, Record
from mindreid.errors import InvalidArgumentError
from mindreid.report.pictures.rank_list import CELL_HEIGHT, CELL_WIDTH, draw_rank_list


@pytest.fixture
def protocol(tmp_path):
    """One query of person 1; the gallery's images are grey by their place in the list."""
    records = []
    for number, (pid, camid) in enumerate([(1, 0), (1, 0), (2, 1), (1, 1), (3, 1)]):
        path = tmp_path / f"{number}.png"
        Image.new("RGB", (20, 40), (50 * number,) * 3).save(path)
        records.append(Record((str(path),), pid, camid))
    return Protocol("standard", "standard", (records[0],), tuple(records[1:]))


def test_the_nearest_come_first_framed_by_identity_and_junk_is_left_out(protocol, tmp_path):
    query = np.float32([[1, 0]])
    # Nearest: the junk image of the query's own camera, then persons 2, 1 and 3.
    gallery = np.float32([[1, 0], [1, 0.1], [1, 0.5], [0, 1]])
    draw_rank_list(protocol, query, gallery, tmp_path / "ranks.png", queries=3, top=4)
    picture = np.asarray(Image.open(tmp_path / "ranks.png")).astype(int)
    assert picture.shape[0] == CELL_HEIGHT
    cells = [picture[:, -CELL_WIDTH * (4 - n) :][:, :CELL_WIDTH] for n in range(4)]
    assert [cell[CELL_HEIGHT // 2, CELL_WIDTH // 2, 0] for cell in cells] == [100, 150, 200, 255]
    red, green, _ = zip(*(cell[0, 0] for cell in cells[:3]))
    assert [g > r for r, g in zip(red, green)] == [False, True, False]


def test_a_list_of_nothing_is_refused(protocol, tmp_path):
    with pytest.raises(InvalidArgumentError):
        draw_rank_list(protocol, np.ones((1, 2)), np.ones((4, 2)), tmp_path / "x.png", top=0)


def test_a_gait_benchmark_ranks_embeddings_in_parts_by_the_recipes_metric(protocol, tmp_path):
    """Nearest by angle is the second, nearest by length of the difference is the third."""
    gait = replace(protocol, rule="ccpg")
    query = np.float32([[[1, 1], [0, 0]]])
    gallery = np.float32([[[1, 1], [0, 0]], [[9, 9], [0, 0]], [[1, 1], [1, 1]], [[-1, -1], [0, 0]]])
    for metric, nearest in (("cosine", 100), ("euclidean", 150)):
        draw_rank_list(gait, query, gallery, tmp_path / "ranks.png", metric=metric, queries=1, top=1)
        picture = np.asarray(Image.open(tmp_path / "ranks.png"))
        assert picture[CELL_HEIGHT // 2, -CELL_WIDTH // 2, 0] == nearest
