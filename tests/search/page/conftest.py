"""An index of a painted video and a photo, and its page without a network between."""

import cv2
import numpy as np
import pytest

from mindreid.search.index import open_index
from mindreid.search.ingest import open_appearance_model
from mindreid.search.ingest.given_boxes import read_boxes
from mindreid.search.ingest.photo_addition import add_photos
from mindreid.search.ingest.video_addition import VideoRules, add_video
from mindreid.search.page import Access, PictureWorker, SearchService, make_app
from tests.search.album.painted_photos import CLOTHES, GREY, PaintedPeople, put
from tests.search.colour_network import write_colour_network
from tests.search.made_up_sources import BEGIN

TOKEN = "a-token-of-sixteen-letters"  # noqa: S105 - opens nothing but this test
SIZE = (160, 320)


def paint_frame(frame):
    """Anna walks to the right, Bert stands."""
    image = np.full((*SIZE, 3), GREY, np.uint8)
    for name, left in (("anna", 10 + 4 * frame), ("bert", 260)):
        for strip, colour in enumerate(CLOTHES[name]):
            image[30 + 30 * strip : 60 + 30 * strip, left : left + 30] = colour
    return image


def write_video(folder, frames=40):
    """Write the video and the boxes of those in it."""
    video = cv2.VideoWriter(
        str(folder / "hall.avi"), cv2.CAP_OPENCV_MJPEG, cv2.VideoWriter.fourcc(*"MJPG"), 10.0, SIZE[::-1]
    )
    lines = []
    for frame in range(frames):
        video.write(paint_frame(frame)[:, :, ::-1])
        lines += [f"{frame + 1},1,{11 + 4 * frame},31,30,90,1,1,1", f"{frame + 1},2,261,31,30,90,1,1,1"]
    video.release()
    (folder / "hall.txt").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="session")
def recordings(tmp_path_factory):
    """A folder with a video, its boxes, photos and a network."""
    for package in ("av", "fastapi", "uvicorn"):
        pytest.importorskip(package, reason="needs the extra `search`")
    folder = tmp_path_factory.mktemp("recordings")
    write_video(folder)
    put(folder / "photos", "anna.png", ["anna"])
    put(folder / "photos", "cleo.png", ["cleo"])
    write_colour_network(folder / "colours.onnx")
    return folder


@pytest.fixture(scope="session")
def model(recordings):
    return open_appearance_model(recordings / "colours.onnx")


@pytest.fixture
def index(recordings, model, tmp_path):
    opened = open_index(tmp_path / "index", create=True)
    with opened.exclusive():
        opened.set_model(model.described)
        boxes = read_boxes(recordings / "hall.txt")
        add_video(opened, recordings / "hall.avi", "hall", model, boxes, start=BEGIN, rules=VideoRules())
        paths = sorted((recordings / "photos").iterdir())
        add_photos(opened, paths, "phone", model, PaintedPeople())
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def worker():
    made = PictureWorker()
    yield made
    made.close()


@pytest.fixture
def service(index, model, worker):
    return SearchService(index, model, PaintedPeople(), None, worker.decode)


@pytest.fixture
def stranger(service):
    """A browser without the token."""
    from fastapi import testclient

    # A fault of the program is an answer of the server, not an exception in its client.
    return testclient.TestClient(
        make_app(service, Access(TOKEN)), base_url="http://127.0.0.1", raise_server_exceptions=False
    )


@pytest.fixture
def browser(stranger):
    """A browser that has opened the address with the token."""
    assert stranger.get(f"/?token={TOKEN}").status_code == 200
    return stranger
