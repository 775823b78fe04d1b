"""Two cameras that saw three persons, and an index of both."""

import pytest
from PIL import Image

from mindreid.cli import main
from tests.commands.search.two_cameras import add_command
from tests.search.recordings import COLOURS, write_colour_network, write_walk


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """Two cameras, their boxes, a network, and pictures of four persons."""
    folder = tmp_path_factory.mktemp("scene")
    write_colour_network(folder / "colours.onnx")
    for camera, persons in (("hall", (1, 2)), ("gate", (2, 3))):
        write_walk(folder, f"{camera}.mp4", persons)
    for person, colour in COLOURS.items():
        Image.new("RGB", (20, 48), colour).save(folder / f"{person}.png")
    return folder


@pytest.fixture
def index(scene, tmp_path):
    for camera in ("hall", "gate"):
        assert main(add_command(scene, tmp_path / "index", camera)) == 0
    return tmp_path / "index"
