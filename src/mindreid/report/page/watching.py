"""A page that follows a run until the run ends."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Optional

from mindreid.config import Override
from mindreid.data.open_dataset import open_dataset
from mindreid.data.records import Dataset
from mindreid.errors import DataError
from mindreid.report.page.run_page import PageOptions, write_run_page
from mindreid.report.run_record import RunRecord, read_run

logger = logging.getLogger(__name__)


def watch_run(
    root: Path,
    output: Path,
    options: PageOptions = PageOptions(),  # noqa: B008 - immutable
    *,
    overrides: Sequence[Override] = (),
    checkpoint: Optional[Path] = None,
    every: float = 5.0,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Write a run's page again whenever the run has got on, and for the last time when it has ended.

    While it trains, the network is left to the training: the page shows what the run's files tell.

    Parameters
    ----------
    root, output, options, overrides, checkpoint
        As of :func:`mindreid.report.run_record.read_run` and
        :func:`mindreid.report.page.run_page.write_run_page`.
    every : float
        Seconds between two looks.
    sleep : callable
        Waits so many seconds.

    Raises
    ------
    MindReidError
        As those functions.
    """
    live = replace(options, network=False)
    run = read_run(root, overrides, checkpoint)
    dataset = _open(run) if run.running else None
    seen: object = None
    while run.running:
        stage = (len(run.losses), len(run.mining), run.description)
        if stage != seen:
            write_run_page(run, output, live, dataset=dataset, reload_seconds=every)
            if seen is None:
                logger.info("%s follows the run; stop with Ctrl-C", output)
            seen = stage
        sleep(every)
        run = read_run(root, overrides, checkpoint)
    write_run_page(run, output, options)


def _open(run: RunRecord) -> Optional[Dataset]:
    """Open the dataset once; the page says why where that is not possible."""
    try:
        return open_dataset(run.recipe)
    except DataError:
        return None
