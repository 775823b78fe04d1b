"""Photos become tracklets: each once, with its time if it has one."""

from datetime import datetime, timezone

import numpy as np
import pytest
from PIL import Image

from mindreid.errors import DataError
from mindreid.search.index import open_index
from mindreid.search.ingest.appearance_model import open_appearance_model
from mindreid.search.ingest.photo_addition import add_photos, list_photos
from tests.search.recordings import COLOURS, write_colour_network


@pytest.fixture
def model(tmp_path):
    return open_appearance_model(write_colour_network(tmp_path / "colours.onnx"))


@pytest.fixture
def index(tmp_path, model):
    opened = open_index(tmp_path / "index", create=True)
    opened.set_model(model.described)
    yield opened
    opened.close()


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    (folder / "deeper").mkdir(parents=True)
    for person, colour in COLOURS.items():
        Image.new("RGB", (20, 48), colour).save(folder / f"{person}.png")
    Image.new("RGB", (20, 48), COLOURS[1]).save(folder / "deeper" / "copy.png")
    (folder / "deeper" / "broken.jpg").write_bytes(b"no photo")
    (folder / "notes.txt").write_text("not a photo")
    return folder


def test_every_photo_is_a_person_once(index, model, photos):
    paths = list_photos(photos)
    assert len(paths) == 6
    added = add_photos(index, paths, "album", model)
    assert (added.photos, added.tracklets, added.known, added.unreadable) == (4, 4, 1, 1)
    again = add_photos(index, paths, "album", model)
    assert (again.photos, again.tracklets, again.known) == (0, 0, 5)
    for person, colour in COLOURS.items():
        query = model.embed([np.full((48, 20, 3), colour, np.uint8)])[0]
        hit = index.search(query, top=1)[0]
        assert hit.score > 0.999
        assert index.source(hit.tracklet.source).path.endswith(f"{person}.png")
        assert (hit.tracklet.start, hit.tracklet.camera) == (None, "album")


def test_a_detector_finds_several_persons_or_nobody(index, model, photos):
    class TwoHalves:
        def __call__(self, image):
            height, width = image.shape[:2]
            if image[0, 0, 0] < 50:
                return np.zeros((0, 5), np.float32)
            return np.array([[0, 0, width / 2, height, 1], [width / 2, 0, width / 2, height, 1]], np.float32)

    added = add_photos(index, list_photos(photos), "album", model, TwoHalves())
    people = sum(colour[0] >= 50 for colour in COLOURS.values())
    assert (added.photos, added.tracklets) == (4, 2 * people)
    assert {len(tracklet.boxes) for tracklet in index.tracklets()} == {1}


def test_the_time_is_the_photos_own(index, model, tmp_path):
    image = Image.new("RGB", (20, 48), COLOURS[1])
    exif = image.getexif()
    exif.get_ifd(0x8769)[0x9003] = "2026:11:01 09:30:00"
    exif.get_ifd(0x8769)[0x9011] = "+01:00"
    image.save(tmp_path / "timed.jpg", exif=exif)
    add_photos(index, [tmp_path / "timed.jpg"], "album", model)
    (tracklet,) = index.tracklets()
    assert tracklet.start == datetime(2026, 11, 1, 8, 30, tzinfo=timezone.utc)


def test_with_a_retention_photos_need_a_time(index, model, photos):
    index.set_retention("album", 30)
    added = add_photos(index, list_photos(photos), "album", model)
    assert (added.photos, added.unreadable) == (0, 6)
    old = datetime(2020, 1, 1, tzinfo=timezone.utc)
    assert add_photos(index, list_photos(photos), "album", model, start=old).expired == 5
    # Taken once, though no calendar has as many days.
    index.set_retention("endless", float("inf"))
    ancient = datetime(1900, 1, 1, tzinfo=timezone.utc)
    assert add_photos(index, list_photos(photos), "endless", model, start=ancient).expired == 5
    added = add_photos(index, list_photos(photos), "album", model, start=datetime.now(timezone.utc))
    assert added.photos == 4


def test_a_folder_without_photos(tmp_path):
    (tmp_path / "nothing").mkdir()
    with pytest.raises(DataError, match="no image file"):
        list_photos(tmp_path / "nothing")
    with pytest.raises(DataError, match="no such folder"):
        list_photos(tmp_path / "nowhere")


def test_linked_folders_are_followed_and_what_must_be_converted_is_told(photos, tmp_path, caplog):
    elsewhere = (photos / "deeper").rename(tmp_path / "elsewhere")
    (photos / "link").symlink_to(elsewhere)
    (elsewhere / "loop").symlink_to(photos)
    (photos / "new.HEIC").write_bytes(b"of a phone")
    names = [str(path.relative_to(photos)) for path in list_photos(photos)]
    assert names == ["1.png", "2.png", "3.png", "4.png", "link/broken.jpg", "link/copy.png"]
    assert "new.HEIC" in caplog.text
    assert list_photos(photos / "1.png") == [photos / "1.png"]


def test_photos_of_another_camera_or_time_are_refused(index, model, photos):
    noon = datetime(2026, 11, 1, 12, tzinfo=timezone.utc)
    add_photos(index, [photos / "1.png", photos / "2.png"], "phone", model, start=noon)
    for camera, start in (("hall", noon), ("hall", None), ("phone", noon.replace(hour=13))):
        with pytest.raises(DataError, match=r"this photo is in the index already, of camera 'phone'"):
            add_photos(index, list_photos(photos), camera, model, start=start)
        assert index.count() == 2
    assert add_photos(index, list_photos(photos), "phone", model).known == 3
