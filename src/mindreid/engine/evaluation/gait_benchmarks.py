"""Gait benchmarks, which choose probe and gallery among all test sequences by their conditions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from mindreid import metrics
from mindreid.data.records import Record
from mindreid.engine.evaluation.protocol_results import ProtocolResult
from mindreid.metrics.percentages import from_percent

Rows = dict[str, ProtocolResult]
_OTHER_VIEWS, _ALL_VIEWS = "pairs of other views", "pairs of all views"


def evaluate_ccpg(records: Sequence[Record], features: np.ndarray, metric: str) -> Rows:
    """Evaluate CCPG's lists in both protocols, see :func:`mindreid.metrics.evaluate_ccpg`.

    Returns
    -------
    dict
        For each kind of change three rows: "CL reid" with rank-1, mAP and mINP, "CL gait" with
        rank-1 over pairs of different cameras, "CL gait, same view" over all pairs.
    """
    pids, conditions, cameras = _labels(records)
    result = metrics.evaluate_ccpg(features, pids, conditions, cameras, metric=metric)
    rows: Rows = {}
    for setting, (worn_by_probe, worn_in_gallery) in metrics.CCPG_SETTINGS.items():
        counts = _counts(conditions, worn_by_probe, worn_in_gallery)
        reid, gait = result["reid"][setting], result["gait"][setting]
        rows[f"{setting} reid"] = _result(reid, counts, "standard")
        for name, key, rule in (
            ("gait", "rank1_excluding_identical_view", _OTHER_VIEWS),
            ("gait, same view", "rank1_including_identical_view", _ALL_VIEWS),
        ):
            rows[f"{setting} {name}"] = _result({"rank1": gait[key]}, counts, rule)
    return dict(sorted(rows.items(), key=lambda row: row[0].partition(" ")[2] != "reid"))


def evaluate_casia_b(protocol: str) -> Callable[[Sequence[Record], np.ndarray, str], Rows]:
    """Make the evaluation of one of CASIA-B's protocols, see :func:`mindreid.metrics.evaluate_casia_b`."""
    is_single = protocol == "single_view"
    probes = metrics.SINGLE_VIEW_PROBES if is_single else metrics.CROSS_VIEW_PROBES
    gallery = metrics.SINGLE_VIEW_GALLERY if is_single else metrics.CROSS_VIEW_GALLERY

    def evaluate(records: Sequence[Record], features: np.ndarray, metric: str) -> Rows:
        pids, types, views = _labels(records)
        result = metrics.evaluate_casia_b(features, pids, types, views, metric=metric, protocol=protocol)
        return {
            f"{name} {protocol}": _result(
                figures,
                _counts(types, probes[name], gallery),
                _OTHER_VIEWS if is_single else "standard",
            )
            for name, figures in result.items()
        }

    return evaluate


def _result(percentages: Mapping[str, float], counts: Mapping[str, int], rule: str) -> ProtocolResult:
    """Turn a benchmark's per cent, by their names in files, into fractions."""
    figures = {name: from_percent(value) for name, value in percentages.items()}
    return ProtocolResult.from_json({**figures, **counts, "rule": rule})


def _labels(records: Sequence[Record]) -> tuple[np.ndarray, list[str], list[str]]:
    pids = np.array([record.pid for record in records], np.int64)
    return pids, [str(record.condition) for record in records], [str(record.camera) for record in records]


def _counts(conditions: Sequence[str], probe: Sequence[str], gallery: Sequence[str]) -> dict[str, int]:
    return {
        "queries": sum(condition in probe for condition in conditions),
        "gallery": sum(condition in gallery for condition in conditions),
    }


#: By the name of a :class:`~mindreid.data.records.Protocol`'s rule.
GAIT_BENCHMARKS: dict[str, Callable[[Sequence[Record], np.ndarray, str], Rows]] = {
    "ccpg": evaluate_ccpg,
    "casia_b_single_view": evaluate_casia_b("single_view"),
    "casia_b_cross_view": evaluate_casia_b("cross_view"),
}
