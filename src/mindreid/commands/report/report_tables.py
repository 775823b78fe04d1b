"""``mindreid report tables``."""

from __future__ import annotations

import argparse
from pathlib import Path

from mindreid.commands.arguments import say
from mindreid.errors import DataError


def add(actions: argparse._SubParsersAction) -> None:
    """Add the action to the parser of ``mindreid report``."""
    parser = actions.add_parser("tables", help="rebuild the documents' tables from results/*.json")
    parser.add_argument("--root", type=Path, default=Path("."), help="the checkout")
    parser.add_argument("--check", action="store_true", help="change nothing; fail if a table is out of date")
    parser.set_defaults(run=_tables)


def _tables(parsed: argparse.Namespace) -> None:
    from mindreid.report.tables.documents import update_documents

    changed = [str(path) for path in update_documents(parsed.root, check=parsed.check)]
    if parsed.check and changed:
        raise DataError(
            "tables disagree with results/", where=", ".join(changed), fix="run `mindreid report tables`"
        )
    say(f"rebuilt {', '.join(changed)}" if changed else "all tables agree with results/")
