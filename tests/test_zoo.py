"""Registries and the package's front door."""

import subprocess
import sys

import pytest

import mindreid
from mindreid.errors import InvalidArgumentError
from mindreid.zoo import Registry, option_names


def test_models_are_found_without_being_named_outside_their_folder():
    assert "mgn" in mindreid.list_models()


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(InvalidArgumentError, match=r"no model 'mgm' \(did you mean 'mgn'\?\)"):
        mindreid.create_model("mgm")


def test_an_unknown_option_suggests_the_nearest():
    with pytest.raises(InvalidArgumentError, match=r"no option 'varient' \(did you mean 'variant'\?\)"):
        mindreid.create_model("mgn", varient="paper")


def test_options_of_a_class_are_those_it_is_made_with():
    """Whichever of ``__new__`` and ``__init__`` this Python's signature of a class shows."""

    class Base:
        def __init__(self, size, *, margin=0.2):
            pass

    class Inherits(Base):
        def __new__(cls, *args, **kwargs):
            return super().__new__(cls)

    assert {name: option.default for name, option in option_names(Inherits).items()} == {"margin": 0.2}


def test_a_name_is_taken_once():
    registry = Registry("shape", "math")
    registry.register("square", 4)
    with pytest.raises(InvalidArgumentError, match="registered twice"):
        registry.register("square", 5)


def test_a_temporary_entry_is_forgotten_even_after_an_error():
    registry = Registry("shape", "math")
    registry.register("square", 4)

    def fail_within_the_block():
        with registry.temporary() as same:
            same.register("circle", 0)
            with registry.temporary():
                registry.register("line", 2)
            assert registry.names() == ["circle", "square"]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_within_the_block()
    assert registry.names() == ["square"]
    registry.register("circle", 0)


def test_what_the_provider_registers_outlives_a_temporary_block(tmp_path, monkeypatch):
    """A module is imported once; were it first needed within the block, its entries would be lost."""
    (tmp_path / "shapes_provider.py").write_text(
        "from mindreid import zoo\nzoo.SHAPES.register('square', 4)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    registry = Registry("shape", "shapes_provider")
    monkeypatch.setattr("mindreid.zoo.SHAPES", registry, raising=False)
    with registry.temporary():
        assert registry["square"] == 4
    assert registry["square"] == 4


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
