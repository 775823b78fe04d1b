"""How every benchmark shows and stores its figures: a table on the console, ``results/<name>.json``."""

from __future__ import annotations

import json
import os
import platform
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any, Optional

from mindreid.atomic import write_json
from mindreid.errors import MindReidError
from mindreid.text_table import format_table

RESULTS = Path(__file__).resolve().parent.parent / "results"
PACKAGES = ("mindspore", "mindcv", "numpy", "scipy", "faiss-cpu", "opencv-python-headless", "torch")


def host_info() -> dict[str, Any]:
    """Return what a timing depends on: processor, cores, memory, load, versions of the libraries."""
    return {
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "load_average_1min": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
    }


def write_result(name: str, command: str, figures: dict[str, Any], *, folder: Path = RESULTS) -> Path:
    """Store ``figures`` in ``results/<name>.json``, whole or not at all.

    Parameters
    ----------
    name : str
        Name of the benchmark, without a suffix.
    command : str
        The command line that reproduces the figures, as typed in the project's root.
    figures : dict
        What was measured; plain numbers, strings, lists and dictionaries. Put the unit in the key.
    folder : Path
        Another one than ``results/`` for what is no result, such as a quick run's.

    Returns
    -------
    Path
        The file that was written.
    """
    target = folder / f"{name}.json"
    write_json(target, {"command": command, "measured_at": now(), "host": host_info(), "figures": figures})
    return target


def run_program(main: Callable[[], None]) -> None:
    """Run a benchmark's ``main``; what a user can mend, or a command that fails, ends it without a traceback.

    Raises
    ------
    SystemExit
        With what is wrong; a command has said so itself. Or if the process was asked to end.
    """
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        main()
    except MindReidError as error:
        raise SystemExit(f"error: {error}") from None
    except subprocess.CalledProcessError as error:
        command = shlex.join(map(str, error.cmd[1:]))
        raise SystemExit(f"stopped, since this failed: {command}; give the command again to go on") from None


def read_result(name: str) -> Optional[dict[str, Any]]:
    """Return what :func:`write_result` stored under ``name``, ``None`` if there is no such file."""
    target = RESULTS / f"{name}.json"
    return json.loads(target.read_text(encoding="utf-8")) if target.is_file() else None


def now() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def show_table(title: str, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write an aligned table to standard output; floats are cut to four significant digits."""
    table = format_table([header, *([_text(value) for value in row] for row in rows)], ruled=True)
    sys.stdout.write(f"\n{title}\n{table}\n")
    sys.stdout.flush()


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
