"""How single figures are written in tables: settings, published and measured values, per cent."""

from __future__ import annotations

from collections.abc import Mapping

from mindreid.metrics.percentages import to_percent
from mindreid.report.tables.published import PublishedRow
from mindreid.report.tables.result_files import ResultFiles

#: Stands where a row has no recipe, or a figure is not known.
NO_RECIPE = "–"
NO_DATA = "not run here: dataset on request"
FIGURES = {"rank1": "rank-1", "rank5": "rank-5", "rank10": "rank-10"}
_DATASETS = {
    "market1501": "Market-1501",
    "dukemtmc": "DukeMTMC-reID",
    "cuhk01": "CUHK01",
    "cuhk03": "CUHK03, new protocol",
    "msmt17": "MSMT17",
    "ltcc": "LTCC",
    "prcc": "PRCC",
    "pku_reid": "PKU-Reid",
    "vc_clothes": "VC-Clothes",
    "last": "LaST",
    "deepchange": "DeepChange",
    "celeb_reid": "Celeb-reID",
    "ccvid": "CCVID",
    "ccpg": "CCPG",
    "casia_b": "CASIA-B",
}


def setting_text(dataset: str, variant: str, protocol: str) -> str:
    """Name what was measured on, and how.

    Examples
    --------
    >>> setting_text("cuhk03", "labeled", "standard")
    'CUHK03, new protocol, labeled'
    >>> setting_text("ltcc", "", "clothes_changing")
    'LTCC, clothes changing'
    """
    words = "" if protocol == "standard" else protocol.replace("_", " ")
    return ", ".join(filter(None, (_DATASETS.get(dataset, dataset), variant, words)))


def row_setting(row: PublishedRow, *, named: bool = False) -> str:
    """Name a published row's setting, with the method's name if asked."""
    setting = setting_text(row.dataset, row.variant, row.protocol)
    return f"{setting} ({row.method})" if row.method and named else setting


def published_text(row: PublishedRow) -> str:
    """Write rank-1 and mAP as they were printed."""
    return rank1_and_map(row.figures)


def measured_text(results: ResultFiles, row: PublishedRow) -> str:
    """Write what the row's recipe reached, or why there is nothing."""
    if row.recipe is None:
        return NO_RECIPE
    own = results.evaluation(row)
    if own is None:
        return NO_DATA
    return rank1_and_map({name: round(to_percent(value), 2) for name, value in own.figures().items()})


def rank1_and_map(figures: Mapping[str, float]) -> str:
    """Write rank-1 and mAP, in per cent, with a dash for what is not known.

    Examples
    --------
    >>> rank1_and_map({"rank1": 55.2})
    '55.2 / –'
    """
    return " / ".join(figure_text(figures[name]) if name in figures else "–" for name in ("rank1", "mAP"))


def figure_text(value: float) -> str:
    """Write a figure as printed: most tables have one decimal, some two.

    Examples
    --------
    >>> figure_text(95.7), figure_text(93.53)
    ('95.7', '93.53')
    """
    text = f"{value:.2f}"
    return text[:-1] if text.endswith("0") else text
