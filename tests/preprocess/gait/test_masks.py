"""Masks as people save them: every form of the same walker, and what is no mask of a walker."""

from __future__ import annotations

import os

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import EpsImagePlugin, Image

from mindreid.errors import DataError
from mindreid.preprocess.gait.masks import is_full, mask_values, read_levels, to_mask


def figure(height=120, width=90, left=35):
    """Head, body and legs, 255 on 0."""
    made = np.zeros((height, width), np.uint8)
    cv2.circle(made, (left + 10, 20), 9, 255, -1)
    made[28:70, left : left + 20] = 255
    made[70:110, left : left + 8] = made[70:110, left + 12 : left + 20] = 255
    return made


def read(folder, pictures, suffix="png", **options):
    """Save pictures and read them as a sequence of masks."""
    paths = []
    for number, picture in enumerate(pictures):
        picture = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
        paths.append(folder / f"{number:03d}.{suffix}")
        picture.save(paths[-1], **options)
    values = mask_values(paths)
    return [to_mask(read_levels(path), values, path) for path in paths]


def palette(classes, colours):
    image = Image.new("P", classes.shape[::-1])
    image.putdata(classes.astype(np.uint8).ravel().tolist())
    image.putpalette([value for colour in colours for value in colour])
    return image


def cut_out(mask, colour):
    """What background removal saves: the picture, and the mask as its transparency."""
    pixels = np.random.default_rng(0).integers(0, 256, (*mask.shape, 3)).astype(np.uint8)
    return Image.fromarray(np.dstack([pixels if colour is None else np.full_like(pixels, colour), mask]))


ON = figure() > 0
SAME = {
    "0 and 255": figure(),
    "0 and 1": ON.astype(np.uint8),
    "0 and 15": ON * np.uint8(15),
    "0 and 200": ON * np.uint8(200),
    "bits": ON,
    "inverted": 255 - figure(),
    "inverted 0 and 1": (~ON).astype(np.uint8),
    "16 bits": figure().astype(np.uint16) * 257,
    "16 bits, 0 and 1": ON.astype(np.uint16),
    "RGB": np.dstack([figure()] * 3),
    "red on black": np.dstack([figure(), figure() * 0, figure() * 0]),
    "red on white": np.dstack([np.full_like(figure(), 255), 255 - figure(), 255 - figure()]),
    "cut out of a photo": cut_out(figure(), None),
    "black cut out": cut_out(figure(), 0),
    "opaque": np.dstack([*[figure()] * 3, np.full_like(figure(), 255)]),
    "palette of black and white": palette(ON, [(0, 0, 0), (255, 255, 255)]),
    "palette of white and black": palette(ON, [(255, 255, 255), (0, 0, 0)]),
    "palette of colours": palette(ON * 15, [(0, 0, 0)] * 15 + [(192, 128, 128)]),
}


@pytest.mark.parametrize("kind", SAME)
def test_every_form_of_two_values_is_the_same_mask(tmp_path, kind):
    for mask in read(tmp_path, [SAME[kind]] * 3):
        np.testing.assert_array_equal(mask, figure())


@pytest.mark.parametrize("quality", [50, 75, 95])
@pytest.mark.parametrize("inverted", [False, True])
def test_jpeg_s_noise_is_no_walker(tmp_path, quality, inverted):
    picture = 255 - figure() if inverted else figure()
    for mask in read(tmp_path, [picture] * 2, "jpg", quality=quality):
        assert np.mean((mask > 127) != ON) < 0.01
        # The rows with foreground are what alignment goes by.
        rows, expected = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(figure().any(axis=1))
        assert np.abs(rows[[0, -1]] - expected[[0, -1]]).max() <= 2


def test_jpeg_s_noise_in_an_empty_sequence_is_nothing(tmp_path):
    noise = np.random.default_rng(0).integers(0, 6, (64, 48)).astype(np.uint8)
    assert not any(mask.any() for mask in read(tmp_path, [noise] * 3, "jpg"))


def test_noise_that_went_through_jpeg_before_is_cleaned(tmp_path):
    Image.fromarray(figure()).save(tmp_path / "once.jpg", quality=60)
    with Image.open(tmp_path / "once.jpg") as image:
        (mask,) = read(tmp_path, [np.asarray(image)])
    assert np.flatnonzero(mask.any(axis=1))[0] >= 8


def test_soft_edges_stay(tmp_path):
    soft = cv2.resize(figure(), (180, 240), interpolation=cv2.INTER_LINEAR)
    (mask,) = read(tmp_path, [soft])
    np.testing.assert_array_equal(mask, soft)


@pytest.mark.parametrize("values", [(0, 15, 20), (0, 15, 255), (0, 1, 2), (0, 127, 255), (0, 250, 255)])
def test_several_classes_are_refused_by_their_values(tmp_path, values):
    classes = np.zeros((120, 90), np.uint8)
    classes[figure() > 0] = values[1]
    classes[40:90, 5:30] = values[2]
    with pytest.raises(DataError, match=rf"values are {', '.join(map(str, values))}: .*000\.png"):
        read(tmp_path, [classes])


def test_an_outline_of_another_class_is_refused(tmp_path):
    """As in PASCAL VOC: 15 for a person, 255 for a border of some pixels."""
    classes = ON * np.uint8(15)
    classes[cv2.dilate(figure(), np.ones((9, 9))) > figure()] = 255
    with pytest.raises(DataError, match="values are 0, 15, 255"):
        read(tmp_path, [classes])


def test_a_photo_is_no_mask(tmp_path):
    photo = cv2.resize(np.random.default_rng(0).integers(0, 256, (6, 5, 3)).astype(np.uint8), (90, 120))
    for picture in (photo, photo.mean(axis=2).astype(np.uint8)):
        with pytest.raises(DataError, match="no mask of one walker"):
            read(tmp_path, [picture])


def test_a_class_that_comes_late_is_found(tmp_path):
    late = figure()
    late[40:90, 5:30] = 100
    with pytest.raises(DataError, match=r"values are 0, 100, 255: .*057\.png"):
        read(tmp_path, [figure()] * 57 + [late] + [figure()] * 42)


def test_empty_and_full_frames_do_not_decide(tmp_path):
    empty, full = np.zeros((120, 90), np.uint8), np.full((120, 90), 255, np.uint8)
    masks = read(tmp_path, [full] * 9 + [figure()] + [empty] * 2)
    assert [is_full(mask) for mask in masks] == [True] * 9 + [False] * 3
    np.testing.assert_array_equal(masks[9], figure())
    assert not masks[10].any()
    assert not any(mask.any() for mask in read(tmp_path, [empty] * 3))
    assert all(is_full(mask) for mask in read(tmp_path, [full] * 3))


def test_a_walker_in_a_few_of_many_frames_is_found(tmp_path):
    empty = np.zeros((120, 90), np.uint8)
    masks = read(tmp_path, [empty] * 40 + [figure()] + [empty] * 60)
    assert [bool(mask.any()) for mask in masks].index(True) == 40


TOUCHING = {
    "cut by the lower border": figure()[:80],
    "half out of the frame": figure()[:, 44:],
    "wide coat, cropped": cv2.ellipse(np.zeros((120, 60), np.uint8), (30, 60), (30, 60), 0, 0, 360, 255, -1),
}


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("kind", TOUCHING)
def test_a_walker_at_the_border_stays_the_walker(tmp_path, kind, inverted):
    mask = TOUCHING[kind]
    (found,) = read(tmp_path, [255 - mask if inverted else mask])
    np.testing.assert_array_equal(found, mask)


@pytest.mark.parametrize("inverted", [False, True])
def test_a_walker_who_fills_the_image_up_to_two_corners_is_refused(tmp_path, inverted):
    mask = figure()[11:110, 35:55]
    with pytest.raises(DataError, match="cannot be told whether the walker is dark or bright"):
        read(tmp_path, [255 - mask if inverted else mask])


@settings(max_examples=40, deadline=None)
@given(left=st.integers(1, 68), high=st.integers(1, 255), low=st.integers(0, 254), bits=st.sampled_from("BH"))
def test_any_two_values_are_read(tmp_path_factory, left, high, low, bits):
    if low == high:
        return
    mask = figure(left=left)
    picture = np.where(mask > 0, high, low).astype(np.uint8 if bits == "B" else np.uint16)
    (found,) = read(tmp_path_factory.mktemp("masks"), [picture])
    np.testing.assert_array_equal(found, mask)


@pytest.mark.parametrize("content", [b"", b"\x89PNG", b"no image at all"])
def test_a_damaged_file_is_one_error(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(DataError, match=r"cannot read the mask.*a\.png"):
        read_levels(tmp_path / "a.png")


def test_postscript_by_another_name_starts_no_program(tmp_path, monkeypatch):
    program = tmp_path / "bin" / "gs"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\necho 10.0\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", None)
    Image.fromarray(figure()).save(tmp_path / "a.png", "EPS")
    with pytest.raises(DataError, match=r"cannot read the mask.*a\.png"):
        read_levels(tmp_path / "a.png")
    assert not (tmp_path / "started").exists()
