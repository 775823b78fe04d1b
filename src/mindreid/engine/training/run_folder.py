"""The folder of a run: its files, and that only one run at a time writes to it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from mindreid.atomic import remove_stale_temporaries, write_text
from mindreid.config import PATH_KEYS, WEIGHTS_REQUIRED, Recipe
from mindreid.errors import CheckpointError, TrainingError
from mindreid.folder_lock import FolderInUse, folder_lock
from mindreid.yaml_source import format_yaml


@dataclass(frozen=True)
class RunFolder:
    """The files of one run."""

    root: Path

    @property
    def recipe(self) -> Path:
        """The resolved recipe."""
        return self.root / "config.yaml"

    @property
    def last(self) -> Path:
        """Weights as last saved."""
        return self.root / "last.ckpt"

    @property
    def best(self) -> Path:
        """Weights of the best evaluation; selected on the evaluated split."""
        return self.root / "best.ckpt"

    @property
    def state(self) -> Path:
        """What ``--resume`` reads: parameters, optimiser state, progress."""
        return self.root / "state.ckpt"

    @property
    def losses(self) -> Path:
        """One JSON line per step."""
        return self.root / "metrics.jsonl"

    @property
    def evaluations(self) -> Path:
        """One JSON line per evaluation."""
        return self.root / "evaluations.jsonl"

    @property
    def mining(self) -> Path:
        """One JSON line per epoch for which the method found labels of its own."""
        return self.root / "mining.jsonl"

    @property
    def _mining_as_once_named(self) -> Path:
        return self.root / "relabels.jsonl"

    @property
    def summaries(self) -> Path:
        """Folder of what TensorBoard shows, if the recipe asks for it."""
        return self.root / "tensorboard"

    @property
    def profile(self) -> Path:
        """Folder of a profile, if one was asked for."""
        return self.root / "profile"

    @property
    def log(self) -> Path:
        """What the console showed."""
        return self.root / "train.log"

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Keep other runs out of the folder; the system lets go of it even of a killed process.

        Raises
        ------
        TrainingError
            If another process writes to the folder.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            try:
                stack.enter_context(folder_lock(self.root))
            except FolderInUse as holder:
                raise TrainingError(
                    f"another run is writing to this folder ({holder})",
                    where=str(self.root),
                    fix="pass another --output, or wait for that run",
                ) from None
            yield

    @contextmanager
    def full_disk_explained(self) -> Iterator[None]:
        """Turn a full disk, or a used-up quota, within the block into one error.

        Raises
        ------
        TrainingError
            If there is no space left; any other exception passes.
        """
        try:
            yield
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            raise TrainingError(
                f"there is no space left ({error.strerror})",
                where=str(self.root),
                fix=f"free some and go on with mindreid train --resume {self.root}",
            ) from None

    def prepare(self, recipe: Recipe, resume: bool) -> None:
        """Note the recipe of a run that begins; :meth:`note` that of one that goes on, once it does.

        Raises
        ------
        TrainingError
            If a run is to begin where another one has saved its state.
        CheckpointError
            If there is no run to go on with.
        """
        if self.state.exists() and not resume:
            raise TrainingError(
                "this folder holds a run already",
                where=str(self.root),
                fix="pass --resume to go on with it, or another --output",
            )
        if resume and not self.recipe.exists():
            raise CheckpointError("there is no run to resume", where=str(self.root))
        remove_stale_temporaries(self.root)
        if self._mining_as_once_named.exists():
            self._mining_as_once_named.replace(self.mining)
        if not resume:
            self.note(recipe)

    def note(self, recipe: Recipe) -> None:
        """Write the recipe that the run is trained by from now on, its paths absolute.

        So a resume, or a page of the run, finds the files from any folder.
        """
        content = recipe.as_dict()
        for section, keys in PATH_KEYS.items():
            for key in keys:
                content[section][key] = _absolute(content[section][key])
        write_text(self.recipe, format_yaml(content))


def _absolute(path: Optional[str]) -> Optional[str]:
    if path is None or path == WEIGHTS_REQUIRED:
        return path
    return os.path.abspath(os.path.expanduser(path))
