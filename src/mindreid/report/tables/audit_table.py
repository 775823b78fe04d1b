"""What the platform audit found, made of ``results/audit.json``: the table of all methods, a card's lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mindreid.report.tables.markdown import NOT_RUN, bullets, table
from mindreid.report.tables.result_files import ResultFiles

_PLATFORMS = ("Ascend", "GPU")


def audit_table(results: ResultFiles) -> str:
    """Show of every method how many operators its graphs have, and what each platform lacks or pays for."""
    figures = results.figures("audit")
    if figures is None:
        return NOT_RUN
    rows = [
        (method, level, _operators(audits["Ascend"]), *(_findings(audits[p]["findings"]) for p in _PLATFORMS))
        for method, own in figures["methods"].items()
        for level, audits in own["levels"].items()
    ]
    return table(("method", "precision", "operators: training, inference", "Ascend", "GPU"), rows)


def audit_lines(results: ResultFiles, model: str) -> str:
    """Show what was found of one method, a line for each platform and precision."""
    figures = results.figures("audit")
    own = figures["methods"].get(model) if figures else None
    if own is None:
        return NOT_RUN
    return bullets(
        f"{platform}, precision {level}: {_of_phases(audits[platform])}"
        for level, audits in own["levels"].items()
        for platform in _PLATFORMS
    )


def _of_phases(audit: Mapping[str, Any]) -> str:
    if not audit["findings"]:
        return "nothing"
    by_phase = {
        phase: [found for found in audit["findings"] if found["phase"] == phase]
        for phase in audit["operators"]
    }
    return ". ".join(f"{phase.capitalize()}: {_findings(own)}" for phase, own in by_phase.items())


def _operators(audit: Mapping[str, Any]) -> str:
    return ", ".join(str(count) for count in audit["operators"].values())


def _findings(findings: Sequence[Mapping[str, Any]]) -> str:
    """List problems with their operators; the file has the line of each."""
    by_problem: dict[str, list[str]] = {}
    for found in findings:
        by_problem.setdefault(found["problem"], []).append(found["operator"])
    return "; ".join(f"{problem}: {_names(names)}" for problem, names in by_problem.items()) or "nothing"


def _names(operators: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in dict.fromkeys(operators))
