from __future__ import annotations

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mindreid import load_dataset
from mindreid.cli import main
from mindreid.data.datasets.outfit_walkers import OutfitWorld, RenderedImage
from mindreid.data.formats.images import read_image
from mindreid.errors import DataError, InvalidArgumentError
from mindreid.walkers import rendered_images
from mindreid.walkers.persons.body import HAIR_STYLES
from mindreid.walkers.persons.clothing import COLOURS, draw_outfit
from mindreid.walkers.persons.individual import draw_individual
from mindreid.walkers.rendered_images import KeptImages, render_image, synthesize_world

WORLD = OutfitWorld(seed=7, train_persons=4, test_persons=1, outfits=3, cameras=3)
NAMES = [image.name for image in WORLD.training_images()]
FRONT = RenderedImage(pid=1, outfit=0, camid=0, view=0, frame=0, seed=7, height=128, width=64)
#: Rows of an image of 128 in which heads and trunks are.
HEAD, TRUNK = slice(6, 30), slice(34, 66)


def digest(images):
    return hashlib.sha256(b"".join(image.tobytes() for image in images)).hexdigest()


def pixels(rows, **change):
    """Rows of the middle of an image, as small integers that can be subtracted."""
    return render_image(replace(FRONT, **change).name)[rows, 18:46].astype(int)


def difference(first, second):
    return np.abs(first - second).mean()


def test_an_image_has_the_size_of_its_name():
    image = render_image(replace(FRONT, height=96, width=40).name)
    assert (image.shape, image.dtype) == ((96, 40, 3), np.uint8)


def test_the_same_pixels_in_any_order_thread_and_process():
    images = [render_image(name) for name in NAMES]
    assert digest(reversed([render_image(name) for name in reversed(NAMES)])) == digest(images)
    with ThreadPoolExecutor(4) as pool:
        assert digest(pool.map(render_image, NAMES)) == digest(images)
    code = (
        "import sys, hashlib; from mindreid.data.formats.images import read_image\n"
        "print(hashlib.sha256(b''.join(read_image(n).tobytes() for n in sys.argv[1:])).hexdigest())"
    )
    again = subprocess.run(
        [sys.executable, "-c", code, *NAMES], check=True, capture_output=True, text=True
    )  # fmt: skip
    assert again.stdout.strip() == digest(images)


@pytest.mark.parametrize("other", ["seed", "pid", "outfit", "camid", "view", "frame"])
def test_everything_in_a_name_changes_the_image(other):
    change = {other: getattr(FRONT, other) + 1}
    assert difference(pixels(slice(None)), pixels(slice(None), **change)) > 1


def test_what_ends_like_a_rendered_image_is_read_without_a_file(tmp_path):
    image = read_image(tmp_path / "not there" / FRONT.name)
    np.testing.assert_array_equal(image, render_image(FRONT.name))
    with pytest.raises(DataError, match="does not follow the grammar"):
        read_image(tmp_path / "portrait.walker")


def test_kept_images_are_the_same_and_no_more_than_allowed(monkeypatch):
    rendered = []

    def spy(name):
        rendered.append(name)
        return render_image(name)

    monkeypatch.setattr(rendered_images, "render_image", spy)
    kept = KeptImages(limit=2 * 128 * 64 * 3)
    once, twice = ([kept(name) for name in NAMES[:4]] for _ in range(2))
    assert digest(once) == digest(twice) == digest(render_image(name) for name in NAMES[:4])
    assert rendered == [*NAMES[:4], *NAMES[2:4]]
    with pytest.raises(ValueError, match="read-only"):
        once[0][:] = 0


def test_a_head_tells_who_it_is_whatever_is_worn():
    """Same camera and side, another outfit: the nearest colours of a head, from crown to chin, out of 30."""
    persons = range(1, 31)
    first, second = (
        np.array([pixels(HEAD, pid=pid, outfit=outfit, frame=outfit)[:, 9:19] for pid in persons]).mean(
            axis=2
        )
        for outfit in (0, 1)
    )
    distances = np.abs(first[:, None] - second[None]).mean(axis=(2, 3))
    assert np.mean(distances.argmin(axis=1) == np.arange(30)) > 0.25
    assert distances.diagonal().mean() < 0.7 * distances.mean()


def test_a_trunk_tells_what_is_worn_and_not_by_whom():
    persons = range(1, 21)
    worn, again, changed = (
        np.array([pixels(TRUNK, pid=pid, outfit=outfit, frame=frame) for pid in persons])
        for outfit, frame in ((0, 0), (0, 1), (1, 2))
    )
    same = np.abs(worn - again).mean(axis=(1, 2, 3))
    other = np.abs(worn - changed).mean(axis=(1, 2, 3))
    strangers = np.abs(worn - np.roll(changed, 1, axis=0)).mean(axis=(1, 2, 3))
    assert same.mean() < 0.5 * other.mean()
    assert 0.75 < other.mean() / strangers.mean() < 1.25


def test_no_two_dyed_outfits_are_alike_and_their_patterns_are_seen():
    outfits = [draw_outfit(7, pid, outfit, dyed=True) for pid in range(50) for outfit in range(24)]
    assert len({(outfit.top.colour, outfit.bottom.colour) for outfit in outfits}) == len(outfits)
    assert not {outfit.top.colour for outfit in outfits} & set(COLOURS)
    for outfit in outfits:
        for garment in (outfit.top, outfit.bottom):
            assert all(0 <= value <= 255 for value in (*garment.colour, *garment.accent))
            assert abs(max(garment.colour) - max(garment.accent)) > 100


def test_individuals_differ_and_have_the_shares_of_what_they_may_have():
    bodies = [draw_individual(7, pid) for pid in range(400)]
    assert bodies[:3] == [draw_individual(7, pid) for pid in range(3)]
    assert {body.hair_style for body in bodies} == set(HAIR_STYLES)
    heads = np.array([body.head for body in bodies])
    assert np.all(heads.std(axis=0) > 0.06 * heads.mean(axis=0))
    assert 0.28 < np.mean([body.glasses is not None for body in bodies]) < 0.42
    for grown in ("beard", "moustache"):
        assert 0.1 < np.mean([getattr(body, grown) for body in bodies]) < 0.3
    colours = np.array([[body.skin, body.hair] for body in bodies])
    assert colours.min() >= 0
    assert colours.max() <= 255
    assert np.all(colours.std(axis=0) > 30)


def test_a_person_faces_where_the_name_says(monkeypatch):
    angles, faces = [], []
    render = rendered_images.render_walk

    def spy(*arguments, **options):
        frames = render(*arguments, **options)
        angles.append(options["azimuth"])
        faces.append(np.count_nonzero(frames[0].face))
        return frames

    monkeypatch.setattr(rendered_images, "render_walk", spy)
    monkeypatch.setattr(rendered_images, "_OCCLUSION", 0.0)
    for pid in range(1, 7):
        for view in range(8):
            render_image(replace(FRONT, pid=pid, view=view, frame=view).name)
            assert abs(angles[-1] - 45 * view) <= 22.5
    assert len({angle % 45 for angle in angles}) == len(angles)
    front, _, side, _, back, _, other_side, _ = np.reshape(faces, (6, 8)).mean(axis=0)
    assert front > 50
    assert 0.2 * front < min(side, other_side) < max(side, other_side) < 0.8 * front
    assert back < 0.05 * front


def test_a_world_is_two_small_files(tmp_path):
    counts = synthesize_world(tmp_path / "world", 8, 3, outfits=5, cameras=2, images=3)
    assert counts == {"train": 5 * 5 * 3, "query": 3 * 4 * 2, "gallery": 3 * 4 * 2}
    assert sorted(path.name for path in (tmp_path / "world").iterdir()) == ["generated.json", "world.json"]
    with pytest.raises(DataError):
        synthesize_world(tmp_path / "world", 8, 3)


@pytest.mark.parametrize(
    "change", [{"ids": 1}, {"seed": -1}, {"outfits": 0}, {"cameras": 1}, {"images": 0}, {"test_share": 1.0}]
)
def test_a_world_of_senseless_numbers_is_not_written(change, tmp_path):
    with pytest.raises(InvalidArgumentError):
        synthesize_world(tmp_path / "world", **{"ids": 8, "seed": 3, **change})
    assert list(tmp_path.iterdir()) == []


def test_a_world_in_one_file_has_the_images_that_would_be_rendered(tmp_path, monkeypatch):
    root = tmp_path / "world"
    synthesize_world(root, 4, 3, outfits=2, cameras=2, images=2, in_one_file=True)
    assert (root / "images.npy").stat().st_size > (2 * 2 * 2 + 2 * 2 * 4 * 2) * 128 * 64 * 3
    dataset = load_dataset("outfit_walkers", str(root))
    paths = [record.path for record in (*dataset.train, *dataset.query, *dataset.gallery)]
    expected = [render_image(Path(path).name) for path in paths]
    foreign = render_image(FRONT.name)
    with monkeypatch.context() as patched:
        patched.setattr(rendered_images, "render_image", lambda name: pytest.fail(f"{name} was rendered"))
        assert digest(map(read_image, paths)) == digest(expected)
        with pytest.raises(ValueError, match="read-only"):
            read_image(paths[0])[:] = 0
    # A name that is none of the world's is rendered as everywhere.
    np.testing.assert_array_equal(read_image(root / FRONT.name), foreign)


@pytest.mark.parametrize("damage", ["another world", "cut short"])
def test_a_file_that_is_not_of_its_world_is_refused(tmp_path, damage):
    root = tmp_path / "world"
    synthesize_world(root, 4, 3, outfits=2, cameras=2, images=2, in_one_file=True)
    if damage == "cut short":
        content = (root / "images.npy").read_bytes()
        (root / "images.npy").write_bytes(content[: len(content) // 2])
    else:
        replace(OutfitWorld.read(root / "world.json"), outfits=3).write(root)
    with pytest.raises(DataError, match=r"images\.npy.*delete the file"):
        read_image(load_dataset("outfit_walkers", str(root)).train[0].path)


def test_the_command_writes_a_world_and_refuses_annotations(tmp_path, capsys):
    command = ["data", "synthesize", "--layout", "outfit_walkers", "--ids", "6", "--root"]
    assert main([*command, str(tmp_path / "a"), "--outfits", "3", "--frames", "4"]) == 0
    world = OutfitWorld.read(tmp_path / "a" / "world.json")
    assert world == OutfitWorld(1, 4, 2, outfits=3, images=4)
    assert main([*command, str(tmp_path / "s"), "--seed", "7"]) == 0
    assert OutfitWorld.read(tmp_path / "s" / "world.json") == OutfitWorld(7, 4, 2)
    assert main([*command, str(tmp_path / "c"), "--outfits", "2", "--frames", "1", "--in-one-file"]) == 0
    assert (tmp_path / "c" / "images.npy").is_file()
    assert main([*command, str(tmp_path / "b"), "--annotations"]) == 2
    assert "as they are read" in capsys.readouterr().err
    assert not (tmp_path / "b").exists()
    market = ["data", "synthesize", "--ids", "6", "--in-one-file", "--root", str(tmp_path / "d")]
    assert main(market) == 2
    assert "rendered images" in capsys.readouterr().err
    assert not (tmp_path / "d").exists()
