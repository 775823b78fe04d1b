"""Train a recipe into an output folder; resume it; keep its last and its best weights."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, Optional

import mindspore as ms
import yaml
from mindspore import Parameter, amp

from mindreid import zoo
from mindreid.atomic import remove_stale_temporaries, write_text
from mindreid.config import Recipe
from mindreid.data.pipeline import training_batches
from mindreid.data.transforms import training_transform
from mindreid.engine import assembly
from mindreid.engine.checkpoint import load_state, named_parameters, save_state, save_weights
from mindreid.engine.device import Device, select_device
from mindreid.engine.distributed import Workers, join_workers
from mindreid.engine.evaluator import evaluate_dataset, format_results
from mindreid.engine.listeners import CheckpointKeeper, Listener, LossLog, PeriodicEvaluation
from mindreid.engine.logs import log_to_file
from mindreid.engine.train_step import TrainStep
from mindreid.engine.trainer import Progress, Trainer
from mindreid.errors import CheckpointError, TrainingError

logger = logging.getLogger(__name__)


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
        """Weights of the last saved epoch."""
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
    def log(self) -> Path:
        """What the console showed."""
        return self.root / "train.log"


def train(recipe: Recipe, output: Path, *, resume: bool = False) -> dict[str, dict[str, Any]]:
    """Train ``recipe`` and leave its weights, log and losses in ``output``.

    Parameters
    ----------
    recipe : Recipe
        Validated recipe.
    output : Path
        The run's folder; see :class:`RunFolder` for its files.
    resume : bool
        Go on from the folder's state. The resumed run equals an uninterrupted one.

    Returns
    -------
    dict
        The last evaluation, by protocol.

    Raises
    ------
    TrainingError
        If the folder holds another run, the state does not fit, or a loss is not finite.
    MindReidError
        For anything else a user can mend: data, device, checkpoint.
    """
    folder = RunFolder(output)
    device = select_device(recipe.device)
    workers = join_workers()
    if workers.is_first:
        _prepare(folder, recipe, resume)
    with log_to_file(folder.log if workers.is_first else None):
        ms.set_seed(recipe.train.seed)
        run = _Run(recipe, folder, device, workers)
        if resume:
            run.restore()
        run.trainer().fit()
        return run.progress.metrics


def _prepare(folder: RunFolder, recipe: Recipe, resume: bool) -> None:
    if folder.state.exists() and not resume:
        raise TrainingError(
            "this folder holds a run already",
            where=str(folder.root),
            fix="pass --resume to go on with it, or another --output",
        )
    if resume and not folder.state.exists():
        raise CheckpointError("there is no state to resume from", where=str(folder.state))
    folder.root.mkdir(parents=True, exist_ok=True)
    remove_stale_temporaries(folder.root)
    write_text(folder.recipe, yaml.safe_dump(recipe.as_dict(), sort_keys=False))


class _Run:
    """The objects of one run, and what of them is saved."""

    def __init__(self, recipe: Recipe, folder: RunFolder, device: Device, workers: Workers) -> None:
        self.recipe, self.folder, self.workers = recipe, folder, workers
        self.dataset = assembly.open_dataset(recipe)
        self.network = assembly.build_started_network(recipe)
        self.objective = assembly.build_objective(recipe, self.network, self.dataset, device)
        self.optimizers = assembly.build_optimizers(recipe, self.objective)
        self.loss_scaler = _loss_scaler(recipe, device)
        self.progress = Progress()

    def restore(self) -> None:
        """Load the saved state."""
        content = load_state(self.folder.state, self._state())
        known = {field.name for field in fields(Progress)}
        self.progress = Progress(**{key: value for key, value in content.items() if key in known})
        logger.info("resumed after epoch %d", self.progress.epoch)

    def trainer(self) -> Trainer:
        """Build the loop."""
        recipe, train = self.recipe, self.recipe.train
        sampler = zoo.SAMPLERS[recipe.sampler.name](
            self.dataset.train,
            seed=train.seed,
            rank=self.workers.rank,
            world_size=self.workers.size,
            **recipe.sampler.options,
        )
        step = TrainStep(self.objective, self.optimizers, workers=self.workers, loss_scaler=self.loss_scaler)
        return Trainer(
            self.objective,
            self.optimizers,
            {name: config.options["lr"] for name, config in recipe.optimizers.items()},
            assembly.build_schedules(recipe),
            step,
            partial(
                training_batches,
                self.dataset.train,
                sampler,
                training_transform(recipe.augment, recipe.input),
                seed=train.seed,
                workers=train.workers,
            ),
            epochs=train.epochs,
            seed=train.seed,
            progress=self.progress,
            listeners=self._listeners(step, sampler.batches_per_epoch * train.epochs),
        )

    def _listeners(self, step: TrainStep, total_steps: int) -> list[Listener]:
        train = self.recipe.train
        losses = LossLog(
            self.folder.losses if self.workers.is_first else None,
            step.term_names,
            every=train.log_every,
            total_steps=total_steps,
            progress=self.progress,
            keep_hint=f"last good checkpoint: {self.folder.state}" if self.progress.epoch else "",
        )
        evaluation = PeriodicEvaluation(
            self._evaluate,
            every=train.evaluate_every,
            epochs=train.epochs,
            best_metric=train.best_metric,
            progress=self.progress,
            on_best=self._save_best,
        )
        keeper = CheckpointKeeper(
            self._save, every=train.checkpoint_every, epochs=train.epochs, progress=self.progress
        )
        return [losses, evaluation, keeper]

    def _evaluate(self) -> dict[str, dict[str, Any]]:
        extract = assembly.build_extractor(self.recipe, self.network, self.workers)
        results = evaluate_dataset(extract, self.dataset, self.recipe.evaluation)
        logger.info("after epoch %d\n%s", self.progress.epoch, format_results(results))
        return results

    def _save_best(self) -> None:
        self._save_weights(self.folder.best)

    def _save(self, progress: Mapping[str, Any]) -> None:
        if not self.workers.is_first:
            return
        self._save_weights(self.folder.last)
        save_state(self.folder.state, self._state(), progress)

    def _save_weights(self, path: Path) -> None:
        if self.workers.is_first:
            description = assembly.describe(self.recipe, self.dataset.num_train_pids, self.progress)
            save_weights(path, self.network, description)

    def _state(self) -> dict[str, Parameter]:
        state = named_parameters(self.objective)
        own = {id(parameter) for parameter in state.values()}
        for optimizer in self.optimizers.values():
            state.update({p.name: p for p in optimizer.get_parameters() if id(p) not in own})
        if self.loss_scaler is not None:
            state.update(_scaler_parameters(self.loss_scaler))
        return state


def _loss_scaler(recipe: Recipe, device: Device) -> Optional[amp.LossScaler]:
    if device.amp_level == "O0":
        return None
    return amp.DynamicLossScaler(recipe.device.loss_scale, scale_factor=2, scale_window=1000)


def _scaler_parameters(scaler: Any) -> dict[str, Parameter]:
    found = {name: value for name, value in vars(scaler).items() if isinstance(value, Parameter)}
    return {f"loss_scaler.{name}": value for name, value in found.items()}
