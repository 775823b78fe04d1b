from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import asdict, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mindreid import load_dataset
from mindreid.cli import main
from mindreid.data.datasets.outfit_walkers import WORLD_FILE, OutfitWorld, RenderedImage
from mindreid.data.fingerprint import fingerprint
from mindreid.errors import DataError, InvalidArgumentError

WORLD = OutfitWorld(seed=7, train_persons=5, test_persons=3, outfits=6, test_outfits=2, cameras=3, images=2)

natural = st.integers(0, 10**9)


@pytest.fixture
def load(tmp_path):
    """Write a world and load it."""

    def write_and_load(world):
        world.write(tmp_path)
        return load_dataset("outfit_walkers", str(tmp_path))

    return write_and_load


def images_of(records):
    return [RenderedImage.parse(os.path.basename(record.path)) for record in records]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.builds(
        RenderedImage,
        *(natural, natural, natural),
        view=st.integers(0, 7),
        frame=natural,
        seed=st.integers(0, 2**32 - 1),
        height=st.integers(32, 1024),
        width=st.integers(16, 1024),
    )
)
def test_a_name_tells_all_of_its_image(image):
    assert RenderedImage.parse(image.name) == image


@pytest.mark.parametrize(
    "name",
    [
        "0003_00_c2_v7_f2_s7_128x64.jpg",
        "0003_00_c2_v7_f2_s7_128x64.walker.jpg",
        "0003_00_c0_v7_f2_s7_128x64.walker",
        "0003_00_c2_v8_f2_s7_128x64.walker",
        "0003_00_c2_v7_f2_128x64.walker",
        "0003_00_c2_v7_f2_s4294967296_128x64.walker",
        "0003_00_c2_v7_f2_s7_4000000x64.walker",
        "0003_00_c2_v7_f2_s7_128x8.walker",
        ".walker",
    ],
)
def test_other_names_are_refused(name):
    with pytest.raises(DataError) as refused:
        RenderedImage.parse(name)
    assert name in str(refused.value)


def test_the_splits_hold_what_the_world_says(load):
    dataset = load(WORLD)
    assert len(dataset.train) == WORLD.training_count == 5 * 6 * 2
    assert (dataset.num_train_pids, dataset.num_train_clothes) == (5, 30)
    assert len(dataset.query) == len(dataset.gallery) == WORLD.test_count == 3 * 2 * 3
    assert {record.pid for record in dataset.query} == {record.pid for record in dataset.gallery} == {6, 7, 8}
    assert list(dataset.protocols) == ["standard", "clothes_changing", "same_clothes"]
    paths = [record.path for split in (dataset.train, dataset.query, dataset.gallery) for record in split]
    assert len(set(paths)) == len(paths)


def test_labels_are_those_of_the_names(load):
    dataset = load(WORLD)
    for records, first in ((dataset.train, 1), (dataset.query, 0), (dataset.gallery, 0)):
        clothes = {}
        for record, image in zip(records, images_of(records)):
            assert (record.pid + first, record.camid, record.view) == (image.pid, image.camid, image.view)
            assert clothes.setdefault(record.clothes_id, (image.pid, image.outfit)) == (
                image.pid,
                image.outfit,
            )
            assert (image.seed, image.height, image.width) == (7, 128, 64)
        assert len(set(clothes.values())) == len(clothes)


def test_every_test_person_is_seen_by_every_camera_in_every_outfit_on_both_sides(load):
    dataset = load(WORLD)
    for records in (dataset.query, dataset.gallery):
        seen = Counter((image.pid, image.outfit, image.camid) for image in images_of(records))
        assert seen == Counter({(p, o, c): 1 for p in (6, 7, 8) for o in (0, 1) for c in (0, 1, 2)})


def test_the_images_of_an_outfit_are_before_different_cameras_as_far_as_there_are_any():
    for world in (WORLD, replace(WORLD, images=5)):
        cameras = {}
        for image in world.training_images():
            cameras.setdefault((image.pid, image.outfit), []).append(image.camid)
        for seen in cameras.values():
            assert max(Counter(seen).values()) - min(Counter(seen).values()) <= 1
            assert len(set(seen)) == min(world.images, world.cameras)


@pytest.mark.parametrize("more", ["train_persons", "outfits", "images"])
def test_a_larger_world_holds_the_smaller_one(more):
    larger = replace(WORLD, **{more: getattr(WORLD, more) + 2})
    assert set(WORLD.training_images()) < set(larger.training_images())


def test_cameras_see_persons_from_different_sides():
    world = replace(WORLD, train_persons=100)
    sides = [Counter() for _ in range(3)]
    for image in world.training_images():
        sides[image.camid][image.view] += 1
    usual = [side.most_common(1)[0][0] for side in sides]
    assert len(set(usual)) == 3
    for side in sides:
        assert len(side) == 6
        # Half of 65 % go the usual way, aslant not counted.
        assert 0.25 < side.most_common(1)[0][1] / sum(side.values()) < 0.4


def test_the_seed_decides_and_the_folder_does_not(load, tmp_path):
    first = load(WORLD)
    (tmp_path / "moved").mkdir()
    WORLD.write(tmp_path / "moved")
    moved = load_dataset("outfit_walkers", str(tmp_path / "moved"))
    assert fingerprint(first.train, first.root) == fingerprint(moved.train, moved.root)
    other = load(replace(WORLD, seed=8))
    assert fingerprint(first.train, first.root) != fingerprint(other.train, other.root)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": -1},
        {"train_persons": 0},
        {"test_persons": 10**6},
        {"outfits": 1.5},
        {"test_outfits": 1},
        {"cameras": 1},
        {"cameras": 100},
        {"images": True},
        {"images": "2"},
        {"height": 16},
        {"width": 5000},
        {"persons": 3},
    ],
)
def test_a_description_that_makes_no_sense_is_refused(change, tmp_path):
    (name,) = change
    (tmp_path / WORLD_FILE).write_text(json.dumps({**asdict(WORLD), **change}), encoding="utf-8")
    with pytest.raises(DataError, match=name) as refused:
        load_dataset("outfit_walkers", str(tmp_path))
    assert WORLD_FILE in refused.value.where
    if name != "persons":
        with pytest.raises(InvalidArgumentError, match=name):
            replace(WORLD, **change)


@pytest.mark.parametrize(
    "many", [{"train_persons": 10**5, "outfits": 101}, {"test_persons": 10**5, "test_outfits": 99}]
)
def test_a_world_that_no_memory_holds_is_refused(many):
    with pytest.raises(InvalidArgumentError, match="10,000,000"):
        replace(WORLD, **many)


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"seed": 1}', "[" * 100_000])
def test_a_damaged_description_is_one_error(text, tmp_path):
    (tmp_path / WORLD_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="describes no world"):
        load_dataset("outfit_walkers", str(tmp_path))


def test_a_folder_without_a_description_is_told_what_is_missing(tmp_path):
    with pytest.raises(DataError, match=WORLD_FILE):
        load_dataset("outfit_walkers", str(tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["val/outfits", "fire/outfits"])
def test_methods_train_on_it_without_any_file_beside(recipe, tmp_path):
    replace(WORLD, height=48, width=24).write(tmp_path)
    small = [
        "model.network.width=0.0625", "model.objective.start_epoch=0", "input.height=48", "input.width=24",
        "sampler.persons=4", "sampler.images=2", "train.epochs=1", "evaluation.batch_size=8",
    ]  # fmt: skip
    options = [word for override in small for word in ("--set", override)]
    run = tmp_path / "run"
    command = ["train", "--config", recipe, "--root", str(tmp_path), "--output", str(run), *options]
    assert main(command) == 0
    assert (run / "last.ckpt").exists()
