"""Learning-rate schedules: factor of the base rate as a function of the epoch, counted from 0.

Schedules are plain functions on the host; a fractional epoch is allowed. Where a recipe gives its
length in steps (``train.steps``), steps stand for epochs throughout.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence

from mindreid.errors import InvalidArgumentError
from mindreid.zoo import SCHEDULES

Schedule = Callable[[float], float]


def multi_step(
    *,
    milestones: Sequence[int] = (),
    gamma: float = 0.1,
    warmup_epochs: int = 0,
    warmup_start: float = 0.01,
) -> Schedule:
    """Multiply the rate by ``gamma`` at every milestone, after a linear warm-up.

    Parameters
    ----------
    milestones : sequence of int
        Epochs that begin with a lower rate, ascending; none for a constant rate.
    gamma : float
        Factor at each milestone.
    warmup_epochs : int
        Length of the warm-up; epoch ``warmup_epochs`` is the first with the full rate.
    warmup_start : float
        Factor in epoch 0 of a warm-up.

    Returns
    -------
    callable
        ``factor(epoch)``.

    Raises
    ------
    InvalidArgumentError
        If milestones do not ascend or a number is out of range.

    Examples
    --------
    >>> factor = multi_step(milestones=[40, 60])
    >>> [round(factor(epoch), 4) for epoch in (0, 39, 40, 60)]
    [1.0, 1.0, 0.1, 0.01]
    """
    milestones = _ascending(milestones)
    if gamma <= 0:
        raise InvalidArgumentError(f"the factor gamma must be positive, not {gamma}")
    warm = _warm_up(warmup_epochs, warmup_start)

    def factor(epoch: float) -> float:
        return warm(epoch) * gamma ** bisect_right(milestones, epoch)

    return factor


def cosine(
    *, epochs: int, minimum: float = 0.0, warmup_epochs: int = 0, warmup_start: float = 0.01
) -> Schedule:
    """Lower the rate along half a cosine, after a linear warm-up.

    Loshchilov and Hutter, "SGDR", ICLR 2017, equation 5, without restarts.

    Parameters
    ----------
    epochs : int
        Where the factor reaches ``minimum``; it stays there afterwards.
    minimum : float
        The last factor.
    warmup_epochs, warmup_start
        As for :func:`multi_step`; the cosine begins after the warm-up.

    Returns
    -------
    callable
        ``factor(epoch)``.

    Raises
    ------
    InvalidArgumentError
        If the warm-up does not end before ``epochs`` or a number is out of range.

    Examples
    --------
    >>> factor = cosine(epochs=60)
    >>> [round(factor(epoch), 4) for epoch in (0, 30, 60)]
    [1.0, 0.5, 0.0]
    """
    if warmup_epochs >= epochs:
        raise InvalidArgumentError(f"a warm-up of {warmup_epochs} epochs leaves nothing of {epochs}")
    if not 0 <= minimum <= 1:
        raise InvalidArgumentError(f"the last factor must be in [0, 1], not {minimum}")
    warm = _warm_up(warmup_epochs, warmup_start)

    def factor(epoch: float) -> float:
        done = min(max((epoch - warmup_epochs) / (epochs - warmup_epochs), 0.0), 1.0)
        return warm(epoch) * (minimum + (1 - minimum) * (1 + math.cos(math.pi * done)) / 2)

    return factor


def exponential(*, begin: int, end: int, last_factor: float = 0.001) -> Schedule:
    """Keep the rate up to an epoch, then lower it exponentially.

    Hermans et al., "In Defense of the Triplet Loss for Person Re-Identification", arXiv 1703.07737,
    equation 10.

    Parameters
    ----------
    begin : int
        Epoch up to which the factor is 1.
    end : int
        Where it reaches ``last_factor``; it stays there afterwards.
    last_factor : float
        The last factor.

    Returns
    -------
    callable
        ``factor(epoch)``.

    Raises
    ------
    InvalidArgumentError
        If the decay does not end after it begins or a number is out of range.

    Examples
    --------
    >>> factor = exponential(begin=15000, end=25000)
    >>> [round(factor(step), 4) for step in (0, 15000, 20000, 25000)]
    [1.0, 1.0, 0.0316, 0.001]
    """
    if not 0 <= begin < end:
        raise InvalidArgumentError(f"a decay begins at an epoch >= 0 and ends later, not {begin} and {end}")
    if not 0 < last_factor <= 1:
        raise InvalidArgumentError(f"the last factor must be in (0, 1], not {last_factor}")

    def factor(epoch: float) -> float:
        done = min(max((epoch - begin) / (end - begin), 0.0), 1.0)
        return last_factor**done

    return factor


def piecewise(*, milestones: Sequence[int] = (), factors: Sequence[float]) -> Schedule:
    """Give each stretch of the run a factor of its own, which may be higher than the one before.

    Parameters
    ----------
    milestones : sequence of int
        Epochs that begin a new stretch, ascending.
    factors : sequence of float
        One more than milestones: the factor before the first of them, and from each of them on.

    Returns
    -------
    callable
        ``factor(epoch)``.

    Raises
    ------
    InvalidArgumentError
        If milestones do not ascend, or the factors are not as many or negative.

    Examples
    --------
    >>> factor = piecewise(milestones=[40, 60], factors=[1.0, 0.1, 0.5])
    >>> [factor(epoch) for epoch in (0, 39, 40, 60)]
    [1.0, 1.0, 0.1, 0.5]
    """
    milestones, factors = _ascending(milestones), list(factors)
    if len(factors) != len(milestones) + 1:
        raise InvalidArgumentError(
            f"{len(milestones)} milestones separate {len(milestones) + 1} factors, not {len(factors)}"
        )
    if not all(0 <= factor < math.inf for factor in factors):
        raise InvalidArgumentError(f"factors must be numbers >= 0, they are {factors}")
    return lambda epoch: factors[bisect_right(milestones, epoch)]


def _ascending(milestones: Sequence[int]) -> list[int]:
    milestones = list(milestones)
    if milestones != sorted(set(milestones)):
        raise InvalidArgumentError(f"milestones must ascend, they are {milestones}")
    return milestones


def _warm_up(epochs: int, start: float) -> Schedule:
    if epochs < 0 or not 0 <= start <= 1:
        raise InvalidArgumentError(
            f"a warm-up needs a length >= 0 and a start in [0, 1], not {epochs} and {start}"
        )

    def factor(epoch: float) -> float:
        return 1.0 if epoch >= epochs else start + (1 - start) * epoch / epochs

    return factor


SCHEDULES.register("multi_step", multi_step)
SCHEDULES.register("cosine", cosine)
SCHEDULES.register("piecewise", piecewise)
SCHEDULES.register("exponential", exponential)
