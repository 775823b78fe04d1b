"""A video becomes tracklets: the right persons, times, crops and embeddings, once."""

import json
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

from mindreid.errors import DataError, InvalidArgumentError
from mindreid.search.index import Filters, open_index
from mindreid.search.ingest.appearance_model import open_appearance_model
from mindreid.search.ingest.crop_pictures import decode_crop
from mindreid.search.ingest.given_boxes import read_boxes
from mindreid.search.ingest.moving_people import MovingPeople
from mindreid.search.ingest.video_addition import VideoRules, add_video
from mindreid.search.reembedding import reembed
from tests.search.recordings import BOX, COLOURS, frame_image, write_colour_network, write_video, write_walk

for package in ("av", "norfair"):
    pytest.importorskip(package, reason="needs the extra `search`")
START = datetime(2026, 11, 1, 8, tzinfo=timezone.utc)


@pytest.fixture
def model(tmp_path):
    return open_appearance_model(write_colour_network(tmp_path / "colours.onnx"))


@pytest.fixture
def index(tmp_path, model):
    opened = open_index(tmp_path / "index", create=True)
    opened.set_model(model.described)
    yield opened
    opened.close()


def person_of(index, tracklet):
    """The person whose colour most of the crops' pixels have."""
    pixels = np.concatenate([decode_crop(index.read_crop(crop)).reshape(-1, 3) for crop in tracklet.crops])
    return max(
        COLOURS, key=lambda person: (np.abs(pixels - np.array(COLOURS[person])).max(axis=1) < 40).sum()
    )


def test_given_tracks_become_tracklets(index, model, tmp_path):
    video, boxes = write_walk(tmp_path)
    added = add_video(index, video, "hall", model, read_boxes(boxes), start=START)
    assert (added.tracklets, added.source.frames, added.source.missing) == (2, 30, 0)
    assert (added.source.start, added.source.end) == (START, START + timedelta(seconds=2.9))
    assert set(added.seconds) == {"decoding", "detection", "tracking", "crops", "embedding", "storing"}
    found = list(index.tracklets())
    given = json.loads(boxes.read_text())
    for tracklet in found:
        own = [entry for entry in given if entry["id"] == person_of(index, tracklet)]
        assert tracklet.boxes["frame"].tolist() == [entry["frame"] for entry in own]
        sides = np.stack([tracklet.boxes[side] for side in ("left", "top", "width", "height")], axis=1)
        assert sides.tolist() == [entry["box"] for entry in own]
        assert np.allclose(tracklet.boxes["seconds"], [entry["frame"] / 10 for entry in own])
        assert (tracklet.camera, tracklet.source) == ("hall", added.source.id)
        assert tracklet.start == START + timedelta(seconds=own[0]["frame"] / 10)
        assert tracklet.end == START + timedelta(seconds=own[-1]["frame"] / 10)
        assert 3 <= len(tracklet.crops) <= 5
        assert {crop.frame for crop in tracklet.crops} <= {entry["frame"] for entry in own}
        crops = [decode_crop(index.read_crop(crop)) for crop in tracklet.crops]
        assert np.allclose(tracklet.embedding, model.embed_tracklet(crops), atol=1e-5)
    assert {person_of(index, tracklet) for tracklet in found} == {1, 2}


def test_persons_are_found_and_tracked_where_nobody_gives_boxes(index, model, tmp_path):
    images = [frame_image(0, ())] * 5 + [frame_image(number, (1, 2)) for number in range(30)]
    video = write_video(tmp_path / "a.mp4", images)
    added = add_video(index, video, "hall", model, MovingPeople(), start=START, rules=VideoRules(rate=10))
    assert added.tracklets == 2
    assert {person_of(index, tracklet) for tracklet in index.tracklets()} == {1, 2}


class Glimpses:
    """Finds somebody else in every sixth frame, besides persons who each walk for five frames."""

    def __init__(self):
        self.frame = -1

    def __call__(self, image):
        self.frame += 1
        places = [(4 * (self.frame % 7), 60)] if self.frame % 7 < 5 else []
        places += [(40 + self.frame % 90, 10)] if self.frame % 6 == 0 else []
        return np.array([[*place, *BOX, 1] for place in places], np.float32).reshape(-1, 5)


def test_pictures_of_a_tracklet_are_of_frames_in_which_it_is(index, model, tmp_path):
    video = write_video(tmp_path / "a.mp4", [frame_image(number, ()) for number in range(300)])
    add_video(index, video, "hall", model, Glimpses(), start=START, rules=VideoRules(rate=10))
    found = list(index.tracklets())
    assert len(found) > 20
    for tracklet in found:
        assert {crop.frame for crop in tracklet.crops} <= set(tracklet.boxes["frame"].tolist())


def test_a_persons_picture_finds_the_person_in_the_other_camera(index, model, tmp_path):
    for camera, persons in (("hall", (1, 2)), ("gate", (3, 2))):
        video, boxes = write_walk(tmp_path, f"{camera}.mp4", persons)
        add_video(index, video, camera, model, read_boxes(boxes), start=START)
    query = model.embed([np.full((48, 20, 3), COLOURS[2], np.uint8)])[0]
    hits = index.search(query, top=4)
    assert [hit.tracklet.camera for hit in hits[:2]] in (["hall", "gate"], ["gate", "hall"])
    assert hits[1].score > 0.9 > hits[2].score
    assert index.search(query, Filters(cameras=("gate",)))[0].score > 0.9


def test_a_video_is_added_once_by_its_content(index, model, tmp_path):
    video, boxes = write_walk(tmp_path)
    given = read_boxes(boxes)
    add_video(index, video, "hall", model, given, start=START)
    before = [tracklet.id for tracklet in index.tracklets()]
    copy = video.rename(tmp_path / "renamed.mp4")
    again = add_video(index, copy, "hall", model, given, start=START)
    assert not again.is_new
    assert [tracklet.id for tracklet in index.tracklets()] == before
    for camera, start in (("gate", START), ("hall", START + timedelta(hours=1))):
        with pytest.raises(DataError, match="is in the index already"):
            add_video(index, copy, camera, model, given, start=start)


def test_somebody_has_to_say_when_it_was_recorded(index, model, tmp_path):
    video, boxes = write_walk(tmp_path)
    with pytest.raises(DataError, match="--start"):
        add_video(index, video, "hall", model, read_boxes(boxes))
    video, boxes = write_walk(tmp_path, "b.mp4", metadata={"creation_time": "2026-11-01T07:30:00Z"})
    added = add_video(index, video, "hall", model, read_boxes(boxes))
    assert added.source.start == datetime(2026, 11, 1, 7, 30, tzinfo=timezone.utc)
    assert index.count() == 2


def test_missing_frames_are_told_and_given_boxes_do_not_move_to_others(index, model, tmp_path):
    images = [frame_image(0, ())] * 5 + [frame_image(number, (1, 2)) for number in range(40)]
    video = write_video(tmp_path / "a.mp4", images, options={"movflags": "faststart"})
    content = video.read_bytes()
    video.write_bytes(content[: len(content) * 3 // 4])
    added = add_video(index, video, "hall", model, MovingPeople(), start=START)
    assert added.source.missing > 0
    assert added.source.frames + added.source.missing == 45
    assert index.source(added.source.id).missing == added.source.missing
    whole, boxes = write_walk(tmp_path, "b.mp4", options={"movflags": "faststart"})
    damaged = bytearray(whole.read_bytes())
    damaged[len(damaged) * 2 // 3 :][:300] = bytes(300)
    damaged[len(damaged) * 2 // 3 : len(damaged) * 2 // 3 + 300] = bytes(300)
    whole.write_bytes(damaged)
    before = index.count()
    with pytest.raises(DataError, match=r"decoded|boxes go to frame"):
        add_video(index, whole, "gate", model, read_boxes(boxes), start=START)
    assert index.count() == before


def test_boxes_beyond_the_end_are_those_of_another_video(index, model, tmp_path):
    video, _ = write_walk(tmp_path, frames=10)
    _, boxes = write_walk(tmp_path, "long.mp4", frames=30)
    with pytest.raises(DataError, match="to frame 29, the video to 9"):
        add_video(index, video, "hall", model, read_boxes(boxes), start=START)
    assert index.count() == 0
    assert not list((index.folder / "crops").rglob("*.jpg"))


def test_what_is_older_than_it_may_be_kept_is_not_added(index, model, tmp_path):
    index.set_retention("hall", 30)
    video, boxes = write_walk(tmp_path)
    old = datetime.now(timezone.utc) - timedelta(days=31)
    added = add_video(index, video, "hall", model, read_boxes(boxes), start=old)
    assert (added.tracklets, added.expired, index.count()) == (0, 2, 0)
    # Taken once, though no calendar has as many days.
    index.set_retention("gate", 999_999.0)
    video, boxes = write_walk(tmp_path, "gate.mp4")
    assert add_video(index, video, "gate", model, read_boxes(boxes), start=old).tracklets == 2


def test_another_network_embeds_the_stored_crops(index, model, tmp_path):
    video, boxes = write_walk(tmp_path)
    add_video(index, video, "hall", model, read_boxes(boxes), start=START)
    before = {tracklet.id: tracklet.embedding for tracklet in index.tracklets()}
    assert reembed(index, model) == 2
    for tracklet in index.tracklets():
        assert np.allclose(tracklet.embedding, before[tracklet.id], atol=1e-6)
    other = open_appearance_model(write_colour_network(tmp_path / "finer.onnx", height=32))
    reembed(index, other)
    assert index.model() == other.described
    for tracklet in index.tracklets():
        crops = [decode_crop(index.read_crop(crop)) for crop in tracklet.crops]
        assert np.allclose(tracklet.embedding, other.embed_tracklet(crops), atol=1e-6)
    assert [entry["action"] for entry in index.log()] == ["reembed", "reembed"]


def test_rules_are_positive():
    for name in ("rate", "crops", "least_boxes", "least_height"):
        with pytest.raises(InvalidArgumentError, match=name.replace("_", " ")):
            VideoRules(**{name: 0})
    for rate in (float("inf"), 1e300, float("nan")):
        with pytest.raises(InvalidArgumentError, match="rate"):
            VideoRules(rate=rate)
