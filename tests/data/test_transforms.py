from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mindreid.config import Component, InputConfig
from mindreid.data.transforms import (
    enlarge_crop,
    evaluation_transform,
    flip,
    normalize,
    pad_crop,
    random_erasing,
    resize,
    resize_crop,
    training_transform,
)
from mindreid.data.transforms.geometry import five_windows
from mindreid.errors import ConfigError, InvalidArgumentError

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
IMAGE = np.random.default_rng(0).integers(1, 255, (64, 32, 3), dtype=np.uint8)
INPUTS = InputConfig(height=96, width=48, interpolation="bicubic", mean=MEAN, std=STD)


def rng(seed=0):
    return np.random.default_rng(seed)


def plain_normalize(image):
    return (image.astype(np.float64) / 255 - MEAN) / STD


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize(("height", "width"), [(128, 64), (20, 11), (64, 32)])
def test_resize_equals_pillow(interpolation, height, width):
    filters = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
    expected = np.asarray(Image.fromarray(IMAGE).resize((width, height), filters[interpolation]))
    np.testing.assert_array_equal(resize(height, width, interpolation)(IMAGE, rng()), expected)


def test_shrinking_averages_instead_of_skipping_pixels():
    stripes = np.zeros((64, 32, 3), np.uint8)
    stripes[::8] = 255
    small = resize(8, 4)(stripes, rng())
    assert small.min() > 15
    assert small.max() < 60


def test_flip_mirrors_columns_and_twice_is_nothing():
    always = flip(probability=1)
    mirrored = always(IMAGE, rng())
    np.testing.assert_array_equal(mirrored[:, 0], IMAGE[:, -1])
    np.testing.assert_array_equal(always(mirrored, rng()), IMAGE)


@pytest.mark.parametrize("make", [flip, enlarge_crop, lambda **o: random_erasing(MEAN, **o)])
def test_probability_is_kept(make):
    generator = rng(1)
    assert make(probability=0)(IMAGE, generator) is IMAGE
    step = make(probability=0.3)
    touched = sum(step(IMAGE, generator) is not IMAGE for _ in range(1000))
    assert 240 < touched < 360


def test_pad_crop_is_a_shifted_image_with_black_borders():
    generator, shifts = rng(), set()
    for _ in range(400):
        result = pad_crop(pad=2)(IMAGE, generator)
        padded = np.pad(IMAGE, ((2, 2), (2, 2), (0, 0)))
        found = [
            (y, x)
            for y in range(5)
            for x in range(5)
            if np.array_equal(result, padded[y : y + 64, x : x + 32])
        ]
        assert len(found) == 1
        shifts.add(found[0])
    assert len(shifts) == 25


def test_pad_crop_by_nothing_is_nothing():
    np.testing.assert_array_equal(pad_crop(pad=0)(IMAGE, rng()), IMAGE)


def test_enlarge_crop_cuts_a_window_out_of_the_enlarged_image():
    large = np.asarray(Image.fromarray(IMAGE).resize((36, 72), Image.Resampling.BICUBIC))
    step, generator, places = enlarge_crop("bicubic", probability=1, scale=1.125), rng(), set()
    for _ in range(400):
        result = step(IMAGE, generator)
        found = [
            (y, x)
            for y in range(9)
            for x in range(5)
            if np.array_equal(result, large[y : y + 64, x : x + 32])
        ]
        assert len(found) == 1
        places.add(found[0])
    assert len(places) == 45


def test_normalize_equals_the_formula():
    result = normalize(MEAN, STD)(IMAGE, rng())
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, plain_normalize(IMAGE), rtol=0, atol=1e-6)


def erased_box(before, after):
    changed = (before != after).any(axis=2)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    assert changed[box].all()
    return box


def test_erasing_fills_one_rectangle_within_the_bounds():
    step, generator, before = random_erasing(MEAN, probability=1), rng(), IMAGE.copy()
    for _ in range(300):
        rows, columns = erased_box(IMAGE, step(IMAGE, generator))
        tall, wide = rows.stop - rows.start, columns.stop - columns.start
        # The sides are rounded to whole pixels, so each bound may be missed by half a pixel a side.
        assert (tall + 0.5) * (wide + 0.5) >= 0.02 * 64 * 32
        assert (tall - 0.5) * (wide - 0.5) <= 0.4 * 64 * 32
        assert (tall + 0.5) / (wide - 0.5) >= 0.3
        assert (tall - 0.5) / (wide + 0.5) <= 1 / 0.3
    np.testing.assert_array_equal(IMAGE, before)


@pytest.mark.parametrize(
    ("fill", "before_normalize", "after_normalize"),
    [
        ("zero", (0, 0, 0), (0, 0, 0)),
        ("mean", (124, 116, 104), (0, 0, 0)),
        ((0.4914, 0.4822, 0.4465), (125, 123, 114), (0.4914, 0.4822, 0.4465)),
    ],
)
def test_erasing_fills_the_colour_of_its_place(fill, before_normalize, after_normalize):
    step = random_erasing(MEAN, probability=1, fill=fill)
    box = erased_box(IMAGE, step(IMAGE, rng(5)))
    np.testing.assert_array_equal(
        step(IMAGE, rng(5))[box], np.broadcast_to(before_normalize, IMAGE[box].shape)
    )
    normalised = normalize(MEAN, STD)(IMAGE, rng())
    erased = step(normalised, rng(5))
    assert erased_box(normalised, erased) == box
    np.testing.assert_allclose(erased[box], np.broadcast_to(after_normalize, IMAGE[box].shape), rtol=1e-6)


#: Each channel darker than the one before.
TINTED = (IMAGE * [1.0, 0.7, 0.4]).astype(np.uint8)


@pytest.mark.parametrize(
    "image",
    [TINTED, normalize(MEAN, STD)(TINTED, rng()), np.concatenate([TINTED, 255 - TINTED], axis=2)],
    ids=["bytes", "normalised", "with a part image"],
)
def test_erasing_fills_the_mean_colour_of_the_image_at_hand(image):
    erased = random_erasing(MEAN, probability=1, fill="own_mean")(image, rng(5))
    box = erased_box(image, erased)
    assert (erased.dtype, erased.shape) == (image.dtype, image.shape)
    for channel in range(image.shape[2]):
        mean = sum(image[..., channel].ravel().tolist()) / (64 * 32)
        expected = round(mean) if image.dtype == np.uint8 else mean
        np.testing.assert_allclose(erased[box][..., channel], expected, rtol=1e-6)


def test_erasing_leaves_an_image_in_which_nothing_fits():
    step = random_erasing(MEAN, probability=1, area=(0.9, 0.95), aspect=0.3)
    wide = np.ones((4, 400, 3), np.uint8)
    np.testing.assert_array_equal(step(wide, rng()), wide)


def test_the_list_is_applied_in_its_order():
    def erase(*order):
        steps = {
            "normalize": Component(name="normalize"),
            "erase": Component(name="random_erasing", probability=1.0, fill=(0.4914, 0.4822, 0.4465)),
        }
        return training_transform([steps[name] for name in order], INPUTS)(IMAGE, rng(3))

    plain = evaluation_transform(INPUTS)(IMAGE, rng())
    after, before = erase("normalize", "erase"), erase("erase", "normalize")
    hit = after != plain
    np.testing.assert_allclose(np.unique(after[0][hit[0]]), [0.4914], rtol=1e-6)
    np.testing.assert_allclose(np.unique(before[0][hit[0]]), [(125 / 255 - 0.485) / 0.229], rtol=1e-4)


def test_the_evaluation_transform_resizes_and_normalises_into_contiguous_chw():
    result = evaluation_transform(INPUTS)(IMAGE, rng())
    resized = np.asarray(Image.fromarray(IMAGE).resize((48, 96), Image.Resampling.BICUBIC))
    assert result.flags.c_contiguous
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, plain_normalize(resized).transpose(2, 0, 1), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "names",
    [
        ["flip", "normalize", "random_erasing"],
        ["enlarge_crop", "flip", "normalize", "random_erasing"],
        ["flip", "pad_crop", "normalize", "random_erasing"],
        ["pad_crop", "random_erasing"],
    ],
)
def test_recipes_give_images_of_the_input_size_that_the_generator_decides(names):
    transform = training_transform([Component(name=name) for name in names], INPUTS)
    images = [transform(IMAGE, rng(seed)) for seed in (1, 1, 2)]
    assert all(image.shape == (3, 96, 48) and image.dtype == np.float32 for image in images)
    np.testing.assert_array_equal(images[0], images[1])
    assert (images[0] != images[2]).any()


def test_normalizing_twice_and_enlarging_after_it_are_refused():
    twice = [Component(name="normalize"), Component(name="normalize")]
    with pytest.raises(ConfigError, match="twice"):
        training_transform(twice, INPUTS)
    late = training_transform(
        [Component(name="normalize"), Component(name="enlarge_crop", probability=1.0)], INPUTS
    )
    with pytest.raises(InvalidArgumentError, match="before 'normalize'"):
        late(IMAGE, rng())


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: flip(probability=1.5), "probability is between 0 and 1, not 1.5"),
        (lambda: random_erasing(MEAN, probability=-0.1), "probability is between 0 and 1, not -0.1"),
        (lambda: pad_crop(pad=-1), "pad is .* not -1"),
        (lambda: enlarge_crop(scale=0.9), "scale is at least 1, not 0.9"),
        (lambda: random_erasing(MEAN, area=(0.4, 0.02)), "area is .* ascending .* not .0.4, 0.02"),
        (lambda: random_erasing(MEAN, aspect=0), "aspect is between 0 and 1, not 0"),
        (lambda: resize(0, 4), "resized to 0×4"),
        (lambda: resize(4, 4, "nearest"), "interpolation is .* not 'nearest'"),
        (lambda: normalize(MEAN, (0.2, 0.0, 0.2)), "std is positive .* not .0.2, 0.0, 0.2"),
    ],
)
def test_options_out_of_range_are_refused(make, words):
    with pytest.raises(InvalidArgumentError, match=words):
        make()


def test_resize_crop_takes_the_place_of_the_resize():
    """The image is resized once, to the larger size; every window of it is reached."""
    large = resize(72, 36)(IMAGE, rng())
    windows = [large[top : top + 64, left : left + 32] for top in range(9) for left in range(5)]
    found = [resize_crop(64, 32, scale=1.125)(IMAGE, rng(seed)) for seed in range(60)]
    hits = {next(i for i, w in enumerate(windows) if np.array_equal(w, f)) for f in found}
    assert len(hits) > 25
    inputs = InputConfig(height=64, width=32)
    chain = training_transform([Component(name="resize_crop", scale=1.125)], inputs)
    expected = evaluation_transform(inputs)(found[3], rng())
    np.testing.assert_array_equal(chain(IMAGE, rng(3)), expected)


def test_resize_crop_stands_first_and_only_once():
    for names in (["flip", "resize_crop"], ["resize_crop", "resize_crop"]):
        with pytest.raises(ConfigError, match="stands first"):
            training_transform([Component(name=name) for name in names], INPUTS)
    with pytest.raises(InvalidArgumentError, match="scale"):
        resize_crop(64, 32, scale=0.9)


def test_five_windows_are_the_corners_and_the_middle():
    large = np.arange(6 * 5).reshape(6, 5, 1)
    windows = five_windows(large, 4, 3)
    assert [window[0, 0, 0] for window in windows] == [0, 2, 10, 12, 6]
    assert {window.shape for window in windows} == {(4, 3, 1)}


POSED = InputConfig(kind="posed_image", height=64, width=32)


def test_an_image_and_its_part_image_are_moved_and_normalised_alike():
    both = np.concatenate([IMAGE, IMAGE], axis=2)
    steps = [
        Component(name="flip", probability=1.0),
        Component(name="pad_crop", pad=4),
        Component(name="random_erasing", probability=1.0, fill="mean"),
    ]
    found = training_transform(steps, POSED)(both, rng(2))
    assert found.shape == (6, 64, 32)
    np.testing.assert_array_equal(found[:3], found[3:])
    alone = training_transform(steps, InputConfig(height=64, width=32))(IMAGE, rng(2))
    np.testing.assert_array_equal(found[:3], alone)


@pytest.mark.parametrize("name", ["enlarge_crop", "resize_crop", "silhouette_flip"])
def test_what_resizes_is_not_for_posed_images(name):
    with pytest.raises(ConfigError, match="posed_image"):
        training_transform([Component(name=name)], POSED)
