"""Running the shell scripts as a user does."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture(scope="session")
def run_script():
    """Run ``scripts/<name>`` with arguments from the current folder; return the finished process."""

    def run(name, *arguments, folder=SCRIPTS, environment=None, cwd=None):
        return subprocess.run(
            ["bash", str(Path(folder, name)), *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
        )

    return run
