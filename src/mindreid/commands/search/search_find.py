"""``mindreid search find``."""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from mindreid.commands.arguments import positive_integer, say
from mindreid.commands.search.query_arguments import (
    add_query_options,
    has_query_options,
    query_picture_of,
)
from mindreid.commands.search.search_arguments import (
    add_filters,
    add_index,
    add_moved_model,
    add_reason,
    filters_of,
    shown_time,
    text_argument,
)
from mindreid.errors import DataError, InvalidArgumentError
from mindreid.text_table import format_table

if TYPE_CHECKING:
    import numpy as np

    from mindreid.search.finding import RatedHit
    from mindreid.search.index import Index


def add(actions: argparse._SubParsersAction) -> None:
    """Add the action to ``mindreid search``."""
    parser = actions.add_parser("find", help="find the person of a picture in an index")
    add_index(parser)
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument(
        "--image", type=Path, metavar="FILE", help="a picture of the person (this or --tracklet)"
    )
    who.add_argument(
        "--tracklet",
        type=text_argument,
        metavar="ID",
        help="a tracklet of the index, which is not among the hits",
    )
    add_query_options(parser)
    add_filters(parser)
    parser.add_argument("--top", type=positive_integer, default=10, help="hits that are shown")
    add_moved_model(parser)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    add_reason(parser)
    parser.set_defaults(run=_find)


def _find(parsed: argparse.Namespace) -> None:
    if has_query_options(parsed) and parsed.image is None:
        raise InvalidArgumentError(
            "who is looked for in a picture (--box, --whole, --detector) goes with --image"
        )
    from mindreid.search.calibration import load_calibration
    from mindreid.search.finding import find_others, is_nobody, rate_hits
    from mindreid.search.index import open_index
    from mindreid.search.index.crop_places import best_picture

    index = open_index(parsed.index)
    model = index.model()
    if model is None or not index.count():
        raise DataError(
            "the index is empty", where=parsed.index, fix="add a video with `mindreid search add`"
        )
    filters = filters_of(index, parsed)
    calibration = load_calibration(model, parsed.model)
    query = _query(index, parsed)
    # A tracklet is no answer to the question who it is.
    left_out = [] if parsed.tracklet is None else [parsed.tracklet]
    rated = rate_hits(find_others(index, query.vector, filters, parsed.top, left_out), calibration)
    nobody = is_nobody(rated)
    pictures = [str(best_picture(index, hit.hit.tracklet) or hit.hit.tracklet.crops[0].name) for hit in rated]
    index.append_log(
        "find",
        {
            **query.asked,
            "cameras": list(filters.cameras),
            "after": None if filters.after is None else filters.after.isoformat(),
            "before": None if filters.before is None else filters.before.isoformat(),
            "hits": len(rated),
            "reason": parsed.reason,
        },
    )
    if parsed.json:
        content = {"nobody": nobody, "calibrated": calibration is not None, "box": query.box}
        hits = [{**hit.as_json(), "picture": picture} for hit, picture in zip(rated, pictures)]
        say(json.dumps({**content, "hits": hits}, indent=2))
        return
    _show(rated, pictures, nobody)


@dataclass(frozen=True)
class _Query:
    """Who is looked for: as a vector, as the log has it, and where in the picture, unless it is all of it."""

    vector: np.ndarray
    asked: dict[str, Any]
    box: Optional[tuple[float, ...]] = None


def _query(index: Index, parsed: argparse.Namespace) -> _Query:
    from mindreid.search.ingest.appearance_model import reopen

    if parsed.tracklet is not None:
        # Not by its id: the log must not hold what can be forgotten.
        asked = {"tracklet_sha256": hashlib.sha256(parsed.tracklet.encode()).hexdigest()}
        return _Query(index.tracklet(parsed.tracklet).embedding, asked)
    picture = query_picture_of(parsed)
    model = index.model()
    assert model is not None  # noqa: S101 - the caller has looked
    vector = reopen(model, parsed.model).embed([picture.crop])[0]
    asked = {"image_sha256": hashlib.sha256(parsed.image.read_bytes()).hexdigest()}
    return _Query(vector, asked, picture.box)


def _show(rated: list[RatedHit], pictures: list[str], nobody: Optional[bool]) -> None:
    if not rated:
        say("no tracklet passes these filters: there was nobody to compare with")
        return
    if nobody is None:
        say("not calibrated: scores are similarities and say nothing of how often such a hit is right;")
        say("calibrate the network with `mindreid search calibrate`")
    elif nobody:
        say("nobody: no tracklet is likely or perhaps this person; the nearest ones are")
    rows = [("rank", "score", "right of 100", "camera", "from (UTC)", "to (UTC)", "tracklet", "picture")]
    for rank, (hit, picture) in enumerate(zip(rated, pictures), 1):
        tracklet = hit.hit.tracklet
        meaning = "?" if hit.probability is None else f"{100 * hit.probability:.0f} ({hit.verdict})"
        rows.append(
            (
                str(rank),
                f"{hit.hit.score:.3f}",
                meaning,
                tracklet.camera,
                shown_time(tracklet.start),
                shown_time(tracklet.end),
                tracklet.id,
                picture,
            )
        )
    say(format_table(rows, ">><<<<<<", ruled=True))
