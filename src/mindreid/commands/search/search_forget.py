"""``mindreid search forget`` and ``mindreid search retention``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mindreid.commands.arguments import say
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
    text_argument,
)
from mindreid.errors import DataError, InvalidArgumentError
from mindreid.text_table import format_table

if TYPE_CHECKING:
    from mindreid.search.index import Filters, Index


def add(actions: argparse._SubParsersAction) -> None:
    """Add the actions to ``mindreid search``."""
    parser = actions.add_parser(
        "forget", help="delete tracklets with all that was kept of them, and prove that nothing is left"
    )
    add_index(parser)
    parser.add_argument(
        "--tracklet",
        type=text_argument,
        action="append",
        default=[],
        metavar="ID",
        help="this tracklet (repeatable)",
    )
    parser.add_argument(
        "--image", type=Path, metavar="FILE", help="what looks like the person of this picture, with --above"
    )
    parser.add_argument(
        "--above", type=float, metavar="SCORE", help="with --image: from this similarity on (no default)"
    )
    add_query_options(parser)
    add_moved_model(parser)
    parser.add_argument(
        "--recording", metavar="SHA256",
        help="all of a recording, by the begin of its checksum; it can be added again afterwards",
    )  # fmt: skip
    parser.add_argument("--expired", action="store_true", help="what is older than its camera's are kept")
    add_filters(parser)
    add_reason(parser)
    parser.set_defaults(run=_forget)
    kept = actions.add_parser("retention", help="how long a camera's tracklets are kept")
    add_index(kept)
    kept.add_argument("--camera", type=text_argument, help="of this camera (default: show all)")
    kept.add_argument("--days", type=float, help="days, up to 36500; 0 for no limit")
    kept.set_defaults(run=_retention)


def _forget(parsed: argparse.Namespace) -> None:
    _refuse_contradictions(parsed)
    from mindreid.search.forgetting import forget
    from mindreid.search.index import open_index

    index = open_index(parsed.index)
    with index.exclusive():
        ids, rule = _chosen(index, parsed)
        done = forget(index, ids, {**rule, "reason": parsed.reason})
        if parsed.recording is not None:
            index.delete_source(_recording(index, parsed.recording))
    # A recording goes even without tracklets, and what is too old is asked for every night.
    if not ids and parsed.recording is None and not parsed.expired:
        raise DataError(
            "no tracklet is like that: nothing was forgotten",
            where=parsed.index,
            fix="see what is there with `mindreid search find` or `mindreid search info`",
        )
    say(f"forgot {len(done.deleted.ids)} tracklets and {done.deleted.crops} crops")
    if done.deleted.ids:
        say(
            f"looked through {done.files} files of {parsed.index}, {done.size} bytes: none holds one of the "
            "ids, vectors or crops"
        )
        say("copies elsewhere, backups and the recordings themselves are not part of an index")


def _refuse_contradictions(parsed: argparse.Namespace) -> None:
    if (has_query_options(parsed) or parsed.above is not None) and parsed.image is None:
        raise InvalidArgumentError("--above, --box, --whole and --detector go with --image")
    if parsed.above is not None and not -1 <= parsed.above <= 1:
        raise InvalidArgumentError(f"--above is a similarity from -1 to 1, not {parsed.above}")


def _chosen(index: Index, parsed: argparse.Namespace) -> tuple[list[str], dict[str, Any]]:
    """Return the tracklets to forget, and the rule for the log."""
    from mindreid.search.forgetting import expired_tracklets
    from mindreid.search.index import Filters

    filters = filters_of(index, parsed)
    ways = [bool(parsed.tracklet), parsed.image is not None, parsed.recording is not None, parsed.expired]
    if sum(ways) > 1 or (any(ways[i] for i in (0, 2, 3)) and filters != Filters()):
        raise InvalidArgumentError("forget by tracklets, a picture, a recording, age, or camera and time")
    if parsed.tracklet:
        return [index.tracklet(name).id for name in parsed.tracklet], {"rule": "tracklets"}
    if parsed.expired:
        return expired_tracklets(index), {"rule": "retention"}
    if parsed.recording is not None:
        source = _recording(index, parsed.recording)
        return [t.id for t in index.tracklets(Filters(sources=(source,)))], {"rule": "recording"}
    if parsed.image is not None:
        return _alike(index, parsed, filters), {"rule": "picture", "above": parsed.above}
    if filters == Filters():
        raise InvalidArgumentError(
            "what shall be forgotten?",
            fix="pass --tracklet, --image, --recording, --expired, --camera or --before",
        )
    rule = {
        "cameras": list(filters.cameras),
        "after": None if filters.after is None else filters.after.isoformat(),
        "before": None if filters.before is None else filters.before.isoformat(),
    }
    return [tracklet.id for tracklet in index.tracklets(filters)], rule


def _alike(index: Index, parsed: argparse.Namespace, filters: Filters) -> list[str]:
    from mindreid.search.ingest.appearance_model import reopen

    model = index.model()
    if parsed.above is None:
        raise InvalidArgumentError(
            "from which similarity on?", fix="look with `mindreid search find`, and pass --above SCORE"
        )
    if model is None:
        return []
    vector = reopen(model, parsed.model).embed([query_picture_of(parsed).crop])[0]
    hits = index.search(vector, filters, max(index.count(filters), 1))
    return [hit.tracklet.id for hit in hits if hit.score >= parsed.above]


def _recording(index: Index, begin: str) -> str:
    found = [source.id for source in index.sources() if source.id.startswith(begin)]
    if len(found) != 1:
        raise DataError(f"{len(found)} recordings have a checksum that begins like this", where=begin)
    return found[0]


def _retention(parsed: argparse.Namespace) -> None:
    from mindreid.search.index import open_index
    from mindreid.search.index.filter_checks import cameras_of, named_cameras
    from mindreid.search.retention import MOST_DAYS
    from mindreid.zoo import nearest

    if (parsed.camera is None) != (parsed.days is None) or (parsed.days is not None and not parsed.days >= 0):
        raise InvalidArgumentError("pass --camera with --days, 0 or more; or neither")
    if parsed.days is not None and parsed.days > MOST_DAYS:
        raise InvalidArgumentError(f"--days go up to {MOST_DAYS}", fix="pass 0 for no limit")
    index = open_index(parsed.index)
    if parsed.camera is not None:
        with index.exclusive():
            index.set_retention(parsed.camera, parsed.days or None)
            index.append_log("retention", {"camera": parsed.camera, "days": parsed.days})
        # A rule may be there before the first recording.
        known = cameras_of(index)
        if parsed.camera not in known:
            hint = nearest(parsed.camera, known)
            say(
                f"warning: the index has no recording of camera {parsed.camera!r}{hint}, but of "
                f"{named_cameras(known)}; --days 0 takes the rule back"
            )
    rows = [("camera", "days"), *((camera, f"{days:g}") for camera, days in index.retention().items())]
    say(format_table(rows, "<>", ruled=True) if len(rows) > 1 else "everything is kept without a limit")
    say("what is older goes with the next `search add`, or now with `search forget --expired`")
