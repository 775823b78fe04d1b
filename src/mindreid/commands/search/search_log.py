"""``mindreid search log`` and ``mindreid search info``."""

from __future__ import annotations

import argparse
import json

from mindreid.commands.arguments import say
from mindreid.commands.search.search_arguments import add_index, shown_time
from mindreid.text_table import format_table

_COLUMNS = (
    *("recording", "camera", "from (UTC)", "to (UTC)"),
    *("frames", "missing", "tracklets", "persons found by", "file"),
)


def add(actions: argparse._SubParsersAction) -> None:
    """Add the actions to ``mindreid search``."""
    parser = actions.add_parser("log", help="who did what with an index, when and why")
    add_index(parser)
    parser.add_argument(
        "--verify", action="store_true", help="check that no line was changed, taken out or put in"
    )
    parser.set_defaults(run=_log)
    info = actions.add_parser("info", help="what an index holds")
    add_index(info)
    info.set_defaults(run=_info)


def _log(parsed: argparse.Namespace) -> None:
    from mindreid.search.index import open_index

    index = open_index(parsed.index)
    if parsed.verify:
        count, last = index.verify_log()
        say(f"{count} lines, each follows the one before; the last one's SHA-256 is {last}")
        return
    for entry in index.log():
        say(json.dumps(entry, ensure_ascii=False))


def _info(parsed: argparse.Namespace) -> None:
    from mindreid.search.index import Filters, open_index

    index = open_index(parsed.index)
    model = index.model()
    say(f"model: {'none yet' if model is None else f'{model.path}, {model.dimension} values'}")
    rows = [_COLUMNS]
    for source in index.sources():
        count = index.count(Filters(sources=(source.id,)))
        rows.append(
            (
                source.id[:12],
                source.camera,
                shown_time(source.start),
                shown_time(source.end),
                str(source.frames),
                str(source.missing),
                str(count),
                source.found_by or "not noted",
                source.path,
            )
        )
    say(format_table(rows, "<<<<>>><<", ruled=True))
