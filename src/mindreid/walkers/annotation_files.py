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

import numpy as np
from PIL import Image

from mindreid.atomic import write_json
from mindreid.data.layouts import Shot
from mindreid.walkers.annotation import KEYPOINT_NAMES, WalkerFrame

FOLDER = "annotations"


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
            target = (self._root / kind / path).with_suffix(".png")
            target.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(mask).save(target, compress_level=1)
        entry = {
            "path": path,
            **asdict(shot),
            "azimuth": round(frame.azimuth, 2),
            "keypoints": np.round(frame.keypoints, 1).tolist(),
        }
        self._lines.write(json.dumps(entry) + "\n")
