"""The table of speed: ratios to the baseline that each benchmark names."""

from __future__ import annotations

from mindreid.report.tables.markdown import NOT_RUN, table
from mindreid.report.tables.result_files import ResultFiles
from mindreid.report.tables.result_tables import step_figures
from mindreid.zoo import list_models

#: Networks of the benchmark of training steps.
_NETWORKS = {"resnet50": "ResNet-50", "mgn": "MGN", "aug_ogbase": "AUG-OGBase"}
#: Loops of the benchmark of epochs: what they train, and whose they are.
_LOOPS = {"simple_ccreid": ("CAL", "Simple-CCReID"), "opengait": ("GaitBase", "OpenGait")}


def speed_table(results: ResultFiles) -> str:
    """Show ratios to the baseline that each benchmark names."""
    rows = [
        (
            "ranking with distances, 3,368 × 15,913",
            "plain NumPy, per query",
            _speedup(results, "ranking"),
        ),
        (
            "ranking with distances, 3,368 × 19,732 × 2,048",
            "the product of its distances alone",
            _product_ratio(results),
        ),
        ("re-ranking, 3,368 × 15,913", "dense NumPy", _speedup(results, "reranking")),
        ("memory of that re-ranking", "dense NumPy", _reranking_memory(results)),
        ("mining classes, 10,000 × 4,096", "plain loop over images", _mining_speedup(results)),
        *(
            (f"{title} {what}", "PyTorch", _step_ratio(results, network, phase))
            for network, title in _NETWORKS.items()
            for phase, what in (("train", "training step"), ("infer", "inference"))
        ),
        *(
            (f"memory of both, {title}", "PyTorch", _step_memory(results, network))
            for network, title in _NETWORKS.items()
        ),
        *(
            (f"epoch with data and augmentation, {method}", f"{peer}'s own loop", _epoch_ratio(results, loop))
            for loop, (method, peer) in _LOOPS.items()
        ),
        *(
            (
                f"training step, ResNet-50 with {method.upper()}",
                "identity loss",
                _step_ratio(results, method, "train"),
            )
            for method in _adversarial_methods(results)
        ),
    ]
    return table(("what, on two CPU cores", "against", "figure"), rows)


def _speedup(results: ResultFiles, part: str) -> str:
    figures = results.figures("ranking")
    if figures is None:
        return NOT_RUN
    key = next(key for key in figures[part] if key.startswith("speedup"))
    return f"{figures[part][key]:.1f} times faster"


def _product_ratio(results: ResultFiles) -> str:
    figures = results.figures("ranking_product")
    return NOT_RUN if figures is None else f"{figures['wall_ratio']:.2f} times the time"


def _reranking_memory(results: ResultFiles) -> str:
    figures = results.figures("ranking")
    if figures is None:
        return NOT_RUN
    part = figures["reranking"]
    return f"{part['peak_extra_gib_ours']:.2f} GiB instead of {part['peak_extra_gib_dense']:.2f} GiB"


def _mining_speedup(results: ResultFiles) -> str:
    figures = results.figures("fine_grained_clustering")
    if figures is None:
        return NOT_RUN
    return f"{figures['speedup_of_medians']['cluster_persons']:.1f} times faster"


def _step_ratio(results: ResultFiles, network: str, phase: str) -> str:
    figures, _ = step_figures(results, network)
    return NOT_RUN if figures is None else f"{figures[phase]['wall_ratio']:.2f} times the time"


def _step_memory(results: ResultFiles, network: str) -> str:
    figures, _ = step_figures(results, network)
    if figures is None:
        return NOT_RUN
    ours, theirs = (figures["peak_memory_gib"][library] for library in ("mindspore", "torch"))
    return f"{ours:.2f} GiB instead of {theirs:.2f} GiB"


def _epoch_ratio(results: ResultFiles, loop: str) -> str:
    loops = (results.figures("epoch") or {"loops": {}})["loops"]
    return f"{loops[loop]['ratio']:.2f} times the time" if loop in loops else NOT_RUN


def _adversarial_methods(results: ResultFiles) -> list[str]:
    figures = results.figures("adversarial_step") or {}
    return [name for name in figures if name in list_models()]
