"""One training step, compiled once: a trunk forward, the objective's phases, their updates."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Optional

import mindspore as ms
from mindspore import Parameter, Tensor, nn, ops

from mindreid.engine.platform.compilation import compile_function
from mindreid.engine.platform.distributed import (
    Workers,
    gradient_reducer,
    row_gatherer,
    together_gatherer,
)
from mindreid.engine.training.updates import GroupUpdates
from mindreid.errors import TrainingError
from mindreid.objective import Objective, Phase

_Tensors = tuple[Tensor, ...]
#: A compiled phase: (outputs, labels, weights) -> (outputs that wait for the update, terms).
_PhaseUpdate = Callable[..., Any]


class TrainStep:
    """Forward, gradients and updates of all phases.

    The phases before the last one update their classifier inside the compiled function, since
    the last phase must read the updated weights. The last update stays outside on its own: on
    CPU, a graph that holds both the backward pass and the optimiser runs at half the speed.

    Parameters
    ----------
    objective : Objective
        Says what to compute.
    optimizers : mapping of str to Optimizer
        One for each of the objective's phases and of their groups, by name.
    workers : Workers
        Each runs the trunk on its own images. The losses see the outputs (but the local ones) and
        labels of all, so that a triplet loss finds its examples in the whole batch; gradients are
        averaged.
    loss_scaler : mindspore.amp.LossScaler, optional
        For float16: the last phase's loss is scaled, and an update with a gradient that
        overflowed is left out.
    prepare : Cell, optional
        Makes what the network sees of the images that arrive, e.g. of bytes.

    Raises
    ------
    TrainingError
        If the phases and the optimisers have different names.
    """

    def __init__(
        self,
        objective: Objective,
        optimizers: Mapping[str, nn.Optimizer],
        *,
        workers: Workers = Workers(),  # noqa: B008 - immutable
        loss_scaler: Any = None,
        prepare: Optional[nn.Cell] = None,
    ) -> None:
        self._prepare = prepare or nn.Identity()
        self._objective, self._optimizers = objective, optimizers
        self.workers, self._loss_scaler = workers, loss_scaler
        objective.gather, objective.rank = row_gatherer(workers), workers.rank
        self.term_names = tuple(term for phase in objective.phases() for term in phase.terms)
        self.build()

    def build(self) -> None:
        """Compile anew, at the next call, for parameters and optimisers that were exchanged."""
        phases, optimizers, scaler = tuple(self._objective.phases()), self._optimizers, self._loss_scaler
        _check_names(phases, optimizers)
        self._update = GroupUpdates({name: optimizers[name] for name in phases[-1].updated}, scaler)
        parameters = self._update.parameters
        self._gradients = compile_function(
            _gradient_function(
                _whole_batch(self._objective, self.workers, self._prepare),
                phases,
                optimizers,
                parameters,
                self.workers,
                scaler,
            )
        )

    def resting(self, frozen: Collection[Parameter]) -> frozenset[str]:
        """Return the names of the last phase's optimisers that rest while ``frozen`` must not change."""
        return self._update.resting(frozen)

    def freeze(self, frozen: Collection[Parameter]) -> None:
        """Leave ``frozen`` as it is from the next step on, see :meth:`Objective.frozen`."""
        self._update.freeze(frozen)

    def __call__(self, images: Tensor, labels: Sequence[Tensor], weights: Tensor) -> Tensor:
        """Take one step.

        Parameters
        ----------
        images : Tensor
            float32 ``[B, 3, H, W]``, this worker's; or what is prepared to be that.
        labels : sequence of Tensor
            This worker's int32 ``[B]`` each, in the order of ``objective.labels``, and its rows of
            what ``objective.draw_noise`` drew, then what ``objective.draw`` drew for the whole batch.
        weights : Tensor
            float32 ``[terms]``, the weight of each term in the order of :attr:`term_names`.

        Returns
        -------
        Tensor
            float32 ``[terms]``, the unweighted loss terms; left on the device.
        """
        terms, gradients = self._gradients(images, weights, *labels)
        self._update(gradients)
        return terms


def _check_names(phases: Sequence[Phase], optimizers: Mapping[str, nn.Optimizer]) -> None:
    wanted = [name for phase in phases for name in phase.updated]
    if any(phase.groups for phase in phases[:-1]):
        raise TrainingError("only the last phase of a step may update several groups of parameters")
    if sorted(wanted) != sorted(optimizers):
        raise TrainingError(
            f"the method's phases are {wanted}, the recipe's optimisers {sorted(optimizers)}",
            fix="name one optimiser per phase under `optimizers:`",
        )


def _gradient_function(
    forward: Callable[..., Any],
    phases: Sequence[Phase],
    optimizers: Mapping[str, nn.Optimizer],
    parameters: tuple[Parameter, ...],
    workers: Workers,
    loss_scaler: Any,
) -> Callable[..., Any]:
    """Build (images, weights, *labels) -> (all terms, gradients of the last phase's ``parameters``)."""
    *early, last = phases
    spans = _spans(phases)
    updates = tuple(
        _phase_update(phase, optimizers[phase.name], span, workers) for phase, span in zip(early, spans)
    )
    losses, (begin, end) = last.losses, spans[-1]

    def total_loss(images: Tensor, weights: Tensor, *local_labels: Tensor) -> tuple[Tensor, Tensor]:
        outputs, labels = forward(images, local_labels)
        early_terms: _Tensors = ()
        for update in updates:
            outputs, terms = update(outputs, labels, weights)
            early_terms += (terms,)
        terms = ops.stack(losses(outputs, labels))
        loss = ops.ReduceSum()(terms * weights[begin:end])
        if loss_scaler is not None:
            loss = loss_scaler.scale(loss)
        return loss, ops.cat((*early_terms, terms))

    differentiate = ms.value_and_grad(total_loss, None, ms.ParameterTuple(parameters), has_aux=True)
    reduce = gradient_reducer(list(parameters), workers)

    def gradients(images: Tensor, weights: Tensor, *labels: Tensor) -> tuple[Tensor, _Tensors]:
        (_, terms), grads = differentiate(images, weights, *labels)
        return terms, reduce(grads)

    return gradients


def _whole_batch(objective: Objective, workers: Workers, prepare: nn.Cell) -> Callable[..., Any]:
    """Build (images, labels) of this worker -> (outputs, labels) of all workers."""
    gather_all = together_gatherer(workers)
    per_row, local = len(objective.labels), objective.local_outputs
    drawn = per_row + len(objective.noise)

    def forward(images: Tensor, local_labels: _Tensors) -> tuple[_Tensors, _Tensors]:
        outputs: _Tensors = ()
        for output in objective.forward(prepare(images), *local_labels[per_row:drawn]):
            # Losses are in float32 whatever the network's precision.
            outputs += (ops.cast(output, ms.float32),)
        shared = len(outputs) - local
        labels = gather_all(local_labels[:per_row]) + local_labels[drawn:]
        return gather_all(outputs[:shared]) + outputs[shared:], labels

    return forward


def _phase_update(
    phase: Phase, optimizer: nn.Optimizer, span: tuple[int, int], workers: Workers
) -> _PhaseUpdate:
    """Build the update of a phase that runs on detached outputs, before the network's own."""
    losses, (begin, end) = phase.losses, span

    def weighted_loss(outputs: _Tensors, labels: _Tensors, weights: Tensor) -> tuple[Tensor, Tensor]:
        terms = ops.stack(losses(outputs, labels))
        return ops.ReduceSum()(terms * weights[begin:end]), terms

    differentiate = ms.value_and_grad(weighted_loss, None, optimizer.parameters, has_aux=True)
    reduce = gradient_reducer(optimizer.parameters, workers)

    def step_if(switched_on: Tensor, grads: _Tensors) -> Tensor:
        # A phase that is switched off must not decay its weights or move its moments either.
        if switched_on:
            optimizer(grads)
        return switched_on

    def update(outputs: _Tensors, labels: _Tensors, weights: Tensor) -> tuple[_Tensors, Tensor]:
        detached: _Tensors = ()
        for output in outputs:
            detached += (ops.stop_gradient(output),)
        (_, terms), grads = differentiate(detached, labels, weights)
        terms = ops.depend(terms, step_if(weights[begin:end].sum() > 0, reduce(grads)))
        # The next phase must read the weights after this update, not before it.
        waiting: _Tensors = ()
        for output in outputs:
            waiting += (ops.depend(output, terms),)
        return waiting, ops.stop_gradient(terms)

    return update


def _spans(phases: Sequence[Phase]) -> list[tuple[int, int]]:
    spans, begin = [], 0
    for phase in phases:
        spans.append((begin, begin + len(phase.terms)))
        begin += len(phase.terms)
    return spans
