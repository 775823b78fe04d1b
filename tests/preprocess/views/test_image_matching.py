"""Every way in which a pose file may name an image, and names that fit several."""

from __future__ import annotations

import pytest

from mindreid.errors import DataError
from mindreid.preprocess.views.image_matching import match_images
from mindreid.preprocess.views.pose_files import ImageName

IMAGES = ["a/1.jpg", "b/1.jpg", "b/c.jpg", "val_000007.jpg", "x.y.png", "x.z.png", "d/e_keypoints.jpg"]


@pytest.mark.parametrize(
    ("name", "image"),
    [
        (ImageName("", "c.jpg"), "b/c.jpg"),
        (ImageName("", "a/1.jpg"), "a/1.jpg"),
        (ImageName("", "c"), "b/c.jpg"),
        (ImageName("", "b/c"), "b/c.jpg"),
        (ImageName("", "c.png"), "b/c.jpg"),
        (ImageName("", "x.y"), "x.y.png"),
        (ImageName("", 7), "val_000007.jpg"),
        (ImageName("b", "1.jpg"), "b/1.jpg"),
        (ImageName("b", "1"), "b/1.jpg"),
        (ImageName("b", "1_keypoints"), "b/1.jpg"),
        (ImageName("", "c_keypoints"), "b/c.jpg"),
        (ImageName("", "c_rendered.png"), "b/c.jpg"),
        (ImageName("", "e_keypoints"), "d/e_keypoints.jpg"),
        (ImageName("", "e_keypoints_keypoints"), "d/e_keypoints.jpg"),
        (ImageName("", "/home/me/data/b/1.jpg"), "b/1.jpg"),
        (ImageName("", "./a/1.jpg"), "a/1.jpg"),
        (ImageName("", "data\\b\\1.jpg"), "b/1.jpg"),
    ],
)
def test_every_way_to_name_an_image(name, image):
    matched = match_images({name: None}, IMAGES)
    assert list(matched) == IMAGES
    assert {key: found for key, found in matched.items() if found is not None} == {image: name}


@pytest.mark.parametrize(
    "name",
    [
        ImageName("", "other/c.jpg"), ImageName("c", "1.jpg"), ImageName("", 1007), ImageName("", ""),
        ImageName("", "/"), ImageName("", ".."), ImageName("", "_keypoints"), ImageName("", "a"),
    ],
)  # fmt: skip
def test_names_of_other_images_fit_none(name):
    with pytest.raises(DataError, match="none of the 1 poses belongs"):
        match_images({name: None}, IMAGES)


def test_what_stands_before_the_first_dot_is_alphapose_s_name():
    assert match_images({ImageName("", "x"): None}, ["x.y.png", "z.png"])["x.y.png"] == ("", "x")


def test_equal_base_names_are_not_mixed_up():
    with pytest.raises(DataError, match=r"'1.jpg' fits 2 images: A/1.jpg, B/1.jpg.*folder by folder"):
        match_images({ImageName("", "1.jpg"): None}, ["A/1.jpg", "B/1.jpg"])
    names = [ImageName("A", "1.jpg"), ImageName("B", "1.jpg")]
    assert list(match_images(dict.fromkeys(names), ["A/1.jpg", "B/1.jpg"]).values()) == names


def test_two_names_of_one_image_are_refused_unless_one_is_more_exact(caplog):
    """Keypoints of a whole data set against one of its folders: both fit by their base names."""
    names = [ImageName("", "train/1.jpg"), ImageName("", "test/1.jpg")]
    with pytest.raises(DataError, match=r"'train/1.jpg' and 'test/1.jpg' both fit 1.jpg"):
        match_images(dict.fromkeys(names), ["1.jpg"])
    for order in ([0, 1], [1, 0]):
        known = [ImageName("", "1.jpg"), ImageName("", "train/1.jpg")]
        assert match_images({known[number]: None for number in order}, ["1.jpg"]) == {"1.jpg": known[0]}
        assert "1 poses are of other images, such as 'train/1.jpg'" in caplog.text


def test_poses_of_other_images(caplog):
    poses = {ImageName("", "1.jpg"): None, ImageName("", "gone.jpg"): None}
    match_images(poses, ["1.jpg", "2.jpg"])
    assert "1 poses are of other images, such as 'gone.jpg'" in caplog.text
    with pytest.raises(DataError, match=r"none of the 1 poses.*there is no 'gone.jpg', but '2.jpg'"):
        match_images({ImageName("", "gone.jpg"): None}, ["2.jpg"])
