"""The rank-list picture: order, frames and marks, junk in grey, a title for each protocol."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from mindreid.cli import main
from mindreid.config import EvaluationConfig
from mindreid.data.records import Protocol, Record
from mindreid.engine.evaluation.protocol_evaluation import ProtocolEmbeddings
from mindreid.errors import InvalidArgumentError
from mindreid.report.pictures.rank_list import CAPTION_HEIGHT, CELL_HEIGHT, CELL_WIDTH, draw_rank_lists
from mindreid.report.rank_lists import ProtocolRanking

ROW, TITLE = CELL_HEIGHT + CAPTION_HEIGHT, 20


@pytest.fixture
def protocol(tmp_path):
    """One query of person 1; the gallery's images are grey by their place in the list."""
    records = []
    for number, (pid, camid) in enumerate([(1, 0), (1, 0), (2, 1), (1, 1), (3, 1)]):
        path = tmp_path / f"{number}.png"
        Image.new("RGB", (20, 40), (50 * number,) * 3).save(path)
        records.append(Record((str(path),), pid, camid))
    return Protocol("standard", "standard", (records[0],), tuple(records[1:]))


def draw(protocol, query, gallery, path, top, **config):
    embeddings = ProtocolEmbeddings(
        [*protocol.query, *protocol.gallery], np.concatenate([query, gallery]).astype(np.float32)
    )
    ranking = ProtocolRanking(protocol, embeddings, EvaluationConfig(**config))
    draw_rank_lists({"title": ranking.rank_lists([0], top)}, path)
    return np.asarray(Image.open(path)).astype(int)


def cells(picture, count):
    """The last ``count`` cells of the first row."""
    row = picture[TITLE : TITLE + CELL_HEIGHT]
    return [row[:, row.shape[1] - CELL_WIDTH * (count - n) :][:, :CELL_WIDTH] for n in range(count)]


def test_the_nearest_come_first_framed_by_identity_and_junk_is_grey(protocol, tmp_path):
    # Nearest: the junk image of the query's own camera, then persons 2, 1 and 3.
    gallery = [[1, 0], [1, 0.1], [1, 0.5], [0, 1]]
    picture = draw(protocol, [[1, 0]], gallery, tmp_path / "ranks.png", top=3)
    assert picture.shape[0] == TITLE + ROW
    found = cells(picture, 4)
    assert [cell[CELL_HEIGHT // 2, CELL_WIDTH // 2, 0] for cell in found] == [50, 100, 150, 200]
    red, green, _ = zip(*(cell[-1, 0] for cell in found))
    assert [int(np.sign(g - r)) for r, g in zip(red, green)] == [0, -1, 1, -1]
    # Without colours, frames differ by what stands in their corner.
    corners = [cell[:13, :13].mean(axis=2) > 200 for cell in found]
    assert (corners[1] == corners[3]).all()
    assert len({corner.tobytes() for corner in corners}) == 3
    assert all(corner.any() for corner in corners)


def test_a_list_of_nothing_is_refused(protocol, tmp_path):
    with pytest.raises(InvalidArgumentError):
        draw(protocol, [[1, 0]], [[1, 0]] * 4, tmp_path / "x.png", top=0)
    with pytest.raises(InvalidArgumentError):
        draw_rank_lists({"title": []}, tmp_path / "x.png")
    assert not (tmp_path / "x.png").exists()


def test_a_gait_benchmark_ranks_embeddings_in_parts_by_the_recipes_metric(protocol, tmp_path):
    """Nearest by angle is the second, nearest by length of the difference is the third."""
    gait = replace(protocol, rule="ccpg")
    query = [[[1, 1], [0, 0]]]
    gallery = [[[-2, 1], [0, 0]], [[9, 9], [0, 0]], [[1, 1], [1, 1]], [[-1, -1], [0, 0]]]
    for metric, nearest in (("cosine", 100), ("euclidean", 150)):
        picture = draw(gait, query, gallery, tmp_path / "ranks.png", top=1, metric=metric)
        assert cells(picture, 1)[0][CELL_HEIGHT // 2, CELL_WIDTH // 2, 0] == nearest


def test_the_command_draws_the_recipes_protocols(generated, tmp_path):
    output = tmp_path / "ranks.png"
    arguments = ["report", "ranks", "--config", "cal/smoke", "--root", str(generated("ltcc")), "--untrained"]
    chosen = ["--set", "evaluation.protocols=[clothes_changing, standard]", "--set", "evaluation.rerank=true"]
    assert main([*arguments, *chosen, "--hardest", "2", "--top", "3", "--output", str(output)]) == 0
    assert Image.open(output).height == 2 * (TITLE + 2 * ROW)
