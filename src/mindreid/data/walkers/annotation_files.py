"""Annotations of generated images on disk.

Below ``<root>/annotations`` every image ``a/b.jpg`` of the dataset has

- ``silhouettes/a/b.png``, ``faces/a/b.png``, ``shoes/a/b.png``: masks of the image's size, one
  byte a pixel, 255 inside and 0 outside;
- one line in ``frames.jsonl``: a JSON object with ``path``, ``split``, ``pid``, ``camid``,
  ``outfit``, ``sequence``, ``frame``, ``azimuth`` in degrees and ``keypoints``, a list of 26
  triples (x, y, visibility) in the order of ``keypoints.json``.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

import cv2
import numpy as np

from mindreid.atomic import write_json
from mindreid.data.layouts import Shot
from mindreid.data.walkers.annotation import KEYPOINT_NAMES, WalkerFrame
from mindreid.errors import DataError

FOLDER = "annotations"
_JPEG_QUALITY = 92


class AnnotationWriter:
    """Writes the annotations of a dataset, image by image.

    Parameters
    ----------
    root : Path
        Root of the dataset.
    """

    def __init__(self, root: Path) -> None:
        self._root = root / FOLDER
        self._root.mkdir(parents=True)
        write_json(self._root / "keypoints.json", list(KEYPOINT_NAMES))
        self._lines: TextIO = (self._root / "frames.jsonl").open("w", encoding="utf-8")

    def __enter__(self) -> AnnotationWriter:
        return self

    def __exit__(self, *exception: Any) -> None:
        self._lines.close()

    def write(self, path: str, shot: Shot, frame: WalkerFrame) -> None:
        """Write what is known of ``frame``, whose image is at ``path`` below the dataset's root."""
        for kind, mask in (("silhouettes", frame.silhouette), ("faces", frame.face), ("shoes", frame.shoes)):
            write_image((self._root / kind / path).with_suffix(".png"), mask)
        entry = {
            "path": path,
            **asdict(shot),
            "azimuth": round(frame.azimuth, 2),
            "keypoints": np.round(frame.keypoints, 1).tolist(),
        }
        self._lines.write(json.dumps(entry) + "\n")


def write_image(path: Path, image: np.ndarray) -> None:
    """Write a uint8 image (RGB ``[H, W, 3]`` or grey ``[H, W]``) in the format of its suffix.

    Raises
    ------
    DataError
        If it cannot be written, for example because the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = cv2.cvtColor(image, cv2.COLOR_RGB2BGR) if image.ndim == 3 else image
    encoded, data = cv2.imencode(path.suffix, stored, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not encoded:
        raise DataError(f"the image format {path.suffix!r} cannot be written", where=str(path))
    try:
        path.write_bytes(data.tobytes())
    except OSError as error:
        raise DataError(f"an image could not be written ({error.strerror})", where=str(path)) from error
