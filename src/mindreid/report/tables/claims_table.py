"""The table of the papers' claims, made of ``results/claims.json``: what was found, and what that shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from mindreid.report.tables.markdown import difference_with_interval, percent, rank1_and_map_spread, table
from mindreid.report.tables.result_files import ResultFiles

CLAIMS_HEADER = ("claim", "on", "protocol", "with", "without", "difference of rank-1, 95 %", "verdict")
_NO_QUERY = "–"


def claims_table(results: ResultFiles, model: Optional[str] = None) -> str:
    """Show every claim, with a model those of its method; nothing at all as long as none was tested."""
    content = results.content("claims")
    if content is None:
        return ""
    claims = [entry for entry in content["figures"]["claims"] if model in (None, entry["model"])]
    if not claims:
        return ""
    rows = table(CLAIMS_HEADER, [claim_row(entry) for entry in claims])
    return f"{_title(content, model)}\n\n{rows}"


def _title(content: Mapping[str, Any], model: Optional[str]) -> str:
    """Say how it was tested; how long that took is said of all claims alone."""
    how = f"`{content['command']}`"
    if model is None:
        hours = sum(content["figures"]["hours"].values())
        how += f", {hours:.1f} hours, runs that were kept before not counted"
    return (
        f"*The papers' claims, tested here* ({how}; rank-1 / mAP in per cent, mean ± sample deviation; each "
        "interval stands for itself, so that of twenty one may miss)"
    )


def claim_row(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Write one claim: both sides, the paired difference of rank-1 with its interval, the verdict."""
    figures = entry["figures"]
    about = (entry["claim"], f"{entry['on']}, {_counted(entry)}", entry["protocol"])
    if not figures:
        return (*about, _NO_QUERY, _NO_QUERY, _NO_QUERY, entry["verdict"])
    sides = (f"{entry[side]}: {_found(entry, side)}" for side in ("first", "second"))
    return (*about, *sides, difference_with_interval(figures["rank1"]["difference"]), entry["verdict"])


def claims_summary(figures: Mapping[str, Any]) -> str:
    """Count the verdicts."""
    verdicts = [entry["verdict"] for entry in figures["claims"]]
    counts = (f"{verdicts.count(name)} {name}" for name in ("shown", "not shown", "contrary"))
    return f"of {len(verdicts)} claims {', '.join(counts)}"


def _found(entry: Mapping[str, Any], side: str) -> str:
    """Write rank-1 and mAP of one side; a single seed or split has no deviation."""
    spreads = {metric: own[side] for metric, own in entry["figures"].items()}
    if entry.get("splits", len(entry.get("seeds", ()))) == 1:
        return " / ".join(percent(spread["mean"]) for spread in spreads.values())
    return rank1_and_map_spread(spreads)


def _counted(entry: Mapping[str, Any]) -> str:
    """Say over how many seeds, or splits and persons, it was measured."""
    if "seeds" in entry:
        return _number(len(entry["seeds"]), "seed")
    measured = entry["figures"].get("rank1")
    persons = measured["difference"]["persons"] if measured else 0
    return f"{_number(entry['splits'], 'split')}, {_number(persons, 'person')}"


def _number(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
