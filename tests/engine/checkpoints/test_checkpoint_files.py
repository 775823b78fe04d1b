"""Checkpoints: round trip, damage, other networks, killed and full-disk writers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from mindspore import Tensor

from mindreid.engine.checkpoints.checkpoint_files import (
    Description,
    load_state,
    load_weights,
    read_description,
    save_state,
    save_weights,
)
from mindreid.errors import CheckpointError
from tests.engine.toy_methods import PlainObjective, ToyNetwork

DESCRIPTION = Description(
    model="toy", network={"width": 1.0}, num_classes=4, recipe={"input": {"height": 16}}, epoch=3
)


@pytest.fixture
def saved(tmp_path):
    network = ToyNetwork()
    path = tmp_path / "last.ckpt"
    save_weights(path, network, DESCRIPTION)
    return network, path


def test_weights_and_description_come_back(saved):
    network, path = saved
    other = ToyNetwork()
    assert load_weights(path, other, model="toy") == DESCRIPTION
    assert read_description(path) == DESCRIPTION
    for (name, value), (_, loaded) in zip(network.parameters_and_names(), other.parameters_and_names()):
        np.testing.assert_array_equal(loaded.asnumpy(), value.asnumpy(), err_msg=name)


def test_weights_hold_no_optimizer_state(saved):
    network, path = saved
    parameters = sum(p.size for _, p in network.parameters_and_names())
    assert path.stat().st_size < 4 * parameters + 4096


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.99])
def test_a_truncated_file_is_refused_and_loads_nothing(saved, keep):
    _, path = saved
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content)) if isinstance(keep, float) else keep])
    other = ToyNetwork()
    before = other.neck.weight.asnumpy().copy()
    with pytest.raises(CheckpointError, match=r"damaged.*last\.ckpt"):
        load_weights(path, other)
    np.testing.assert_array_equal(other.neck.weight.asnumpy(), before)


def test_a_flipped_bit_is_found(saved):
    _, path = saved
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="damaged"):
        load_weights(path, ToyNetwork())


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"no such checkpoint.*gone\.ckpt"):
        load_weights(tmp_path / "gone.ckpt", ToyNetwork())


def test_another_model_is_refused(saved):
    with pytest.raises(CheckpointError, match="'toy' network, the recipe asks for 'mgn'"):
        load_weights(saved[1], ToyNetwork(), model="mgn")


def test_another_structure_is_refused_by_name(saved):
    objective = PlainObjective(ToyNetwork(), num_classes=4)
    with pytest.raises(CheckpointError, match=r"missing \(.*classifier\.weight.*unexpected \(.*neck\.bias"):
        load_weights(saved[1], objective)


def test_a_state_of_another_class_count_is_refused(tmp_path):
    path = tmp_path / "state.ckpt"
    save_state(path, dict(PlainObjective(ToyNetwork(), num_classes=4).parameters_and_names()), {"epoch": 1})
    other = PlainObjective(ToyNetwork(), num_classes=5)
    with pytest.raises(CheckpointError, match=r"classifier\.weight has shape \(4, 8\) instead of \(5, 8\)"):
        load_state(path, dict(other.parameters_and_names()))


def test_a_state_is_no_checkpoint_of_weights(tmp_path):
    path = tmp_path / "state.ckpt"
    network = ToyNetwork()
    save_state(path, dict(network.parameters_and_names()), {"epoch": 1, "best": 0.25})
    assert load_state(path, dict(network.parameters_and_names())) == {"epoch": 1, "best": 0.25}
    with pytest.raises(CheckpointError, match="resumable state"):
        load_weights(path, ToyNetwork())


def test_values_that_are_not_finite_are_never_saved(saved):
    network, path = saved
    content = path.read_bytes()
    network.neck.bias.set_data(Tensor(np.full(8, np.nan, np.float32)))
    with pytest.raises(CheckpointError, match=r"neck\.bias"):
        save_weights(path, network, DESCRIPTION)
    assert path.read_bytes() == content


WRITER = """
import os, signal, sys
import mindspore as ms
sys.path.insert(0, sys.argv[2])
from tests.engine.toy_methods import ToyNetwork
from mindreid.engine.checkpoints import checkpoint_files as checkpoint

{fault}

description = checkpoint.Description("toy", {{}}, 4, {{}})
try:
    checkpoint.save_weights(sys.argv[1], ToyNetwork(), description)
except checkpoint.CheckpointError as error:
    print("refused:", error)
"""

KILLED_IN_MID_WRITE = """
save = ms.save_checkpoint
def killed(entries, path, **options):
    save(entries, path, **options)
    with open(path, "r+b") as stream:
        stream.truncate(100)
    os.kill(os.getpid(), signal.SIGKILL)
ms.save_checkpoint = killed
"""

FULL_DISK = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
"""


def run_writer(path, fault):
    root = Path(__file__).parents[3]
    return subprocess.run(
        [sys.executable, "-c", WRITER.format(fault=fault), path, root],
        capture_output=True,
        text=True,
        check=False,
    )


def test_killed_while_saving_keeps_the_previous_checkpoint_whole(saved):
    _, path = saved
    done = run_writer(path, KILLED_IN_MID_WRITE)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert load_weights(path, ToyNetwork()) == DESCRIPTION


def test_a_full_disk_is_one_clear_error_and_keeps_the_previous_checkpoint(saved):
    _, path = saved
    done = run_writer(path, FULL_DISK)
    assert done.returncode == 0, done.stderr
    assert "refused: can't write the checkpoint" in done.stdout
    assert load_weights(path, ToyNetwork()) == DESCRIPTION
    assert os.listdir(path.parent) == ["last.ckpt"]
