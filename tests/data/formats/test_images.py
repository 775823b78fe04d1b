from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mindreid.data.formats.images import read_image
from mindreid.errors import DataError

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 20, 3), dtype=np.uint8)


def save(path, pixels, **options):
    Image.fromarray(pixels).save(path, **options)
    return path


def test_rgb_is_returned_as_it_is(tmp_path):
    image = read_image(save(tmp_path / "a.png", PIXELS))
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image, PIXELS)


def test_greyscale_is_repeated_over_the_channels(tmp_path):
    image = read_image(save(tmp_path / "a.png", PIXELS[..., 0]))
    np.testing.assert_array_equal(image, np.repeat(PIXELS[..., :1], 3, axis=2))


def test_transparent_pixels_become_white(tmp_path):
    alpha = np.full((40, 20, 1), 255, np.uint8)
    alpha[:10] = 0
    image = read_image(save(tmp_path / "a.png", np.concatenate([PIXELS, alpha], axis=2)))
    assert (image[:10] == 255).all()
    np.testing.assert_array_equal(image[10:], PIXELS[10:])


def test_a_palette_with_a_transparent_colour_is_read(tmp_path):
    indexed = Image.new("P", (20, 40), 1)
    indexed.putpalette([200, 10, 10, 10, 200, 10])
    indexed.paste(0, (0, 0, 20, 10))
    indexed.save(tmp_path / "a.png", transparency=0)
    image = read_image(tmp_path / "a.png")
    assert (image[:10] == 255).all()
    assert (image[10:] == (10, 200, 10)).all()


def test_the_exif_rotation_is_carried_out(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # shown rotated by 90 degrees clockwise
    path = save(tmp_path / "a.png", PIXELS, exif=exif)
    np.testing.assert_array_equal(read_image(path), np.rot90(PIXELS, k=-1))


@pytest.mark.parametrize("kept", [0, 1, 20, 200, 0.5, 0.97])
@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_a_truncated_file_is_an_error_that_names_it(tmp_path, kept, suffix):
    path = save(tmp_path / f"cut.{suffix}", PIXELS)
    content = path.read_bytes()
    path.write_bytes(content[: kept if isinstance(kept, int) else int(kept * len(content))])
    with pytest.raises(DataError) as caught:
        read_image(path)
    assert str(path) in str(caught.value)


def test_no_image_and_no_file_are_errors_that_name_it(tmp_path):
    (tmp_path / "text.jpg").write_text("not an image")
    for name in ("text.jpg", "missing.jpg"):
        with pytest.raises(DataError, match=name):
            read_image(tmp_path / name)
    with pytest.raises(DataError):
        read_image(tmp_path)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_damaged_bytes_never_raise_anything_but_data_error(tmp_path):
    rng = np.random.default_rng(1)
    for suffix in ("png", "jpg", "bmp"):
        content = save(tmp_path / f"good.{suffix}", PIXELS).read_bytes()
        for _ in range(60):
            damaged = np.frombuffer(content, np.uint8).copy()
            damaged[rng.integers(0, len(damaged), 12)] = rng.integers(0, 256, 12)
            (tmp_path / "bad").write_bytes(damaged.tobytes())
            try:
                image = read_image(tmp_path / "bad")
            except DataError:
                continue
            assert image.dtype == np.uint8
            assert image.shape[2] == 3
