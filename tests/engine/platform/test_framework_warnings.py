"""MindSpore's warnings of its own internals reach the user with --debug alone."""

import os
import subprocess
import sys

import pytest

from mindreid.walkers.gait_synthesis import synthesize_sequences

#: Has MindSpore warn, by its own log and by Python's.
NOISE = """
import mindspore as ms, warnings
ms.set_context(save_graphs=0)
warnings.warn_explicit("internal", UserWarning, "x.py", 1, module="mindspore.common.api")
warnings.warn_explicit("mine", UserWarning, "x.py", 1, module="users_own")
"""


def run(*command, **environment):
    kept = {name: value for name, value in os.environ.items() if name not in ("GLOG_v", "PYTHONWARNINGS")}
    return subprocess.run(
        [sys.executable, *map(str, command)],
        env={**kept, **environment},
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize(
    ("arguments", "environment", "shown"),
    [
        (["list", "losses"], {}, False),
        (["--debug", "list", "losses"], {}, True),
        # Who asks MindSpore or Python itself is answered.
        (["list", "losses"], {"GLOG_v": "2", "PYTHONWARNINGS": "default"}, True),
    ],
)
def test_warnings_of_the_framework_are_for_debugging(arguments, environment, shown):
    code = f"from mindreid.cli import main\nmain({arguments!r})\n{NOISE}"
    errors = run("-c", code, **environment).stderr
    assert ("save_graphs" in errors, "internal" in errors) == (shown, shown)
    assert "mine" in errors


@pytest.mark.slow
@pytest.mark.parametrize("method", ["gaitset", "gaitgl"])
def test_gait_training_says_nothing_but_its_own(method, tmp_path):
    """Whose maximum over frames MindSpore expands with two warnings each."""
    synthesize_sequences("ccpg", tmp_path / "walkers", 4, 1, cameras=2, frames=5, size=(64, 32))
    options = ["--config", f"{method}/smoke", "--root", tmp_path / "walkers", "--output", tmp_path / "run"]
    quiet = run("-m", "mindreid", "train", *options, "--set", "train.evaluate_every=0")
    assert "WARNING" not in quiet.stdout + quiet.stderr
    assert "epoch 1 step 1" in quiet.stderr
