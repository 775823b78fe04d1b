"""Tables in Markdown documents, made of the files in ``results/`` and of what was published.

A document marks where a table goes, and everything between the marks is replaced::

    <!-- table: speed -->
    <!-- end of table -->
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from mindreid.atomic import write_text
from mindreid.errors import DataError
from mindreid.report.tables import (
    audit_table,
    benchmark_table,
    claims_table,
    comparison_tables,
    experiment_tables,
    people_tables,
    result_tables,
    search_tables,
    speed_table,
)
from mindreid.report.tables.result_files import ResultFiles

_BLOCK = re.compile(r"(<!-- table: (?P<name>[\w ]+) -->\n).*?(<!-- end of table -->)", re.DOTALL)
MODELS_FOLDER = "models"

Table = Callable[[], str]


def update_documents(root: Path, *, check: bool = False) -> list[Path]:
    """Rebuild the tables of a checkout's documents.

    Parameters
    ----------
    root : Path
        Has ``README*.md``, ``docs/``, ``models/*/README.md``, ``benchmarks/README.md`` and ``results/``.
    check : bool
        Change nothing.

    Returns
    -------
    list of Path
        The documents whose tables disagree with the files, or did before they were rebuilt.

    Raises
    ------
    DataError
        If there is no such folder of results, or a document names a table that there is not.
    """
    results = ResultFiles(root / "results")
    changed = []
    for document in documents(root):
        before = document.read_text(encoding="utf-8")
        after = fill(before, tables_of(results, document, root), where=str(document))
        if after != before:
            changed.append(document)
            if not check:
                write_text(document, after)
    return changed


def documents(root: Path) -> list[Path]:
    """List the documents that may hold tables."""
    patterns = ("README*.md", "docs/*.md", f"{MODELS_FOLDER}/*/README.md", "benchmarks/README.md")
    return [path for pattern in patterns for path in sorted(root.glob(pattern))]


def tables_of(results: ResultFiles, document: Path, root: Path) -> dict[str, Table]:
    """Name the tables of a document: those of one model in its card, else those of all."""
    model = document.parent.name if document.parent.parent.name == MODELS_FOLDER else None
    if model is None:
        up = "" if document.parent == root else "../"
        return {
            "models": lambda: result_tables.models_table(results, up),
            "learning": lambda: result_tables.learning_tables(results),
            "comparisons": lambda: comparison_tables.comparison_tables(results, root),
            "methods": lambda: experiment_tables.methods_table(results),
            "gait_or_clothes": lambda: experiment_tables.gait_or_clothes_table(results),
            "gait_pets09": lambda: experiment_tables.gait_pets09_table(results),
            "claims": lambda: claims_table.claims_table(results),
            "real_people": lambda: people_tables.real_people_table(results),
            "people_rates": lambda: people_tables.rates_table(results),
            "real_people_curve": lambda: people_tables.curve_table(results),
            "view_labels": lambda: people_tables.view_labels_table(results),
            "view_differences": lambda: people_tables.view_differences_table(results),
            "kth_walking": lambda: people_tables.kth_table(results),
            "telling": lambda: experiment_tables.telling_table(results),
            "speed": lambda: speed_table.speed_table(results),
            "mixed_precision": lambda: experiment_tables.mixed_precision_table(results),
            "audit": lambda: audit_table.audit_table(results),
            "search_passes": lambda: search_tables.search_passes_table(results),
            "search_hits": lambda: search_tables.search_hits_table(results),
            "search_promises": lambda: search_tables.search_promises_table(results),
            "search_persons": lambda: search_tables.search_persons_table(results),
            "search_growth": lambda: search_tables.search_growth_table(results),
            "search_stages": lambda: search_tables.search_stages_table(results),
            "search_paths": lambda: search_tables.search_paths_table(results),
            "benchmarks": lambda: benchmark_table.benchmark_table(results),
        }
    return {
        "published": lambda: result_tables.published_table(results, model),
        "learning": lambda: result_tables.learning_tables(results, model),
        "performance": lambda: result_tables.performance_table(results, model),
        "pitfalls": lambda: result_tables.pitfalls(model),
        "audit": lambda: audit_table.audit_lines(results, model),
        "claims": lambda: claims_table.claims_table(results, model),
        "mined_classes": lambda: experiment_tables.mined_classes_table(results),
        "gait_or_clothes": lambda: experiment_tables.gait_or_clothes_table(results),
        "gait_pets09": lambda: experiment_tables.gait_pets09_table(results),
    }


def fill(text: str, tables: dict[str, Table], where: str) -> str:
    """Replace what stands between the marks in ``text``.

    Raises
    ------
    DataError
        If a mark names no table of ``tables``.
    """

    def table(match: re.Match[str]) -> str:
        name = match["name"]
        if name not in tables:
            known = ", ".join(sorted(tables))
            raise DataError(f"there is no table {name!r}", where=where, fix=f"the tables are {known}")
        return f"{match[1]}{tables[name]()}\n{match[3]}"

    return _BLOCK.sub(table, text)
