r"""Every claim of the papers in one table: shown, not shown, or the contrary shown.

    python benchmarks/claims.py --cuhk01 data/cuhk01 --pku data/pku_reid --kth KTH/walking

Walkers need nothing; what real persons show is measured where their folder is given. On walkers every
seed is a world of its own, and the interval of the difference is Student's over seeds; on real persons it
is resampled over persons. The default seeds' walkers are for this table alone: settings are chosen on others.
Runs are kept in ``--work``, where ``real_people.py``, ``pku_views.py`` and ``kth_walking.py`` have theirs,
which are shared, and what they found in ``--figures``; the command can be interrupted and given again.
``--quick`` shows that everything runs, on generated persons only.
"""

from __future__ import annotations

import argparse
import json
import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Optional

from claims_on_people import cuhk01_claims, kth_claims, pku_claims, pku_view_claims
from claims_on_walkers import groups, run_group
from report import RESULTS, run_program, show_table, write_result
from runs.finished_runs import add_figures_option, place_of

from mindreid.atomic import write_json
from mindreid.report.tables.claims_table import CLAIMS_HEADER, claim_row

WALKERS = tuple(groups())
#: Claims on real persons: the option that names their folder, and what measures them.
PEOPLE: dict[str, tuple[str, Callable[..., list[dict[str, Any]]]]] = {
    "cuhk01": ("cuhk01", cuhk01_claims),
    "pku": ("pku", pku_claims),
    "pku_views": ("pku", pku_view_claims),
    "kth": ("kth", kth_claims),
}
#: Their options, and what the folders are usually called.
FOLDERS = {"cuhk01": "data/cuhk01", "pku": "data/pku_reid", "kth": "KTH/walking"}
SEEDS, QUICK_SEEDS = (11, 12, 13, 14, 15), (11, 12)


def main() -> None:
    """Measure what ``--work`` does not hold yet, then show and store all claims."""
    arguments = _parse()
    clock = (place_of(arguments) / "claims" / "seconds").file
    entries: list[dict[str, Any]] = []
    for name, measure in _measurements(arguments):
        with _counted(clock, name):
            entries += measure()
    show_table("Claims, per cent", CLAIMS_HEADER, [claim_row(entry) for entry in entries])
    seconds = json.loads(clock.read_text(encoding="utf-8"))
    figures = {
        "seeds": list(arguments.seeds),
        "hours": {name: round(spent / 3600, 2) for name, spent in seconds.items() if name in arguments.only},
        "claims": entries,
    }
    folder = arguments.work if arguments.quick else RESULTS
    write_result("claims", _command(arguments), figures, folder=folder)


def _measurements(
    arguments: argparse.Namespace,
) -> Iterator[tuple[str, Callable[[], list[dict[str, Any]]]]]:
    """Yield what was asked for, by name."""
    for name, group in groups(is_quick=arguments.quick).items():
        if name in arguments.only:
            yield name, partial(run_group, group, arguments.seeds, place_of(arguments) / "claims")
    for name, (option, measure) in PEOPLE.items():
        folder: Optional[Path] = getattr(arguments, option)
        if name in arguments.only and (folder is not None or arguments.quick):
            own = partial(measure, splits=arguments.splits, is_quick=arguments.quick)
            yield name, partial(own, folder, place_of(arguments))


@contextmanager
def _counted(clock: Path, name: str) -> Iterator[None]:
    """Add the time that a block takes to that of earlier runs, even if it is interrupted."""
    start = time.monotonic()
    try:
        yield
    finally:
        seconds = json.loads(clock.read_text(encoding="utf-8")) if clock.exists() else {}
        seconds[name] = seconds.get(name, 0.0) + time.monotonic() - start
        clock.parent.mkdir(parents=True, exist_ok=True)
        write_json(clock, seconds)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", help="worlds of walkers; default: 11 to 15")
    parser.add_argument("--splits", type=int, help="of real persons; default: 3 of CUHK01, 5 of the others")
    parser.add_argument("--cuhk01", type=Path, metavar="DIR", help="CUHK01's folder")
    parser.add_argument("--pku", type=Path, metavar="DIR", help="PKU-Reid's folder")
    parser.add_argument("--kth", type=Path, metavar="DIR", help="the folder of KTH's videos of walking")
    names = (*WALKERS, *PEOPLE)
    parser.add_argument(
        "--only", nargs="+", choices=names, default=names, metavar="NAME", help=f"some of {', '.join(names)}"
    )
    parser.add_argument("--work", type=Path, default=Path("runs"), help="folder of all benchmarks' runs")
    add_figures_option(parser)
    parser.add_argument("--quick", action="store_true", help="as small as it gets, no result")
    arguments = parser.parse_args()
    arguments.seeds = arguments.seeds or (QUICK_SEEDS if arguments.quick else SEEDS)
    for option in FOLDERS:
        folder = getattr(arguments, option)
        if folder is not None and not folder.is_dir():
            # Before hours are spent on walkers.
            parser.error(f"--{option}: there is no folder {folder}")
    if arguments.quick and any(getattr(arguments, option) for option in FOLDERS):
        parser.error("--quick makes its own persons and takes no folder")
    if arguments.quick:
        arguments.work, arguments.splits = arguments.work / "quick", arguments.splits or 2
    return arguments


def _command(arguments: argparse.Namespace) -> str:
    """Return the command line, with the usual names of folders."""
    given = ((f"--{option}", usual) for option, usual in FOLDERS.items() if getattr(arguments, option))
    folders = [part for pair in given for part in pair]
    words: Sequence[Any] = ("python", "benchmarks/claims.py", *folders, "--seeds", *arguments.seeds)
    some = () if set(arguments.only) == {*WALKERS, *PEOPLE} else ("--only", *arguments.only)
    splits = () if arguments.splits is None else ("--splits", arguments.splits)
    return shlex.join(map(str, (*words, *splits, *some)))


if __name__ == "__main__":
    run_program(main)
