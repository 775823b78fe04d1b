"""One photo of each person in a film: somebody to look for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

#: What is shown around a person, as a share of the person's height.
_MARGIN = 0.04
_JPEG_QUALITY = 92


class Portraits:
    """Keeps of each person the largest picture on which nothing hides it."""

    def __init__(self) -> None:
        self._best: dict[int, tuple[float, np.ndarray]] = {}

    def offer(self, picture: np.ndarray, pid: int, box: tuple[int, int, int, int], visibility: float) -> None:
        """Look at a person in a frame.

        Parameters
        ----------
        picture : np.ndarray
            uint8 RGB ``[H, W, 3]``.
        pid : int
            Who it is.
        box : tuple of int
            Left, top, right and bottom in pixels, the last two exclusive.
        visibility : float
            Share of the figure that is seen.
        """
        # Sharply less for what is hidden: half a person is nobody to look for.
        worth = (box[3] - box[1]) * visibility**8
        if worth > self._best.get(pid, (0.0, picture))[0]:
            self._best[pid] = worth, _cut(picture, box)

    def write(self, folder: Path) -> None:
        """Write ``<person>.jpg`` for each."""
        folder.mkdir()
        for pid, (_, image) in sorted(self._best.items()):
            Image.fromarray(image).save(folder / f"{pid}.jpg", quality=_JPEG_QUALITY)


def _cut(picture: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    left, top, right, bottom = box
    margin = round(_MARGIN * (bottom - top))
    return picture[max(top - margin, 0) : bottom + margin, max(left - margin, 0) : right + margin].copy()
