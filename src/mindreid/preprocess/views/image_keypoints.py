"""Keypoints from raw material: poses are read or estimated, and the table of them written."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from mindreid.data.keypoint_table import write_keypoints
from mindreid.preprocess.views.labelling import find_poses


def make_keypoints(
    table: Path, *, images: Path, keypoints: Optional[Path] = None, python: Optional[Path] = None
) -> tuple[int, int]:
    """Write the keypoints of images to a table.

    Parameters
    ----------
    table : Path
        The CSV to write; see :mod:`mindreid.data.keypoint_table`.
    images : Path
        Folder whose images, also in folders below, get a row each; usually a dataset's root.
    keypoints : Path, optional
        See :func:`~mindreid.preprocess.views.pose_files.read_poses`. Without it, poses are estimated and
        kept as ``<table's stem>.keypoints.json``, which can be passed here the next time.
    python : Path, optional
        Interpreter for the pose estimator.

    Returns
    -------
    tuple of int
        How many images have keypoints, and how many there are.

    Raises
    ------
    DataError
        If images or keypoints cannot be read, or do not belong together.
    PoseEstimatorError
        If poses are to be estimated and cannot be.
    """
    poses = find_poses(table, images=images, keypoints=keypoints, python=python).poses
    points = {image: None if pose is None else pose.keypoints for image, pose in poses.items()}
    write_keypoints(table, points.items())
    return sum(value is not None for value in points.values()), len(points)
