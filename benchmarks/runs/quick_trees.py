"""Generated walkers in the form of material of real persons, for runs that only show that they run."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from mindreid.atomic import write_json, write_text
from mindreid.data.datasets.pku_reid import ORIENTATIONS, orientation_angle
from mindreid.data.generated_marker import MARKER, WALKERS
from mindreid.walkers import Walk, render_walk

_SEED = 5
_CROP = (96, 48)
_HEIGHT, _WIDTH, _RATE = 120, 160, 25.0
#: Pixels a frame, and how bright the ground is before which dark walkers pass.
_SPEED, _GROUND = 6, 200.0


def parse_with_quick(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Parse options with ``--root`` and ``--work``; with ``--quick``, both are of generated persons."""
    parser.add_argument("--quick", action="store_true", help="generated persons, one epoch, no result")
    arguments = parser.parse_args()
    if arguments.quick and arguments.root:
        parser.error("--quick makes its own persons and takes no folder")
    if arguments.quick:
        arguments.work = arguments.work / "quick"
        arguments.root = arguments.work / "data" / getattr(arguments, "dataset", "pku_reid")
    if arguments.root is None:
        parser.error("pass the dataset's folder by --root")
    return arguments


def write_pku_walkers(root: Path, persons: int) -> Path:
    """Write walkers seen from eight sides before two cameras, as PKU-Reid has them, unless they are there.

    Returns
    -------
    Path
        Where their true keypoints are, in the form of generated walkers: ``<root>.keypoints.jsonl``.
    """
    keypoints = root.with_name(f"{root.name}.keypoints.jsonl")
    if keypoints.exists():
        return keypoints
    lines = []
    for pid in range(1, persons + 1):
        for camid in (0, 1):
            for view in range(ORIENTATIONS):
                walk = Walk(pid, camid=camid)
                angle = orientation_angle(view)
                (frame,) = render_walk(_SEED, walk, 1, size=_CROP, azimuth=angle, occlusion=0.0)
                name = f"{pid:03d}/{camid + 1:02d}_{view + 1}.png"
                target = root / name
                target.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(frame.image).save(target)
                lines.append(json.dumps({"path": name, "keypoints": frame.keypoints.tolist()}))
    write_json(root / MARKER, {"kind": WALKERS})
    write_text(keypoints, "\n".join(lines) + "\n")
    return keypoints


def write_kth_walkers(folder: Path, persons: int) -> None:
    """Write videos of walkers who cross the picture to and fro, named as KTH's; d3 in other clothes."""
    folder.mkdir(parents=True, exist_ok=True)
    for pid in range(1, persons + 1):
        for camid, scenario in enumerate(("d1", "d3", "d4")):
            path = folder / f"person{pid:02d}_walking_{scenario}_uncomp.avi"
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), _RATE, (_WIDTH, _HEIGHT))
            for frame in _to_and_fro(Walk(pid, outfit=int(scenario == "d3"), camid=camid)):
                writer.write(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))
            writer.release()


def _to_and_fro(walk: Walk) -> Iterator[np.ndarray]:
    """Yield grey frames ``[120, 160]`` of a walk to the right and back, with nobody in between."""
    ground = np.random.default_rng(walk.camid).normal(_GROUND, 3.0, (_HEIGHT, _WIDTH))
    lefts = np.arange(-_CROP[1], _WIDTH + 1, _SPEED)
    for azimuth, places in ((90.0, lefts), (-90.0, lefts[::-1])):
        steps = render_walk(
            _SEED, walk, len(places), size=_CROP, frame_rate=_RATE, azimuth=azimuth, occlusion=0.0
        )
        for left, step in zip(places, steps):
            grey = 0.5 * cv2.cvtColor(step.image, cv2.COLOR_RGB2GRAY)
            yield _pasted(ground, grey, step.silhouette > 0, int(left))
        for _ in range(15):
            yield _pasted(ground, np.zeros((0, 0)), np.zeros((0, 0), bool), 0)


def _pasted(ground: np.ndarray, figure: np.ndarray, mask: np.ndarray, left: int) -> np.ndarray:
    frame = ground.copy()
    rows, columns = np.nonzero(mask)
    seen = (columns + left >= 0) & (columns + left < _WIDTH)
    rows, columns = rows[seen], columns[seen]
    frame[rows + (_HEIGHT - len(mask)) // 2, columns + left] = figure[rows, columns]
    return frame.clip(0, 255).astype(np.uint8)
