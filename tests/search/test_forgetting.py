"""What is forgotten is nowhere, and what remains is named."""

from datetime import datetime, timedelta, timezone

import pytest

from mindreid.errors import DataError
from mindreid.search.forgetting import expired_tracklets, forget, forget_expired
from tests.search.made_up_sources import BEGIN, made_up_source, put_source


@pytest.fixture
def filled(index):
    for number, camera in enumerate(("hall", "gate", "hall")):
        put_source(index, *made_up_source(number, camera))
    return index


def test_forgetting_is_proved_and_logged_without_naming_anybody(filled):
    ids = [tracklet.id for tracklet in filled.tracklets()][:3]
    done = forget(filled, ids, {"reason": "asked to", "rule": "tracklets"})
    assert sorted(done.deleted.ids) == sorted(ids)
    assert (done.files, filled.count()) == (sum(p.is_file() for p in filled.folder.rglob("*")), 6)
    (line,) = filled.log()
    assert (line["action"], line["reason"], line["tracklets"]) == ("forget", "asked to", 3)
    assert not any(name in filled.folder.joinpath("log.jsonl").read_text() for name in ids)


def test_a_copy_that_somebody_left_in_the_index_is_named(filled):
    tracklet = next(iter(filled.tracklets()))
    (filled.folder / "copy.bin").write_bytes(b"x" + filled.read_crop(tracklet.crops[0]))
    with pytest.raises(DataError, match=r"copy\.bin"):
        forget(filled, [tracklet.id], {})


def test_each_camera_has_its_own_age(filled):
    filled.set_retention("hall", 10)
    # The recordings begin at 8, 9 and 10 o'clock; a tracklet ends seconds later.
    late = BEGIN + timedelta(days=10, hours=1)
    assert {filled.tracklet(i).start.hour for i in expired_tracklets(filled, late)} == {8}
    later = BEGIN + timedelta(days=20)
    assert {filled.tracklet(i).start.hour for i in expired_tracklets(filled, later)} == {8, 10}
    assert {filled.tracklet(i).camera for i in expired_tracklets(filled, later)} == {"hall"}
    assert expired_tracklets(filled, BEGIN + timedelta(days=9)) == []


def test_more_days_than_a_calendar_has_are_no_limit(filled):
    for days in (999_999.0, float("inf")):
        filled.set_retention("hall", days)
        assert expired_tracklets(filled) == []


def test_what_has_expired_is_forgotten(filled):
    assert forget_expired(filled) is None
    # Of the recordings, which may be dated ahead of the clock, none is older than this.
    filled.set_retention("gate", (datetime.now(timezone.utc) - BEGIN).total_seconds() / 86_400 - 0.5)
    done = forget_expired(filled)
    assert len(done.deleted.ids) == 3
    assert {tracklet.camera for tracklet in filled.tracklets()} == {"hall"}
