"""How far a run has come, and what each of its steps tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from mindspore import Tensor


@dataclass
class Progress:
    """How far a run has come; the part of its state that is not a parameter.

    Attributes
    ----------
    epoch : int
        Completed epochs.
    batch : int
        Completed steps of the epoch at hand.
    step : int
        Completed steps, over all epochs.
    best : float
        Best value so far of the metric that selects ``best.ckpt``; -1 before any evaluation.
    best_of : dict
        Which figure that is: "metric", "protocol" and "rerank"; empty before any evaluation, and where an
        earlier version saved it.
    metrics : dict
        Last evaluation as files hold it, see
        :func:`mindreid.engine.evaluation.protocol_results.results_to_json`.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    best: float = -1.0
    best_of: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StepReport:
    """What a step tells the listeners; ``terms`` is still on the device.

    Attributes
    ----------
    epoch, step : int
        Epoch from 0, and step counted over all epochs from 1.
    terms : Tensor
        float32 ``[terms]``, unweighted.
    weights : np.ndarray
        float32 ``[terms]``.
    rates : dict
        Learning rate of each phase.
    batch_size : int
        Images of all workers.
    """

    epoch: int
    step: int
    terms: Tensor
    weights: np.ndarray
    rates: Mapping[str, float]
    batch_size: int
