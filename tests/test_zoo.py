"""Registries and the package's front door."""

import subprocess
import sys

import pytest

import mindreid
from mindreid.errors import InvalidArgumentError
from mindreid.zoo import Registry


def test_models_are_found_without_being_named_outside_their_folder():
    assert "mgn" in mindreid.list_models()


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(InvalidArgumentError, match=r"no model 'mgm' \(did you mean 'mgn'\?\)"):
        mindreid.create_model("mgm")


def test_an_unknown_option_suggests_the_nearest():
    with pytest.raises(InvalidArgumentError, match=r"no option 'varient' \(did you mean 'variant'\?\)"):
        mindreid.create_model("mgn", varient="paper")


def test_a_name_is_taken_once():
    registry = Registry("shape", "math")
    registry.register("square", 4)
    with pytest.raises(InvalidArgumentError, match="registered twice"):
        registry.register("square", 5)


def test_importing_metrics_needs_no_mindspore():
    code = "import sys, mindreid; mindreid.metrics; sys.exit('mindspore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_importing_everything_is_silent():
    code = "import mindreid, mindreid.cli, mindreid.engine.training.run, mindreid.models"
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:mindreid", "-c", code],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_network_that_lives_until_the_end_leaves_no_noise():
    program = "import mindreid\nnetwork = mindreid.create_model('mgn', trunk='resnet18', width=0.125)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
