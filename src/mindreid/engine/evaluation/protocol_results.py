"""What an evaluation says of each protocol, and how it is shown."""

from __future__ import annotations

from typing import Any

from mindreid.text_table import format_table


def format_results(results: dict[str, dict[str, Any]]) -> str:
    """Lay evaluation results out as a table in per cent.

    One row per protocol, with "-" for what it does not report; below the mean of several trials
    stands their standard deviation.
    """
    table: list[tuple[str, ...]] = [
        ("protocol", "rule", "R1", "R5", "R10", "mAP", "mINP", "queries", "gallery", "re-ranked")
    ]
    for name, row in results.items():
        queries = f"{row.get('valid_queries', '-')}/{row['queries']}"
        reranked = "yes" if row["rerank"] else "no"
        table.append((name, row["rule"], *_percentages(row), queries, str(row["gallery"]), reranked))
        if "trials" in row:
            table.append(("", f"± over {row['trials']} trials", *_percentages(row["std"])))
    return format_table(table, "<<>>>>>>>")


def _percentages(row: dict[str, Any]) -> list[str]:
    shown = ("rank1", "rank5", "rank10", "mAP", "mINP")
    return [f"{100 * row[key]:.2f}" if key in row else "-" for key in shown]
