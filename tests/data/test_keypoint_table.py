"""The table of keypoints: round trip, whom it reaches, and what is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest

import mindreid
from mindreid.cli import main
from mindreid.config import load_recipe
from mindreid.data.fingerprint import fingerprint
from mindreid.data.keypoint_table import COLUMNS, attach_keypoints, read_keypoints, write_keypoints
from mindreid.data.open_dataset import open_dataset
from mindreid.data.records import Record
from mindreid.errors import ConfigError, DataError


def pose(seed):
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.uniform(-20, 300, (26, 2)), rng.random(26)])


def test_what_is_written_is_read(tmp_path):
    poses = {"a/1.jpg": pose(1), 'b/"2",é.jpg': None, "a/3.jpg": pose(3)}
    write_keypoints(tmp_path / "k.csv", poses.items())
    found = read_keypoints(tmp_path / "k.csv")
    assert list(found) == list(poses)
    assert found['b/"2",é.jpg'] is None
    for image in ("a/1.jpg", "a/3.jpg"):
        assert found[image].dtype == np.float32
        np.testing.assert_allclose(found[image], poses[image], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda cells: cells[:-1], "malformed"),
        (lambda cells: [*cells[:-1], "x"], "malformed"),
        (lambda cells: [*cells[:-1], "1.5"], "between 0 and 1"),
        (lambda cells: [cells[0], "nan", *cells[2:]], "finite"),
    ],
)
def test_a_wrong_row_is_named(tmp_path, change, message):
    write_keypoints(tmp_path / "k.csv", [("1.jpg", pose(1)), ("2.jpg", pose(2))])
    lines = (tmp_path / "k.csv").read_text().splitlines()
    lines[2] = ",".join(change(lines[2].split(",")))
    (tmp_path / "k.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError, match=rf"{message}.*line 3"):
        read_keypoints(tmp_path / "k.csv")


def test_another_table_and_a_repeated_image_are_refused(tmp_path):
    (tmp_path / "k.csv").write_text("image,angle\n1.jpg,3\n")
    with pytest.raises(DataError, match="no table of keypoints, it lacks the column 'nose_x'"):
        read_keypoints(tmp_path / "k.csv")
    write_keypoints(tmp_path / "k.csv", [("1.jpg", None), ("1.jpg", None)])
    with pytest.raises(DataError, match="two rows"):
        read_keypoints(tmp_path / "k.csv")
    assert len(COLUMNS) == 1 + 3 * 26


def images_of(dataset):
    records = [*dataset.train, *dataset.query, *dataset.gallery]
    return [record.path[len(str(dataset.root)) + 1 :] for record in records]


def test_every_list_of_a_dataset_gets_its_keypoints(market, tmp_path):
    dataset = mindreid.load_dataset("market1501", market)
    images = images_of(dataset)
    write_keypoints(
        tmp_path / "k.csv", [(image, pose(i) if i % 2 else None) for i, image in enumerate(images)]
    )
    known = mindreid.load_dataset("market1501", market, keypoints=str(tmp_path / "k.csv"))
    expected = {image: i % 2 == 1 for i, image in enumerate(images)}
    protocol = known.protocols["standard"]
    for records in (known.train, known.query, known.gallery, protocol.query, protocol.gallery):
        for record in records:
            image = record.path[len(str(known.root)) + 1 :]
            assert (record.keypoints is not None) == expected[image]
    # A record is the same person's image with or without them.
    assert known.train == dataset.train
    assert hash(known.train[1]) == hash(dataset.train[1])


@pytest.mark.parametrize(("left_out", "split"), [(0, "training"), (-1, "gallery")])
def test_an_image_without_a_row_is_refused(market, tmp_path, left_out, split):
    dataset = mindreid.load_dataset("market1501", market)
    images = images_of(dataset)
    images.pop(left_out)
    write_keypoints(tmp_path / "k.csv", [(image, None) for image in images])
    with pytest.raises(DataError, match=rf"1 of \d+ {split} images have no row.*mindreid data keypoints"):
        attach_keypoints(dataset, tmp_path / "k.csv")


def test_trials_change_with_their_gallery(market, tmp_path):
    dataset = mindreid.load_dataset("market1501", market)
    protocol = dataset.protocols["standard"]
    drawn = replace(protocol, trials=(protocol.gallery[::2], protocol.gallery[1::2]))
    write_keypoints(tmp_path / "k.csv", [(image, pose(1)) for image in images_of(dataset)])
    known = attach_keypoints(replace(dataset, protocols={"standard": drawn}), tmp_path / "k.csv")
    assert all(
        record.keypoints is not None for trial in known.protocols["standard"].trials for record in trial
    )


def test_a_recipe_that_takes_keypoints_asks_for_them(market):
    recipe = load_recipe("pdc/smoke", [f"dataset.root={market}", "dataset.keypoints=null"])
    with pytest.raises(ConfigError, match="mindreid data keypoints"):
        open_dataset(recipe)


def test_the_command_writes_walkers_true_keypoints(tmp_path, capsys):
    root, table = tmp_path / "walkers", tmp_path / "k.csv"
    assert main(["data", "synthesize", "--root", str(root), "--ids", "2", "--frames", "2", "--cameras", "2",
                 "--annotations"]) == 0  # fmt: skip
    lines = root / "annotations" / "frames.jsonl"
    assert (
        main(["data", "keypoints", "--images", str(root), "--keypoints", str(lines), "--output", str(table)])
        == 0
    )
    assert "keypoints of 8 of" in capsys.readouterr().out
    first = json.loads(lines.read_text().splitlines()[0])
    found = read_keypoints(table)[first["path"]]
    known = np.array(first["keypoints"])
    np.testing.assert_allclose(found[known[:, 2] > 0, :2], known[known[:, 2] > 0, :2], rtol=1e-3, atol=0.1)


def test_a_list_with_other_keypoints_is_another_list():
    """A run that goes on must have the keypoints that it began with."""
    record = Record(("a/1.jpg",), pid=0, camid=0)
    sums = {
        fingerprint([replace(record, keypoints=points)], ".")["sha256"]
        for points in (None, np.zeros((26, 3), np.float32), np.ones((26, 3), np.float32))
    }
    assert len(sums) == 3
