"""What a run's ``evaluations.jsonl`` says: its figures from one evaluation to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mindreid.engine.evaluation.protocol_results import results_from_json
from mindreid.errors import DataError
from mindreid.report.loss_history import is_number, read_lines

METRICS = ("rank1", "mAP")


@dataclass(frozen=True)
class EvaluationHistory:
    """Every evaluation of a run.

    Attributes
    ----------
    epochs : np.ndarray
        int64 ``[N]``: completed epochs.
    figures : mapping of str to mapping
        By metric, "rank1" and "mAP", and by protocol: float64 ``[N]`` in [0, 1], NaN where a protocol does
        not report the metric. A metric that none reports is not there.
    """

    epochs: np.ndarray
    figures: Mapping[str, Mapping[str, np.ndarray]]

    def __len__(self) -> int:
        return len(self.epochs)


def read_evaluations(path: Path) -> EvaluationHistory:
    """Read ``evaluations.jsonl``; a run that has not been evaluated, or is older, has an empty history.

    Raises
    ------
    DataError
        If a line is damaged.
    """
    results = {}
    for row in read_lines(path):
        try:
            own = results_from_json(row["results"])
            named = [result.named(metric) for result in own.values() for metric in METRICS]
            is_valid = all(value is None or is_number(value) for value in named)
        except (KeyError, AttributeError, TypeError, DataError):
            is_valid = False
        if not is_valid:
            raise DataError(
                f"what is said of epoch {row['epoch']} is no evaluation",
                where=str(path),
                fix="take the line out",
            )
        results[row["epoch"] + 1] = own
    protocols = dict.fromkeys(name for own in results.values() for name in own)
    figures: dict[str, dict[str, np.ndarray]] = {}
    for metric in METRICS:
        for protocol in protocols:
            values = [own[protocol].named(metric) if protocol in own else None for own in results.values()]
            if any(value is not None for value in values):
                figures.setdefault(metric, {})[protocol] = np.array(values, float)
    return EvaluationHistory(np.array(list(results), np.int64), figures)
