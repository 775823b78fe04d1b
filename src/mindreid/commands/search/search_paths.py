"""``mindreid search paths``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mindreid.commands.arguments import positive_integer, say
from mindreid.commands.search.search_arguments import (
    add_filters,
    add_index,
    add_moved_model,
    add_reason,
    calibration_of,
    filters_of,
    read_truths,
)
from mindreid.errors import DataError

if TYPE_CHECKING:
    from mindreid.search.index import Filters, Index, IndexedModel
    from mindreid.search.paths import PersonPath, TravelLimits

#: Where nobody has said what a network's similarities mean.
_SIMILARITY = 0.6


def add(actions: argparse._SubParsersAction) -> None:
    """Add the action to ``mindreid search``."""
    parser = actions.add_parser("paths", help="join tracklets over cameras: who went where, or how many")
    add_index(parser)
    add_filters(parser)
    parser.add_argument(
        "--travel", type=float, nargs=2, default=(0, 60), metavar=("LEAST", "MOST"),
        help="seconds from one camera to another; the first is negative where views overlap (default: 0 60)",
    )  # fmt: skip
    parser.add_argument(
        "--ways", type=Path, metavar="FILE.json",
        help='seconds of single ways: a list of {"cameras": ["hall", "stairs"], "seconds": [2, 40]}, with '
        "null for no way",
    )  # fmt: skip
    parser.add_argument(
        "--gap", type=float, default=10.0, help="most seconds for which somebody is lost within one view"
    )
    parser.add_argument(
        "--similarity", type=float,
        help="below it an end stays unknown (default: from which on hits of a calibrated network are perhaps "
        f"right, else {_SIMILARITY})",
    )  # fmt: skip
    parser.add_argument(
        "--aggregate", action="store_true", help="only how many go where, and of no one alone"
    )
    parser.add_argument(
        "--fewest", type=positive_integer, default=5, metavar="K",
        help="with --aggregate: tell nothing of fewer persons than these",
    )  # fmt: skip
    parser.add_argument(
        "--truth", action="append", default=[], metavar="CAMERA=FILE",
        help="annotated tracks, as of `search label`: also tell how right paths are (repeatable)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="for programs")
    add_moved_model(parser)
    add_reason(parser)
    parser.set_defaults(run=_paths)


def _paths(parsed: argparse.Namespace) -> None:
    from mindreid.search.index import open_index
    from mindreid.search.paths import TravelLimits, join_tracklets, read_travel_limits, summarize_crowd

    least, most = parsed.travel
    if parsed.ways is None:
        limits = TravelLimits(least, most, parsed.gap)
    else:
        limits = read_travel_limits(parsed.ways, least=least, most=most, gap=parsed.gap)
    index = open_index(parsed.index)
    model = index.model()
    if model is None:
        raise DataError(
            "the index is empty", where=parsed.index, fix="add a video with `mindreid search add`"
        )
    filters = filters_of(index, parsed)
    similarity, is_guess = _similarity(parsed, model)
    timed = [t for t in index.tracklets(filters) if t.start is not None]
    paths = join_tracklets(timed, limits, similarity)
    # What can't be told fails before it is logged as told.
    crowd = summarize_crowd(paths, parsed.fewest) if parsed.aggregate else None
    _log(index, parsed, filters, limits, similarity)
    _tell(parsed, paths, crowd)
    if not timed:
        _say_beside(parsed, "no tracklet with a time passes these filters: there was nothing to join")
    if is_guess:
        _say_beside(parsed, f"not calibrated: {similarity:.2f} is a guess; pass a --similarity that fits")
    else:
        _say_beside(parsed, f"joined from similarity {similarity:.2f} on")
    if parsed.truth:
        _score(parsed, index, paths)


def _score(parsed: argparse.Namespace, index: Index, paths: list[PersonPath]) -> None:
    from mindreid.search.paths import score_paths

    scores = score_paths(paths, index.sources(), read_truths(parsed.truth))
    _say_beside(parsed, f"IDF1 {scores.f1:.4f}, precision {scores.precision:.4f}, recall {scores.recall:.4f}")


def _say_beside(parsed: argparse.Namespace, line: str) -> None:
    if parsed.json:  # not in it
        sys.stderr.write(f"{line}\n")
    else:
        say(f"\n{line}")


def _similarity(parsed: argparse.Namespace, model: IndexedModel) -> tuple[float, bool]:
    """Return how alike those are at least who are joined, and whether that is a guess."""
    if parsed.similarity is not None:
        return float(parsed.similarity), False
    calibration = calibration_of(model, parsed.model)
    # Travel times have excluded most others already: "perhaps" is enough.
    if calibration is None or calibration.perhaps is None:
        return _SIMILARITY, True
    return calibration.perhaps, False


def _log(
    index: Index, parsed: argparse.Namespace, filters: Filters, limits: TravelLimits, similarity: float
) -> None:
    details = {
        "aggregate": parsed.aggregate,
        "fewest": parsed.fewest if parsed.aggregate else None,
        "cameras": list(filters.cameras),
        "after": None if filters.after is None else filters.after.isoformat(),
        "before": None if filters.before is None else filters.before.isoformat(),
        "travel": [limits.least, limits.most],
        "similarity": similarity,
        "reason": parsed.reason,
    }
    index.append_log("paths", details)


def _tell(parsed: argparse.Namespace, paths: list[PersonPath], crowd: Any) -> None:
    from mindreid.search.paths import format_paths, format_summary, paths_as_json, summarize, summary_as_json

    summary = summarize(paths) if crowd is None else crowd
    if parsed.json:
        content = summary_as_json(summary)
        if crowd is None:
            content = {"paths": paths_as_json(paths), **content}
        say(json.dumps(content, indent=2, ensure_ascii=False))
        return
    if crowd is None:
        say(format_paths(paths))
        say("")
    say(format_summary(summary))
