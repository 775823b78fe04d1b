"""What a run changes while it goes on, and its file: save it, restore it, share it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Optional

from mindspore import Parameter, amp, nn

from mindreid.engine.checkpoints.checkpoint_files import load_state, named_parameters, save_state
from mindreid.engine.platform.distributed import Workers, share_content, share_from_first
from mindreid.engine.training.optimizers import constants_of, restart
from mindreid.engine.training.progress import Progress
from mindreid.engine.training.step import TrainStep
from mindreid.objective import Objective


class RunState:
    """An objective with its optimisers and its compiled step, and how far they have come.

    Parameters
    ----------
    objective : Objective
        What is trained.
    build_optimizers : callable
        ``build_optimizers() -> {phase: optimiser}`` for the parameters that the objective has at
        that time.
    workers : Workers
        Processes that train together.
    loss_scaler : mindspore.amp.LossScaler, optional
        For mixed precision.
    prepare : Cell, optional
        See :class:`TrainStep`.

    Attributes
    ----------
    optimizers : dict
        By phase name.
    step : TrainStep
        The compiled step.
    progress : Progress
        Updated in place by who trains, replaced by :meth:`restore` and :meth:`share`.

    Raises
    ------
    TrainingError
        If the objective's phases and the optimisers have different names.
    """

    def __init__(
        self,
        objective: Objective,
        build_optimizers: Callable[[], Mapping[str, nn.Optimizer]],
        *,
        workers: Workers = Workers(),  # noqa: B008 - immutable
        loss_scaler: Optional[amp.LossScaler] = None,
        prepare: Optional[nn.Cell] = None,
    ) -> None:
        self.objective, self._build_optimizers = objective, build_optimizers
        self.workers, self.loss_scaler = workers, loss_scaler
        self.optimizers = dict(build_optimizers())
        self._sizes = dict(objective.sizes())
        self.step = TrainStep(
            objective, self.optimizers, workers=workers, loss_scaler=loss_scaler, prepare=prepare
        )
        self.progress = Progress()

    def parameters(self) -> dict[str, Parameter]:
        """Return everything that training changes: weights, statistics, moments, rates, loss scale."""
        state = named_parameters(self.objective)
        own = {id(parameter) for parameter in (*state.values(), *self._constants())}
        for optimizer in self.optimizers.values():
            state.update({p.name: p for p in optimizer.get_parameters() if id(p) not in own})
        scaler = {} if self.loss_scaler is None else vars(self.loss_scaler)
        state.update({f"loss_scaler.{k}": v for k, v in scaler.items() if isinstance(v, Parameter)})
        return state

    def restart_optimizers(self) -> None:
        """Begin the optimisation anew; where parameters have grown, with new optimisers and a new graph."""
        if self.objective.sizes() != self._sizes:
            self._exchange_optimizers()
            return
        for optimizer in self.optimizers.values():
            restart(optimizer)

    def save(self, path: Path, origin: Mapping[str, Any]) -> None:
        """Write the state into one file, which is replaced whole.

        Parameters
        ----------
        path : Path
            Where to.
        origin : mapping
            JSON values that say what the run is trained on; :meth:`restore` shows them.

        Raises
        ------
        CheckpointError
            If a value is not finite, or the file can't be written; an older file then stays.
        """
        content = {"progress": asdict(self.progress), "sizes": self.objective.sizes(), **origin}
        save_state(path, self.parameters(), content)

    def restore(self, path: Path, check: Callable[[Mapping[str, Any]], None]) -> None:
        """Go back to a state of :meth:`save`.

        Parameters
        ----------
        path : Path
            The file.
        check : callable
            Gets its JSON values before anything is changed; raises if the run must not go on.

        Raises
        ------
        CheckpointError
            If the file is damaged or was written for other parameters.
        """
        state = self.parameters()

        # What the run had enlarged is enlarged first, so that its parameters find their places.
        def fit(content: Mapping[str, Any]) -> None:
            check(content)
            self._resize(content["sizes"])
            state.clear()
            state.update(self.parameters())

        # States of earlier versions have the constants of optimisers, too.
        content = load_state(path, state, check=fit, ignored=[p.name for p in self._constants()])
        self.progress = Progress(**content["progress"])

    def share(self) -> None:
        """Give all workers what the first one has."""
        content = {"progress": asdict(self.progress), "sizes": self.objective.sizes()}
        shared = share_content(content, self.workers)
        self.progress = Progress(**shared["progress"])
        self._resize(shared["sizes"])
        share_from_first(self.parameters().values(), self.workers)

    def _constants(self) -> list[Parameter]:
        return [each for optimizer in self.optimizers.values() for each in constants_of(optimizer)]

    def _resize(self, sizes: Mapping[str, int]) -> None:
        if sizes != self._sizes:
            self.objective.resize(sizes)
            self._exchange_optimizers()

    def _exchange_optimizers(self) -> None:
        self._sizes = dict(self.objective.sizes())
        self.optimizers.update(self._build_optimizers())
        self.step.build()
