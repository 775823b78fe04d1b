"""``mindreid report run``, ``compare`` and ``curves``: what runs' folders tell."""

from __future__ import annotations

import argparse
from pathlib import Path

from mindreid.commands.arguments import add_overrides, add_picture, overrides, positive_integer, say
from mindreid.errors import InvalidArgumentError


def add(actions: argparse._SubParsersAction) -> None:
    """Add the actions to the parser of ``mindreid report``."""
    _add_run(actions)
    _add_compare(actions)
    _add_curves(actions)


def _add_page(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE.html", help="the page to write"
    )


def _add_runs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="folders that were given to train")


def _add_run(actions: argparse._SubParsersAction) -> None:
    parser = actions.add_parser("run", help="one page for a run: figures, curves, rank lists, maps")
    parser.add_argument("folder", type=Path, metavar="RUN", help="the folder that was given to train")
    _add_page(parser)
    parser.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="other weights than the run's last.ckpt"
    )
    add_overrides(parser)
    parser.add_argument("--root", help="folder of the dataset, if it has moved")
    parser.add_argument("--queries", type=positive_integer, default=8, help="rank lists of each protocol")
    parser.add_argument("--top", type=positive_integer, default=10, help="how many gallery images each")
    parser.add_argument(
        "--without-network", action="store_true", help="only what the run's files tell: done in a moment"
    )
    parser.add_argument("--watch", action="store_true", help="follow the run until it ends")
    parser.add_argument(
        "--every", type=_seconds, default=5.0, metavar="SECONDS", help="how often a watched run is looked at"
    )
    parser.set_defaults(run=_run)


def _run(parsed: argparse.Namespace) -> None:
    from mindreid.report.page.run_page import PageOptions, write_run_page
    from mindreid.report.page.watching import watch_run
    from mindreid.report.run_record import read_run

    options = PageOptions(parsed.queries, parsed.top, network=not parsed.without_network)
    changed = overrides(parsed)
    if parsed.watch:
        watch_run(
            parsed.folder,
            parsed.output,
            options,
            overrides=changed,
            checkpoint=parsed.checkpoint,
            every=parsed.every,
        )
    else:
        write_run_page(read_run(parsed.folder, changed, parsed.checkpoint), parsed.output, options)
    say(f"wrote {parsed.output}")


def _add_compare(actions: argparse._SubParsersAction) -> None:
    parser = actions.add_parser("compare", help="one page for several runs, side by side")
    _add_runs(parser)
    _add_page(parser)
    parser.set_defaults(run=_compare)


def _compare(parsed: argparse.Namespace) -> None:
    from mindreid.report.page.comparison_page import write_comparison
    from mindreid.report.run_record import read_run

    write_comparison([read_run(folder) for folder in parsed.runs], parsed.output)
    say(f"wrote {parsed.output}")


def _add_curves(actions: argparse._SubParsersAction) -> None:
    parser = actions.add_parser("curves", help="losses and learning rates of one run or several")
    _add_runs(parser)
    add_picture(parser)
    parser.set_defaults(run=_curves)


def _curves(parsed: argparse.Namespace) -> None:
    from mindreid.engine.training.run_folder import RunFolder
    from mindreid.report.loss_history import read_losses
    from mindreid.report.pictures.plots import draw_curves

    missing = [folder for folder in parsed.runs if not RunFolder(folder).losses.is_file()]
    if missing:
        raise InvalidArgumentError("there is no run in this folder", where=str(missing[0]))
    draw_curves(parsed.output, {str(folder): read_losses(RunFolder(folder).losses) for folder in parsed.runs})
    say(f"wrote {parsed.output}")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 0.1 to 3600")
    return seconds
