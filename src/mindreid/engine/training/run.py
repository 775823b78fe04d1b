"""Train a recipe into an output folder; resume it; keep its last and its best weights."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Optional

import mindspore as ms
import numpy as np
from mindspore import Parameter, amp

from mindreid.config import Recipe
from mindreid.data.fingerprint import fingerprint
from mindreid.data.open_dataset import open_dataset
from mindreid.data.pipeline import training_batches
from mindreid.data.transforms import training_transform
from mindreid.data.unreadable_files import StandIns
from mindreid.engine.checkpoints.checkpoint_files import (
    Description,
    load_state,
    named_parameters,
    save_state,
    save_weights,
)
from mindreid.engine.checkpoints.networks import build_started_network, require_start
from mindreid.engine.evaluation.features import FeatureExtractor, build_extractor
from mindreid.engine.evaluation.protocol_evaluation import evaluate_dataset
from mindreid.engine.evaluation.protocol_results import format_results
from mindreid.engine.platform.batch_norm import synchronize_batch_norm
from mindreid.engine.platform.device import Device, select_device
from mindreid.engine.platform.distributed import (
    Workers,
    join_workers,
    share_content,
    share_from_first,
    wait_for_all,
)
from mindreid.engine.platform.logs import log_to_file
from mindreid.engine.platform.memory import memory_errors_explained
from mindreid.engine.training import builders
from mindreid.engine.training.listeners import CheckpointKeeper, Listener, LossLog, PeriodicEvaluation
from mindreid.engine.training.loop import Trainer
from mindreid.engine.training.mining import LabelMining
from mindreid.engine.training.progress import Progress
from mindreid.engine.training.run_folder import RunFolder
from mindreid.engine.training.step import TrainStep
from mindreid.engine.training.stopping import StopRequest, StopRequestedError
from mindreid.errors import InterruptedRunError, TrainingError

logger = logging.getLogger(__name__)

_LESS_MEMORY = (
    "make batches smaller (sampler.persons, sampler.images) or images (input.height, input.width), "
    "train on more devices, or use mixed precision (device.amp_level)"
)


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
    ConfigError
        If the recipe requires ImageNet weights and none were given.
    TrainingError
        If the folder holds another run, another run is writing to it, the state does not fit, or
        a loss is not finite.
    InterruptedRunError
        After SIGTERM or Ctrl-C, when everything is saved.
    MindReidError
        For anything else a user can mend: data, device, checkpoint.
    """
    require_start(recipe)
    folder = RunFolder(output)
    device = select_device(recipe.device)
    workers = join_workers()
    stop = StopRequest(workers, every=recipe.train.log_every)
    with ExitStack() as stack:
        if workers.is_first:
            stack.enter_context(folder.full_disk_explained())
            stack.enter_context(folder.claimed())
            folder.prepare(recipe, resume)
            stack.enter_context(log_to_file(folder.log))
        stack.enter_context(stop.listening())
        ms.set_seed(recipe.train.seed)
        run = _Run(recipe, folder, device, workers)
        run.begin(resume)
        try:
            with memory_errors_explained("training", _LESS_MEMORY):
                run.trainer(stop).fit()
        except StopRequestedError:
            # A worker that left earlier would have the others killed, the first one while it saves.
            wait_for_all(workers)
            raise run.interruption(stop) from None
        return run.progress.metrics


class _Run:
    """The objects of one run, and what of them is saved."""

    def __init__(self, recipe: Recipe, folder: RunFolder, device: Device, workers: Workers) -> None:
        self.recipe, self.folder, self.workers = recipe, folder, workers
        self.dataset = open_dataset(recipe)
        self.network = build_started_network(recipe)
        synchronize_batch_norm(self.network, device.target, workers)
        self.objective = builders.build_objective(recipe, self.network, self.dataset, device)
        self.optimizers = builders.build_optimizers(recipe, self.objective)
        self.loss_scaler = _loss_scaler(recipe, device)
        self.progress = Progress()

    def begin(self, resume: bool) -> None:
        """Load the saved state, if there is one, and give all workers what the first one has."""
        if resume and self.workers.is_first:
            self._restore()
        shared = {"progress": asdict(self.progress), "sizes": self.objective.sizes()}
        shared = share_content(shared, self.workers)
        self.progress = Progress(**shared["progress"])
        self._resize(shared["sizes"])
        share_from_first(self._state().values(), self.workers)

    def _restore(self) -> None:
        if not self.folder.state.exists():
            logger.info("nothing was saved yet, the run begins anew")
            return
        state = self._state()

        # What the run had enlarged is enlarged first, so that its parameters find their places.
        def fit(content: Mapping[str, Any]) -> None:
            self._check_training_list(content)
            self._resize(content["sizes"])
            state.clear()
            state.update(self._state())

        content = load_state(self.folder.state, state, check=fit)
        self.progress = Progress(**content["progress"])
        logger.info("resumed after epoch %d, step %d", self.progress.epoch, self.progress.step)

    def _resize(self, sizes: Mapping[str, int]) -> None:
        if sizes != self.objective.sizes():
            self.objective.resize(sizes)
            self.optimizers = builders.build_optimizers(self.recipe, self.objective)

    def _check_training_list(self, content: Mapping[str, Any]) -> None:
        then, now = content["training_list"], self._training_list()
        if then != now:
            raise TrainingError(
                "the training split is not the one that this run began with: "
                f"{then['records']} records ({then['sha256'][:8]}) then, "
                f"{now['records']} ({now['sha256'][:8]}) now",
                where=self.recipe.dataset.root,
                fix=f"restore it, or begin a new run with --set train.init_checkpoint={self.folder.last}",
            )

    def _training_list(self) -> dict[str, Any]:
        return fingerprint(self.dataset.train, self.dataset.root)

    def interruption(self, stop: StopRequest) -> InterruptedRunError:
        """Say that the run ends early, and how it goes on."""
        number = stop.signal or signal.SIGTERM
        return InterruptedRunError(
            f"stopped by {number.name}; everything up to step {self.progress.step} is saved",
            where=str(self.folder.root),
            fix=f"go on with mindreid train --resume {self.folder.root}",
            signal=number,
        )

    def trainer(self, stop: StopRequest) -> Trainer:
        """Build the loop."""
        recipe, train = self.recipe, self.recipe.train
        sampler = builders.build_sampler(recipe, self.dataset, self.workers)
        epochs = train.count_epochs(sampler.batches_per_epoch)
        step = TrainStep(self.objective, self.optimizers, workers=self.workers, loss_scaler=self.loss_scaler)
        extract = build_extractor(recipe, self.network, self.workers, between_batches=stop.check_alone)
        stand_ins = StandIns(self.dataset.train, train.unreadable_share)
        return Trainer(
            self.objective,
            self.optimizers,
            {name: config.options["lr"] for name, config in recipe.optimizers.items()},
            builders.build_schedules(recipe),
            step,
            partial(
                training_batches,
                self.dataset.train,
                sampler,
                training_transform(recipe.augment, recipe.input),
                seed=train.seed,
                reader_threads=train.reader_threads,
                load=builders.training_loader(recipe),
                stand_ins=stand_ins,
            ),
            epochs=epochs,
            seed=train.seed,
            progress=self.progress,
            listeners=self._listeners(
                step, epochs, train.steps or sampler.batches_per_epoch * epochs, extract
            ),
            mine_labels=self._label_mining(
                step, partial(extract, self.dataset.train, flip=False, stand_ins=stand_ins)
            ),
            checkpoint_steps=train.checkpoint_steps,
            stop=stop,
            steps=train.steps,
        )

    def _label_mining(self, step: TrainStep, embed: Callable[[], np.ndarray]) -> LabelMining:
        return LabelMining(
            self.objective,
            self.optimizers,
            step,
            embed=embed,
            build_optimizers=partial(builders.build_optimizers, self.recipe, self.objective),
            progress=self.progress,
            path=self.folder.mining if self.workers.is_first else None,
        )

    def _listeners(
        self, step: TrainStep, epochs: int, total_steps: int, extract: FeatureExtractor
    ) -> list[Listener]:
        train = self.recipe.train
        losses = LossLog(
            self.folder.losses if self.workers.is_first else None,
            step.term_names,
            every=train.log_every,
            total_steps=total_steps,
            progress=self.progress,
            keep_hint=f"last good checkpoint: {self.folder.state}" if self.progress.step else "",
        )
        evaluation = PeriodicEvaluation(
            partial(self._evaluate, extract),
            every=train.evaluate_every,
            epochs=epochs,
            best_metric=train.best_metric,
            progress=self.progress,
            on_best=self._save_best,
        )
        keeper = CheckpointKeeper(
            self._save, every=train.checkpoint_every, epochs=epochs, progress=self.progress
        )
        return [losses, evaluation, keeper]

    def _evaluate(self, extract: FeatureExtractor) -> dict[str, dict[str, Any]]:
        results = evaluate_dataset(extract, self.dataset, self.recipe.evaluation, self.workers)
        logger.info("after epoch %d\n%s", self.progress.epoch, format_results(results))
        return results

    def _save_best(self) -> None:
        self._save_weights(self.folder.best)

    def _save(self, progress: Mapping[str, Any]) -> None:
        if not self.workers.is_first:
            return
        self._save_weights(self.folder.last)
        content = {
            "progress": dict(progress),
            "training_list": self._training_list(),
            "sizes": self.objective.sizes(),
        }
        save_state(self.folder.state, self._state(), content)

    def _save_weights(self, path: Path) -> None:
        if self.workers.is_first:
            description = Description.of(
                self.recipe,
                num_classes=self.dataset.num_train_pids,
                epoch=self.progress.epoch,
                metrics=self.progress.metrics,
            )
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
