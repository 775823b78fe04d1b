from __future__ import annotations

import os
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

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


DEEP = (np.arange(800).reshape(40, 20) * 82).astype(np.uint16)


@pytest.mark.parametrize("name", ["deep.png", "deep.tif", "deep.jp2"])
def test_sixteen_bit_images_are_scaled(tmp_path, name):
    image = read_image(save(tmp_path / name, DEEP))
    np.testing.assert_array_equal(image, np.round(DEEP / 257).astype(np.uint8)[..., None].repeat(3, 2))


@pytest.mark.parametrize("suffix", ["png", "tif", "ppm"])
def test_sixteen_bit_colours_are_scaled(tmp_path, suffix):
    path = tmp_path / f"deep.{suffix}"
    cv2.imwrite(str(path), PIXELS[..., ::-1].astype(np.uint16) * 257)
    np.testing.assert_array_equal(read_image(path), PIXELS)


def test_white_of_a_tiff_may_be_zero(tmp_path):
    Image.fromarray(DEEP).save(tmp_path / "deep.tif", tiffinfo={262: 0})
    np.testing.assert_array_equal(
        read_image(tmp_path / "deep.tif")[..., 0], 255 - np.round(DEEP / 257).astype(np.uint8)
    )


@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_pixels_without_a_range_are_refused(tmp_path, kind):
    path = save(tmp_path / "deep.tif", PIXELS[..., 0].astype(kind))
    with pytest.raises(DataError, match="8 bits") as caught:
        read_image(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp"])
def test_every_rotation_is_carried_out(tmp_path, suffix, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if suffix == "webp" else {}
    plain = read_image(save(tmp_path / f"plain.{suffix}", PIXELS, **options))
    image = Image.fromarray(plain)
    image.getexif()[0x0112] = orientation
    expected = np.asarray(ImageOps.exif_transpose(image))
    rotated = read_image(save(tmp_path / f"a.{suffix}", PIXELS, exif=exif, **options))
    np.testing.assert_array_equal(rotated, expected)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK"])
def test_modes_of_tiff_are_shown_as_rgb(tmp_path, mode):
    image = Image.new("RGB", (6, 8), (255, 255, 255))
    image.paste((0, 0, 0), (0, 0, 3, 8))
    image.convert("L" if mode == "LA" else mode).convert(mode).save(tmp_path / "a.tif")
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif"), np.asarray(image))


def test_a_translucent_pixel_is_mixed_with_white(tmp_path):
    half = np.full((2, 2, 4), (200, 0, 100, 128), np.uint8)
    np.testing.assert_allclose(read_image(save(tmp_path / "a.png", half))[0, 0], (227, 127, 177), atol=1)


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "tif"])
def test_of_several_pictures_the_first_is_read_and_it_is_said(tmp_path, suffix, caplog):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue", "lime")]
    path = tmp_path / f"moving.{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    with caplog.at_level("WARNING", "mindreid"):
        np.testing.assert_allclose(read_image(path)[4, 4], (255, 0, 0), atol=8)
    assert str(path) in caplog.text


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path):
    path = tmp_path / "bomb.png"
    Image.new("1", (1, 1)).save(path)
    content = bytearray(path.read_bytes())
    content[16:24] = struct.pack(">II", 50_000, 50_000)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"more than 89 million pixels: .*bomb\.png"):
        read_image(path)


def test_what_only_looks_like_an_image_is_told_by_its_kind(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "folder.jpg").mkdir()
    contents = {
        "empty.jpg": b"", "phone.jpg": b"\0\0\0\x18ftypheic",
        "page.png": b"<!DOCTYPE html>", "text.gif": b"abc",
        "scan.jpg": b"%PDF-1.7", "pointer.png": b"version https://git-lfs.github.com/spec/v1",
    }  # fmt: skip
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    reasons = {
        "pipe.jpg": "a named pipe", "folder.jpg": "a folder", "empty.jpg": "empty", "phone.jpg": "HEIC",
        "page.png": "a web page", "text.gif": "no image", "scan.jpg": "PDF", "pointer.png": "git lfs pull",
    }  # fmt: skip
    for name, reason in reasons.items():
        with pytest.raises(DataError, match=reason) as caught:
            read_image(tmp_path / name)
        assert "0x" not in str(caught.value)
