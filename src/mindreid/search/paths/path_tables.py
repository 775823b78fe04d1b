"""Paths, transitions and stays as JSON values and as plain text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Optional

from mindreid.search.paths.path_summary import PathSummary
from mindreid.search.paths.tracklet_joining import PersonPath
from mindreid.text_table import format_table


def paths_as_json(paths: Sequence[PersonPath]) -> list[dict[str, Any]]:
    """Return JSON values: each path with its steps; what is before and after them is unknown."""
    return [
        {
            "path": number,
            "start": path.start.isoformat(),
            "end": path.end.isoformat(),
            "steps": [
                {
                    "tracklet": step.tracklet.id,
                    "camera": step.tracklet.camera,
                    "start": step.tracklet.start and step.tracklet.start.isoformat(),
                    "end": step.tracklet.end and step.tracklet.end.isoformat(),
                    "similarity": _rounded(step.similarity, 4),
                    "seconds": _rounded(step.seconds, 3),
                }
                for step in path.steps
            ],
        }
        for number, path in enumerate(paths, 1)
    ]


def summary_as_json(summary: PathSummary) -> dict[str, Any]:
    """Return JSON values: transitions and stays."""
    return {
        "fewest_persons": summary.least,
        "transitions": [
            {**asdict(way), "median_seconds": _rounded(way.median_seconds, 1)} for way in summary.transitions
        ],
        "dwells": [
            {**asdict(stay), "median_seconds": round(stay.median_seconds, 1)} for stay in summary.dwells
        ],
    }


def format_paths(paths: Sequence[PersonPath]) -> str:
    """Lay paths out, a line each: when, and through which cameras."""
    rows = [("path", "from", "to", "cameras")]
    for number, path in enumerate(paths, 1):
        cameras = [path.steps[0].tracklet.camera]
        cameras += [
            f"{step.tracklet.camera} ({step.similarity:.2f}, {step.seconds:.0f} s)" for step in path.steps[1:]
        ]
        first, last = (time.isoformat(sep=" ", timespec="seconds") for time in (path.start, path.end))
        rows.append((str(number), first, last, " → ".join(cameras)))
    return format_table(rows, ">", ruled=True)


def format_summary(summary: PathSummary) -> str:
    """Lay transitions and stays out in two tables."""
    ways = [("from", "to", "persons", "median s")]
    ways += [
        (way.origin, way.target, str(way.persons), _shown(way.median_seconds)) for way in summary.transitions
    ]
    stays = [("camera", "persons", "median stay s")]
    stays += [
        (stay.camera, "–" if stay.persons is None else str(stay.persons), _shown(stay.median_seconds))
        for stay in summary.dwells
    ]
    parts = [format_table(ways, "<<>>", ruled=True), format_table(stays, "<>>", ruled=True)]
    if summary.least > 1:
        parts.append(f"What fewer than {summary.least} persons did is left out.")
    return "\n\n".join(parts)


def _shown(value: Optional[float]) -> str:
    return "–" if value is None else f"{value:.1f}"


def _rounded(value: Optional[float], digits: int) -> Optional[float]:
    return None if value is None else round(value, digits)
