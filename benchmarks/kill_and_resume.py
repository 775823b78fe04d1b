r"""Kill a training again and again, resume it, and compare it with one that nobody killed.

    python benchmarks/kill_and_resume.py fire/walkers --root data/clothes_walkers \
        --set train.epochs=6 --set train.evaluate_every=1 --kills 10

Each kill -9 waits for a random time, and then until the run is within something drawn at random: a
step, a save, an evaluation, or what comes before an epoch. Parameters, optimiser state and losses of
the two runs must be equal bit for bit. Exit code 1 if they are not.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import mindspore as ms
import numpy as np
from report import show_table, write_result
from runs.experiments import set_options
from train_with_status import MOMENTS

from mindreid.engine.checkpoints.checkpoint_files import read_description
from mindreid.errors import CheckpointError

WATCHED = Path(__file__).with_name("train_with_status.py")
#: A run's note is looked at so often, and a drawn moment is waited for so long.
_LOOK_SECONDS = 0.005
_PATIENCE_SECONDS = 40.0


@dataclass(frozen=True)
class Kill:
    """One kill: when, within what, and after how many recorded steps."""

    seconds: float
    moment: str
    steps: int


class Run:
    """A training in a process of its own."""

    def __init__(self, folder: Path, modules: str, arguments: list[str]) -> None:
        self.folder = folder
        self.note = folder.parent / f"{folder.name}.moment"
        self.note.write_text("start")
        self.log = (folder.parent / f"{folder.name}.log").open("ab")
        self.begin = time.monotonic()
        command = [sys.executable, str(WATCHED), str(self.note), modules, *arguments]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)

    def wait(self) -> tuple[float, list[str]]:
        """Return the seconds it took to the end and the moments seen; leave the program if it failed."""
        seen = set()
        while self.process.poll() is None:
            seen.add(self.note.read_text())
            time.sleep(_LOOK_SECONDS)
        self.log.close()
        if self.process.returncode:
            sys.exit(f"error: a run ended with exit code {self.process.returncode}, see {self.log.name}")
        return time.monotonic() - self.begin, sorted(seen & set(MOMENTS))

    def kill_within(self, wanted: str, seconds: float) -> Kill | None:
        """Kill after ``seconds``, within ``wanted`` or, if that doesn't come, anything; None: it ended."""
        time.sleep(seconds)
        patience = time.monotonic() + _PATIENCE_SECONDS
        while self.process.poll() is None and time.monotonic() < patience:
            if self.note.read_text() == wanted:
                break
            time.sleep(_LOOK_SECONDS)
        self.process.kill()
        if self.process.wait() != -signal.SIGKILL:
            self.wait()
            return None
        self.log.close()
        moment = self.note.read_text() or "between"
        return Kill(round(time.monotonic() - self.begin, 2), moment, count_steps(self.folder))


def count_steps(folder: Path) -> int:
    """Return the number of recorded steps."""
    losses = folder / "metrics.jsonl"
    return losses.read_text(encoding="utf-8").count("\n") if losses.exists() else 0


def kill_and_resume(
    folder: Path, modules: str, first: list[str], wanted: list[str], seconds: float
) -> list[Kill]:
    """Train in ``folder``, killed in each ``wanted`` moment, at most a third of a whole run's time apart."""
    done: list[Kill] = []
    longest = seconds * min(1 / 3, 2 / len(wanted))
    while len(done) < len(wanted):
        begun = (folder / "config.yaml").exists()
        run = Run(folder, modules, ["--resume", str(folder)] if begun else first)
        kill = run.kill_within(wanted[len(done)], random.uniform(0, longest))  # noqa: S311
        if kill is None:
            break
        done.append(kill)
        sys.stdout.write(f"killed after {kill.seconds:g} s, {kill.steps} steps, within: {kill.moment}\n")
        sys.stdout.flush()
        check_checkpoints(folder)
    Run(folder, modules, ["--resume", str(folder)]).wait()
    return done


def check_checkpoints(folder: Path) -> None:
    """Leave the program if a kill damaged a checkpoint."""
    for name in ("last.ckpt", "best.ckpt"):
        if (folder / name).exists():
            try:
                read_description(folder / name)
            except CheckpointError as error:
                sys.exit(f"error: {error}")


def differences(one: Path, other: Path) -> list[str]:
    """Names of everything that is not equal bit for bit in two runs."""
    found = []
    for name in ("state.ckpt", "last.ckpt"):
        first, second = (ms.load_checkpoint(str(folder / name), crc_check=True) for folder in (one, other))
        first.pop("mindreid"), second.pop("mindreid")
        if set(first) != set(second):
            found.append(f"{name}: names")
        shared = set(first) & set(second) - {"sha256"}
        unequal = (key for key in shared if not np.array_equal(first[key].asnumpy(), second[key].asnumpy()))
        found += [f"{name}: {key}" for key in unequal]
    losses = [
        [(row["step"], row["terms"]) for row in map(json.loads, (folder / "metrics.jsonl").open())]
        for folder in (one, other)
    ]
    return found + (["metrics.jsonl"] if losses[0] != losses[1] else [])


def main() -> int:
    """Do both trainings and compare them."""
    arguments = _parse()
    random.seed(arguments.seed)
    arguments.work.mkdir(parents=True, exist_ok=True)
    one, other = (arguments.work / name for name in ("whole", "killed"))
    recipe = ["--config", arguments.recipe, "--root", arguments.root]
    recipe += set_options(arguments.overrides)
    seconds, seen = Run(one, arguments.modules, [*recipe, "--output", str(one)]).wait()
    wanted = [name for _ in range(arguments.kills) for name in random.sample(seen, len(seen))]
    kills = kill_and_resume(
        other, arguments.modules, [*recipe, "--output", str(other)], wanted[: arguments.kills], seconds
    )
    found = differences(one, other)
    rows = [[number + 1, kill.seconds, kill.moment, kill.steps] for number, kill in enumerate(kills)]
    show_table(f"kill -9, {arguments.recipe}", ["kill", "after s", "within", "steps recorded"], rows)
    verdict = f"different: {', '.join(found[:5])}" if found else "equal bit for bit"
    sys.stdout.write(f"{len(kills)} kills; {count_steps(one)} steps; killed and whole run: {verdict}\n")
    if arguments.result:
        write_result(
            arguments.result,
            f"python benchmarks/kill_and_resume.py {shlex.join(sys.argv[1:])}",
            {
                "recipe": arguments.recipe,
                "steps": count_steps(one),
                "kills": [vars(kill) for kill in kills],
                "differences": found,
            },
        )
    return int(bool(found) or len(kills) < arguments.kills)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe", help="a recipe's name or file")
    parser.add_argument("--root", required=True, help="folder of its dataset")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(2), "big"))
    parser.add_argument("--work", type=Path, default=Path("runs/kill_and_resume"), help="an empty folder")
    parser.add_argument("--result", help="store results/<RESULT>.json")
    parser.add_argument("--modules", default="", help="modules that register further methods, by commas")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
