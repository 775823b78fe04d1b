"""What is left out of gait sequences: counted, and named in a table beside them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

#: The table's name in the tree that is written.
FILE = "left_out.csv"
BLANK, FULL, NO_MASK = "blank frames", "full frames", "frames without a mask"


@dataclass(frozen=True)
class LeftOut:
    """An image that is in no sequence.

    Attributes
    ----------
    image : Path
        The file.
    reason : str
        One of :data:`BLANK` (shows nothing), :data:`FULL` (covered by the mask) and :data:`NO_MASK`.
    """

    image: Path
    reason: str


def write_left_out(folder: Path, images: Sequence[LeftOut]) -> dict[str, int]:
    """Write the table, if there is anything to write, and count by reason."""
    if images:
        with (folder / FILE).open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(("image", "reason"))
            writer.writerows((str(left.image), left.reason) for left in images)
    return dict(Counter(left.reason for left in images))
