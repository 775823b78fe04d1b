"""Curves of a run: every loss term, every learning rate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sized
from typing import Optional

import numpy as np

from mindreid.metrics.percentages import to_percent
from mindreid.pages.markup import Markup, element, join, note
from mindreid.pages.page_frame import Section
from mindreid.report.evaluation_history import EvaluationHistory
from mindreid.report.loss_history import TOTAL, LossHistory
from mindreid.report.page.evaluation_section import FIGURES
from mindreid.report.page.line_chart import Line, line_chart


def curve_section(
    histories: Mapping[str, LossHistory], evaluations: Mapping[str, EvaluationHistory]
) -> Section:
    """Draw a chart for each evaluated metric, each loss term and the rates; several runs over each other."""
    if not any(map(len, histories.values())):
        return Section("curves", "Curves", note("No step has been made yet."))
    terms = list(dict.fromkeys(name for history in histories.values() for name in history.losses))
    charts = [
        *_evaluated(evaluations),
        *(line_chart(_title(name), _lines(histories, name)) for name in terms),
    ]
    rates = {
        _label(label, f"rate of {phase}", histories): (history.steps, values)
        for label, history in histories.items()
        for phase, values in history.rates.items()
    }
    charts.append(line_chart("learning rate", rates))
    said = note(
        "Terms as they come from the step, unweighted; a long curve shows means and, pale, their range."
    )
    return Section("curves", "Curves", join([said, element("div", *charts, class_="charts")]))


def _evaluated(evaluations: Mapping[str, EvaluationHistory]) -> Iterator[Markup]:
    """Draw the metrics of runs that were evaluated more than once."""
    for metric in dict.fromkeys(name for history in evaluations.values() for name in history.figures):
        lines = {
            _label(label, protocol, evaluations): (
                history.epochs,
                np.array([to_percent(value) for value in values]),
            )
            for label, history in evaluations.items()
            if len(history) > 1
            for protocol, values in history.figures.get(metric, {}).items()
        }
        if lines:
            yield line_chart(f"{FIGURES[metric]} in per cent, as evaluated", lines, x_name="epoch")


def _title(name: str) -> str:
    return "loss, the weighted sum" if name == TOTAL else name


def _lines(histories: Mapping[str, LossHistory], name: str) -> dict[str, Line]:
    each = {label: (history.steps, history.losses.get(name)) for label, history in histories.items()}
    return {label: (steps, values) for label, (steps, values) in each.items() if values is not None}


def _label(run: str, what: str, histories: Sized) -> str:
    return what if len(histories) == 1 else f"{run}: {what}"


def last_loss(history: LossHistory) -> Optional[float]:
    """Return the loss of the last step, ``None`` before the first."""
    return float(history.losses[TOTAL][-1]) if len(history) else None
