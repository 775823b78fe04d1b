"""A run as its folder tells it: recipe, course, checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Optional

from mindreid.config import Override, Recipe, load_recipe
from mindreid.engine.checkpoints.checkpoint_files import Description, read_description
from mindreid.engine.evaluation.protocol_results import ProtocolResult, results_from_json
from mindreid.engine.training.run_folder import RunFolder
from mindreid.errors import DataError
from mindreid.folder_lock import is_locked
from mindreid.report.evaluation_history import EvaluationHistory, read_evaluations
from mindreid.report.loss_history import LossHistory, read_lines, read_losses


@dataclass(frozen=True)
class RunRecord:
    """What a run's folder holds.

    Attributes
    ----------
    folder : RunFolder
        Its files.
    recipe : Recipe
        As resolved when the run began, with what the reader overrides.
    losses : LossHistory
        Every step.
    evaluations : EvaluationHistory
        Every evaluation on the way.
    mining : tuple of dict
        For each epoch that began with the finding of labels: "epoch" (from 0), "step", and the
        figures that the method's objective gave.
    checkpoint : Path
        The weights that are looked at.
    description : Description, optional
        What they say of themselves; ``None`` before they were saved.
    running : bool
        Whether a process is training in the folder.
    """

    folder: RunFolder
    recipe: Recipe
    losses: LossHistory
    evaluations: EvaluationHistory
    mining: tuple[dict[str, Any], ...]
    checkpoint: Path
    description: Optional[Description]
    running: bool

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.root.resolve().name

    @property
    def results(self) -> dict[str, ProtocolResult]:
        """The evaluation that the checkpoint carries; empty if there was none."""
        return results_from_json(self.description.metrics) if self.description else {}


def read_run(root: Path, overrides: Sequence[Override] = (), checkpoint: Optional[Path] = None) -> RunRecord:
    """Read a run's folder, also while it is being written to.

    Parameters
    ----------
    root : Path
        The folder.
    overrides : sequence
        Changes of the recipe, e.g. where the dataset is now.
    checkpoint : Path, optional
        Other weights than those that the run saved last.

    Raises
    ------
    DataError
        If there is no run in the folder, or a line of its files is damaged.
    ConfigError
        If an override does not fit.
    CheckpointError
        If the checkpoint is damaged, or was named and is not there.
    """
    folder = RunFolder(root)
    if not folder.recipe.is_file():
        raise DataError(
            "there is no run in this folder", where=str(root), fix="name the folder that was given to train"
        )
    # Asked first: what a run writes at its very end is then read, or the page is made again.
    running = is_locked(root)
    weights = checkpoint or folder.last
    return RunRecord(
        folder=folder,
        recipe=load_recipe(str(folder.recipe), overrides),
        losses=read_losses(folder.losses),
        evaluations=read_evaluations(folder.evaluations),
        mining=tuple(read_lines(folder.mining)),
        checkpoint=weights,
        description=_describe(weights) if checkpoint or weights.is_file() else None,
        running=running,
    )


def _describe(path: Path) -> Description:
    return _read_once(path, path.stat().st_mtime_ns) if path.is_file() else read_description(path)


@lru_cache(maxsize=8)
def _read_once(path: Path, _written: int) -> Description:
    """Read a description; its file, whose checksum takes a while, only when it has changed."""
    return read_description(path)
