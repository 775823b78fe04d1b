"""What a generator writes in a dataset's layout, its loader reads back."""

import tempfile
from collections import Counter
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mindreid import load_dataset
from mindreid.data.layouts import Shot, pair_number
from mindreid.errors import InvalidArgumentError
from mindreid.zoo import DATASETS

#: Datasets with the options under which everything that was written is read.
CASES = [
    ("market1501", {}),
    ("dukemtmc", {}),
    ("cuhk03", {"variant": "detected"}),
    ("cuhk03", {"variant": "labeled"}),
    ("msmt17", {"train": "train+val"}),
    ("csv_list", {}),
    ("ltcc", {}),
    ("vc_clothes", {}),
    ("celeb_reid", {}),
    ("celeb_reid_light", {}),
    ("deepchange", {}),
    ("last", {}),
]
WITHOUT_CAMERAS = ("celeb_reid", "celeb_reid_light", "last")


def shots(split, pids, cameras):
    number = st.integers(0, 12)
    shot = st.builds(
        Shot, st.just(split), pids, st.integers(0, cameras - 1), number, number, st.integers(0, 20_000)
    )
    return st.lists(shot, min_size=1, max_size=6, unique=True)


def walks(cameras):
    test = st.sampled_from([1, 44, 12_345])
    return st.tuples(
        shots("train", st.sampled_from([2, 45, 1_000]), cameras),
        shots("query", test, cameras),
        shots("gallery", test, cameras),
    )


@pytest.mark.parametrize(("name", "options"), CASES)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_loader_reads_what_the_layout_writes(write_shots, name, options, data):
    layout = DATASETS[name].layout
    train, query, gallery = data.draw(walks(min(layout.max_cameras, 15)))
    with tempfile.TemporaryDirectory() as folder:
        root = write_shots(name, Path(folder, "query_c3s1"), [*gallery, *train, *query])
        dataset = load_dataset(name, root, **options)
        numbers = {pid: number for number, pid in enumerate(sorted({shot.pid for shot in train}))}
        seen = {shot: 0 if name in WITHOUT_CAMERAS else shot.camid for shot in (*train, *query, *gallery)}
        assert labels(dataset.train) == Counter((numbers[shot.pid], seen[shot]) for shot in train)
        assert labels(dataset.query) == Counter((shot.pid, seen[shot]) for shot in query)
        assert labels(dataset.gallery) == Counter((shot.pid, seen[shot]) for shot in gallery)


def labels(records):
    return Counter((record.pid, record.camid) for record in records)


@pytest.mark.parametrize("name", sorted({name for name, _ in CASES}))
def test_no_two_shots_share_a_file(name):
    layout = DATASETS[name].layout
    cube = [
        Shot(split, *numbers)
        for split in ("train", "query", "gallery")
        for numbers in product((1, 11), (0, 1), range(4), range(4), (0, 1, 10))
    ]
    paths = [path for shot in cube for path in (layout.relative_path(shot), *layout.extra_paths(shot))]
    assert len(set(paths)) == len(paths)
    assert all(path.endswith(layout.suffix) for path in paths)


@pytest.mark.parametrize("name", sorted({name for name, _ in CASES}))
def test_camera_beyond_the_grammar_is_refused(name):
    layout = DATASETS[name].layout
    with pytest.raises(InvalidArgumentError, match="cameras"):
        layout.relative_path(Shot("train", 1, layout.max_cameras, 0, 0, 0))


def test_pair_number_is_reversible():
    pairs = list(product(range(40), range(40)))
    assert len({pair_number(*pair) for pair in pairs}) == len(pairs)


def test_market_copies_test_shots_for_multiple_query(tmp_path, write_shots):
    train = [Shot("train", 1, 0, 0, 0, frame) for frame in range(2)]
    query = [Shot("query", 2, 1, 0, 0, 5), Shot("query", 2, 2, 1, 0, 5)]
    gallery = [Shot("gallery", 2, camera, 0, 1, frame) for camera in range(4) for frame in (5, 6)]
    dataset = load_dataset("market1501", write_shots("market1501", tmp_path, train + query + gallery))
    pool = dataset.protocols["multiple_query"].query_pool
    assert labels(pool) == {(2, 1): 3, (2, 2): 3}


def test_msmt_keeps_a_part_for_val(tmp_path, write_shots):
    train = [Shot("train", pid, 0, 0, 0, frame) for pid in (1, 2) for frame in range(3)]
    test = [Shot("query", 3, 0, 0, 0, 0), Shot("gallery", 3, 1, 0, 0, 0)]
    root = write_shots("msmt17", tmp_path, [*train, Shot("train", 4, 0, 0, 0, 0), *test])
    assert len(load_dataset("msmt17", root, train="train").train) == 5
    assert len(load_dataset("msmt17", root, train="train+val").train) == 7
    assert load_dataset("msmt17", root, train="train").num_train_pids == 3


@pytest.mark.parametrize("name", ["csv_list", "deepchange", "ltcc", "vc_clothes"])
def test_outfits_are_kept_apart_by_person(name, tmp_path, write_shots):
    train = [Shot("train", pid, 0, outfit, 0, 0) for pid in (1, 2) for outfit in (0, 1)]
    test = [Shot("query", 3, 0, 1, 0, 0), Shot("gallery", 3, 1, 0, 0, 0), Shot("gallery", 4, 1, 1, 0, 0)]
    dataset = load_dataset(name, write_shots(name, tmp_path, train + test))
    assert dataset.num_train_clothes == 4
    assert len({record.clothes_id for record in dataset.query + dataset.gallery}) == 3


def test_last_labels_clothes_for_training_alone(tmp_path, write_shots):
    train = [Shot("train", 1, camera, outfit, 0, 0) for camera in (0, 1) for outfit in (0, 1)]
    test = [Shot("query", 2, 0, 0, 0, 0), Shot("gallery", 2, 1, 1, 0, 0)]
    dataset = load_dataset("last", write_shots("last", tmp_path, train + test))
    assert dataset.num_train_clothes == 2
    assert {record.clothes_id for record in dataset.query + dataset.gallery} == {None}


def test_a_walk_is_a_tracklet_of_deepchange(tmp_path, write_shots):
    train = [Shot("train", 1, 0, 0, 0, 0)]
    gallery = [
        Shot("gallery", 2, *walk, frame) for walk in product((0, 1), (0, 1), (0, 1)) for frame in (1, 2)
    ]
    root = write_shots("deepchange", tmp_path, [*train, Shot("query", 2, 0, 0, 0, 0), *gallery])
    dataset = load_dataset("deepchange", root)
    tracklets = Counter(record.tracklet for record in dataset.gallery)
    assert set(tracklets.values()) == {2}
    assert len(tracklets) == 8
    assert dataset.query[0].tracklet in tracklets
