"""``mindreid report``: its actions have modules by what they show."""

from __future__ import annotations

import argparse

from mindreid.commands.report import (
    report_diagrams,
    report_embeddings,
    report_runs,
    report_sheets,
    report_tables,
)


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command and its actions to the parser."""
    parser = commands.add_parser("report", help="pictures and tables of results")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for module in (report_runs, report_embeddings, report_sheets, report_diagrams, report_tables):
        module.add(actions)
