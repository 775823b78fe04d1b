"""Who in a picture is looked for: the one person in it, whoever a box shows, or all of a cut-out."""

import numpy as np
import pytest
from PIL import Image

from mindreid.errors import InvalidArgumentError
from mindreid.search.ingest.hog_people import HogPeople
from mindreid.search.query_picture import person_in_picture


@pytest.fixture
def picture(tmp_path):
    """Write a picture of some height and width whose pixels tell where they are; return its path."""

    def write(height, width):
        rows, columns = np.mgrid[:height, :width]
        image = np.stack([rows % 256, columns % 256, rows // 256 * 16 + columns // 256], axis=2)
        Image.fromarray(image.astype(np.uint8)).save(tmp_path / "picture.png")
        return tmp_path / "picture.png"

    return write


def finder(*boxes):
    return lambda image: np.array([[*box, 0.9] for box in boxes], np.float32).reshape(-1, 5)


def test_of_a_photo_the_one_person_in_it_is_taken_and_told(picture):
    found = person_in_picture(picture(1024, 768), finder((399.6, 500.2, 60, 150)))
    assert (found.box, found.crop.shape) == ((400, 500, 60, 150), (150, 60, 3))
    assert tuple(found.crop[0, 0, :2]) == (500 % 256, 400 % 256)
    assert "--box 400,500,60,150" in found.told


def test_of_several_the_boxes_are_listed(picture):
    with pytest.raises(InvalidArgumentError, match=r"2 persons .*--box 10,20,60,150; --box 300,20,60,150"):
        person_in_picture(picture(1024, 768), finder((10, 20, 60, 150), (300, 20, 60, 150)))


@pytest.mark.parametrize("size", [(1024, 768), (1920, 1080), (2400, 1080), (100, 200), (150, 100)])
def test_a_photo_in_which_nobody_is_found_is_refused(picture, size):
    with pytest.raises(InvalidArgumentError, match=r"nobody is found.*--box.*--whole"):
        person_in_picture(picture(*size), finder())
    # Nobody is to be known in it.
    with pytest.raises(InvalidArgumentError, match="nobody is found"):
        person_in_picture(picture(*size), finder((10, 10, 12, 30)))


@pytest.mark.parametrize("size", [(48, 20), (128, 64), (256, 128), (164, 95)])
@pytest.mark.parametrize("share", [None, 0.6, 1.0])
def test_a_cut_out_stays_whole(picture, size, share):
    boxes = [] if share is None else [(0, 0, share * size[1], share * size[0])]
    found = person_in_picture(picture(*size), finder(*boxes))
    assert (found.box, found.crop.shape) == (None, (*size, 3))
    assert "edge to edge" in found.told


def test_a_person_who_is_small_in_a_narrow_picture_is_taken_out_of_it(picture):
    found = person_in_picture(picture(400, 200), finder((50, 100, 50, 120)))
    assert found.crop.shape == (120, 50, 3)


def test_opencvs_detector_takes_pictures_of_any_size(picture):
    assert person_in_picture(picture(48, 20), HogPeople()).crop.shape == (48, 20, 3)
