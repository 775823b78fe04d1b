"""Keypoints to viewpoint labels: the view of every image, the pitch of its camera, and what was found."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

import numpy as np
from tqdm import tqdm

from mindreid.data.formats.images import IMAGE_SUFFIXES
from mindreid.data.generated_marker import generated_kind
from mindreid.data.view_table import ViewRow
from mindreid.errors import DataError, InvalidArgumentError
from mindreid.preprocess.views.pose_files import Pose
from mindreid.preprocess.views.view_angles import DEFAULT_BINS, ViewBins
from mindreid.preprocess.views.view_cues import FEET, UnknownViewError, stature
from mindreid.preprocess.views.view_methods import METHODS
from mindreid.walkers.annotation_files import FOLDER
from mindreid.zoo import nearest

NOBODY = "no person found"
_MIN_FEET = 20


@dataclass(frozen=True)
class ViewRules:
    """How a view is told from keypoints.

    Attributes
    ----------
    method : str
        One of :data:`~mindreid.preprocess.views.view_methods.METHODS`.
    bins : ViewBins
        What the angle is sorted into.
    threshold : float
        Smallest confidence of a keypoint.
    min_confidence : float
        Smallest share of the belief that the best bin must have.
    pitch : float, optional
        Downward tilt of the camera in degrees, ``None`` if not known.

    Raises
    ------
    InvalidArgumentError
        If there is no such method, or a number is out of range.
    """

    method: str = "vote"
    bins: ViewBins = field(default_factory=lambda: ViewBins.parse(DEFAULT_BINS))
    threshold: float = 0.3
    min_confidence: float = 0.5
    pitch: Optional[float] = None

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise InvalidArgumentError(
                f"there is no method {self.method!r}{nearest(self.method, list(METHODS))}",
                fix=f"choose one of {', '.join(METHODS)}",
            )
        if not (0 <= self.threshold < 1 and 0 <= self.min_confidence <= 1):
            raise InvalidArgumentError("threshold and min_confidence are shares between 0 and 1")
        if self.pitch is not None and not 0 < self.pitch <= 90:
            raise InvalidArgumentError(f"a camera's pitch is above 0 and up to 90 degrees, not {self.pitch}")


def list_images(root: Path) -> list[str]:
    """List all images below a folder, as sorted paths relative to it with forward slashes.

    Symbolic links are followed; an image that is reached by several paths is listed by each, since a
    dataset may name it by any of them. Hidden files and folders, and the masks that generated walkers
    have beside their images, are left out.

    Raises
    ------
    DataError
        If the folder is missing or has none, or a folder in it cannot be listed.
    """
    masks = root / FOLDER if generated_kind(root) is not None else None
    images = sorted(
        path.relative_to(root).as_posix()
        for path in _files_below(root)
        if path.suffix.lower() in IMAGE_SUFFIXES and masks not in path.parents
    )
    if not images:
        raise DataError("there are no images below this folder", where=str(root))
    return images


def _files_below(folder: Path, above: tuple[tuple[int, int], ...] = ()) -> Iterator[Path]:
    """Yield files that are not hidden; what is ``above``, by device and inode, is not entered again."""
    try:
        status = os.stat(folder)
        with os.scandir(folder) as entries:
            visible = [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise DataError(f"cannot list the folder ({error.strerror})", where=str(folder)) from None
    identity = (status.st_dev, status.st_ino)
    if identity in above:
        return
    for entry in visible:
        # Of a link to itself, the entry would raise an error.
        is_link = entry.is_symlink()
        if os.path.isdir(entry.path) if is_link else entry.is_dir():
            yield from _files_below(folder / entry.name, (*above, identity))
        elif os.path.isfile(entry.path) if is_link else entry.is_file():
            yield folder / entry.name


def label_views(poses: Mapping[str, Optional[Pose]], rules: ViewRules) -> list[ViewRow]:
    """Label every image, in order; ``None`` stands for an image without a person."""
    bar = tqdm(poses.items(), "views", len(poses), unit="image", disable=None)
    return [label_view(image, pose, rules) for image, pose in bar]


def label_view(image: str, pose: Optional[Pose], rules: ViewRules) -> ViewRow:
    """Tell the view of one image."""
    if pose is None:
        return ViewRow(image, reason=NOBODY)
    try:
        belief = METHODS[rules.method](_confident(pose, rules), rules.pitch)
    except UnknownViewError as reason:
        return ViewRow(image, reason=str(reason))
    angle, number, confidence = belief.decide(rules.bins)
    if confidence < rules.min_confidence:
        return ViewRow(image, confidence=confidence, reason="the cues disagree")
    return ViewRow(image, angle, number, rules.bins.names[number], confidence)


def estimate_pitch(poses: Iterable[Optional[Pose]], rules: ViewRules) -> Optional[float]:
    """Estimate the downward tilt of the one camera that saw all poses, at the height of the feet.

    Seen from an angle, a toe lies ``sin(pitch) (a cos(angle) - l sin(angle))`` statures lower in the
    image than its heel, for a foot that reaches a statures ahead and l to the left. The angles come
    from a vote without the pitch, the sine from a regression with an intercept.

    Returns
    -------
    float or None
        Degrees, 1..60; ``None`` with fewer than 20 feet, or if all are seen from the same side.
    """
    towards, falls = [], []
    for pose in poses:
        if pose is None:
            continue
        keypoints = _confident(pose, rules)
        try:
            height = stature(keypoints)
            angle = np.radians(METHODS["vote"](keypoints, None).decide(rules.bins)[0])
        except UnknownViewError:
            continue
        for toe, heel in FEET.values():
            ends = keypoints[[*toe.indices, *heel.indices]]
            if ends[:, 2].min() > 0:
                towards.append(toe.ahead * np.cos(angle) - toe.left * np.sin(angle))
                falls.append((ends[0, 1] - ends[1, 1]) / height)
    if len(falls) < _MIN_FEET or np.std(towards) < 0.2 * max(toe.ahead for toe, _ in FEET.values()):
        return None
    slope = np.polyfit(towards, falls, 1)[0]
    return float(np.degrees(np.arcsin(np.clip(slope, np.sin(np.radians(1)), np.sin(np.radians(60))))))


def _confident(pose: Pose, rules: ViewRules) -> np.ndarray:
    keypoints = pose.keypoints.copy()
    keypoints[keypoints[:, 2] < rules.threshold, 2] = 0.0
    return keypoints


def summarize_views(rows: Sequence[ViewRow]) -> str:
    """Say how many images each bin has, and why others have none."""
    known = Counter(row.name for row in rows if row.bin is not None)
    unknown = Counter(row.reason for row in rows if row.bin is None)
    share = sum(known.values()) / max(len(rows), 1)
    parts = [f"{count} {name}" for name, count in sorted(known.items())]
    parts += [f"{count} unknown: {reason}" for reason, count in unknown.most_common()]
    return f"{len(rows)} images, {share:.1%} labelled ({', '.join(parts)})"
