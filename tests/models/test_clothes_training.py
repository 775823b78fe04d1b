"""CAL, VAL and FIRe² from the command line on a tiny tree in LTCC's grammar."""

import json

import numpy as np
import pytest
from PIL import Image

from mindreid.cli import main
from mindreid.data.view_table import ViewRow, write_views
from tests.slow_cases import quick_only

TINY = (
    "model.network.width=0.0625",
    "model.objective.start_epoch=1",
    "input.height=48",
    "input.width=24",
    "sampler.persons=4",
    "sampler.images=4",
    "evaluation.batch_size=8",
    "train.epochs=2",
    "train.log_every=1",
)
TERMS = {
    "cal": {"clothes", "identity", "clothes_adversarial"},
    "val": {"clothes", "view", "identity", "clothes_adversarial", "view_adversarial"},
    "fire": {"identity", "triplet", "ffm", "far"},
}
#: All others have the weight 1.
WEIGHTS = {"far": 0.3}


@pytest.fixture(scope="module")
def tiny_ltcc(tmp_path_factory):
    """Eight training and two test persons: the upper half shows the person, the lower half the outfit."""
    root = tmp_path_factory.mktemp("ltcc")
    rows = []
    for folder, pids, frames in (
        ("train", range(1, 9), range(2)),
        ("query", range(9, 11), range(1)),
        ("test", range(9, 11), range(1, 2)),
    ):
        (root / folder).mkdir()
        for pid, outfit, camera, frame in (
            (p, o, c, f) for p in pids for o in (1, 2) for c in (1, 2) for f in frames
        ):
            pixels = np.random.default_rng((pid, outfit, camera, frame)).integers(0, 56, (48, 24, 3))
            pixels[:24] += np.random.default_rng(pid).integers(0, 200, 3)
            pixels[24:] += np.random.default_rng((pid, outfit)).integers(0, 200, 3)
            name = f"{pid:03d}_{outfit}_c{camera}_{frame:06d}.png"
            Image.fromarray(pixels.astype(np.uint8)).save(root / folder / name)
            if folder == "train":
                side = None if frame else camera
                rows.append(ViewRow(f"train/{name}", bin=side, reason="" if side else "no feet"))
    write_views(root / "views.csv", rows)
    return root


def losses(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("method", quick_only(TERMS))
def test_train_and_evaluate(method, tiny_ltcc, tmp_path):
    run, options = tmp_path / "run", [word for override in TINY for word in ("--set", override)]
    if method != "cal":
        options += ["--set", f"dataset.views={tiny_ltcc / 'views.csv'}"]
    common = ["--config", f"{method}/walkers", "--root", str(tiny_ltcc), *options]
    assert main(["train", *common, "--output", str(run)]) == 0
    steps = losses(run)
    assert {step["epoch"] for step in steps} == {0, 1}
    for step in steps:
        assert set(step["terms"]) == TERMS[method]
        weighted = sum(WEIGHTS.get(name, 1) * value for name, value in step["terms"].items())
        counted = weighted if step["epoch"] else step["terms"]["identity"]
        assert step["loss"] == pytest.approx(counted, rel=1e-5)

    if method == "fire":
        (relabelled,) = (json.loads(line) for line in (run / "mining.jsonl").read_text().splitlines())
        assert relabelled["classes"] >= 8
        assert 0 <= relabelled["nmi_outfit_view_within_persons"] <= 1

    report = tmp_path / "report.json"
    evaluated = ["eval", *common, "--checkpoint", str(run / "last.ckpt"), "--json", str(report)]
    assert main(evaluated) == 0
    results = json.loads(report.read_text())["results"]
    assert list(results) == ["clothes_changing", "same_clothes", "standard"]


def test_val_without_views_is_one_clear_error(tiny_ltcc, tmp_path, capsys):
    options = [word for override in (*TINY, "dataset.views=null") for word in ("--set", override)]
    common = ["--config", "val/walkers", "--root", str(tiny_ltcc), *options]
    assert main(["train", *common, "--output", str(tmp_path / "run")]) == 2
    assert "mindreid data views" in capsys.readouterr().err
