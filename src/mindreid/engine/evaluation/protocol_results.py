"""What an evaluation says of each protocol, and how it is shown."""

from __future__ import annotations

from typing import Any


def format_results(results: dict[str, dict[str, Any]]) -> str:
    """Lay evaluation results out as a table in per cent.

    One row per protocol, with "-" for what it does not report; below the mean of several trials
    stands their standard deviation.
    """
    name_width = max(18, *(len(name) for name in results))
    rule_width = max(17, *(len(row["rule"]) for row in results.values()))
    columns = " ".join(f"{title:>6}" for title in ("R1", "R5", "R10", "mAP", "mINP"))
    lines = [f"{'protocol':<{name_width}} {'rule':<{rule_width}} {columns}    queries gallery  re-ranked"]
    for name, row in results.items():
        counts = f"{row.get('valid_queries', '-'):>4}/{row['queries']:<4} {row['gallery']:>6}"
        reranked = "yes" if row["rerank"] else "no"
        title = f"{name:<{name_width}} {row['rule']:<{rule_width}}"
        lines.append(f"{title} {_percentages(row)}  {counts}  {reranked}")
        if "trials" in row:
            spread = f"± over {row['trials']} trials"
            lines.append(f"{spread:>{len(title)}} {_percentages(row['std'])}")
    return "\n".join(lines)


def _percentages(row: dict[str, Any]) -> str:
    shown = ("rank1", "rank5", "rank10", "mAP", "mINP")
    return " ".join(f"{100 * row[key]:6.2f}" if key in row else f"{'-':>6}" for key in shown)
