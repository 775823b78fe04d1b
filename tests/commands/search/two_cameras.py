"""Commands on an index of two cameras, and what is in it."""

import json
from contextlib import contextmanager

from mindreid.cli import main
from mindreid.search.calibration import Calibration, calibration_path, save_calibration
from mindreid.search.index import open_index

START = "2026-11-01T08:00+00:00"


def add_command(scene, index, camera, *more):
    return [
        "search", "add", str(index), "--video", str(scene / f"{camera}.mp4"), "--camera", camera,
        "--start", START,
        "--boxes", str(scene / f"{camera}.mp4.json"), "--model", str(scene / "colours.onnx"), *more,
    ]  # fmt: skip


def run(*words):
    return main(["search", *map(str, words)])


def found(capsys, *words):
    """What ``find`` prints as JSON."""
    capsys.readouterr()
    assert run("find", *words, "--json") == 0
    return json.loads(capsys.readouterr().out)


def content(index):
    opened = open_index(index)
    return {
        tracklet.id: (
            tracklet.start,
            tracklet.embedding.tolist(),
            [opened.read_crop(c) for c in tracklet.crops],
        )
        for tracklet in opened.tracklets()
    }


@contextmanager
def calibrated(scene, index):
    """While the block runs, a calibration is beside the network: probability 0.98 at score 1, 0 at 0.5."""
    model = open_index(index).model()
    learnt = Calibration(
        model.sha256, model.inputs, [0.5, 1.0], [0.0, 0.98], 0.9, 0.6, 100, 50, "a test", "2026-11-01"
    )  # fmt: skip
    save_calibration(learnt, scene / "colours.onnx")
    try:
        yield
    finally:
        calibration_path(scene / "colours.onnx").unlink()
