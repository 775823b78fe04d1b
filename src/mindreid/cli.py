"""The command line ``mindreid``; the commands themselves are in ``commands``."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from typing import Optional

from mindreid.commands import (
    album,
    audit,
    convert,
    data,
    evaluate,
    export,
    infer,
    listings,
    report,
    search,
    train,
)
from mindreid.commands.arguments import CommandParser
from mindreid.engine.platform.logs import (
    flush_console,
    hide_framework_warnings,
    log_to_console,
    prepare_console,
)
from mindreid.errors import MindReidError

EXIT_INTERRUPTED = 130


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run one command and return its exit code: 0, or an error's own, usually 2."""
    prepare_console()
    try:
        return _run(arguments)
    finally:
        flush_console()


def _run(arguments: Optional[Sequence[str]]) -> int:
    _keep_folder_clean()
    parsed = build_parser().parse_args(arguments)
    # No command imports MindSpore before it runs.
    if not parsed.debug:
        hide_framework_warnings()
    parsed.command_line = shlex.join(["mindreid", *(sys.argv[1:] if arguments is None else arguments)])
    log_to_console()
    try:
        parsed.run(parsed)
    except MindReidError as error:
        if parsed.debug:
            raise
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    except OSError as error:  # no permission, no space, a name that is too long: files of the user
        if parsed.debug or error.errno is None:
            raise
        sys.stderr.write(f"error: {_told(error)}\n")
        return MindReidError.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return EXIT_INTERRUPTED
    return 0


def _keep_folder_clean() -> None:
    """Have MindSpore describe graphs that do not compile elsewhere than in the current folder."""
    with suppress(OSError):  # no folder for temporary files: it stays as it is
        place = os.path.join(tempfile.gettempdir(), f"mindreid-graphs-{os.getuid()}")
        os.environ.setdefault("MS_OM_PATH", place)


def _told(error: OSError) -> str:
    if error.filename is None:
        return str(error.strerror)
    # What a file is called until it is whole says nothing to its user, its folder does.
    path = os.fsdecode(error.filename).partition(f"{os.sep}.tmp-")[0]
    return f"{error.strerror}: {path or os.sep}"


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    parser = CommandParser(prog="mindreid", description="Train, evaluate and ship re-identification.")
    parser.add_argument(
        "--debug", action="store_true", help="show an error's traceback, MindSpore's warnings"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in (train, evaluate, export, infer, convert, data, report, search, album, audit, listings):
        command.add(commands)
    return parser
