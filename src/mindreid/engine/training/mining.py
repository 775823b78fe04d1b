"""The start of an epoch for a method that finds labels of its own: embed, mine, restart if it says so."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Optional

import numpy as np

from mindreid.engine.platform.distributed import share_content, share_from_first
from mindreid.engine.training.listeners import Listener, append_line, cut_lines_after
from mindreid.engine.training.run_state import RunState

logger = logging.getLogger(__name__)


class LabelMining(Listener):
    """Calls an objective's ``mine_labels`` where it asks for it, and then may restart the optimisers.

    Parameters
    ----------
    state : RunState
        Of the run; its objective says when, and gets the labels.
    see : callable
        ``see()`` returns what labels are found in, by the network in evaluation mode: embeddings of the
        training images, or labels of their pixels.
    path : Path, optional
        JSON lines, one per mining of labels; only one of several workers writes them.
    """

    def __init__(self, state: RunState, see: Callable[[], np.ndarray], path: Optional[Path]) -> None:
        self.state, self.see, self.path = state, see, path
        if path is not None:
            cut_lines_after(path, state.progress.step)

    def on_epoch_begin(self, epoch: int) -> None:
        """Mine labels for ``epoch`` (from 0), if the objective wants to."""
        objective = self.state.objective
        if not objective.mines_labels(epoch):
            return
        begin = time.monotonic()
        found = self.see()
        seconds = round(time.monotonic() - begin, 3)
        figures = self._mine(epoch, found)
        if objective.restarts_after_mining:
            self.state.restart_optimizers()
        self._tell(epoch, {"embedding_seconds": seconds, **figures})

    def _mine(self, epoch: int, found: np.ndarray) -> dict[str, Any]:
        """Mine on the first worker only; the others take over what it found."""
        objective, workers = self.state.objective, self.state.workers
        figures = objective.mine_labels(epoch, found) if workers.is_first else {}
        shared = share_content({"figures": dict(figures), "sizes": objective.sizes()}, workers)
        if shared["sizes"] != objective.sizes():
            objective.resize(shared["sizes"])
        network = {id(parameter) for parameter in objective.network.get_parameters()}
        share_from_first((p for p in objective.get_parameters() if id(p) not in network), workers)
        return shared["figures"]

    def _tell(self, epoch: int, figures: Mapping[str, Any]) -> None:
        said = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in figures.items())
        logger.info("before epoch %d: %s", epoch + 1, said)
        if self.path is not None:
            row = {"epoch": epoch, "step": self.state.progress.step + 1, **figures}
            append_line(self.path, row)
