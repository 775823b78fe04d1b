"""The start of an epoch for a method that finds labels of its own: embed, mine, restart."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Optional

import numpy as np
from mindspore import nn

from mindreid.engine.training.listeners import cut_lines_after
from mindreid.engine.training.optimizers import restart
from mindreid.engine.training.progress import Progress
from mindreid.engine.training.step import TrainStep
from mindreid.objective import Objective

logger = logging.getLogger(__name__)


class LabelMining:
    """Calls an objective's ``mine_labels`` where it asks for it.

    Parameters
    ----------
    objective : Objective
        Whose labels they are.
    optimizers : dict
        By phase name; restarted in place, or exchanged in this very dictionary if the objective
        exchanged parameters for larger ones.
    step : TrainStep
        Built anew in that case.
    embed : callable
        ``embed() -> [N, D]``, the training images in evaluation mode.
    build_optimizers : callable
        New ones for the objective's parameters, by phase name.
    progress : Progress
        Of the run.
    path : Path, optional
        JSON lines, one per mining of labels; only one of several workers writes them.
    """

    def __init__(
        self,
        objective: Objective,
        optimizers: dict[str, nn.Optimizer],
        step: TrainStep,
        *,
        embed: Callable[[], np.ndarray],
        build_optimizers: Callable[[], Mapping[str, nn.Optimizer]],
        progress: Progress,
        path: Optional[Path],
    ) -> None:
        self.objective, self.optimizers, self.step = objective, optimizers, step
        self.embed, self.build_optimizers = embed, build_optimizers
        self.progress, self.path = progress, path
        if path is not None and path.exists():
            cut_lines_after(path, progress.step)

    def __call__(self, epoch: int) -> None:
        """Relabel for ``epoch`` (from 0), if the objective wants to."""
        if not self.objective.mines_labels(epoch):
            return
        begin = time.monotonic()
        embeddings = self.embed()
        seconds = time.monotonic() - begin
        sizes = self.objective.sizes()
        figures = {"embedding_seconds": round(seconds, 3), **self.objective.mine_labels(epoch, embeddings)}
        if self.objective.sizes() == sizes:
            for optimizer in self.optimizers.values():
                restart(optimizer)
        else:
            self.optimizers.update(self.build_optimizers())
            self.step.build()
        self._tell(epoch, figures)

    def _tell(self, epoch: int, figures: Mapping[str, Any]) -> None:
        said = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in figures.items())
        logger.info("before epoch %d: %s", epoch + 1, said)
        if self.path is not None:
            row = {"epoch": epoch, "step": self.progress.step + 1, **figures}
            with self.path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(row) + "\n")
