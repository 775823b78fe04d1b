"""Viewpoint labels from raw material: poses are read or estimated, labelled, and the table written."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Optional

from mindreid.data.view_table import ViewRow, write_views
from mindreid.errors import DataError, InvalidArgumentError
from mindreid.preprocess.views.image_matching import match_images
from mindreid.preprocess.views.image_sizes import image_size, lies_outside, to_pixels
from mindreid.preprocess.views.keypoint_units import are_shares, within_shares
from mindreid.preprocess.views.pose_estimation import estimate_poses, find_estimator
from mindreid.preprocess.views.pose_files import ImageName, Pose, read_poses
from mindreid.preprocess.views.view_labels import ViewRules, estimate_pitch, label_views, list_images

logger = logging.getLogger(__name__)

_NO_ANSWER = "the pose estimator has no answer"
_NOT_NAMED = "no keypoints of this image"
_ONE_PLACE = "all keypoints lie in one place"
_UNREADABLE = "the image cannot be read"


@dataclass
class FoundPoses:
    """The pose of every image, ``None`` for none, and why an image has none where that is known.

    Attributes
    ----------
    poses : dict
        By image; places are in pixels.
    reasons : dict
        By image.
    """

    poses: dict[str, Optional[Pose]]
    reasons: dict[str, str] = field(default_factory=dict)

    def leave_out(self, image: str, reason: str) -> None:
        """Note why there is no pose of an image."""
        self.poses[image], self.reasons[image] = None, reason


def make_views(
    table: Path,
    rules: ViewRules,
    *,
    images: Optional[Path] = None,
    keypoints: Optional[Path] = None,
    find_pitch: bool = False,
    python: Optional[Path] = None,
) -> list[ViewRow]:
    """Label the views of images and write the table.

    Parameters
    ----------
    table : Path
        The CSV to write; see :mod:`mindreid.data.view_table`.
    rules : ViewRules
        How a view is told.
    images : Path, optional
        Folder whose images, also in folders below, get a row each. Without it, the images that
        ``keypoints`` names do. Keypoints given as shares of an image's size need it.
    keypoints : Path, optional
        See :func:`~mindreid.preprocess.views.pose_files.read_poses`. Without it, poses are estimated and
        kept as ``<table's stem>.keypoints.json``, which can be passed here the next time.
    find_pitch : bool
        Estimate the pitch of the one camera first.
    python : Path, optional
        Interpreter for the pose estimator.

    Returns
    -------
    list of ViewRow
        The rows of the table.

    Raises
    ------
    DataError
        If images or keypoints cannot be read, or do not belong together.
    InvalidArgumentError
        If there are neither images nor keypoints.
    PoseEstimatorError
        If poses are to be estimated and cannot be.
    """
    found = find_poses(table, images=images, keypoints=keypoints, python=python)
    if find_pitch:
        rules = _with_pitch(rules, found.poses)
    rows = [
        replace(row, reason=found.reasons[row.image]) if row.image in found.reasons else row
        for row in label_views(found.poses, rules)
    ]
    write_views(table, rows)
    return rows


def find_poses(
    table: Path, *, images: Optional[Path], keypoints: Optional[Path], python: Optional[Path] = None
) -> FoundPoses:
    """Read or estimate the pose of every image; parameters and errors are those of :func:`make_views`."""
    if keypoints is not None:
        return _read(keypoints, images)
    if images is not None:
        return _estimate(images, table, python)
    raise InvalidArgumentError("views are of images, of keypoints, or of both", fix="pass --images")


def _read(keypoints: Path, images: Optional[Path]) -> FoundPoses:
    poses = read_poses(keypoints)
    known = [pose.keypoints for pose in poses.values() if pose is not None]
    shares = are_shares(known, str(keypoints))
    if images is not None:
        found = _matched(poses, list_images(images))
        _hold_against_sizes(found, images, shares)
    elif shares:
        raise DataError(
            "the keypoints' places are shares of the image's width and height, which are not known",
            where=str(keypoints),
            fix="pass the images by --images",
        )
    else:
        found = FoundPoses({"/".join(map(str, filter(None, name))): pose for name, pose in poses.items()})
        _warn_about_endings(found.poses, keypoints)
    if not shares:
        for image, pose in found.poses.items():
            if pose is not None and pose.keypoints[:, 2].any() and within_shares(pose.keypoints):
                found.leave_out(image, _ONE_PLACE)
    return found


def _matched(poses: Mapping[ImageName, Optional[Pose]], images: Sequence[str]) -> FoundPoses:
    names = match_images(poses, images)
    return FoundPoses(
        {image: None if name is None else poses[name] for image, name in names.items()},
        {image: _NOT_NAMED for image, name in names.items() if name is None},
    )


def _hold_against_sizes(found: FoundPoses, root: Path, shares: bool) -> None:
    """Bring places to pixels, and warn of those that cannot be of images of this size."""
    outside = []
    for image, pose in found.poses.items():
        if pose is None:
            continue
        try:
            size = image_size(root / image)
        except DataError:
            if shares:
                found.leave_out(image, _UNREADABLE)
            continue
        if shares:
            found.poses[image] = to_pixels(pose, size)
        elif lies_outside(pose, size):
            outside.append(image)
    if outside:
        logger.warning(
            "the keypoints of %d images, such as %s, lie far outside of them: they are of other images, or "
            "of these in another size; views are right only if height and width were scaled alike",
            len(outside),
            outside[0],
        )


def _warn_about_endings(names: Mapping[str, Optional[Pose]], keypoints: Path) -> None:
    without = [name for name in names if not Path(name).suffix]
    if without:
        logger.warning(
            "%s: %d images are named without their endings, such as %r; a dataset finds its images in the "
            "table only if --images is passed",
            keypoints,
            len(without),
            without[0],
        )


def _estimate(images: Path, table: Path, python: Optional[Path]) -> FoundPoses:
    names = list_images(images)
    target = table.with_name(f"{table.stem}.keypoints.json")
    failed = estimate_poses(images, names, target, find_estimator(python))
    poses = read_poses(target)
    # Who was looked for and not found has no object in the file.
    return FoundPoses(
        {name: poses.get(ImageName("", name)) for name in names}, dict.fromkeys(failed, _NO_ANSWER)
    )


def _with_pitch(rules: ViewRules, poses: Mapping[str, Optional[Pose]]) -> ViewRules:
    pitch = estimate_pitch(poses.values(), rules)
    if pitch is None:
        logger.warning("the camera's pitch cannot be told from these poses; usual ones are averaged over")
        return rules
    logger.info("the camera looks down by %.1f degrees at the height of the feet", pitch)
    return replace(rules, pitch=pitch)
