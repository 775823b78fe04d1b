"""One training of `epoch.py`, ours or another's, in a process of its own: writes its epochs' seconds."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any


def main() -> None:
    """Read what to do from the file that is named, and write beside it how long each epoch took."""
    source = Path(sys.argv[1]).resolve()
    task = json.loads(source.read_text(encoding="utf-8"))
    train = ours if task["loop"] == "ours" else theirs
    seconds = train(task, source.with_suffix(""))
    source.with_suffix(".seconds").write_text(json.dumps(seconds), encoding="utf-8")


def ours(task: dict[str, Any], work: Path) -> list[float]:
    """Train a recipe with the engine, and time its epochs from outside."""
    from mindreid.config import load_recipe
    from mindreid.engine.training import run
    from mindreid.engine.training.loop import Trainer

    seconds: list[float] = []

    class Timed(Trainer):
        def _train_epoch(self, epoch: int) -> None:
            begin = time.perf_counter()
            super()._train_epoch(epoch)
            seconds.append(time.perf_counter() - begin)

    run.Trainer = Timed
    run.train(load_recipe(task["recipe"], task["overrides"]), work)
    return seconds


def theirs(task: dict[str, Any], work: Path) -> list[float]:
    """Train with another's loop."""
    import torch
    from peers import peer_loops

    torch.set_num_threads(task["threads"])
    peer_loops.without_gpu()
    loop = getattr(peer_loops, task["loop"])
    return loop(Path(task["folder"]), task["size"], Path(task["data"]), work)


if __name__ == "__main__":
    main()
