"""Read what a run left in its folder, and compare two runs."""

from __future__ import annotations

import json

import mindspore as ms
import numpy as np

from mindreid.engine.checkpoints.checkpoint_files import named_parameters
from mindreid.engine.checkpoints.networks import build_started_network
from mindreid.engine.training.run_folder import RunFolder


def parameters(path):
    """Arrays of a checkpoint or a state, by name."""
    loaded = ms.load_checkpoint(str(path))
    return {name: value.asnumpy() for name, value in loaded.items() if name not in ("mindreid", "sha256")}


def weights_at_the_start(recipe):
    """What a run of the recipe begins with, and learns: arrays of its network by name."""
    ms.set_seed(recipe.train.seed)
    named = named_parameters(build_started_network(recipe))
    return {name: value.asnumpy() for name, value in named.items() if value.requires_grad}


def steps(folder):
    """Rows of the losses, one a step."""
    return [json.loads(line) for line in folder.losses.read_text(encoding="utf-8").splitlines()]


def evaluations(folder):
    """Rows of the evaluations, one each time."""
    return [json.loads(line) for line in folder.evaluations.read_text(encoding="utf-8").splitlines()]


def assert_equal_runs(one, other):
    """Bit for bit: parameters, optimiser state, and every loss and evaluation on the way."""
    one, other = RunFolder(one), RunFolder(other)
    expected, found = parameters(one.state), parameters(other.state)
    assert set(expected) == set(found)
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)
    for name, value in parameters(one.last).items():
        np.testing.assert_array_equal(parameters(other.last)[name], value, err_msg=name)
    assert [(row["step"], row["terms"]) for row in steps(other)] == [
        (row["step"], row["terms"]) for row in steps(one)
    ]
    assert evaluations(other) == evaluations(one)
