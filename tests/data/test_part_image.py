"""The part image: where known points go, what mirrors it, what unknown joints leave black."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mindreid.data.keypoints import KEYPOINT_INDEX, KEYPOINT_NAMES
from mindreid.data.part_image import PART_PLACES, compose_part_image

HEIGHT, WIDTH = 128, 64
#: A person of 256×128 pixels who faces the camera, the right arm bent.
STANDING = {
    "head_top": (64, 10), "nose": (64, 28), "left_shoulder": (84, 50), "right_shoulder": (44, 50),
    "left_elbow": (92, 90), "left_wrist": (94, 125), "right_elbow": (20, 60), "right_wrist": (30, 96),
    "left_hip": (76, 130), "right_hip": (52, 130), "left_knee": (80, 180), "right_knee": (50, 182),
    "left_ankle": (82, 235), "right_ankle": (46, 238),
}  # fmt: skip


def keypoints(points=STANDING):
    made = np.zeros((26, 3), np.float32)
    for name, place in points.items():
        made[KEYPOINT_INDEX[name]] = (*place, 1)
    return made


def blob_at(points):
    """White blobs on black at the places of joints."""
    image = np.zeros((256, 128, 3), np.uint8)
    for x, y in points:
        image[int(y) - 3 : int(y) + 4, int(x) - 3 : int(x) + 4] = 255
    return image


def window(name, parts):
    place = PART_PLACES[name]
    rows, columns = HEIGHT // 8, WIDTH // 8
    return parts[
        place.top * rows : (place.top + place.height) * rows,
        place.left * columns : (place.left + place.width) * columns,
    ]


def centre(picture):
    weights = picture[..., 0].astype(float)
    rows, columns = np.mgrid[: weights.shape[0], : weights.shape[1]]
    return (rows * weights).sum() / weights.sum(), (columns * weights).sum() / weights.sum()


@pytest.mark.parametrize(
    ("part", "first", "last"),
    [
        ("right_leg", "right_hip", "right_ankle"),
        ("left_leg", "left_hip", "left_ankle"),
        ("left_arm", "left_shoulder", "left_wrist"),
    ],
)
def test_a_limb_stands_upright_in_the_middle_of_its_place(part, first, last):
    """Its first joint above, its last one below, on one column."""
    place = PART_PLACES[part]
    high = place.height * HEIGHT // 8
    for joint, share in ((first, place.margins[0]), (last, 1 - place.margins[1])):
        # The other leg's hip is in the picture, too, so only this joint is drawn.
        found = window(part, compose_part_image(blob_at([STANDING[joint]]), keypoints(), HEIGHT, WIDTH))
        row, column = centre(found)
        assert row == pytest.approx(share * high, abs=2.5)
        assert column == pytest.approx((found.shape[1] - 1) / 2, abs=1.5)


def test_a_bent_limb_keeps_its_length():
    image = blob_at([STANDING["right_wrist"]])
    place, found = (
        PART_PLACES["right_arm"],
        window("right_arm", compose_part_image(image, keypoints(), HEIGHT, WIDTH)),
    )
    joints = np.array([STANDING[f"right_{name}"] for name in ("shoulder", "elbow", "wrist")], float)
    length = np.linalg.norm(np.diff(joints, axis=0), axis=1).sum()
    high = place.height * HEIGHT // 8
    share = np.linalg.norm(joints[2] - joints[0]) / length
    assert centre(found)[0] == pytest.approx(high * (0.1 + 0.75 * share), abs=2.5)


def mirrored(points, width):
    """Keypoints of the mirrored image: what was the left hand looks like a right one."""
    swapped = np.zeros_like(points)
    for name in KEYPOINT_NAMES:
        other = name.replace("left", "LEFT").replace("right", "left").replace("LEFT", "right")
        swapped[KEYPOINT_INDEX[other]] = points[KEYPOINT_INDEX[name]]
    swapped[:, 0] = width - 1 - swapped[:, 0]
    return swapped


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_part_image_of_the_mirrored_person_is_the_mirrored_one(seed):
    """So flips of both together are right, in training and in evaluation."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (16, 8, 3), dtype=np.uint8)
    image = np.repeat(np.repeat(coarse, 16, 0), 16, 1)
    points = keypoints()
    points[:, :2] += rng.normal(0, 6, (26, 2))
    parts = compose_part_image(image, points, HEIGHT, WIDTH)
    other = compose_part_image(image[:, ::-1].copy(), mirrored(points, 128), HEIGHT, WIDTH)
    difference = np.abs(parts[:, ::-1].astype(int) - other)
    # Interpolation rounds at other places; edges may differ by a pixel's share.
    assert np.mean(difference) < 2.5


def test_unknown_joints_leave_their_part_black():
    image = np.full((256, 128, 3), 200, np.uint8)
    assert not compose_part_image(image, None, HEIGHT, WIDTH).any()
    points = keypoints()
    points[KEYPOINT_INDEX["left_shoulder"], 2] = 0.1
    parts = compose_part_image(image, points, HEIGHT, WIDTH)
    assert not window("left_arm", parts).any()
    # A torso has the other shoulder, an arm without a wrist ends at the elbow.
    assert window("torso", parts).any()
    points[KEYPOINT_INDEX["right_wrist"], 2] = 0
    assert window("right_arm", compose_part_image(image, points, HEIGHT, WIDTH)).any()


def test_the_top_of_the_head_is_told_by_the_nose():
    """COCO's 17 points have no top of the head."""
    without = keypoints({name: place for name, place in STANDING.items() if name != "head_top"})
    image = blob_at([STANDING["nose"]])
    row, _ = centre(window("head", compose_part_image(image, without, HEIGHT, WIDTH)))
    assert row == pytest.approx(HEIGHT / 4 / 2, abs=2)


@pytest.mark.parametrize("place", [(0.0, 0.0), (1e5, -1e5)])
def test_joints_in_one_place_or_far_away_break_nothing(place):
    points = np.ones((26, 3), np.float32)
    points[:, :2] = place
    image = np.full((256, 128, 3), 200, np.uint8)
    assert not compose_part_image(image, points, HEIGHT, WIDTH).any()
    points[::2, :2] += 1000
    assert compose_part_image(image, points, HEIGHT, WIDTH).shape == (HEIGHT, WIDTH, 3)


def test_places_fill_the_image_but_for_the_corners_beside_the_head():
    covered = np.zeros((8, 8), int)
    for place in PART_PLACES.values():
        covered[place.top : place.top + place.height, place.left : place.left + place.width] += 1
    assert covered.max() == 1
    np.testing.assert_array_equal(
        covered == 0,
        np.pad(np.zeros((6, 8), bool), ((2, 0), (0, 0)))
        | ((np.arange(8)[:, None] < 2) & ~np.isin(np.arange(8), range(2, 6))),
    )
