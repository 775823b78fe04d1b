"""The picture of clusters: which persons, the largest clusters first, rows of one cluster only."""

import numpy as np
import pytest
from PIL import Image

from mindreid.cli import main
from mindreid.data.records import Record
from mindreid.errors import InvalidArgumentError
from mindreid.metrics import PersonClusters
from mindreid.report.pictures.cluster_sheet import CELL_HEIGHT, CELL_WIDTH, draw_person_clusters


@pytest.fixture
def found(tmp_path):
    """Persons 3, 5 and 8; images are grey by their cluster. Person 3 has a small and a large one."""
    labels, pids = np.array([0, 1, 1, 1, 2, 2, 3, 1]), np.array([3, 3, 5, 8])
    records = []
    for number, label in enumerate(labels):
        path = tmp_path / f"{number}.png"
        Image.new("RGB", (20, 40), (40 + 50 * int(label),) * 3).save(path)
        records.append(Record((str(path),), int(pids[label]), 0))
    return records, PersonClusters(labels, pids, np.zeros((4, 2), np.float32), 0)


def greys(path, columns):
    """Grey of every cell's centre, by row of cells."""
    picture = np.asarray(Image.open(path))[:, :, 0]
    assert picture.shape[1] == columns * CELL_WIDTH
    centres = picture[:, CELL_WIDTH // 2 :: CELL_WIDTH]
    changes = np.flatnonzero(centres[1:, 0] != centres[:-1, 0]) + 1
    blocks = [block for block in np.split(centres, changes) if len(block) == CELL_HEIGHT]
    return [block[CELL_HEIGHT // 2].tolist() for block in blocks]


def test_a_row_shows_one_cluster_and_the_largest_comes_first(found, tmp_path):
    draw_person_clusters(*found, tmp_path / "clusters.png", persons=3, rows=2, columns=5)
    assert greys(tmp_path / "clusters.png", 5) == [
        [90, 90, 90, 90, 255],
        [40, 255, 255, 255, 255],
        [140, 140, 255, 255, 255],
        [190, 255, 255, 255, 255],
    ]


def test_persons_rows_and_columns_are_limited(found, tmp_path):
    draw_person_clusters(*found, tmp_path / "clusters.png", persons=1, rows=1, columns=2)
    assert greys(tmp_path / "clusters.png", 2) == [[90, 90]]


def test_a_picture_of_nothing_is_refused(found, tmp_path):
    with pytest.raises(InvalidArgumentError):
        draw_person_clusters(*found, tmp_path / "clusters.png", persons=0)


def test_the_command_clusters_a_split_as_the_recipe_says(tiny_market, tmp_path, capsys):
    output = tmp_path / "clusters.png"
    arguments = [
        "report",
        "clusters",
        "--config",
        "fire/market1501",
        "--root",
        str(tiny_market),
        "--untrained",
    ]
    for override in (
        "model.network={trunk: resnet18, width: 0.125}",
        "model.objective.eps=0.00001",
        "input={height: 32, width: 16, interpolation: bilinear}",
        "evaluation.batch_size=16",
    ):
        arguments += ["--set", override]
    assert main([*arguments, "--output", str(output)]) == 0
    # Next to no radius: next to every image of the 8 x 8 is a cluster.
    assert int(capsys.readouterr().out.split(" clusters of 8 persons")[0].split()[-1]) > 40
    assert Image.open(output).width == 12 * CELL_WIDTH
