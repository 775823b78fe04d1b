"""The index in Milvus does what the one in a folder does; a test with Milvus Lite, in one process."""

import importlib.util
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import numpy as np
import pytest

from mindreid.errors import DataError
from mindreid.search.index import Filters, IndexedModel, open_index
from tests.search.made_up_sources import BEGIN, DIMENSION, MODEL, made_up_source, put_source

# Looked for, not imported: MindSpore has to be first.
IS_THERE = all(importlib.util.find_spec(package) for package in ("pymilvus", "milvus_lite"))
pytestmark = pytest.mark.skipif(not IS_THERE, reason="needs the extra `milvus`")
ALL = Filters()


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    return tmp_path_factory.mktemp("milvus") / "people.db"


@pytest.fixture
def both(database, tmp_path, request):
    """An index in Milvus, and one in a folder."""
    name = f"test_{abs(hash(request.node.name))}"
    pair = [open_index(place, create=True) for place in (f"milvus://{database}/{name}", tmp_path / "index")]
    for index in pair:
        index.set_model(MODEL)
    yield pair
    for index in pair:
        index.close()


def contents(index, filters=ALL):
    return [
        (
            t.id, t.source, t.camera, t.start, t.end, t.boxes.tolist(), t.model,
            np.round(t.embedding, 6).tolist(), t.crops, [index.read_crop(crop) for crop in t.crops],
        )
        for t in index.tracklets(filters)
    ]  # fmt: skip


def hits(index, vector, filters=ALL, top=10):
    return [(hit.tracklet.id, round(hit.score, 5)) for hit in index.search(vector, filters, top)]


FILTERS = (
    Filters(),
    Filters(cameras=("hall",)),
    Filters(cameras=("hall", 'no "such" camera')),
    Filters(after=BEGIN + timedelta(minutes=30)),
    Filters(before=BEGIN + timedelta(minutes=90), cameras=("gate", "hall")),
    Filters(sources=(made_up_source(2)[0].id,)),
)


def assert_equal(pair):
    milvus, folder = pair
    vector = np.random.default_rng(5).normal(size=DIMENSION)
    assert milvus.sources() == folder.sources()
    for filters in FILTERS:
        assert contents(milvus, filters) == contents(folder, filters)
        assert milvus.count(filters) == folder.count(filters)
        assert hits(milvus, vector, filters, 4) == hits(folder, vector, filters, 4)


def test_both_kinds_of_index_hold_and_find_the_same(both):
    assert_equal(both)
    for number, camera in enumerate(("hall", "gate", "hall")):
        for index in both:
            put_source(index, *made_up_source(number, camera))
    assert_equal(both)
    ids = [tracklet.id for tracklet in both[0].tracklets()][1:4]
    deleted = [index.delete([*ids, "unknown"]) for index in both]
    assert deleted[0].ids == deleted[1].ids
    assert deleted[0].crops == deleted[1].crops
    assert len(deleted[0].needles) == len(deleted[1].needles)
    assert both[0].remaining(deleted[0].needles)[0] == []
    assert_equal(both)
    kept = next(both[0].tracklets())
    vector = kept.embedding.tobytes()
    assert both[0].remaining([vector])[0] == [kept.id]
    assert both[0].remaining([kept.id.encode()])[0] != []
    for index in both:
        with pytest.raises(DataError, match="no tracklet"):
            index.tracklet(ids[0])
        with pytest.raises(DataError, match="is in the index"):
            put_source(index, *made_up_source(1))


@pytest.mark.slow
def test_what_is_being_added_is_not_seen_and_what_is_not_finished_goes(both):
    milvus = both[0]
    for index in both:
        put_source(index, *made_up_source(0))
    source, content = made_up_source(1, tracklets=120)
    with milvus.adding(source.id) as addition:
        for tracklet, crops in content:
            addition.put(tracklet, crops)
        # A hundred of them are in the database already.
        assert_equal(both)
    assert_equal(both)
    assert milvus.remaining([content[0][0].id.encode()])[0] == []
    put_source(milvus, source, content)
    assert milvus.count() == 123


@pytest.mark.slow
def test_what_a_killed_process_has_left_goes_with_the_next_change(both, monkeypatch):
    milvus = both[0]
    for index in both:
        put_source(index, *made_up_source(0))
    source, content = made_up_source(1, tracklets=110)
    with monkeypatch.context() as patch:
        patch.setattr(milvus, "_delete_marked", lambda: None)
        with milvus.adding(source.id) as addition:
            for tracklet, crops in content:
                addition.put(tracklet, crops)
    assert_equal(both)
    with milvus.exclusive():
        pass
    assert_equal(both)
    assert milvus.remaining([content[0][0].id.encode()])[0] == []


def test_another_model_is_refused_and_replaced_as_a_whole(both):
    other = IndexedModel("b" * 64, "/models/other.onnx", {}, 3)
    for index in both:
        put_source(index, *made_up_source(1))
        with pytest.raises(DataError, match="another model"):
            index.set_model(other)
    ids = [tracklet.id for tracklet in both[0].tracklets()]
    with pytest.raises(DataError, match="no new embedding"):
        both[0].replace_embeddings(other, [(ids[0], np.ones(3))])
    assert both[0].model() == MODEL
    assert_equal(both)
    for index in both:
        index.replace_embeddings(other, zip(ids, np.eye(3)))
        assert index.model() == other
        assert [index.search(vector, top=1)[0].tracklet.id for vector in np.eye(3)] == ids
    assert contents(both[0]) == contents(both[1])


def test_several_at_once_make_one_chain_of_the_log(both):
    for index in both:

        def find(number, index=index):
            index.append_log("find", {"hits": number})

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(find, range(12)))
        assert sorted(entry["hits"] for entry in index.log()) == list(range(12))
        assert index.verify_log()[0] == 12


def test_retention_and_log(both):
    for index in both:
        index.set_retention("hall", 30)
        index.set_retention("gate%_", 0.5)
        index.set_retention("hall", 3)
        assert index.retention() == {"gate%_": 0.5, "hall": 3}
        index.set_retention("gate%_", None)
        assert index.retention() == {"hall": 3}
        for number in range(3):
            index.append_log("find", {"hits": number, "reason": "x" * 60_000})
        assert [entry["hits"] for entry in index.log()] == [0, 1, 2]
        # A reason that no text can hold, and one after it.
        for reason in (os.fsdecode(b"caf\xf1"), "why"):
            index.append_log("find", {"hits": 3, "reason": reason})
        assert [entry["reason"] for entry in index.log()[3:]] == [os.fsdecode(b"caf\xf1"), "why"]
        assert index.verify_log()[0] == 5


def test_recordings_without_tracklets_can_be_forgotten(both):
    source, content = made_up_source(1)
    for index in both:
        put_source(index, source, content)
        with pytest.raises(DataError, match="still has"):
            index.delete_source(source.id)
        index.delete([tracklet.id for tracklet, _ in content])
        index.delete_source(source.id)
        assert index.source(source.id) is None


@pytest.mark.parametrize(
    "location", ["milvus://", "milvus://host:19530", "milvus://host/1st", "milvus:///a.db", "milvus://h/p/c"]
)
def test_what_is_no_location_is_refused(location):
    with pytest.raises(DataError):
        open_index(location)


def test_where_nobody_answers_and_where_nothing_is(database, both):
    with pytest.raises(DataError, match="does not answer"):
        open_index("milvus://127.0.0.1:9/people")
    with pytest.raises(DataError, match="no such index"):
        open_index(f"milvus://{database}/nobody")
