"""Two workers that msrun starts compute what one process computes with the whole batch."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from mindspore import Tensor, ops

from mindreid.config import load_recipe
from mindreid.engine.checkpoints.checkpoint_files import read_description
from mindreid.engine.evaluation.evaluation_run import EvaluationRun
from mindreid.engine.evaluation.protocol_results import results_to_json
from mindreid.engine.platform.distributed import GatherTogether, refuse_other_launchers
from mindreid.engine.training.run_folder import RunFolder
from mindreid.errors import DeviceError
from mindreid.walkers.gait_synthesis import synthesize_sequences
from tests.engine.run_files import assert_equal_runs, parameters, steps, weights_at_the_start

JOB = Path(__file__).with_name("worker_job.py")
SGD = "{name: sgd, lr: %g, schedule: {name: multi_step, milestones: [8]}}"
COUNTS = (1, 7, 8, 9)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(command, output):
    output.mkdir()
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    return output


def run_alone(job, output):
    return run([sys.executable, JOB, job, output], output)


def run_two_workers(job, output):
    port, logs = free_port(), output / "logs"
    workers = ("--worker_num=2", "--local_worker_num=2", f"--master_port={port}", "--join=True")
    return run(["msrun", *workers, f"--log_dir={logs}", JOB, job, output], output)


def recipe(name, root, *overrides, phases=("network",), rate=1e-3):
    """Two epochs of two steps, with no augmentation, and without moments that blow rounding up."""
    common = (
        f"dataset={{name: ltcc, root: {json.dumps(str(root))}}}",
        "augment=[{name: normalize}]",
        "sampler={name: distinct_persons, persons: 4, images: 4, epoch: persons}",
        *("train.epochs=2", "train.reader_threads=2", "train.log_every=2", "train.evaluate_every=0"),
        "evaluation={batch_size: 8}",
    )
    return name, [*common, *(f"optimizers.{phase}={SGD % rate}" for phase in phases), *overrides]


def write_job(
    path, images=(), counts=(), trainings=(), interrupted=(), faulty=(), keep_running_statistics=False
):
    content = {
        "keep_running_statistics": keep_running_statistics,
        "images": [str(image) for image in images],
        "counts": list(counts),
        "trainings": dict(trainings),
        "interrupted": dict(interrupted),
        "faulty": dict(faulty),
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def assert_equal_training(one, two):
    """Parameters, losses, and how far the parameters moved are the same but for rounding."""
    expected, found = parameters(one / "last.ckpt"), parameters(two / "last.ckpt")
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-5, atol=1e-5, err_msg=name)
    # What a few steps change may be less than that, so that one that is wrong would pass.
    moved = {}
    for name, begun in weights_at_the_start(load_recipe(str(RunFolder(one).recipe))).items():
        moved[name] = np.linalg.norm(expected[name] - begun)
        apart = np.linalg.norm(found[name] - expected[name])
        assert apart <= 0.05 * moved[name] + 1e-7 * np.linalg.norm(begun), name
    assert max(moved.values()) > 1e-3
    for row, other in zip(steps(RunFolder(one)), steps(RunFolder(two))):
        assert row["terms"] == pytest.approx(other["terms"], rel=1e-4)
    # The two runs' weights differ by rounding, which may swap gallery images that are almost equally
    # near. So what two workers measured is compared with one process and the very same weights.
    alone = EvaluationRun(load_recipe(str(RunFolder(two).recipe)), two / "last.ckpt")
    assert results_to_json(alone.evaluate()) == read_description(two / "last.ckpt").metrics


@pytest.fixture(scope="module")
def training(clothes_walkers):
    """Name and overrides of a recipe whose network is a toy."""
    toy = ("model={name: toy_triplet, objective: {start_epoch: 1}}", "input={height: 32, width: 16}")
    return recipe("mgn/walkers", clothes_walkers, *toy, phases=("clothes", "network"), rate=0.1)


@pytest.fixture(scope="module")
def runs(clothes_walkers, training, tmp_path_factory):
    """The same small job, done by one process and by two workers."""
    folder, (name, overrides) = tmp_path_factory.mktemp("workers"), training
    copy = shutil.copytree(clothes_walkers, folder / "walkers")
    faulty = (name, [*overrides, f"dataset.root={copy}"])
    job = write_job(
        folder / "job.json",
        sorted(clothes_walkers.rglob("train/*.png"))[: max(COUNTS)],
        COUNTS,
        {"toy": training},
        {"interrupted": training},
        {"faulty": faulty},
    )
    return run_alone(job, folder / "one"), run_two_workers(job, folder / "two")


@pytest.fixture(scope="module")
def grouped_runs(training, tmp_path_factory):
    """Training in groups of a batch, by one process and by two workers; and by two that sync nothing."""
    folder, (name, overrides) = tmp_path_factory.mktemp("grouped"), training
    trainings = {
        "groups": (name, [*overrides, "device.norm_groups=2"]),
        "apart": (name, [*overrides, "device.sync_bn=off"]),
    }
    job = write_job(folder / "job.json", trainings=trainings)
    return run_alone(job, folder / "one"), run_two_workers(job, folder / "two")


@pytest.fixture(scope="module")
def results(runs):
    one, two = runs
    return np.load(one / "rank_0.npz"), [np.load(two / f"rank_{rank}.npz") for rank in range(2)]


def test_two_workers_train_what_one_trains_with_the_whole_batch(runs):
    one, two = runs
    assert len(steps(RunFolder(two / "toy"))) == 4
    assert_equal_training(one / "toy", two / "toy")


@pytest.mark.parametrize("count", COUNTS)
def test_embeddings_are_those_of_one_process_in_order(results, count):
    """Of one record, the second worker has nothing to embed."""
    one, two = results
    expected = one[f"embeddings of {count}"]
    assert expected.shape == (count, 8)
    assert len(np.unique(expected, axis=0)) == count
    for worker in two:
        np.testing.assert_array_equal(worker[f"embeddings of {count}"], expected)


@pytest.mark.parametrize("count", COUNTS)
def test_labels_of_pixels_are_those_of_one_process(results, count):
    """The workers share the persons; of one record, the second worker has nobody."""
    one, two = results
    expected = one[f"labels of {count}"]
    assert expected.shape == (count, 4, 2)
    assert expected.min() >= 2
    for worker in two:
        np.testing.assert_array_equal(worker[f"labels of {count}"], expected)


def test_the_triplet_loss_finds_its_examples_in_the_whole_batch(results):
    one, two = results
    for worker in two:
        np.testing.assert_allclose(worker["triplet"], one["triplet"], rtol=1e-5)
        np.testing.assert_allclose(worker["triplet gradient"], one["triplet gradient"], rtol=1e-5, atol=1e-5)


def test_workers_agree_where_to_stop_and_resume_bit_for_bit(runs, results):
    """The second of two workers is asked in the third step; they agree every second one."""
    _, two = runs
    for worker in results[1]:
        assert "stopped by SIGTERM; everything up to step 4 is saved" in str(worker["interruption"])
    assert_equal_runs(two / "toy", two / "interrupted")


def test_an_image_that_one_worker_cannot_read_costs_no_step(runs, results):
    """The first worker saves, says what the second one met, and both go on with the evaluation."""
    _, two = runs
    first, second = (str(worker["fault"]) for worker in results[1])
    assert re.match(r"cannot read the image.*" + re.escape(str(results[1][0]["unreadable"])), second)
    assert first == f"worker 1 failed: {second}"
    log = (two / "faulty" / "train.log").read_text(encoding="utf-8")
    assert "resumed after epoch 1, step 4" in log
    assert_equal_runs(two / "toy", two / "faulty")


def test_batch_norms_of_ascend_are_its_own(results):
    """Not run: there is no such device here. Built as MindSpore builds it for two workers."""
    one, two = results
    assert one["synchronized"][:2].tolist() == [1, 1]
    for worker in two:
        assert worker["synchronized"].tolist() == pytest.approx([1, 2, 1e-5, 0.1])
        assert list(worker["synchronized parameters"]) == list(one["synchronized parameters"])


def log_of(folder):
    return (folder / "train.log").read_text(encoding="utf-8")


@pytest.mark.slow
def test_groups_of_a_batch_are_what_workers_compute_apart(runs, grouped_runs):
    """Batch norms of two workers that don't know of each other, in one process and in two."""
    one, two = grouped_runs
    assert_equal_training(one / "groups", two / "apart")
    assert_equal_training(one / "groups", two / "groups")
    means = [parameters(run / "last.ckpt")["bn.moving_mean"] for run in (runs[0] / "toy", one / "groups")]
    assert np.abs(means[0] - means[1]).max() > 1e-4
    assert "statistics are those of each worker's share of the batch" in log_of(two / "apart")
    assert "1 batch norms take their statistics over each of 2 groups" in log_of(one / "groups")


def test_the_log_says_whose_statistics_a_batch_norm_takes(runs):
    assert "1 batch norms take their statistics over 2 workers" in log_of(runs[1] / "toy")
    assert "batch norm" not in log_of(runs[0] / "toy")


def test_several_tensors_are_gathered_in_one_message():
    """As each alone would be; the other worker's rows are made up of ours."""
    messages = []

    def gather(rows):
        messages.append(rows.shape)
        return ops.concat([rows, rows + 100])

    generator = np.random.default_rng(0)
    tensors = tuple(
        Tensor(generator.standard_normal((4, *shape)).astype(np.float32))
        for shape in ((8,), (), (3, 2, 5), (1,))
    )
    gathered = GatherTogether(gather)(tensors)
    assert messages == [(4, 8 + 1 + 30 + 1)]
    for tensor, rows in zip(tensors, gathered):
        np.testing.assert_array_equal(rows.asnumpy(), gather(tensor).asnumpy())


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_RANK": "1"}, "mpirun started 2 processes"),
        ({"PMI_SIZE": "4"}, "mpirun started 4 processes"),
        ({"RANK_SIZE": "8", "RANK_TABLE_FILE": "/tmp/t.json"}, "rank table started 8 processes"),  # noqa: S108
        ({"RANK_TABLE_FILE": "hccl.json"}, "rank table describes the devices .*RANK_TABLE_FILE=hccl.json"),
        ({"WORLD_SIZE": "2"}, "torchrun started 2 processes"),
        ({"SLURM_STEP_NUM_TASKS": "3"}, "srun started 3 processes"),
    ],
)
def test_what_another_launcher_started_is_refused(environment, words):
    with pytest.raises(DeviceError, match=words) as refused:
        refuse_other_launchers(environment)
    assert "run_distribute_train.sh" in str(refused.value)


@pytest.mark.parametrize(
    "environment",
    [{}, {"RANK_SIZE": "1", "RANK_TABLE_FILE": "t.json"}, {"OMPI_COMM_WORLD_SIZE": "1"}, {"WORLD_SIZE": ""}],
)
def test_a_single_process_is_alone_whoever_started_it(environment):
    refuse_other_launchers(environment)


@pytest.mark.parametrize("command", ["train", "eval"])
def test_a_run_that_mpirun_started_ends_with_an_error(command, tiny_market, tmp_path, monkeypatch, capsys):
    from mindreid.cli import main

    monkeypatch.setenv("OMPI_COMM_WORLD_SIZE", "2")
    options = ["--config", "mgn/smoke", "--root", str(tiny_market)]
    given = {"train": ["--output", str(tmp_path / "run")], "eval": ["--untrained"]}
    assert main([command, *options, *given[command]]) == 2
    assert "error: mpirun started 2 processes" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


MODELS = {
    "mgn": ("mgn/walkers", ("network",), ("model.network.variant=paper",), 1e-4),
    "cal": ("cal/walkers", ("network", "clothes"), ("model.objective.start_epoch=1",), 1e-3),
    "fire": ("fire/walkers", ("network",), ("model.objective.start_epoch=1",), 1e-3),
    "isp": ("isp/walkers", ("network", "centers"), (), 1e-3),
    "aug_ogbase": ("aug_ogbase/walkers", ("network",), (), 1e-3),
}
SMALL_ISP = ("model.network.width=0.0625", "input={height: 96, width: 32}")
IMAGES = ("model.network.trunk=resnet18", "model.network.width=0.125", "input={height: 96, width: 32}")


def gait_recipe(name, root, phases, rate):
    """Four steps on silhouettes, 4 persons × 4 sequences of 4 frames."""
    return name, [
        f"dataset={{name: ccpg, root: {json.dumps(str(root))}}}",
        *("augment=[]", "frames={name: unordered, count: 4, lengths: [4, 6]}", "model.network.width=0.125"),
        "sampler={name: independent_batches, persons: 4, sequences: 4, batches: 2, shuffle: true}",
        *("train.steps=4", "train.reader_threads=2", "train.log_every=2", "train.evaluate_every=0"),
        "evaluation.batch_size=32",
        *(f"optimizers.{phase}={SGD % rate}" for phase in phases),
    ]


@pytest.fixture(scope="module")
def gait_walkers(tmp_path_factory):
    root = tmp_path_factory.mktemp("gait walkers") / "ccpg"
    synthesize_sequences("ccpg", root, 8, 1, cameras=2, frames=5, size=(64, 32))
    return root


def training_of(model, clothes_walkers, gait_walkers, *more):
    name, phases, overrides, rate = MODELS[model]
    if model == "aug_ogbase":
        recipe_name, own = gait_recipe(name, gait_walkers, phases, rate)
    else:
        small = SMALL_ISP if model == "isp" else IMAGES
        recipe_name, own = recipe(name, clothes_walkers, *small, *overrides, phases=phases, rate=rate)
    return recipe_name, [*own, *more]


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_two_workers_train_every_model_as_one_does(model, clothes_walkers, gait_walkers, tmp_path):
    """Four steps, without statistics of batches: through these, rounding decides which triplets are hard."""
    training = training_of(model, clothes_walkers, gait_walkers)
    job = write_job(tmp_path / "job.json", trainings={model: training}, keep_running_statistics=True)
    one, two = run_alone(job, tmp_path / "one"), run_two_workers(job, tmp_path / "two")
    assert len(steps(RunFolder(two / model))) == 4
    assert_equal_training(one / model, two / model)


ONE_STEP = ("train.epochs=null", "train.steps=1")
SWITCHED_ON = {
    # A mean over the violated triplets jumps where rounding decides of one; this margin violates all.
    "aug_ogbase": ("model.objective.margin=2.0",),
    "cal": ("model.objective.start_epoch=0",),
    "fire": ("model.objective.start_epoch=0", "sampler={name: uniform_persons, persons: 4, images: 4}"),
}


@pytest.mark.slow
@pytest.mark.parametrize("device", ["sync_bn=auto", "norm_groups=2"])
@pytest.mark.parametrize("model", MODELS)
def test_a_step_of_two_workers_is_that_of_one(model, device, clothes_walkers, gait_walkers, tmp_path):
    """With everything switched on; parameters and running statistics after one step."""
    more = (*ONE_STEP, *SWITCHED_ON.get(model, ()), f"device.{device}")
    training = training_of(model, clothes_walkers, gait_walkers, *more)
    job = write_job(tmp_path / "job.json", trainings={model: training})
    one, two = run_alone(job, tmp_path / "one"), run_two_workers(job, tmp_path / "two")
    assert_equal_training(one / model, two / model)
    minings = [int(np.load(folder)["minings"]) for folder in (two / "rank_0.npz", two / "rank_1.npz")]
    assert minings == [int(model == "fire"), 0]
