"""Geometry of the silhouettes' augmentations; one draw for all frames."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mindreid.config import Component, InputConfig, load_recipe
from mindreid.data.transforms import training_transform
from mindreid.data.transforms.silhouette_augmentations import (
    cut_sides,
    silhouette_affine,
    silhouette_dilate,
    silhouette_erase,
    silhouette_flip,
    silhouette_perspective,
    silhouette_rotate,
)
from mindreid.errors import ConfigError, InvalidArgumentError

STEPS = (
    silhouette_affine, silhouette_dilate, silhouette_erase, silhouette_flip, silhouette_perspective,
    silhouette_rotate,
)  # fmt: skip
INPUTS = InputConfig(kind="silhouettes", height=64, width=44)
seeds = st.integers(0, 10_000)


def walker(frames=4):
    """An upright figure with a moving leg, not symmetric, well inside the image."""
    made = np.zeros((frames, 64, 44), np.uint8)
    for number, frame in enumerate(made):
        cv2.ellipse(frame, (21, 28), (6, 17), 0, 0, 360, 255, -1)
        cv2.circle(frame, (22, 10), 4, 255, -1)
        cv2.line(frame, (21, 40), (17 + 3 * number, 54), 255, 4)
    return made


def apply(step, silhouettes, seed, **options):
    return step(probability=1.0, **options)(silhouettes, np.random.default_rng(seed))


def test_flipping_twice_changes_nothing():
    once = apply(silhouette_flip, walker(), 0)
    assert (once != walker()).any()
    np.testing.assert_array_equal(once[..., 0], walker()[..., -1])
    np.testing.assert_array_equal(apply(silhouette_flip, once, 0), walker())


@settings(deadline=None)
@given(seeds)
def test_rotation_keeps_the_area(seed):
    rotated = apply(silhouette_rotate, walker(), seed)
    before, after = (frames.sum(axis=(1, 2), dtype=float) for frames in (walker(), rotated))
    np.testing.assert_allclose(after, before, rtol=0.02)


def turned(row, column, angle, centre):
    """Turn a pixel about (column, row) by an angle in degrees, counterclockwise as an image is seen."""
    x, y = column - centre[0], row - centre[1]
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return centre[1] - sine * x + cosine * y, centre[0] + cosine * x + sine * y


@pytest.mark.parametrize("width", [44, 64])
def test_rotation_turns_about_opengaits_centre_by_at_most_the_given_angle(width):
    point = np.zeros((1, 64, width), np.uint8)
    point[0, 29:32, 15:18] = 255
    angles = []
    for seed in range(300):
        angle = np.random.default_rng(seed)
        angle.random()
        angles.append(angle.uniform(-20, 20))
        frame = apply(silhouette_rotate, point, seed, degrees=20.0)[0].astype(float)
        rows, columns = np.indices(frame.shape)
        found = np.average(rows, weights=frame), np.average(columns, weights=frame)
        assert found == pytest.approx(turned(30, 16, angles[-1], centre=(32, width // 2)), abs=0.3)
    assert 19 < max(angles) < 20
    assert -20 < min(angles) < -19


@pytest.mark.parametrize("step", STEPS)
@settings(deadline=None)
@given(seed=seeds)
def test_all_frames_move_alike(step, seed):
    repeated = np.repeat(walker(3), 2, axis=0)
    changed = apply(step, repeated, seed)
    assert (changed.shape, changed.dtype) == (repeated.shape, np.uint8)
    np.testing.assert_array_equal(changed[::2], changed[1::2])
    # A frame alone is changed as it is among others.
    for number in range(3):
        alone = apply(step, walker(3)[number : number + 1], seed)
        np.testing.assert_array_equal(alone[0], changed[2 * number])


@pytest.mark.parametrize("step", STEPS)
def test_steps_leave_their_input_alone_and_follow_the_seed(step):
    original = walker()
    original.flags.writeable = False
    first, again, other = (apply(step, original, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(original, walker())
    if step is not silhouette_flip:
        assert (first != other).any()


@pytest.mark.parametrize("step", STEPS)
def test_probability_is_the_share_of_changed_sequences(step):
    noise = np.random.default_rng(0).integers(0, 256, (1, 64, 44), np.uint8)
    chain = step(probability=0.3)
    changed = [(chain(noise, np.random.default_rng(seed)) != noise).any() for seed in range(400)]
    assert 0.22 < np.mean(changed) < 0.38
    never = step(probability=0.0)
    assert all((never(noise, np.random.default_rng(seed)) == noise).all() for seed in range(20))
    with pytest.raises(InvalidArgumentError, match="probability"):
        step(probability=1.5)


@settings(deadline=None)
@given(seeds)
def test_perspective_stretches_each_row_to_both_sides(seed):
    full = np.full((1, 64, 44), 255, np.uint8)
    # What the quadrilateral holds fills the image: nothing from outside of it comes in.
    assert (apply(silhouette_perspective, full, seed)[0, 1:-1, 1:-1] == 255).all()
    wide = walker().any(axis=1).sum(), apply(silhouette_perspective, walker(), seed).any(axis=1).sum()
    assert wide[1] >= wide[0] - 4


def test_perspective_draws_its_corners_from_opengaits_columns():
    """A frame of column numbers tells which columns have become the sides of its upper and lower edge."""
    ramp = np.repeat(np.arange(64, dtype=np.uint8)[None, None] * 4, 64, axis=1)
    edges = np.array([apply(silhouette_perspective, ramp, seed)[0, :, [0, -1]] for seed in range(400)]) / 4
    left, right = edges[:, 0], edges[:, 1]
    assert 0 <= left[:, 1:-1].min() < 0.5
    assert 8.4 < left[:, 1:-1].max() <= 9.1
    # The last column lies one pixel before the drawn corner, up to 54/64 of a column of the ramp.
    assert 53.1 <= right[:, 1:-1].min() < 54
    assert 61.9 < right[:, 1:-1].max() <= 63
    assert set(np.round(left[:, 0])) == set(range(10))


@pytest.mark.parametrize("name", ["aug_ogbase/ccpg", "aug_ogbase/walkers", "aug_ogbase/pets09"])
def test_recipes_tilt_before_they_cut(name):
    steps = [step.name for step in load_recipe(name).augment]
    assert steps[:2] == ["silhouette_perspective", "cut_sides"]


def test_a_reach_of_nothing_is_refused():
    with pytest.raises(InvalidArgumentError, match="at least one pixel"):
        silhouette_perspective(reach=0)


@settings(deadline=None)
@given(seeds)
def test_affine_maps_lines_to_lines(seed):
    bar = np.zeros((1, 64, 44), np.uint8)
    bar[0, 16:48, 21:23] = 255
    rows, columns = np.nonzero(apply(silhouette_affine, bar, seed)[0] > 127)
    if len(rows) > 20:
        fitted = np.polyval(np.polyfit(rows, columns, 1), rows)
        assert np.abs(columns - fitted).max() < 2.5


@pytest.mark.parametrize(
    ("height", "width", "options"), [(64, 44, {}), (128, 88, {}), (64, 64, {"reach": 4})]
)
def test_affine_moves_three_corners_by_up_to_the_given_reach(height, width, options):
    """Where three points land says what became of the corners: every other point follows from them."""
    points = [(0.35, 0.35), (0.6, 0.35), (0.4, 0.6)]
    frames = np.zeros((3, height, width), np.uint8)
    for frame, (down, along) in zip(frames, points):
        row, column = round(down * height), round(along * width)
        frame[row - 2 : row + 3, column - 2 : column + 3] = 255
    reach = options.get("reach", 10) * height / 64
    rows, columns = np.indices((height, width))
    moves = []
    for seed in range(100):
        draw = np.random.default_rng(seed)
        draw.random()
        moves.append(draw.uniform(-reach, reach, (3, 2)))
        origin, right, below = moves[-1]
        moved = apply(silhouette_affine, frames, seed, **options).astype(float)
        for frame, (down, along) in zip(moved, points):
            row, column = round(down * height), round(along * width)
            share, depth = column / width, row / height
            left, top = origin + share * (right - origin) + depth * (below - origin)
            found = np.average(rows, weights=frame), np.average(columns, weights=frame)
            assert found == pytest.approx((row + top, column + left), abs=0.3)
    assert 0.97 * reach < np.max(moves) < reach
    assert -reach < np.min(moves) < -0.97 * reach


@settings(deadline=None)
@given(seeds)
def test_erasing_takes_one_rectangle_out_of_every_frame(seed):
    full = np.full((3, 64, 44), 255, np.uint8)
    erased = apply(silhouette_erase, full, seed) == 0
    rows, columns = erased[0].any(axis=1).sum(), erased[0].any(axis=0).sum()
    assert erased[0].sum() == rows * columns
    assert 0.04 < erased[0].mean() < 0.21
    assert 0.28 < rows / columns < 3.6


@settings(deadline=None)
@given(seeds)
def test_dilation_grows_the_torso_and_nothing_else(seed):
    grown = apply(silhouette_dilate, walker(), seed)
    assert (grown >= walker()).all()
    rows = np.flatnonzero((grown != walker()).any(axis=(0, 2)))
    assert 12 <= rows.min() <= rows.max() < 40
    width = (walker()[0, 28] > 0).sum()
    assert width + 2 <= (grown[0, 28] > 0).sum() <= width + 4


@pytest.mark.parametrize("size", [1, 2])
def test_dilation_begins_ends_and_reaches_as_far_as_its_ranges_say(size):
    """A bar from the upper edge to the lower one tells which rows grew, and by how much."""
    bar = np.zeros((1, 64 * size, 44 * size), np.uint8)
    bar[..., 20 * size : 24 * size] = 255
    found = []
    for seed in range(100):
        widths = (apply(silhouette_dilate, bar, seed)[0] > 0).sum(axis=1) - 4 * size
        grown = np.flatnonzero(widths)
        assert (widths[grown[0] : grown[-1] + 1] == widths[grown[0]]).all()
        found.append((grown[0] / size, (grown[-1] + 1) / size, widths[grown[0]] / (2 * size)))
    tops, bottoms, reaches = (set(values) for values in zip(*found))
    assert tops == {12, 13, 14, 15, 16}
    assert bottoms == {36, 37, 38, 39, 40}
    assert reaches == {1, 2}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"top": (16, 12)}, "top is two ascending numbers of pixels, not 16 and 12"),
        ({"bottom": (40, 36)}, "bottom is two ascending numbers of pixels, not 40 and 36"),
        ({"reach": (-1, 2)}, "reach is two ascending numbers of pixels, not -1 and 2"),
        ({"top": (30, 38)}, "the part ends at row 36 but begins at row 38"),
    ],
)
def test_a_part_without_extent_is_refused(options, words):
    with pytest.raises(InvalidArgumentError, match=words):
        silhouette_dilate(**options)


def test_sides_are_cut_alike():
    frames = np.arange(2 * 64 * 64, dtype=np.int64).reshape(2, 64, 64).astype(np.uint8)
    np.testing.assert_array_equal(cut_sides(64, 44)(frames, np.random.default_rng()), frames[..., 10:54])
    with pytest.raises(InvalidArgumentError, match="can't be cut"):
        cut_sides(64, 44)(frames[:, :32], np.random.default_rng())


def test_the_chain_cuts_first_unless_told_otherwise_and_scales_last():
    frames = np.random.default_rng(0).integers(0, 256, (3, 64, 64), np.uint8)
    erase = Component(name="silhouette_erase", probability=1.0)
    own, told = (
        training_transform(steps, INPUTS)(frames, np.random.default_rng(5))
        for steps in ([erase], [Component(name="cut_sides"), erase])
    )
    np.testing.assert_array_equal(own, told)
    assert (own.shape, own.dtype, own.flags.c_contiguous) == ((3, 64, 44), np.float32, True)
    expected = apply(silhouette_erase, frames[..., 10:54], 5)
    np.testing.assert_allclose(own, expected / 255, atol=1e-7)
    late = training_transform([erase, Component(name="cut_sides")], INPUTS)(frames, np.random.default_rng(5))
    np.testing.assert_allclose(late, apply(silhouette_erase, frames, 5)[..., 10:54] / 255, atol=1e-7)


def test_an_unknown_kind_of_step_is_refused():
    with pytest.raises(ConfigError, match="normalize"):
        training_transform([Component(name="normalize")], INPUTS)
