"""A profile's page: where a step's time goes, measured in a run and added up by hand."""

import json
import re

import pytest

from mindreid.cli import main
from mindreid.engine.training.run import train
from mindreid.engine.training.run_folder import RunFolder
from mindreid.engine.training.step_profile import (
    PROFILED,
    SKIPPED,
    covered,
    read_trace,
    summary_page,
)
from tests.engine.conftest import TOY
from tests.engine.run_files import steps


@pytest.mark.slow
def test_a_run_is_profiled_and_its_result_is_the_same(recipe_of, tmp_path):
    recipe = recipe_of("train.epochs=null", f"train.steps={SKIPPED + PROFILED + 1}", "train.evaluate_every=0")
    train(recipe, tmp_path / "plain")
    train(recipe, tmp_path / "watched", profile=True)
    page = (tmp_path / "watched" / "profile" / "summary.md").read_text()
    shares = dict(re.findall(r"^(data|host|device|communication) +\S+ +(\S+)$", page, re.MULTILINE))
    assert f"{PROFILED} steps on CPU" in page
    assert set(shares) == {"data", "host", "device", "communication"}
    assert float(shares["device"]) > 0
    assert float(shares["communication"]) == 0
    assert 95 < sum(map(float, shares.values())) < 140
    assert list((tmp_path / "watched" / "profile").rglob("trace_view.json"))
    losses = [(tmp_path / name / "metrics.jsonl").read_text() for name in ("plain", "watched")]
    assert losses[0] == losses[1]
    assert not (tmp_path / "plain" / "profile").exists()


def test_an_epoch_that_ends_with_the_warm_up_is_followed_by_the_profile(market, tmp_path):
    overrides = ("sampler.persons=5", "sampler.images=4", "train.evaluate_every=null", "train.epochs=2")
    options = [word for setting in (*TOY, *overrides) for word in ("--set", setting)]
    command = ["train", "--config", "mgn/market1501", "--root", str(market), *options]
    assert main([*command, "--profile", "--output", str(tmp_path / "run")]) == 0
    folder = RunFolder(tmp_path / "run")
    assert [row["epoch"] for row in steps(folder)] == [0] * SKIPPED + [1] * SKIPPED
    assert f"{SKIPPED} steps on CPU" in (folder.profile / "summary.md").read_text()
    assert (
        f"nothing is profiled yet: of {SKIPPED} steps to warm up, {SKIPPED} are done"
        in folder.log.read_text()
    )


def test_the_parts_of_a_page_are_those_of_the_clock():
    page = summary_page("Ascend", 10, 2.0, data=0.2, device=1.0, communication=0.4)
    rows = re.findall(r"^(\w+) +([\d.]+) +([\d.]+)$", page, re.MULTILINE)
    assert rows == [
        ("data", "20.0", "10.0"),
        ("host", "40.0", "20.0"),
        ("device", "100.0", "50.0"),
        ("communication", "40.0", "20.0"),
    ]
    assert "10 steps on Ascend, 200.0 ms each" in page


def test_messages_are_told_from_kernels_and_other_rows_are_left_out(tmp_path):
    names = {1: "Ascend Hardware", 2: "Communication(HCCL)", 3: "Python"}
    rows = [
        {"ph": "M", "name": "process_name", "pid": pid, "args": {"name": name}} for pid, name in names.items()
    ]
    events = [(1, "MatMul", 0, 10), (1, "Conv2D", 5, 10), (2, "hcom_allReduce__1", 20, 5), (3, "step", 0, 99)]
    spans = [
        {"ph": "X", "name": name, "pid": pid, "ts": str(begin), "dur": str(length)}
        for pid, name, begin, length in events
    ]
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "trace_view.json").write_text(json.dumps([*rows, *spans]))
    kernels, messages = read_trace(tmp_path)
    assert covered(kernels) == pytest.approx(15e-6)
    assert covered(messages) == pytest.approx(5e-6)
    assert read_trace(tmp_path / "nowhere") == ([], [])
