"""Pictures of strangers are decoded in a process that may die, and never take the page with them."""

from __future__ import annotations

import io
import os
import signal
import struct
import threading
import time
import zlib

import numpy as np
import pytest
from PIL import Image

from mindreid.errors import DataError
from mindreid.search.page import PictureWorker
from tests.fuzz.mutation import Mutator

SECONDS = float(os.environ.get("MINDREID_FUZZ_SECONDS", "1"))
SEED = int(os.environ.get("MINDREID_FUZZ_SEED", "1"))


def encoded(kind, size=(40, 30), **options):
    pixels = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **options)
    return pixels, stream.getvalue()


def bomb(side):
    """A PNG of few bytes whose pixels would fill the memory."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * (1 << 20))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_pictures_come_back_as_they_are(worker):
    for kind in ("PNG", "BMP", "WEBP"):
        options = {"lossless": True} if kind == "WEBP" else {}
        pixels, content = encoded(kind, **options)
        np.testing.assert_array_equal(worker.decode(content), pixels)


def test_large_ones_are_reduced(worker):
    _, content = encoded("JPEG", (4000, 1000))
    assert worker.decode(content).shape == (480, 1920, 3)


@pytest.mark.parametrize("content", [b"", b"\xff\xd8", b"no picture", b"%PDF-1.7", bytes(10_000)])
def test_what_is_no_picture_is_told(worker, content):
    before = worker.process_id
    with pytest.raises(DataError):
        worker.decode(content)
    assert before in (None, worker.process_id)
    assert worker.decode(encoded("PNG")[1]).shape == (30, 40, 3)


@pytest.mark.parametrize("side", [30_000, 2**31 - 1])
def test_a_bomb_is_refused_and_the_next_picture_is_decoded(worker, side):
    with pytest.raises(DataError):
        worker.decode(bomb(side))
    assert worker.decode(encoded("PNG")[1]).shape == (30, 40, 3)


def test_a_worker_that_died_is_replaced():
    worker = PictureWorker()
    try:
        worker.decode(encoded("PNG")[1])
        first = worker.process_id
        os.kill(first, signal.SIGKILL)
        time.sleep(0.05)
        assert worker.decode(encoded("PNG")[1]).shape == (30, 40, 3)
        assert worker.process_id != first
    finally:
        worker.close()


def test_a_worker_that_hangs_is_ended():
    worker = PictureWorker(seconds=1.0)
    try:
        assert worker.decode(encoded("PNG")[1]).shape == (30, 40, 3)
        os.kill(worker.process_id, signal.SIGSTOP)
        begin = time.monotonic()
        with pytest.raises(DataError, match="too much time"):
            worker.decode(encoded("PNG")[1])
        assert time.monotonic() - begin < 10
        assert worker.decode(encoded("PNG")[1]).shape == (30, 40, 3)
    finally:
        worker.close()


def at_start(folder, monkeypatch, code):
    """Let every Python that is started from now on run some code first."""
    (folder / "sitecustomize.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(folder))


@pytest.mark.slow
def test_starting_is_no_time_of_the_picture(tmp_path, monkeypatch):
    at_start(tmp_path, monkeypatch, "import time; time.sleep(6)")
    worker = PictureWorker(seconds=5.0)
    try:
        assert worker.decode(encoded("PNG")[1]).shape == (30, 40, 3)
    finally:
        worker.close()


def test_a_worker_that_can_not_start_is_told(tmp_path, monkeypatch):
    at_start(tmp_path, monkeypatch, "import os; os._exit(1)")
    worker = PictureWorker()
    try:
        with pytest.raises(DataError, match="can't be started"):
            worker.decode(encoded("PNG")[1])
        assert worker.process_id is None
    finally:
        worker.close()


def test_too_little_memory_is_an_error_of_that_picture_alone():
    worker = PictureWorker(memory=500 << 20)
    try:
        small = encoded("PNG")[1]
        assert worker.decode(small).shape == (30, 40, 3)
        large = io.BytesIO()
        Image.new("RGB", (8000, 8000)).save(large, "PNG", compress_level=1)
        with pytest.raises(DataError):
            worker.decode(large.getvalue())
        assert worker.decode(small).shape == (30, 40, 3)
    finally:
        worker.close()


def test_several_threads_take_turns(worker):
    found = []

    def decode(side):
        found.append(worker.decode(encoded("PNG", (side, side))[1]).shape == (side, side, 3))

    threads = [threading.Thread(target=decode, args=(10 + number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 12


def check_uploads(browser, worker, goes_on):
    """Upload changed pictures while ``goes_on(count)``; each has to be taken or refused."""
    contents = [encoded(kind)[1] for kind in ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP")]
    mutator = Mutator(contents, SEED)
    worker.decode(contents[0])
    taken = uploads = 0
    while goes_on(uploads):
        answer = browser.post("/api/pictures", content=mutator.draw())
        assert answer.status_code in (200, 400, 413)
        assert ("picture" in answer.json()) == (answer.status_code == 200)
        taken, uploads = taken + (answer.status_code == 200), uploads + 1
    assert browser.post("/api/pictures", content=contents[0]).status_code == 200
    print(f"{uploads} uploads, {taken} of them pictures")  # noqa: T201
    return uploads - taken


def test_malformed_uploads_get_an_answer(browser, worker):
    """Short by default; ``MINDREID_FUZZ_SECONDS=600`` looks longer."""
    end = time.monotonic() + SECONDS
    assert check_uploads(browser, worker, lambda count: time.monotonic() < end or count < 10) > 1


@pytest.mark.slow
def test_ten_thousand_malformed_uploads_get_an_answer(browser, worker):
    assert check_uploads(browser, worker, lambda count: count < 10_000) > 1000
