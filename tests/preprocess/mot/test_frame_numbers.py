"""A picture's frame is the number in its name, whatever else is in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mindreid.errors import DataError
from mindreid.preprocess.mot.frame_numbers import number_pictures


@pytest.mark.parametrize(
    "name",
    [
        "{}.png",
        "frame_{}.jpg",
        "{:06d}.jpg",
        "img-{:04d}.JPG",
        "cam1_frame{}.png",
        "frame{}_cam2.png",
        "2024-05-01 walk ({}).png",
        "frame.{:04d}.jpg",
        "数据{}.png",
    ],
)
@pytest.mark.parametrize("numbers", [range(1, 41), range(40), [3, 7, 100, 20], [1699999999123456789, 5]])
def test_the_number_that_differs_is_the_frame(name, numbers):
    paths = sorted(Path("img1", name.format(number)) for number in numbers)
    found = number_pictures(paths)
    assert list(found) == sorted(numbers)
    assert all(path.name == name.format(number) for number, path in found.items())


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["first.png", "second.png"], r"no number in the name of first\.png"),
        (["1.png", "cover.png"], r"no number in the name of cover\.png"),
        (["01.jpg", "1.png", "2.png"], r"01\.jpg and 1\.png have the same number"),
        (["1.jpg", "1.png"], r"1\.jpg and 1\.png have the same number"),
        (["1.png", "frame2.png"], r"1\.png and frame2\.png are not named alike"),
        (["1.png", "2.png", "2_copy1.png"], r"1\.png and 2_copy1\.png are not named alike"),
        (["cam1_7.png", "cam2_8.png"], r"several numbers differ between cam1_7\.png and cam2_8\.png"),
        (["1.5.png", "2.0.png"], r"several numbers differ"),
        (["12-00-01.png", "12-01-02.png"], r"several numbers differ"),
    ],
)
def test_names_that_do_not_tell_are_refused(names, message):
    with pytest.raises(DataError, match=message):
        number_pictures([Path("img1", name) for name in names])


def test_capitals_do_not_make_another_pattern():
    paths = [Path("IMG_1.JPG"), Path("img_2.jpg")]
    assert number_pictures(paths) == {1: paths[0], 2: paths[1]}


def test_a_single_picture_has_its_last_number():
    assert list(number_pictures([Path("cam3_0012.png")])) == [12]


@given(st.lists(st.from_regex(r"\A[a_]{0,2}[0-9]{1,3}[b-]{0,2}[0-9]{0,2}\Z"), min_size=1, unique=True))
def test_every_picture_is_numbered_once_or_all_are_refused(stems):
    paths = [Path(f"{stem}.png") for stem in stems]
    try:
        found = number_pictures(paths)
    except DataError:
        return
    assert sorted(found.values()) == sorted(paths)
    assert list(found) == sorted(found)
    assert all(str(number) in path.stem for number, path in found.items())
