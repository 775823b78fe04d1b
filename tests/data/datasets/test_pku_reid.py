"""PKU-Reid: eight orientations before each of two cameras."""

import pytest

from mindreid import load_dataset
from mindreid.data.datasets.pku_reid import STATISTICS, orientation_angle
from mindreid.errors import DataError
from mindreid.preprocess.views.view_angles import wrap_angle


@pytest.fixture
def root(tmp_path, write_images):
    names = [
        f"{pid:03d}/{camera:02d}_{orientation}.png"
        for pid in (2, 7, 30, 41)
        for camera in (1, 2)
        for orientation in range(1, 9)
    ]
    return write_images(tmp_path / "02_3", names)


def test_records_have_camera_and_orientation(root):
    dataset = load_dataset("pku_reid", str(root))
    assert dataset.num_train_pids == 2
    for split, camid in (("query", 0), ("gallery", 1)):
        records = dataset.split(split)
        assert len(records) == 2 * 8
        for record in records:
            assert record.camid == camid
            assert record.path.endswith(f"{record.pid:03d}/{camid + 1:02d}_{record.view + 1}.png")
    assert {(record.camid, record.view) for record in dataset.train} == {
        (camid, view) for camid in (0, 1) for view in range(8)
    }


def test_protocols_and_official_counts(root):
    dataset = load_dataset("pku_reid", str(root))
    assert list(dataset.protocols) == ["multi_shot", "single_shot"]
    assert [len(trial) for trial in dataset.protocols["single_shot"].trials] == [2] * 10
    assert sum(split.records for split in STATISTICS.values()) == 1_824
    assert STATISTICS["train"].persons + STATISTICS["query"].persons == 114


def test_a_person_is_an_outfit_if_asked(root):
    assert {record.clothes_id for record in load_dataset("pku_reid", str(root)).train} == {None}
    dataset = load_dataset("pku_reid", str(root), one_outfit=True)
    assert {(record.pid, record.clothes_id) for record in dataset.train} == {(0, 0), (1, 1)}
    outfits = {(record.pid, record.clothes_id) for record in (*dataset.query, *dataset.gallery)}
    assert len(outfits) == len({clothes for _, clothes in outfits}) == 2


def test_orientations_go_round_in_eighths():
    angles = [orientation_angle(view) for view in range(8)]
    assert sorted(angles) == [-135, -90, -45, 0, 45, 90, 135, 180]
    assert {wrap_angle(after - before) for before, after in zip(angles, angles[1:])} == {45}
    # 1 walks to the right, 3 away, 7 towards the camera, as the conventions of view angles have it.
    assert (angles[0], angles[2], angles[6]) == (90, 180, 0)


@pytest.mark.parametrize("name", ["03_1.png", "01_9.png", "01_0.png", "1.png"])
def test_malformed_name_is_named(root, write_images, name):
    write_images(root, [f"007/{name}"])
    with pytest.raises(DataError, match="grammar") as error:
        load_dataset("pku_reid", str(root))
    assert error.value.where == str(root / "007" / name)


def test_empty_folder_shows_the_tree(tmp_path):
    with pytest.raises(DataError, match="laid out") as error:
        load_dataset("pku_reid", str(tmp_path))
    assert "CC_O.png" in error.value.fix
