"""The command line ``mindreid``; the commands themselves are in ``commands``."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from typing import Optional

from mindreid.commands import convert, data, evaluate, export, infer, listings, report, train
from mindreid.commands.arguments import CommandParser
from mindreid.errors import MindReidError

EXIT_INTERRUPTED = 130


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run one command and return its exit code: 0, or an error's own, usually 2."""
    # Set before MindSpore is imported: its notes on its own internals tell a user nothing.
    os.environ.setdefault("GLOG_v", "3")
    parsed = build_parser().parse_args(arguments)
    parsed.command_line = shlex.join(["mindreid", *(sys.argv[1:] if arguments is None else arguments)])
    from mindreid.engine.platform.logs import log_to_console

    log_to_console()
    try:
        parsed.run(parsed)
    except MindReidError as error:
        if parsed.debug:
            raise
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return EXIT_INTERRUPTED
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    parser = CommandParser(prog="mindreid", description="Train, evaluate and ship re-identification.")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in (train, evaluate, export, infer, convert, data, report, listings):
        command.add(commands)
    return parser
