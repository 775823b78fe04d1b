"""A sequence whose frames show their own numbers, as grey levels."""

from __future__ import annotations

import struct

import cv2
import numpy as np
from PIL import Image

from mindreid.preprocess.mot.rules import CropRules, Cutting

FRAMES, HEIGHT, WIDTH = 40, 240, 320
BOX_HEIGHT, BOX_WIDTH = 30, 24
PERSONS = range(1, 7)
RULES, CUTTING = CropRules(min_height=20), Cutting(gap=4)

#: Display matrices of an mp4 by the clockwise turn that they ask for.
_MATRICES = {90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}
_FIXED_POINT = 1 << 16


def painted(number, height=HEIGHT, width=WIDTH):
    """uint8 ``[H, W, 3]``, the frame ``number`` in grey."""
    return np.full((height, width, 3), 10 + 5 * number, np.uint8)


def painted_number(image):
    """The frame that a picture, or a piece of it, shows."""
    return round((float(np.mean(image)) - 10) / 5)


def lines(frames=range(1, FRAMES + 1), rest=",1,-1,-1,-1", separator=","):
    """Six persons, each in a lane, in every frame."""
    written = [
        f"{frame},{person},{10 + 5 * (frame - min(frames))},{1 + 32 * person},{BOX_WIDTH},{BOX_HEIGHT}{rest}"
        for frame in frames
        for person in PERSONS
    ]
    return [line.replace(",", separator) for line in written]


def write_annotations(path, written):
    path.write_text("\n".join(written) + "\n", encoding="utf-8")
    return path


def write_pictures(folder, names):
    """Write a picture for each name, a dictionary from name to the number that it shows."""
    folder.mkdir()
    for name, number in names.items():
        Image.fromarray(painted(number)).save(folder / name)
    return folder


def write_video(path, images, fourcc="MJPG"):
    images = iter(images)
    first = next(images)
    video = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*fourcc), 7, first.shape[1::-1])
    assert video.isOpened()
    for image in (first, *images):
        video.write(image[..., ::-1])
    video.release()
    return path


def note_turn(path, turn):
    """Note in an mp4's track header that it is to be turned, as phones do."""
    content = bytearray(path.read_bytes())
    # Type, version and flags, two times, track, reserved, duration, reserved, layer, group, volume, reserved.
    begin = content.index(b"tkhd") + 4 + 4 + 8 + 4 + 4 + 4 + 8 + 2 + 2 + 2 + 2
    a, b, c, d = (value * _FIXED_POINT for value in _MATRICES[turn])
    content[begin : begin + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    return path


def shown_by_frame(root):
    """Of a dataset of crops: the numbers that its pictures show, by the frame in their names."""
    shown = {}
    for path in root.rglob("*.jpg"):
        shown.setdefault(int(path.name.split("_")[2]), set()).add(
            painted_number(np.asarray(Image.open(path)))
        )
    return shown
