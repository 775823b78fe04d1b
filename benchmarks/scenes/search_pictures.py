"""Pictures out of a scene's frames, looked for with ``mindreid search find``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mindreid.search.index import open_index
from mindreid.search.ingest.given_boxes import read_boxes
from scenes.search_scenes import Recording, Scene

PICTURES, TOP = 10, 5


def find_pictures(scene: Scene, index: Path, labels: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """Look for ten persons, who were seen by several cameras, in those that the picture is not from.

    Returns
    -------
    dict
        How many pictures, how many persons are the first hit and among the first five, and each answer.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cameras = _cameras_by_person(index, labels)
    several = sorted((person for person, seen in cameras.items() if len(seen) > 1), key=int)
    chosen = [several[place] for place in np.linspace(0, len(several) - 1, PICTURES).round().astype(int)]
    recordings = {recording.camera: recording for recording in scene.recordings}
    answers = []
    for person in chosen:
        camera = min(cameras[person])
        image, box = _cut(recordings[camera], int(person), folder)
        others = sorted(set(recordings) - {camera})
        answers.append(
            {"person": person, "camera": camera, **_find(index, image, box, others, labels, person)}
        )
    ranks = [answer["rank"] for answer in answers]
    found = {"first": sum(rank == 1 for rank in ranks), "among_five": sum(rank is not None for rank in ranks)}
    return {"pictures": len(answers), **found, "answers": answers}


def _cameras_by_person(index: Path, labels: Mapping[str, str]) -> dict[str, set[str]]:
    cameras: dict[str, set[str]] = defaultdict(set)
    opened = open_index(index)
    for tracklet in opened.tracklets():
        if tracklet.id in labels:
            cameras[labels[tracklet.id]].add(tracklet.camera)
    opened.close()
    return cameras


def _cut(recording: Recording, person: int, folder: Path) -> tuple[Path, str]:
    """Write the frame in the middle of a person's way, and say where the person is in it."""
    boxes = read_boxes(recording.truth)
    frames = [frame for frame, ids in sorted((boxes.ids or {}).items()) if person in ids]
    frame = frames[len(frames) // 2]
    box = boxes.of_frame(frame)[(boxes.ids or {})[frame].index(person)]
    video = cv2.VideoCapture(str(recording.video))
    video.set(cv2.CAP_PROP_POS_FRAMES, frame)
    image = video.read()[1]
    video.release()
    path = folder / f"{recording.camera}-{person}.png"
    cv2.imwrite(str(path), image)
    return path, ",".join(f"{value:g}" for value in box[:4])


def _find(
    index: Path, image: Path, box: str, cameras: list[str], labels: Mapping[str, str], person: str
) -> dict[str, Any]:
    words = ["search", "find", index, "--image", image, "--box", box, "--top", TOP, "--json"]
    words += [word for camera in cameras for word in ("--camera", camera)]
    command = [sys.executable, "-m", "mindreid", *map(str, words)]
    said = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    own = [labels.get(hit["tracklet"]) == person for hit in said["hits"]]
    best = said["hits"][0]
    return {
        "rank": own.index(True) + 1 if any(own) else None,
        "nobody": said["nobody"],
        "first_hit": best["verdict"],
        "promised": best["probability"],
    }
