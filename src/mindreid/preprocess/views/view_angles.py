"""From which side a person is seen: the angle, and its bins.

The *view angle* is the person's facing direction on the ground, in degrees in (-180, 180], as the
camera sees it: 0 towards the camera, 90 to the image's right, -90 to the image's left, 180 away
from the camera::

                180 away
                   |
      -90 left ----+---- 90 right
                   |
               0 camera

A mirrored image has the negative angle. ``docs/view_angle.png`` draws it with generated persons
(``mindreid report view-angle``). The camera looks down by its *pitch*: a step of 1 towards the
camera is only ``sin(pitch)`` high in the image, one to the side is 1 wide.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mindreid.errors import InvalidArgumentError

#: Sets of bins by name. Front and back take the angles on their borders.
PRESETS = {
    "front-back-side": "front:-45:45,back:135:-135,side:45:135,side:-135:-45",
    "front-back-left-right": "front:-45:45,back:135:-135,left:-135:-45,right:45:135",
}
DEFAULT_BINS = "front-back-side"
#: One a degree, the steps in which views are told.
_MOST_BINS = 360


@dataclass(frozen=True)
class Sector:
    """Angles from ``start`` to ``end`` in degrees, both included, in the sense of growing angles."""

    name: str
    start: float
    end: float

    @property
    def width(self) -> float:
        """Degrees, above 0 and up to 360."""
        return (self.end - self.start) % 360 or 360.0

    def contains(self, angles: np.ndarray) -> np.ndarray:
        """Whether each angle lies within, bool of the shape of ``angles``."""
        return (angles - self.start) % 360 <= self.width


class ViewBins:
    """Bins of the view angle: sectors that cover the circle once, those of one name together a bin.

    Parameters
    ----------
    sectors : sequence of Sector
        Bins are numbered from 0 in the order of their first sectors. An angle on the border of two
        sectors belongs to the one that stands first.

    Raises
    ------
    InvalidArgumentError
        If sectors overlap or leave a gap.

    Examples
    --------
    >>> bins = ViewBins.parse("front-back-side")
    >>> bins.names
    ('front', 'back', 'side')
    >>> bins.numbers(np.array([0, 45, -46, 135, 180, 134]))
    array([0, 0, 2, 1, 1, 2])
    """

    def __init__(self, sectors: Sequence[Sector]) -> None:
        self.sectors = tuple(sectors)
        self.names = tuple(dict.fromkeys(sector.name for sector in sectors))
        borders = sorted({angle % 360 for sector in sectors for angle in (sector.start, sector.end)})
        for border, following in zip(borders, [*borders[1:], borders[0] + 360]):
            middle = 0.5 * (border + following)
            covering = sum(bool(sector.contains(np.array(middle))) for sector in sectors)
            if covering != 1:
                raise InvalidArgumentError(
                    f"{covering} sectors cover the angle {wrap_angle(middle):g}",
                    fix="give sectors that cover the circle once",
                )

    @classmethod
    def parse(cls, text: str) -> ViewBins:
        """Read bins: the name of a preset, a number of equal sectors, or ``name:start:end,…``.

        Equal sectors are named by their middles, of which the first is 0.

        Raises
        ------
        InvalidArgumentError
            If it is none of these, or the sectors do not cover the circle once.

        Examples
        --------
        >>> ViewBins.parse("4").names
        ('0', '90', '-90', '180')
        """
        if text.isdecimal():
            return cls(_equal_sectors(int(text[:5])))
        try:
            parts = [part.split(":") for part in PRESETS.get(text, text).split(",")]
            sectors = [Sector(name.strip(), float(start), float(end)) for name, start, end in parts]
            valid = all(sector.name and math.isfinite(sector.start + sector.end) for sector in sectors)
        except ValueError:
            valid = False
        if not valid:
            raise InvalidArgumentError(
                f"{text!r} names no bins",
                fix=f"pass {', '.join(PRESETS)}, a number, or name:start:end,… in degrees",
            )
        return cls(sectors)

    def numbers(self, angles: np.ndarray) -> np.ndarray:
        """Bin number of each angle, int of the shape of ``angles``."""
        found = np.full(np.shape(angles), -1)
        for sector in self.sectors:
            found[(found < 0) & sector.contains(angles)] = self.names.index(sector.name)
        return found


def _equal_sectors(count: int) -> list[Sector]:
    if not 1 <= count <= _MOST_BINS:
        raise InvalidArgumentError(f"there are 1 to {_MOST_BINS} bins")
    width = 360.0 / count
    middles = [wrap_angle(number * width) for number in range(count)]
    # Nearest to 0 first, so that an angle and its mirror image are on the same side of a border.
    middles.sort(key=lambda middle: (abs(middle), -middle))
    # Rounded, so that neighbours have their border in common.
    starts = [round((middle - 0.5 * width) % 360, 9) % 360 for middle in middles]
    ends = [round((middle + 0.5 * width) % 360, 9) % 360 for middle in middles]
    return [Sector(f"{middle:g}", start, end) for middle, start, end in zip(middles, starts, ends)]


def wrap_angle(angle: float) -> float:
    """Bring an angle in degrees into (-180, 180]."""
    return 180.0 - (180.0 - angle) % 360.0
