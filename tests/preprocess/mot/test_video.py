"""Videos: upright however they are stored, and no frame passes for another."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mindreid.errors import DataError
from mindreid.preprocess.mot.crops import mot_to_market
from mindreid.preprocess.mot.video import Video
from tests.preprocess.mot.painted_sequence import (
    CUTTING,
    FRAMES,
    HEIGHT,
    RULES,
    WIDTH,
    lines,
    note_turn,
    painted,
    write_annotations,
    write_video,
)

#: What brings an upright image into the position in which it is stored.
_STORED = {
    90: cv2.ROTATE_90_COUNTERCLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_CLOCKWISE,
}


def corners(height=48, width=80):
    """Four quarters in red, green, blue and grey."""
    image = np.full((height, width, 3), 90, np.uint8)
    image[: height // 2, : width // 2] = (230, 20, 20)
    image[: height // 2, width // 2 :] = (20, 230, 20)
    image[height // 2 :, : width // 2] = (20, 20, 230)
    return image


@pytest.mark.parametrize("turn", [90, 180, 270])
@pytest.mark.parametrize("by_backend", [True, False])
def test_a_turn_noted_in_the_header_is_carried_out(tmp_path, monkeypatch, turn, by_backend):
    upright = corners()
    path = write_video(tmp_path / "phone.mp4", [cv2.rotate(upright, _STORED[turn])] * 3, "mp4v")
    unturned = Video(path, 1)
    assert unturned.size == cv2.rotate(upright, _STORED[turn]).shape[:2]
    note_turn(path, turn)
    if not by_backend:
        # A backend that only tells the angle.
        monkeypatch.setattr(cv2, "CAP_PROP_ORIENTATION_AUTO", -1)
    video = Video(path, 1)
    assert video.size == (48, 80)
    for _, image in video.read([1, 3]):
        assert image.shape == upright.shape
        # Away from the borders of the quarters, where the codec blurs.
        for rows in (slice(4, 20), slice(28, 44)):
            for columns in (slice(4, 36), slice(44, 76)):
                difference = image[rows, columns].astype(int) - upright[rows, columns]
                assert np.abs(difference).mean() < 12


def test_boxes_of_a_turned_video_are_those_of_the_upright_picture(tmp_path):
    """Each person has a colour of its own, which the crops must show."""

    def scene(frame):
        image = painted(0)
        for line in lines([frame]):
            _, person, left, top, width, height = map(int, line.split(",")[:6])
            left += 5 * (frame - 1)
            image[top - 1 : top - 1 + height, left - 1 : left - 1 + width] = colour_of(person)
        return image

    images = (cv2.rotate(scene(frame), _STORED[90]) for frame in range(1, FRAMES + 1))
    path = note_turn(write_video(tmp_path / "phone.mp4", images, "mp4v"), 90)
    annotations = write_annotations(tmp_path / "gt.txt", lines())
    mot_to_market(path, annotations, tmp_path / "out", cutting=CUTTING, rules=RULES)
    crops = list((tmp_path / "out").rglob("*.jpg"))
    assert crops
    for crop in crops:
        pixels = np.asarray(Image.open(crop)).astype(int)[6:-6, 6:-6].reshape(-1, 3)
        assert np.abs(pixels.mean(0) - colour_of(int(crop.name[:4]))).max() < 25, crop


def colour_of(person):
    return np.random.default_rng(person).integers(60, 256, 3)


def noisy(number):
    """A frame that shows its number and compresses badly, so that damage hits every frame alike."""
    image = np.random.default_rng(number).integers(0, 40, (120, 160, 3)).astype(np.uint8)
    image[20:100, 20:140] = 8 * number
    return image


def noisy_number(image):
    return round(float(image[40:80, 40:120].mean()) / 8)


@pytest.mark.parametrize(("fourcc", "ending"), [("MJPG", "avi"), ("XVID", "avi"), ("mp4v", "mp4")])
def test_a_video_with_damaged_frames_is_refused(tmp_path, fourcc, ending):
    path = write_video(tmp_path / f"walk.{ending}", map(noisy, range(1, 31)), fourcc)
    whole = path.read_bytes()
    assert [noisy_number(image) for _, image in Video(path, 1).read(range(1, 31))] == list(range(1, 31))
    begin, end = int(0.4 * len(whole)), int(0.5 * len(whole))
    path.write_bytes(whole[:begin] + bytes(end - begin) + whole[end:])
    with pytest.raises(DataError, match=r"\d+ of 30 frames can be decoded.*walk"):
        list(Video(path, 1).read([1, 2]))


def test_a_video_that_was_cut_off_is_refused(tmp_path):
    path = write_video(tmp_path / "walk.avi", map(noisy, range(1, 31)))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match=r"\d+ of 30 frames can be decoded"):
        list(Video(path, 1).read([1, 2]))


@pytest.mark.parametrize("name", ["a:b.avi", "数据 1.avi", "50%d.avi", "-v.avi", "0.avi"])
def test_any_name_opens(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    write_video(tmp_path / "walk.avi", map(painted, range(1, 4))).rename(tmp_path / name)
    assert Video(tmp_path / name, 1).size == (HEIGHT, WIDTH)
    assert Video(Path(name), 1).size == (HEIGHT, WIDTH)


def test_a_text_file_is_no_video(tmp_path):
    path = write_annotations(tmp_path / "gt.txt", lines())
    with pytest.raises(DataError, match=r"can't decode this video: .*gt\.txt"):
        Video(path, 1)


@pytest.mark.parametrize("content", [b"", b"no video", b"\x00\x00\x00\x18ftypmp42" + bytes(500)])
def test_what_is_no_video_is_one_line(tmp_path, content):
    path = tmp_path / "walk.mp4"
    path.write_bytes(content)
    write_annotations(tmp_path / "gt.txt", lines())
    command = [sys.executable, "-m", "mindreid", "data", "from-mot", "--video", path, "--annotations"]
    done = subprocess.run(
        [*command, tmp_path / "gt.txt", "--root", tmp_path / "out"],
        capture_output=True,
        text=True,
        env={**os.environ},
        check=False,
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "can't decode this video" in line
