"""``mindreid search label``: who is who, for ``calibrate`` and ``eval``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mindreid.commands.arguments import say
from mindreid.commands.search.search_arguments import (
    add_filters,
    add_index,
    add_reason,
    filters_of,
    read_truths,
)
from mindreid.errors import InvalidArgumentError

if TYPE_CHECKING:
    from mindreid.search.index import Filters, Index


def add(actions: argparse._SubParsersAction) -> None:
    """Add the action to ``mindreid search``."""
    parser = actions.add_parser(
        "label", help="label tracklets: by hand in a list of them, or by annotated tracks of the recordings"
    )
    add_index(parser)
    parser.add_argument(
        "--sheet", type=Path, metavar="FILE.html|FILE.csv",
        help="list the tracklets with pictures, for somebody who fills in names (this or --truth)",
    )  # fmt: skip
    parser.add_argument(
        "--truth", action="append", default=[], metavar="CAMERA=FILE",
        help="annotated tracks, MOT text or .json, of a camera that has one recording, or of a recording by "
        "its file name (repeatable)",
    )  # fmt: skip
    parser.add_argument("--output", type=Path, metavar="FILE.csv", help="with --truth: the table to write")
    add_filters(parser)
    add_reason(parser)
    parser.set_defaults(run=_label)


def _label(parsed: argparse.Namespace) -> None:
    from mindreid.search.index import Filters, open_index

    by_truth, by_hand = bool(parsed.truth), parsed.sheet is not None
    if by_truth == by_hand or by_truth != (parsed.output is not None):
        raise InvalidArgumentError("pass --sheet FILE.html, or --truth CAMERA=FILE with --output FILE.csv")
    truths = read_truths(parsed.truth)
    index = open_index(parsed.index)
    filters = filters_of(index, parsed)
    if by_hand:
        _write_sheet(index, parsed, filters)
        return
    if filters != Filters():
        raise InvalidArgumentError("--camera, --after and --before are for --sheet")
    from mindreid.search.labels import labels_from_truth, write_labels

    labels = labels_from_truth(index, truths)
    write_labels(labels, parsed.output)
    persons = len(set(labels.values()))
    say(f"wrote {parsed.output}: {len(labels)} of {index.count()} tracklets, {persons} persons")


def _write_sheet(index: Index, parsed: argparse.Namespace, filters: Filters) -> None:
    from mindreid.search.label_sheet import write_label_sheet

    count = write_label_sheet(index, parsed.sheet, filters)
    # Pictures of persons leave the index with it.
    index.append_log("label", {"tracklets": count, "file": parsed.sheet.name, "reason": parsed.reason})
    what = "open it in a browser, " if parsed.sheet.suffix.lower() == ".html" else ""
    say(
        f"wrote {parsed.sheet}: {count} tracklets; {what}fill in who they are, and pass the table as --labels"
    )
    say("it holds what `search forget` does not reach: delete it when the labels are made")
