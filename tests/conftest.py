"""Fixtures that several test folders share."""

import gc
import importlib.util
import io
import json
import logging
import os
import shutil
from pathlib import Path

os.environ.setdefault("GLOG_v", "3")

import numpy as np
import pytest
from PIL import Image

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="session", autouse=True)
def _blocking_launches():
    """On CPU, asynchronous launches make small networks up to twenty times slower."""
    import mindspore as ms

    ms.set_device("CPU")
    ms.runtime.launch_blocking()
    # The libraries' objects stay: going through all of them after every module takes 0.4 s.
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def _own_graphs():
    """MindSpore keeps every compiled graph; those of the whole suite don't fit into memory."""
    yield
    import mindspore as ms

    gc.collect()
    ms.ms_memory_recycle()


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    """MindSpore drops files of failed compilations into the current folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def _own_log():
    """The command line takes over the package's log, also in fixtures of modules; tests want to read it."""
    logger = logging.getLogger("mindreid")
    before = logger.handlers[:], logger.level, logger.propagate
    logger.handlers[:], logger.propagate = [], True
    yield
    logger.handlers[:], logger.level, logger.propagate = before


@pytest.fixture(scope="session")
def market(tmp_path_factory):
    """A tree in Market-1501's grammar: 8 training and 4 test persons, each a colour plus noise.

    All tests read the same one; a test that changes images takes ``tiny_market``.
    """
    root = tmp_path_factory.mktemp("shared") / "market"
    generator = np.random.default_rng(0)
    for folder, pids, frames in (
        ("bounding_box_train", range(1, 9), range(4)),
        ("query", range(9, 13), range(1)),
        ("bounding_box_test", range(9, 13), range(1, 3)),
    ):
        (root / folder).mkdir(parents=True)
        for pid in pids:
            colour = np.random.default_rng(pid).integers(0, 200, 3)
            for camera in (1, 2):
                for frame in frames:
                    pixels = colour + generator.integers(0, 56, (48, 16, 3))
                    name = f"{pid:04d}_c{camera}s1_{frame:06d}_00.jpg"
                    Image.fromarray(pixels.astype(np.uint8)).save(root / folder / name)
    return root


@pytest.fixture
def tiny_market(market, tmp_path):
    """A test's own copy of ``market``."""
    return Path(shutil.copytree(market, tmp_path / "market"))


@pytest.fixture(scope="session")
def tiny_mgn():
    """Command-line options that make any MGN recipe small enough for a test."""
    overrides = (
        "model.network.trunk=resnet18",
        "model.network.width=0.125",
        "input.height=96",
        "input.width=32",
        "sampler.persons=4",
        "sampler.images=2",
        "evaluation.batch_size=8",
        "train.epochs=2",
        "train.reader_threads=2",
    )
    return [word for override in overrides for word in ("--set", override)]


@pytest.fixture(scope="session")
def golden():
    """Load ``tests/golden/<name>.npz``."""
    return lambda name: dict(np.load(GOLDEN / f"{name}.npz"))


@pytest.fixture(scope="session")
def fill():
    """The module that rebuilds the recorded networks' weights and inputs from names and shapes."""
    spec = importlib.util.spec_from_file_location("fill", GOLDEN / "fill.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def torch_state(fill):
    """Rebuild a recorded PyTorch state dict by its name in checkpoints.json, ``without`` some tensors."""
    shapes = json.loads((GOLDEN / "checkpoints.json").read_text(encoding="utf-8"))

    def build(source, num_classes=0, *, num_clothes=0, section="state", prefix="", without=()):
        sizes = {"num_classes": num_classes, "num_ids": num_classes, "num_clothes": num_clothes}
        sizes.update({"part_num": 7, "256 * (part_num - 1)": 256 * 6})
        return {
            name: fill.fill(prefix + name, [sizes.get(size, size) for size in entry["shape"]], 1)
            for name, entry in shapes[source][section].items()
            if name not in without
        }

    return build


def _encode_pixel(kind):
    stream = io.BytesIO()
    Image.fromarray(np.zeros((1, 1, 3), np.uint8)).save(stream, kind)
    return stream.getvalue()


_PIXEL = {".png": _encode_pixel("PNG"), ".jpg": _encode_pixel("JPEG")}


@pytest.fixture(scope="session")
def write_images():
    """Write one-pixel images at paths below a root, in an order that is not the sorted one."""

    def write(root, paths):
        for path in np.random.default_rng(0).permutation(list(paths)):
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(_PIXEL[file.suffix.lower()])
        return root

    return write


@pytest.fixture(scope="session")
def write_shots(write_images):
    """Write shots in the layout of a registered dataset, as a generator of images does."""

    def write(name, root, shots):
        from mindreid.zoo import DATASETS

        layout = DATASETS[name].layout
        write_images(root, [layout.relative_path(shot) for shot in shots])
        write_images(root, [path for shot in shots for path in layout.extra_paths(shot)])
        layout.write_lists(root, shots)
        return root

    return write


@pytest.fixture(scope="session")
def generated(tmp_path_factory):
    """Generate walkers in a dataset's layout by its command, once a session; return the folder."""
    from mindreid.cli import main
    from mindreid.zoo import DATASETS

    made = {}

    def generate(name):
        if name not in made:
            root = tmp_path_factory.mktemp("generated") / name
            layout = DATASETS[name].sequence_layout or DATASETS[name].layout
            cameras = min(getattr(layout, "max_cameras", 2), max(getattr(layout, "min_cameras", 2), 2))
            sizes = ("--ids", "4", "--frames", "2", "--cameras", str(cameras))
            assert main(["data", "synthesize", "--layout", name, "--root", str(root), *sizes]) == 0
            made[name] = root
        return made[name]

    return generate
