"""The page in a real browser, from a photo to a report, at the width of a desk and of a phone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import pytest

from tests.search.album.painted_photos import put
from tests.search.page.chromium import PROGRAM, Chromium

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="there is no Chromium")


#: The page's answer to a search; two of them may look the same.
ANSWER = "found"


def answers(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def address(index, recordings, tmp_path):
    """Where `mindreid search serve` answers."""
    index.close()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "mindreid",
        "search",
        "serve",
        str(tmp_path / "index"),
        "--port",
        str(port),
    ]
    with (tmp_path / "said.txt").open("w+") as said:
        process = subprocess.Popen(
            command, stdout=said, stderr=subprocess.STDOUT, env={**os.environ, "PYTHONUNBUFFERED": "1"}
        )
        try:
            end = time.monotonic() + 180
            while not answers(port):
                assert process.poll() is None, (tmp_path / "said.txt").read_text()
                assert time.monotonic() < end, (tmp_path / "said.txt").read_text()
                time.sleep(0.05)
            text = (tmp_path / "said.txt").read_text()
            yield next(word for word in text.split() if word.startswith("http://127.0.0.1"))
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def chromium(tmp_path):
    opened = Chromium(tmp_path / "profile")
    yield opened
    opened.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_from_a_photo_to_the_refined_hits(address, chromium, tmp_path, width):
    photo = put(tmp_path, "anna-and-dora.png", ["anna", "dora"])
    chromium.resize(width, 900)
    chromium.open(address)
    chromium.wait("document.getElementById('about').textContent.includes('4 tracklets')")
    assert "token" not in chromium.run("location.href")
    chromium.choose_file("#file", photo)
    # OpenCV's detector sees no person in a painted one.
    chromium.wait("!document.getElementById('whole').hidden")
    chromium.run("document.getElementById('whole').click()")
    assert chromium.run("document.getElementById('results').hidden"), "a reason is needed"
    chromium.run("document.getElementById('reason').value = 'a test'")
    chromium.wait_for_new(ANSWER, "document.getElementById('whole').click()")
    assert chromium.run("document.querySelectorAll('#hits figure').length") == 4
    chromium.wait(
        "[...document.querySelectorAll('#hits .shown img')].every((one) => one.complete && one.naturalWidth)"
    )
    # Nothing hangs out of a phone's screen.
    assert chromium.run("document.documentElement.scrollWidth <= innerWidth")
    assert chromium.run("document.querySelectorAll('.track button').length") == 2

    hall = "[...document.querySelectorAll('#hits figure')].find((one) => one.textContent.includes('hall'))"
    chromium.run(f"{hall}.querySelector('.shown').click()")
    chromium.wait("document.querySelectorAll('#frame button').length === 2")
    chromium.wait("document.querySelector('#frame img').naturalWidth === 320")
    chromium.run("document.getElementById('play').click()")
    chromium.wait("document.getElementById('clip').naturalWidth === 320")
    chromium.wait_for_new(ANSWER, "document.querySelector('#frame button:not(.own)').click()")
    chromium.wait("document.getElementById('asked').complete")
    assert chromium.run("document.getElementById('asked').naturalHeight") > 0
    assert not chromium.run("document.getElementById('viewer').open")

    assert chromium.run("document.querySelectorAll('#hits figure').length") == 3
    chromium.run("document.querySelectorAll('#hits .no')[2].click()")
    chromium.wait_for_new(ANSWER, "document.getElementById('again').click()")
    assert chromium.run("document.querySelectorAll('#hits figure').length") == 2
    assert chromium.run("document.getElementById('verdict').textContent").startswith("Refined")
    size = "fetch(document.getElementById('report').href).then((a) => a.blob()).then((b) => b.size)"
    assert chromium.run(size) > 1000
    origin = "/".join(address.split("/")[:3])
    assert all(url.startswith((origin, "about:", "blob:", "data:")) for url in chromium.requested())
    assert chromium.problems() == []
