"""The updates that end a training step: an optimiser for each group of parameters, which may rest."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from mindspore import Parameter, Tensor, amp, nn, ops

from mindreid.engine.platform.compilation import compile_function
from mindreid.errors import TrainingError

_Tensors = tuple[Tensor, ...]


class GroupUpdates:
    """Hands each optimiser the gradients of its parameters, unless it rests.

    Parameters
    ----------
    optimizers : mapping of str to Optimizer
        By name, in the order of the gradients.
    loss_scaler : mindspore.amp.LossScaler, optional
        For float16: gradients are unscaled, and all updates of a step in which one of them
        overflowed are left out; the scale then shrinks.

    Attributes
    ----------
    parameters : tuple of Parameter
        What all optimisers update, in the order of the gradients.
    """

    def __init__(self, optimizers: Mapping[str, nn.Optimizer], loss_scaler: Any = None) -> None:
        self._optimizers = dict(optimizers)
        self.parameters = tuple(p for each in optimizers.values() for p in each.parameters)
        self._unscale = None if loss_scaler is None else compile_function(_unscaling(loss_scaler))
        # An optimiser on its own never rests, and a condition would cost it time.
        plain = loss_scaler is None and len(optimizers) == 1
        self._updates = {
            name: each if plain else compile_function(_conditional(each)) for name, each in optimizers.items()
        }
        self._allowed = None if plain else {name: Tensor(True) for name in optimizers}
        self._kept: list[tuple[Parameter, Tensor]] = []

    def resting(self, frozen: Collection[Parameter]) -> frozenset[str]:
        """Return the names of the optimisers all of whose parameters are frozen.

        Raises
        ------
        TrainingError
            If only a part of an optimiser's parameters is, or nothing is left to update.
        """
        ids = {id(parameter) for parameter in frozen}
        resting = set()
        for name, optimizer in self._optimizers.items():
            still = [parameter for parameter in optimizer.parameters if id(parameter) in ids]
            if still and len(still) < len(optimizer.parameters):
                raise TrainingError(
                    f"{len(still)} of the {len(optimizer.parameters)} parameters of the optimiser "
                    f"{name!r} are frozen; one rests as a whole or not at all"
                )
            if still:
                resting.add(name)
        if len(resting) == len(self._optimizers):
            raise TrainingError("all parameters are frozen: there is nothing to train")
        return frozenset(resting)

    def freeze(self, frozen: Collection[Parameter]) -> None:
        """Leave ``frozen`` as it is, and nothing else, until the next call."""
        resting = self.resting(frozen)
        if self._allowed is not None:
            self._allowed = {name: Tensor(name not in resting) for name in self._optimizers}
        updated = {id(parameter) for parameter in self.parameters}
        # The forward pass itself moves the running statistics of norms.
        self._kept = [(p, Tensor(p.asnumpy().copy())) for p in frozen if id(p) not in updated]

    def __call__(self, gradients: _Tensors) -> None:
        """Update every parameter with its gradient, in the order of :attr:`parameters`."""
        finite = Tensor(True)
        if self._unscale is not None:
            gradients, finite = self._unscale(*gradients)
        begin = 0
        for name, optimizer in self._optimizers.items():
            end = begin + len(optimizer.parameters)
            if self._allowed is None:
                self._updates[name](gradients[begin:end])
            else:
                self._updates[name](finite, self._allowed[name], *gradients[begin:end])
            begin = end
        for parameter, value in self._kept:
            ops.assign(parameter, value)


def _unscaling(loss_scaler: Any) -> Callable[..., tuple[_Tensors, Tensor]]:
    # A tuple as an argument would be a constant, and compiled anew in every step.
    def unscale(*gradients: Tensor) -> tuple[_Tensors, Tensor]:
        unscaled = loss_scaler.unscale(gradients)
        finite = amp.all_finite(unscaled)
        loss_scaler.adjust(finite)
        return unscaled, finite

    return unscale


def _conditional(optimizer: nn.Optimizer) -> Callable[..., Tensor]:
    """Build an update that is left out unless it is told twice that it may go on."""

    def update(finite: Tensor, allowed: Tensor, *gradients: Tensor) -> Tensor:
        goes_on = ops.logical_and(finite, allowed)
        if goes_on:
            optimizer(gradients)
        return goes_on

    return update
