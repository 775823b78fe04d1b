"""Inference of a network that takes keypoints: what reaches it, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mindreid.cli import main
from mindreid.config import InputConfig
from mindreid.data.keypoint_table import write_keypoints
from mindreid.data.sample_loaders import posed_image
from mindreid.engine.deployment.exported_model import ExportedModel
from mindreid.engine.deployment.inference import embed_files
from mindreid.engine.deployment.input_keypoints import InputKeypoints, input_keypoints
from mindreid.engine.deployment.input_listing import list_inputs
from mindreid.errors import DataError, InvalidArgumentError

INPUTS = InputConfig(kind="posed_image", height=32, width=16)
MODEL = ExportedModel(Path("x.mindir"), "0" * 64, INPUTS, "cosine")


class Sums:
    """A runtime whose embedding is the sum of every channel."""

    batches = 0

    def __call__(self, images):
        assert images.dtype == np.uint8
        type(self).batches += 1
        return images.astype(np.float32).sum((1, 2))


def points(seed):
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.uniform(2, 20, 26), rng.uniform(2, 40, 26), np.ones(26)])


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    for name in ("b/2.png", "a.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(len(name)).integers(0, 255, (44, 22, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / name)
    write_keypoints(tmp_path / "k.csv", [("a.png", points(1)), ("b/2.png", None)])
    return folder


def embedded(photos, table, output):
    keypoints = input_keypoints(INPUTS, table, photos)
    paths = list_inputs(photos, INPUTS.kind)
    return embed_files(Sums(), MODEL, paths, output, source=photos, keypoints=keypoints)


def test_every_image_gets_its_own_keypoints(photos, tmp_path):
    found = embedded(photos, tmp_path / "k.csv", tmp_path / "out")
    poses = InputKeypoints.read(tmp_path / "k.csv", photos).poses
    for path, row in zip(found.paths, found.rows):
        name = Path(path).relative_to(photos).as_posix()
        expected = posed_image(np.asarray(Image.open(path)), poses[name], INPUTS)
        np.testing.assert_array_equal(row, expected.astype(np.float32).sum((0, 1)))
        assert row[3:].any() == (name == "a.png")


def test_other_keypoints_are_another_run(photos, tmp_path):
    first = embedded(photos, tmp_path / "k.csv", tmp_path / "out")
    before = Sums.batches
    again = embedded(photos, tmp_path / "k.csv", tmp_path / "out")
    assert Sums.batches == before
    np.testing.assert_array_equal(first.rows, again.rows)
    write_keypoints(tmp_path / "other.csv", [("a.png", points(2)), ("b/2.png", None)])
    with pytest.raises(DataError, match="other keypoints"):
        embedded(photos, tmp_path / "other.csv", tmp_path / "out")
    np.testing.assert_array_equal(np.load(tmp_path / "out" / "embeddings.npy"), first.rows)


def test_a_list_of_paths_has_its_own_folder(photos, tmp_path):
    (photos / "list.txt").write_text("b/2.png\na.png\n")
    keypoints = input_keypoints(INPUTS, tmp_path / "k.csv", photos / "list.txt")
    paths = list_inputs(photos / "list.txt", INPUTS.kind)
    assert [keypoints.of(path) is None for path in paths] == [True, False]


def test_an_image_that_the_table_lacks_is_named(photos, tmp_path):
    write_keypoints(tmp_path / "k.csv", [("a.png", points(1))])
    with pytest.raises(DataError, match=r"no row of 'b/2\.png'.*mindreid data keypoints"):
        embedded(photos, tmp_path / "k.csv", tmp_path / "out")


def test_the_command_gives_images_and_gallery_tables_of_their_own(photos, tmp_path, monkeypatch, capsys):
    """In either table other images have keypoints."""
    runtime = Sums()
    runtime.name = "sums"
    monkeypatch.setattr("mindreid.engine.deployment.exported_model.describe_exported", lambda *_: MODEL)
    monkeypatch.setattr("mindreid.engine.deployment.runtimes.open_runtime", lambda *_, **__: runtime)
    write_keypoints(tmp_path / "g.csv", [("a.png", None), ("b/2.png", points(3))])
    command = ["infer", "--model", "x.mindir", "--input", photos, "--output", tmp_path / "out"]
    command += ["--keypoints", tmp_path / "k.csv", "--gallery", photos]
    assert main([str(word) for word in command]) == 2
    assert "--keypoints" in capsys.readouterr().err
    assert main([str(word) for word in [*command, "--gallery-keypoints", tmp_path / "g.csv"]]) == 0
    for folder, posed in (("out", {"a.png": points(1)}), ("out/gallery", {"b/2.png": points(3)})):
        rows = np.load(tmp_path / folder / "embeddings.npy")
        for row, name in zip(rows, ("a.png", "b/2.png")):
            assert row[3:].any() == (name in posed)
    # The table of the images is not asked for the gallery's, nor the other way round.
    queries, gallery = (np.load(tmp_path / folder / "embeddings.npy") for folder in ("out", "out/gallery"))
    np.testing.assert_array_equal(queries[:, :3], gallery[:, :3])
    assert not np.array_equal(queries, gallery)


def test_a_table_is_asked_for_and_refused_where_it_must_be(photos, tmp_path):
    with pytest.raises(InvalidArgumentError, match="--keypoints"):
        input_keypoints(INPUTS, None, photos)
    with pytest.raises(InvalidArgumentError, match="takes no keypoints"):
        input_keypoints(InputConfig(height=32, width=16), tmp_path / "k.csv", photos)
    assert input_keypoints(InputConfig(height=32, width=16), None, photos) is None
