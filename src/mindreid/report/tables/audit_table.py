"""The table of the platform audit, made of ``results/audit.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mindreid.report.tables.markdown import NOT_RUN, table
from mindreid.report.tables.result_files import ResultFiles


def audit_table(results: ResultFiles) -> str:
    """Show of every method how many operators its graphs have, and what each platform lacks or pays for."""
    figures = results.figures("audit")
    if figures is None:
        return NOT_RUN
    rows = [
        (method, level, _operators(audits["Ascend"]), *(_findings(audits[p]) for p in ("Ascend", "GPU")))
        for method, own in figures["methods"].items()
        for level, audits in own["levels"].items()
    ]
    return table(("method", "precision", "operators: training, inference", "Ascend", "GPU"), rows)


def _operators(audit: Mapping[str, Any]) -> str:
    return ", ".join(str(count) for count in audit["operators"].values())


def _findings(audit: Mapping[str, Any]) -> str:
    """List problems with their operators; the file has the line of each."""
    found: dict[str, list[str]] = {}
    for finding in audit["findings"]:
        found.setdefault(finding["problem"], []).append(finding["operator"])
    return "; ".join(f"{problem}: {_names(names)}" for problem, names in found.items()) or "nothing"


def _names(operators: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in dict.fromkeys(operators))
