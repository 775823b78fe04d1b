"""The index that is a folder: what is added is found, and what is deleted is nowhere."""

import os
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mindreid.errors import DataError, InvalidArgumentError
from mindreid.search.index import Filters, IndexedModel, open_index
from mindreid.search.index.file_scan import picture_needle, scan_folder
from mindreid.search.ingest.crop_pictures import encode_crop
from tests.search.index.index_content import contents, files_of
from tests.search.made_up_sources import BEGIN, DIMENSION, MODEL, made_up_source, put_source


def plainly_nearest(content, vector, top):
    """Sorted by all cosines in float64."""
    scored = [
        (-float(np.asarray(vector, float) @ (e / np.linalg.norm(e))) / np.linalg.norm(vector), tracklet.id)
        for tracklet, _ in content
        for e in [tracklet.embedding.astype(float)]
    ]
    return sorted(scored)[:top]


def test_what_is_added_comes_back(index):
    source, content = made_up_source(1)
    put_source(index, source, content)
    assert index.source(source.id) == source
    assert index.sources() == [source]
    for tracklet, crops in content:
        found = index.tracklet(tracklet.id)
        assert (found.camera, found.start, found.end) == (tracklet.camera, tracklet.start, tracklet.end)
        assert np.array_equal(found.boxes, tracklet.boxes)
        assert [index.read_crop(crop) for crop in found.crops] == crops
        length = np.linalg.norm(tracklet.embedding)
        assert np.allclose(found.embedding, tracklet.embedding / length, atol=1e-6)
    with pytest.raises(DataError, match="no tracklet"):
        index.tracklet("nobody")


def test_search_finds_what_a_plain_sort_finds(index):
    content = []
    for number in range(4):
        source, tracklets = made_up_source(number, tracklets=20)
        put_source(index, source, tracklets)
        content += tracklets
    for seed in range(5):
        vector = np.random.default_rng(100 + seed).normal(size=DIMENSION)
        hits = index.search(vector, top=7)
        expected = plainly_nearest(content, vector, 7)
        assert [hit.tracklet.id for hit in hits] == [name for _, name in expected]
        assert np.allclose([-hit.score for hit in hits], [score for score, _ in expected], atol=1e-6)
    assert len(index.search(vector, top=1000)) == 80


def test_of_equal_ones_the_first_by_id_comes_first_wherever_it_stands(index):
    for number in (3, 1, 2):
        source, content = made_up_source(number, tracklets=5, seed=0)
        put_source(index, source, content)
    vector = content[2][0].embedding
    hits = index.search(vector, top=2)
    twins = sorted(
        t.id for t in index.tracklets() if np.allclose(t.embedding @ vector, np.linalg.norm(vector))
    )
    assert len(twins) == 3
    assert [hit.tracklet.id for hit in hits] == twins[:2]


def test_filters(index):
    for number, camera in enumerate(("hall", "gate", "hall")):
        put_source(index, *made_up_source(number, camera))
    vector = np.ones(DIMENSION)

    def found(**filters):
        chosen = Filters(**filters)
        hits = index.search(vector, chosen, top=100)
        assert len(hits) == index.count(chosen) == len(list(index.tracklets(chosen)))
        return {(hit.tracklet.camera, hit.tracklet.start.hour) for hit in hits}

    assert found() == {("hall", 8), ("gate", 9), ("hall", 10)}
    assert found(cameras=("hall",)) == {("hall", 8), ("hall", 10)}
    assert found(cameras=("roof",)) == set()
    assert found(after=BEGIN + timedelta(minutes=30)) == {("gate", 9), ("hall", 10)}
    assert found(before=BEGIN + timedelta(minutes=30)) == {("hall", 8)}
    # A tracklet that has begun before and goes on is seen after.
    first = min(t.end for t in index.tracklets())
    assert ("hall", 8) in found(after=first)
    assert found(sources=(made_up_source(1)[0].id,), cameras=("gate",)) == {("gate", 9)}
    with pytest.raises(InvalidArgumentError, match="no time zone"):
        Filters(after=BEGIN.replace(tzinfo=None))


def test_vectors_that_can_not_be_ranked_are_refused(index):
    source, content = made_up_source(1)
    put_source(index, source, content)
    for vector in (np.zeros(DIMENSION), np.full(DIMENSION, np.nan), np.ones(DIMENSION + 1)):
        with pytest.raises(InvalidArgumentError):
            index.search(vector)


def test_what_is_not_finished_leaves_nothing(index):
    put_source(index, *made_up_source(1))
    before = contents(index), files_of(index)
    source, content = made_up_source(2)
    with index.adding(source.id) as addition:
        addition.put(*content[0])
    with index.adding(source.id) as addition, pytest.raises(DataError, match="another recording"):
        addition.put(*made_up_source(3)[1][0])
    assert (contents(index), files_of(index)) == before
    put_source(index, source, content)
    assert index.count() == 6


def test_a_recording_is_added_once(index):
    put_source(index, *made_up_source(1))
    with pytest.raises(DataError, match="is in the index"):
        put_source(index, *made_up_source(1))


def test_a_second_process_is_kept_from_changing_it_and_may_look(index):
    put_source(index, *made_up_source(1))
    other = open_index(index.folder)
    with index.exclusive():
        with pytest.raises(DataError, match="another process"):
            put_source(other, *made_up_source(2))
        assert len(other.search(np.ones(DIMENSION))) == 3
    put_source(other, *made_up_source(2))
    assert len(index.search(np.ones(DIMENSION))) == 6
    other.delete([made_up_source(1)[1][0][0].id])
    assert len(index.search(np.ones(DIMENSION))) == 5


def test_another_model_is_refused_and_replaced_as_a_whole(index):
    put_source(index, *made_up_source(1))
    other = IndexedModel("b" * 64, "/models/other.onnx", MODEL.inputs, 3)
    with pytest.raises(DataError, match="another model"):
        index.set_model(other)
    with pytest.raises(DataError, match="another model"):
        index.set_model(IndexedModel(MODEL.sha256, MODEL.path, {"height": 9}, DIMENSION))
    ids = [tracklet.id for tracklet in index.tracklets()]
    before = contents(index), files_of(index)
    with pytest.raises(DataError, match="no new embedding"):
        index.replace_embeddings(other, [(ids[0], np.ones(3))])
    assert (contents(index), files_of(index)) == before
    vectors = np.eye(3)
    index.replace_embeddings(other, list(zip(ids, vectors))[::-1])
    assert index.model() == other
    assert [index.search(vector, top=1)[0].tracklet.id for vector in vectors] == ids
    assert len([name for name in files_of(index) if name.startswith("vectors")]) == 1


def test_what_is_deleted_is_in_no_file(index):
    for number in range(3):
        put_source(index, *made_up_source(number))
    kept = contents(index)
    (index.folder / "cache").mkdir()
    (index.folder / "cache" / "thumbnail").write_bytes(b"of somebody")
    gone = [content[0] for content in made_up_source(1)[1]][:2]
    needles = [name for tracklet in gone for name in (tracklet.id.encode(),)]
    assert index.remaining(needles)[0] != []
    deleted = index.delete([*(tracklet.id for tracklet in gone), "unknown"])
    assert set(deleted.ids) == {tracklet.id for tracklet in gone}
    # Two ids, two vectors, four crops.
    assert (len(deleted.needles), deleted.crops) == (8, 4)
    found, files, size = index.remaining(deleted.needles)
    assert found == []
    assert files == len(files_of(index))
    assert size == sum((index.folder / name).stat().st_size for name in files_of(index))
    assert "cache/thumbnail" not in files_of(index)
    for tracklet in gone:
        del kept[tracklet.id]
    assert contents(index) == kept
    assert index.delete([tracklet.id for tracklet in gone]).ids == ()


def test_the_search_for_remains_sees_every_kind(index):
    """Were a needle left in a file, at whatever place, it would be found."""
    put_source(index, *made_up_source(1))
    deleted = index.delete([made_up_source(1)[1][0][0].id])
    for needle in deleted.needles:
        for offset in (0, 3, 2**24 - 5):
            (index.folder / "left_behind").write_bytes(b"\0" * offset + needle + b"\0")
            assert index.remaining(deleted.needles)[0] == [str(index.folder / "left_behind")]


def test_of_a_picture_its_own_part_is_looked_for():
    """Tables and headers are the same in all files that one program has written."""
    pictures = [np.random.default_rng(seed).integers(0, 255, (40, 20, 3), dtype=np.uint8) for seed in (0, 1)]
    one, other = map(encode_crop, pictures)
    assert picture_needle(one) in one
    assert picture_needle(one) not in other
    flat = [picture_needle(encode_crop(np.full((40, 20, 3), value, np.uint8))) for value in (7, 200)]
    assert flat[0] != flat[1]
    assert len(picture_needle(b"no picture")) == 16


def test_retention_is_kept(index):
    index.set_retention("hall", 30)
    index.set_retention("gate", 0.5)
    index.set_retention("hall", 3)
    assert open_index(index.folder).retention() == {"gate": 0.5, "hall": 3}
    index.set_retention("gate", None)
    assert index.retention() == {"hall": 3}


def test_a_recording_without_tracklets_can_be_forgotten(index):
    source, content = made_up_source(1)
    put_source(index, source, content)
    with pytest.raises(DataError, match="still has"):
        index.delete_source(source.id)
    index.delete([tracklet.id for tracklet, _ in content])
    assert index.source(source.id) == source
    index.delete_source(source.id)
    assert index.source(source.id) is None
    put_source(index, source, content)
    assert index.count() == 3


@given(
    st.binary(max_size=60),
    st.lists(
        st.sampled_from([b"\0" * 16, b"ab" * 9, bytes(range(16)), bytes(range(40, 90)), b"\0" * 40 + b"end"])
    ),
    st.booleans(),
)
def test_the_search_for_remains_finds_what_a_plain_search_finds(tmp_path_factory, begin, pieces, is_whole):
    folder = tmp_path_factory.mktemp("scanned")
    content = begin + b"".join(pieces)
    content = content if is_whole else content[:-1]
    (folder / "file").write_bytes(content)
    for needle in (b"\0" * 16, b"ab" * 9, bytes(range(16)), bytes(range(40, 90)), b"\0" * 30 + b"end"):
        found, count, size = scan_folder(folder, [needle])
        assert bool(found) == (needle in content)
        assert (count, size) == (1, len(content))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), max_size=12))
def test_random_additions_and_deletions_equal_a_rebuild(tmp_path_factory, steps):
    root = tmp_path_factory.mktemp("indexes")
    index = open_index(root / "changed", create=True)
    index.set_model(MODEL)
    kept = {}
    for is_addition, number in steps:
        source, content = made_up_source(number)
        if is_addition and source.id not in kept:
            put_source(index, source, content)
            kept[source.id] = source, content
        elif not is_addition and source.id in kept:
            index.delete([tracklet.id for tracklet, _ in content])
            index.delete_source(source.id)
            del kept[source.id]
    rebuilt = open_index(root / "rebuilt", create=True)
    rebuilt.set_model(MODEL)
    for source, content in kept.values():
        put_source(rebuilt, source, content)
    assert contents(index) == contents(rebuilt)
    names = [[name for name in files_of(i) if name.startswith("crops")] for i in (index, rebuilt)]
    assert names[0] == names[1]
    vector = np.random.default_rng(0).normal(size=DIMENSION)
    found = [[(h.tracklet.id, h.score) for h in i.search(vector, top=5)] for i in (index, rebuilt)]
    assert found[0] == found[1]


def test_a_full_disk_leaves_the_index_as_it_was(index, monkeypatch):
    import errno

    put_source(index, *made_up_source(1))
    before = contents(index), files_of(index)

    def fail(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fail)
            with pytest.raises(OSError, match="No space"):
                put_source(index, *made_up_source(2))
    assert (contents(index), files_of(index)) == before


def test_other_folders_are_no_index(tmp_path):
    with pytest.raises(DataError, match="no such index"):
        open_index(tmp_path / "nothing")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.jpg").write_bytes(b"1")
    for create in (True, False):
        with pytest.raises(DataError):
            open_index(tmp_path / "photos", create=create)
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "index.sqlite").write_bytes(b"no database at all" * 100)
    for create in (True, False):
        with pytest.raises(DataError, match="database"):
            open_index(tmp_path / "damaged", create=create)
    (tmp_path / "begun").mkdir()
    (tmp_path / "begun" / "index.sqlite").write_bytes(b"")
    with pytest.raises(DataError, match="no index"):
        open_index(tmp_path / "begun")
    assert open_index(tmp_path / "begun", create=True).count() == 0


def test_nobody_else_may_look_into_a_new_index(index):
    assert index.folder.stat().st_mode & 0o077 == 0
