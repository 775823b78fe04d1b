"""Viewpoint labels from raw material: poses are read or estimated, labelled, and the table written."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Optional

from mindreid.data.view_table import ViewRow, write_views
from mindreid.errors import InvalidArgumentError
from mindreid.preprocess.views.pose_estimation import estimate_poses, find_estimator
from mindreid.preprocess.views.pose_files import Pose, read_poses
from mindreid.preprocess.views.view_labels import (
    ViewRules,
    estimate_pitch,
    label_views,
    list_images,
    match_images,
)

logger = logging.getLogger(__name__)

_UNREADABLE = "the pose estimator has no answer"


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
        ``keypoints`` names do.
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
    failed: set[str] = set()
    if keypoints is not None:
        found = _read(keypoints, images)
    elif images is not None:
        found, failed = _estimate(images, table, python)
    else:
        raise InvalidArgumentError("views are of images, of keypoints, or of both", fix="pass --images")
    if find_pitch:
        rules = _with_pitch(rules, found)
    rows = [
        replace(row, reason=_UNREADABLE) if row.image in failed else row for row in label_views(found, rules)
    ]
    write_views(table, rows)
    return rows


def _read(keypoints: Path, images: Optional[Path]) -> dict[str, Optional[Pose]]:
    poses = read_poses(keypoints)
    if images is not None:
        return match_images(poses, list_images(images))
    return {"/".join(map(str, filter(None, name))): pose for name, pose in poses.items()}


def _estimate(
    images: Path, table: Path, python: Optional[Path]
) -> tuple[dict[str, Optional[Pose]], set[str]]:
    names = list_images(images)
    target = table.with_name(f"{table.stem}.keypoints.json")
    failed = estimate_poses(images, names, target, find_estimator(python))
    return match_images(read_poses(target), names), set(failed)


def _with_pitch(rules: ViewRules, poses: dict[str, Optional[Pose]]) -> ViewRules:
    pitch = estimate_pitch(poses.values(), rules)
    if pitch is None:
        logger.warning("the camera's pitch cannot be told from these poses; usual ones are averaged over")
        return rules
    logger.info("the camera looks down by %.1f degrees at the height of the feet", pitch)
    return replace(rules, pitch=pitch)
