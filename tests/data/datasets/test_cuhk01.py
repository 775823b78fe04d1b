"""CUHK01: two images of everybody in each of two cameras, and splits that are drawn."""

from pathlib import Path

import pytest

from mindreid import load_dataset
from mindreid.errors import DataError, InvalidArgumentError

PERSONS = range(1, 12)


@pytest.fixture
def root(tmp_path, write_images):
    names = [f"campus/{pid:04d}{image:03d}.png" for pid in PERSONS for image in (1, 2, 3, 4)]
    return write_images(tmp_path / "0003002_c3", names)


def images(records):
    return {Path(record.path).name[:-4] for record in records}


def test_the_halves_share_nobody_and_cameras_are_told_by_the_image(root):
    dataset = load_dataset("cuhk01", str(root))
    assert dataset.num_train_pids == 5
    assert {record.pid for record in dataset.train} == set(range(5))
    tested = {record.pid for record in dataset.query}
    assert len(tested) == 6
    assert images(dataset.query) == {f"{pid:04d}{image:03d}" for pid in tested for image in (1, 2)}
    assert images(dataset.gallery) == {f"{pid:04d}{image:03d}" for pid in tested for image in (3, 4)}
    assert images(dataset.train) == {
        f"{pid:04d}{image:03d}" for pid in set(PERSONS) - tested for image in (1, 2, 3, 4)
    }
    assert {record.camid for record in dataset.query} == {0}
    assert {record.camid for record in dataset.gallery} == {1}


def test_protocols(root):
    dataset = load_dataset("cuhk01", str(root))
    assert list(dataset.protocols) == ["single_shot", "multi_shot"]
    assert {protocol.rule for protocol in dataset.protocols.values()} == {"all"}
    trials = dataset.protocols["single_shot"].trials
    assert len(trials) == 10
    for trial in trials:
        assert [record.pid for record in trial] == sorted({record.pid for record in dataset.gallery})
    assert dataset.protocols["multi_shot"].trials == ()


def test_splits_differ_by_number_and_repeat(root):
    tested = [images(load_dataset("cuhk01", str(root), split=split).query) for split in (0, 1, 2, 0)]
    assert tested[0] == tested[3]
    assert len({frozenset(names) for names in tested}) == 3


def test_official_counts_are_those_of_the_size(root):
    for trained, tested in ((485, 486), (871, 100)):
        from mindreid.data.datasets.cuhk01 import STATISTICS

        split = STATISTICS[trained]
        assert (split["train"].persons, split["query"].persons) == (trained, tested)
        assert sum(part.records for part in split.values()) == 3_884
    assert load_dataset("cuhk01", str(root), train_persons=7).statistics == {}
    assert load_dataset("cuhk01", str(root), train_persons=7).num_train_pids == 7


@pytest.mark.parametrize("options", [{"train_persons": 11}, {"train_persons": 0}, {"split": -1}])
def test_senseless_options(root, options):
    with pytest.raises(InvalidArgumentError, match=next(iter(options))):
        load_dataset("cuhk01", str(root), **options)


@pytest.mark.parametrize("name", ["0001005.png", "001001.png", "00010010.png", "person.png"])
def test_malformed_name_is_named(root, write_images, name):
    write_images(root, [f"campus/{name}"])
    with pytest.raises(DataError, match="grammar") as error:
        load_dataset("cuhk01", str(root))
    assert error.value.where == str(root / "campus" / name)


def test_missing_folder(root):
    with pytest.raises(DataError) as error:
        load_dataset("cuhk01", str(root / "campus"))
    assert error.value.missing == ("campus",)
