"""Boxes of tracked persons, and what of them others hide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Box:
    """One person in one frame.

    Attributes
    ----------
    frame : int
        As annotated, from 1 or from 0.
    person : int
        Annotated identity.
    left, top, width, height : float
        Pixels; left and top from 0.
    confidence : float
        0 marks boxes that the annotators exclude.
    visibility : float
        Visible share in 0..1; see :func:`estimate_visibility` where it is not annotated.
    line : int
        Where it stands in the annotations, from 1; 0 if it is from elsewhere.
    """

    frame: int
    person: int
    left: float
    top: float
    width: float
    height: float
    confidence: float = 1.0
    visibility: float = 1.0
    line: int = field(default=0, compare=False)

    @property
    def bottom(self) -> float:
        """The lower edge in pixels."""
        return self.top + self.height

    def covered_by(self, other: Box) -> float:
        """Share of this box's area that ``other`` covers."""
        width = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(width, 0.0) * max(height, 0.0) / (self.width * self.height)


def estimate_visibility(boxes: Sequence[Box]) -> list[Box]:
    """Set each box's visibility to what the most covering box in front of it leaves.

    Of two persons before a camera that looks down on them, the one whose feet are lower in the
    image is in front.
    """
    by_frame: dict[int, list[Box]] = {}
    for box in boxes:
        by_frame.setdefault(box.frame, []).append(box)
    return [
        replace(
            box,
            visibility=1.0
            - max((box.covered_by(o) for o in by_frame[box.frame] if o.bottom > box.bottom), default=0.0),
        )
        for box in boxes
    ]


def outermost_frames(boxes: Sequence[Box]) -> tuple[int, int]:
    """Return the first and the last frame with a box."""
    frames = [box.frame for box in boxes]
    return min(frames), max(frames)
