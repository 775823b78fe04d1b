"""Train a recipe into an output folder; resume it; keep its last and its best weights."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import mindspore as ms
import numpy as np

from mindreid.config import Recipe
from mindreid.data.fingerprint import fingerprint
from mindreid.data.generated_marker import generated_kind
from mindreid.data.open_dataset import open_dataset
from mindreid.data.pipeline import training_batches
from mindreid.data.transforms import training_transform
from mindreid.data.unreadable_files import StandIns
from mindreid.engine.checkpoints.checkpoint_files import Description, save_weights
from mindreid.engine.checkpoints.networks import build_network, build_started_network, require_start
from mindreid.engine.evaluation.features import FeatureExtractor, build_extractor
from mindreid.engine.evaluation.protocol_evaluation import evaluate_dataset
from mindreid.engine.evaluation.protocol_results import Results, format_results
from mindreid.engine.platform.batch_norm import share_batch_statistics
from mindreid.engine.platform.device import Device, select_device
from mindreid.engine.platform.distributed import Workers, join_workers, share_content, wait_for_all
from mindreid.engine.platform.logs import log_to_file
from mindreid.engine.platform.memory import memory_errors_explained
from mindreid.engine.training import builders
from mindreid.engine.training.device_batches import Batch, send_ahead, sender
from mindreid.engine.training.listeners import CheckpointKeeper, Listener, LossLog, PeriodicEvaluation
from mindreid.engine.training.loop import Trainer
from mindreid.engine.training.map_labels import build_map_labeller
from mindreid.engine.training.mining import LabelMining
from mindreid.engine.training.plan import Plan
from mindreid.engine.training.run_folder import RunFolder
from mindreid.engine.training.run_state import RunState
from mindreid.engine.training.step_profile import StepProfile
from mindreid.engine.training.stopping import StopRequest, StopRequestedError
from mindreid.engine.training.tensorboard_log import TensorBoardLog
from mindreid.errors import InterruptedRunError, TrainingError

logger = logging.getLogger(__name__)

_LESS_MEMORY = (
    "make batches smaller (sampler.persons, sampler.images) or images (input.height, input.width), "
    "train on more devices, or use mixed precision (device.amp_level)"
)


def train(
    recipe: Recipe, output: Path, *, resume: bool = False, profile: bool = False
) -> dict[str, dict[str, Any]]:
    """Train ``recipe`` and leave its weights, log and losses in ``output``.

    Parameters
    ----------
    recipe : Recipe
        Validated recipe.
    output : Path
        The run's folder; see :class:`RunFolder` for its files.
    resume : bool
        Go on from the folder's state. The resumed run equals an uninterrupted one.
    profile : bool
        Profile a few steps into the folder's ``profile``, see
        :mod:`mindreid.engine.training.step_profile`; of several workers, the first one's.

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
        begun = resume and share_content({"begun": folder.state.exists()}, workers)["begun"]
        if resume and not begun:
            logger.info("nothing was saved yet, the run begins anew")
        run = _Run(recipe, folder, device, workers, begun=begun, profile=profile and workers.is_first)
        run.begin()
        return run.carry_out(stop)


class _Run:
    """One run: what it is made of, and what it does at its begin, on its way and at its end."""

    def __init__(
        self,
        recipe: Recipe,
        folder: RunFolder,
        device: Device,
        workers: Workers,
        *,
        begun: bool,
        profile: bool,
    ) -> None:
        self.recipe, self.folder, self.workers, self.begun = recipe, folder, workers, begun
        self.dataset = open_dataset(recipe)
        # What a saved state fills needs no file to start from, which may be gone.
        self.network = build_network(recipe) if begun else build_started_network(recipe)
        objective = builders.build_objective(recipe, self.network, self.dataset, device, start=not begun)
        self.sampler = builders.build_sampler(recipe, self.dataset, workers)
        batch_size = self.sampler.batch_size * workers.size
        share_batch_statistics(objective, recipe.device, device.target, workers, batch_size)
        self.state = RunState(
            objective,
            partial(builders.build_optimizers, recipe, objective),
            workers=workers,
            loss_scaler=builders.build_loss_scaler(recipe, device),
            prepare=builders.build_preparation(recipe),
        )
        self._send = sender(device.target)
        self._profile = StepProfile(folder.profile, device.target) if profile else None

    def begin(self) -> None:
        """Load the saved state, if there is one, and give all workers what the first one has."""
        if self.begun and self.workers.is_first:
            self._restore()
        self.state.share()

    def carry_out(self, stop: StopRequest) -> dict[str, dict[str, Any]]:
        """Train to the end, or to where ``stop`` asks; return the last evaluation."""
        plan, progress = builders.build_plan(self.recipe, self.sampler), self.state.progress
        if plan.is_done(progress):
            unit = "step" if plan.steps else "epoch"
            done, length = getattr(progress, unit), plan.steps or plan.epochs
            logger.info("nothing is left to train: %s %d of %d was reached", unit, done, length)
            return progress.metrics
        trainer = self._trainer(plan, stop)
        if self.workers.is_first:
            # Not before: a resume that is refused changes nothing.
            self.folder.note(self.recipe)
        try:
            with memory_errors_explained("training", _LESS_MEMORY):
                trainer.fit()
        except StopRequestedError:
            # A worker that left earlier would have the others killed, the first one while it saves.
            wait_for_all(self.workers)
            raise self._interruption(stop) from None
        return progress.metrics

    def _trainer(self, plan: Plan, stop: StopRequest) -> Trainer:
        stand_ins = StandIns(self.dataset.train, self.recipe.train.unreadable_share)
        batches = partial(
            training_batches,
            self.dataset.train,
            self.sampler,
            training_transform(self.recipe.augment, self.recipe.input, as_bytes=self.recipe.device.normalize),
            seed=plan.seed,
            reader_threads=self.recipe.train.reader_threads,
            load=builders.training_loader(self.recipe),
            stand_ins=stand_ins,
            trace=builders.build_trace(self.recipe, self.state.objective),
        )
        extract = build_extractor(self.recipe, self.network, self.workers, between_batches=stop.check_alone)
        see = self._seer(extract, stand_ins, stop)
        mining = LabelMining(self.state, see, self.folder.mining if self.workers.is_first else None)
        listeners = [mining, *self._listeners(plan, partial(self._evaluate, extract))]

        def sent(epoch: int, skip: int = 0) -> Generator[Batch, None, None]:
            ahead = send_ahead(batches(epoch, skip=skip), self._send)
            return ahead if self._profile is None else self._profile.watch(ahead)

        return Trainer(plan, self.state, sent, listeners, stop)

    def _seer(
        self, extract: FeatureExtractor, stand_ins: StandIns, stop: StopRequest
    ) -> Callable[[], np.ndarray]:
        """Build what shows the training images to an objective that finds labels of its own."""
        objective, records = self.state.objective, self.dataset.train
        if objective.mined_from == "embeddings":
            return partial(extract, records, flip=False, stand_ins=stand_ins)
        options = {"between_batches": stop.check_alone, "stand_ins": stand_ins}
        return build_map_labeller(self.recipe, objective, records, self.workers, **options)

    def _listeners(self, plan: Plan, evaluate: Callable[[], Results]) -> list[Listener]:
        train, progress = self.recipe.train, self.state.progress
        losses = LossLog(
            self.folder.losses if self.workers.is_first else None,
            self.state.step.term_names,
            every=train.log_every,
            total_steps=plan.total_steps,
            progress=progress,
            keep_hint=f"last good checkpoint: {self.folder.state}" if progress.step else "",
        )
        evaluation = PeriodicEvaluation(
            evaluate,
            every=train.evaluate_every,
            epochs=plan.epochs,
            best_metric=train.best_metric,
            progress=progress,
            on_best=partial(self._save_weights, self.folder.best),
            path=self.folder.evaluations if self.workers.is_first else None,
        )
        keeper = CheckpointKeeper(self._save, every=train.checkpoint_every, epochs=plan.epochs)
        # A loss that is not finite must be found before anything is saved.
        profiles = [] if self._profile is None else [self._profile]
        return [*profiles, losses, evaluation, keeper, *self._summaries()]

    def _summaries(self) -> list[Listener]:
        if not (self.recipe.train.summary and self.workers.is_first):
            return []
        every, progress = self.recipe.train.log_every, self.state.progress
        names = self.state.step.term_names
        return [TensorBoardLog(self.folder.summaries, names, every=every, progress=progress)]

    def _evaluate(self, extract: FeatureExtractor) -> Results:
        results = evaluate_dataset(extract, self.dataset, self.recipe.evaluation, self.workers)
        logger.info("after epoch %d\n%s", self.state.progress.epoch, format_results(results))
        return results

    def _save(self) -> None:
        self._save_weights(self.folder.last)
        if self.workers.is_first:
            origin = {"training_list": self._training_list, "counts": self._counts}
            self.state.save(self.folder.state, origin)

    def _save_weights(self, path: Path) -> None:
        if self.workers.is_first:
            description = Description.of(
                self.recipe,
                num_classes=self.dataset.num_train_pids,
                epoch=self.state.progress.epoch,
                metrics=self.state.progress.metrics,
                trained_on={"dataset": self.dataset.name, "kind": generated_kind(self.dataset.root)},
            )
            save_weights(path, self.network, description)

    def _restore(self) -> None:
        self.state.restore(self.folder.state, check=self._check_origin)
        progress = self.state.progress
        logger.info("resumed after epoch %d, step %d", progress.epoch, progress.step)

    def _check_origin(self, content: Mapping[str, Any]) -> None:
        self._check_training_list(content)
        # States of earlier versions don't say.
        counted = content.get("counts", self._counts)
        if counted != self._counts:
            raise TrainingError(
                f"this run counts {counted}, and so do its learning rates: it can't go on by {self._counts}",
                where=str(self.folder.root),
                fix=f"set train.{counted}, or {self._new_run}",
            )

    @property
    def _new_run(self) -> str:
        return f"begin a new run with --set train.init_checkpoint={self.folder.last}"

    @property
    def _counts(self) -> str:
        return "epochs" if self.recipe.train.steps is None else "steps"

    def _check_training_list(self, content: Mapping[str, Any]) -> None:
        then, now = content["training_list"], self._training_list
        if then != now:
            raise TrainingError(
                "the training split is not the one that this run began with: "
                f"{then['records']} records ({then['sha256'][:8]}) then, "
                f"{now['records']} ({now['sha256'][:8]}) now",
                where=self.recipe.dataset.root,
                fix=f"restore it, or {self._new_run}",
            )

    @cached_property
    def _training_list(self) -> dict[str, Any]:
        return fingerprint(self.dataset.train, self.dataset.root)

    def _interruption(self, stop: StopRequest) -> InterruptedRunError:
        number = stop.signal or signal.SIGTERM
        return InterruptedRunError(
            f"stopped by {number.name}; everything up to step {self.state.progress.step} is saved",
            where=str(self.folder.root),
            fix=f"go on with mindreid train --resume {self.folder.root}",
            signal=number,
        )
