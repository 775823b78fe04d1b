"""A folder of embeddings knows its model and its photos, and embeds anew what it must and nothing else."""

import csv
import json
import os
import shutil
import threading

import numpy as np
import pytest
from PIL import Image

from mindreid.cli import main
from mindreid.engine.deployment.embedding_folder import claimed_embedding_folder, read_embedded
from mindreid.engine.deployment.exported_model import describe_exported
from mindreid.engine.deployment.inference import embed_files
from mindreid.engine.deployment.input_listing import list_inputs
from mindreid.engine.deployment.runtimes import open_runtime
from mindreid.errors import DataError


class Counting:
    """A runtime that counts its batches."""

    def __init__(self, runtime):
        self.runtime, self.batches = runtime, 0

    def __call__(self, images):
        self.batches += 1
        return self.runtime(images)


@pytest.fixture(scope="module")
def model(exported):
    return describe_exported(exported / "small.mindir")


@pytest.fixture
def runtime(model):
    return Counting(open_runtime(model.path))


@pytest.fixture
def embed(runtime, model, images, tmp_path):
    """Embed the images anew or again, one a batch; return the embeddings and how many were computed."""

    def embed(output=tmp_path / "out", **options):
        runtime.batches = 0
        embedded = embed_files(runtime, model, list_inputs(images), output, batch_size=1, **options)
        return embedded, runtime.batches

    return embed


def write_photo(path, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (96, 32, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def infer(*words):
    return main(["infer", *[str(word) for word in words]])


def table(path):
    with path.open(newline="", encoding="utf-8", errors="surrogateescape") as file:
        return list(csv.DictReader(file))


def assert_fresh(embedded, embed, tmp_path):
    """The embeddings are those of a new folder, bit for bit."""
    anew, _ = embed(tmp_path / "anew")
    assert embedded.paths == anew.paths
    np.testing.assert_array_equal(embedded.rows, anew.rows)
    np.testing.assert_array_equal(read_embedded(tmp_path / "out").rows, anew.rows)


def test_nothing_is_computed_twice(embed, tmp_path):
    first, count = embed()
    assert count == 9
    again, count = embed()
    assert count == 0
    np.testing.assert_array_equal(first.rows, again.rows)
    assert not (tmp_path / "out" / "parts").exists()


@pytest.mark.parametrize("keep_times", [False, True])
def test_a_photo_that_was_replaced_is_embedded_again(embed, images, tmp_path, keep_times):
    before, _ = embed()
    photo = images / "a" / "3.png"
    status = photo.stat()
    write_photo(photo, seed=77)
    if keep_times:
        os.utime(photo, ns=(status.st_atime_ns, status.st_mtime_ns))
    with pytest.raises(DataError, match=r"replaced since it was embedded.*3\.png"):
        read_embedded(tmp_path / "out")
    after, count = embed()
    assert count == 1
    assert np.flatnonzero((before.rows != after.rows).any(axis=1)).tolist() == [3]
    assert_fresh(after, embed, tmp_path)


def test_photos_come_go_and_move(embed, images, tmp_path):
    embed()
    write_photo(images / "a" / "00.png", seed=5)
    shutil.copy(images / "a" / "1.png", images / "b" / "copy.png")
    (images / "a" / "2.png").unlink()
    (images / "a" / "4.png").rename(images / "b" / "moved.png")
    after, count = embed()
    assert count == 1
    assert [os.path.basename(path) for path in after.paths][:3] == ["0.png", "00.png", "1.png"]
    assert len(after.paths) == 10
    assert_fresh(after, embed, tmp_path)


def test_embeddings_of_another_model_are_refused(exported, images, tmp_path, capsys):
    output, model = tmp_path / "out", exported / "small.mindir"
    assert infer("--model", model, "--input", images / "a", "--output", output) == 0
    for name in ("small.mindir", "small.mindir.json"):
        shutil.copy(exported / name, tmp_path)
    other = tmp_path / "small.mindir.json"
    described = json.loads(other.read_text())
    described["input"]["interpolation"] = "bicubic"
    other.write_text(json.dumps(described))
    for changed, reason in (
        (exported / "small.onnx", "another model"),
        (tmp_path / "small.mindir", "another pre-"),
    ):
        for words in (
            ("--input", images / "b", "--output", tmp_path / "query", "--gallery", output),
            ("--input", images / "a", "--output", output),
        ):
            assert infer("--model", changed, *words) == 2
            (line,) = capsys.readouterr().err.splitlines()[-1:]
            assert reason in line
    assert not (tmp_path / "query").exists()


def test_a_folder_of_the_version_before_is_refused(embed, exported, images, tmp_path, capsys):
    embed()
    run = {"model_sha256": "0" * 64, "files": 9, "files_sha256": "0" * 64, "batch_size": 32}
    (tmp_path / "out" / "run.json").write_text(json.dumps(run))
    model = exported / "small.mindir"
    assert infer("--model", model, "--input", images, "--output", tmp_path / "out") == 2
    assert "an earlier version" in capsys.readouterr().err
    words = ("--input", images, "--output", tmp_path / "new", "--gallery", tmp_path / "out")
    assert infer("--model", model, *words) == 2
    assert "an earlier version" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["embeddings.npy", "index.csv"])
def test_files_that_were_changed_are_not_believed(embed, model, tmp_path, name):
    embed()
    path = tmp_path / "out" / name
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="has changed since"):
        read_embedded(tmp_path / "out", model)
    after, count = embed()
    assert count == 9
    assert_fresh(after, embed, tmp_path)


def test_an_unfinished_gallery_is_refused(model, tmp_path):
    with claimed_embedding_folder(tmp_path / "out", model):
        pass
    with pytest.raises(DataError, match="not finished"):
        read_embedded(tmp_path / "out", model)


def test_one_process_at_a_time(embed, exported, model, images, tmp_path, capsys):
    entered, leave = threading.Event(), threading.Event()

    def hold():
        with claimed_embedding_folder(tmp_path / "out", model):
            entered.set()
            leave.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    assert entered.wait(60)
    try:
        assert (
            infer("--model", exported / "small.mindir", "--input", images, "--output", tmp_path / "out") == 2
        )
        assert f"another process is writing to this folder (process {os.getpid()}" in capsys.readouterr().err
    finally:
        leave.set()
        holder.join()
    assert embed()[1] == 9


def test_what_cannot_be_read_is_skipped_and_listed(embed, exported, images, tmp_path, capsys):
    (images / "a" / "empty.jpg").write_bytes(b"")
    (images / "a" / "0.png").write_bytes((images / "a" / "0.png").read_bytes()[:80])
    words = ("--model", exported / "small.mindir", "--input", images, "--output", tmp_path / "out")
    assert infer(*words) == 2
    (line,) = capsys.readouterr().err.splitlines()[-1:]
    assert "0.png" in line
    assert "--skip-unreadable" in line
    assert infer(*words, "--skip-unreadable") == 0
    skipped = table(tmp_path / "out" / "skipped.csv")
    assert [os.path.basename(line["path"]) for line in skipped] == ["0.png", "empty.jpg"]
    assert "empty" in skipped[1]["reason"]
    assert len(table(tmp_path / "out" / "index.csv")) == 8
    for name in ("0.png", "empty.jpg"):
        write_photo(images / "a" / name, seed=len(name))
    assert embed()[1] == 2
    assert not (tmp_path / "out" / "skipped.csv").exists()


def test_nothing_can_be_read(exported, tmp_path, capsys):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "empty.jpg").write_bytes(b"")
    words = ("--input", tmp_path / "photos", "--output", tmp_path / "out", "--skip-unreadable")
    assert infer("--model", exported / "small.mindir", *words) == 2
    assert "none of 1 files can be read" in capsys.readouterr().err


@pytest.mark.parametrize("name", [b"\xf1.png", "数据.png".encode(), b'comma, "quote".png', b"new\nline.png"])
def test_names_of_any_bytes_come_back(exported, images, tmp_path, name):
    photo = images / "a" / os.fsdecode(name)
    write_photo(photo, seed=9)
    words = ("--input", images / "a", "--gallery", images / "a", "--top", 1, "--output", tmp_path / "out")
    assert infer("--model", exported / "small.mindir", *words) == 0
    assert str(photo) in read_embedded(tmp_path / "out").paths
    assert all(line["query"] == line["gallery"] for line in table(tmp_path / "out" / "ranking.csv"))
    assert name.replace(b'"', b'""') in (tmp_path / "out" / "index.csv").read_bytes()
