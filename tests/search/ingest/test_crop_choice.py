"""The crops that stay: few, sharp, different, whatever the length of the track."""

import cv2
import numpy as np
import pytest

from mindreid.search.ingest.crop_choice import Candidate, CropCandidates, crop_of, crop_quality
from mindreid.search.ingest.crop_pictures import decode_crop, encode_crop

NONE = np.zeros((0, 4), np.float32)
BOX = np.array([10, 10, 40, 100], np.float32)


def picture(seed=0, size=(100, 40)):
    return np.random.default_rng(seed).integers(0, 255, (*size, 3), dtype=np.uint8)


def flat(value):
    return np.full((32, 16, 3), value, np.uint8)


def test_a_sharp_a_large_and_an_uncovered_crop_are_better():
    sharp = picture()
    blurred = cv2.GaussianBlur(sharp, (9, 9), 3)
    assert crop_quality(sharp, BOX, NONE) > 2 * crop_quality(blurred, BOX, NONE)
    small = cv2.resize(blurred, (10, 25), interpolation=cv2.INTER_AREA)
    assert crop_quality(cv2.resize(small, (40, 100)), BOX, NONE) < crop_quality(blurred, BOX, NONE)
    covering = BOX[None] + np.array([10, 0, 0, 0], np.float32)
    assert crop_quality(sharp, BOX, covering) < crop_quality(sharp, BOX, NONE)


@pytest.mark.parametrize("length", [1, 3, 8, 16, 17, 100, 10_000])
def test_memory_is_bounded_and_the_best_of_all_is_kept(length):
    candidates = CropCandidates(stretches=4)
    qualities = np.random.default_rng(length).random(length)
    for frame, quality in enumerate(qualities):
        candidates.offer(Candidate(frame, flat(frame % 256), float(quality)))
        assert len(candidates._best) <= 8
    chosen = candidates.choose(5)
    assert len(chosen) == min(length, 5) == len({candidate.frame for candidate in chosen})
    assert chosen[0].frame == qualities.argmax()
    if length >= 16:
        # Of all of the track, not of its begin or end alone.
        assert max(c.frame for c in candidates._best) >= length // 2
        assert min(c.frame for c in candidates._best) <= length // 2


def test_of_equally_good_ones_those_that_differ_are_chosen():
    candidates = CropCandidates()
    for frame, value in enumerate([100, 101, 102, 103, 240, 104, 5, 105]):
        candidates.offer(Candidate(frame, flat(value), 1.0))
    assert {candidate.frame for candidate in candidates.choose(3)} >= {4, 6}


def test_a_crop_lies_within_the_image():
    image = picture(size=(60, 80))
    assert np.array_equal(crop_of(image, np.array([10, 5, 20, 30])), image[5:35, 10:30])
    assert np.array_equal(crop_of(image, np.array([-10, -5, 20, 30])), image[:25, :10])
    assert crop_of(image, np.array([79.9, 59.9, 50, 50])).shape == (1, 1, 3)
    assert crop_of(image, np.array([500, 500, 50, 50])).shape == (1, 1, 3)


def test_a_stored_crop_is_nearly_the_same():
    image = cv2.GaussianBlur(picture(), (9, 9), 3)
    assert np.abs(decode_crop(encode_crop(image)).astype(int) - image).mean() < 3
