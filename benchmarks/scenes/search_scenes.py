"""Places that cameras film, with all that is true of them, in an index of ``mindreid search``."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from learning import PETS09_SAME_PERSON
from runs.experiments import mindreid

from mindreid.search.index import open_index
from mindreid.search.ingest.given_boxes import read_boxes
from mindreid.search.labels import read_labels, write_labels

FRAME_RATE = 5
#: PETS09 does not say when it was recorded, and any time does.
_SOME_DAY = "2026-11-01T08:00+00:00"

#: What an index consists of.
_PARTS = {"rows": "index.sqlite", "vectors": "vectors-*.f32", "pictures": "crops/**/*.jpg"}


@dataclass(frozen=True)
class Film:
    """Walkers: a seed is a place with its cameras, and its persons have numbers."""

    name: str
    seed: int
    first_id: int
    ids: int


@dataclass(frozen=True)
class Recording:
    """What one camera has recorded, and the file of the true boxes in it."""

    camera: str
    video: Path
    truth: Path
    start: str


@dataclass(frozen=True)
class Scene:
    """Recordings of one place.

    Attributes
    ----------
    name : str
        Names folders, too.
    recordings : tuple of Recording
        One for each camera.
    within : bool
        Whether persons are also looked for in the camera that saw them.
    same_person : tuple of str
        Annotated tracks that are one person, such as "1,19".
    """

    name: str
    recordings: tuple[Recording, ...]
    within: bool = False
    same_person: tuple[str, ...] = ()


def film_scene(work: Path, plan: Film) -> Scene:
    """Film walkers, if that is not done yet."""
    root = work / "films" / plan.name
    if not root.exists():
        mindreid(
            "data", "film", "--root", root, "--ids", plan.ids, "--seed", plan.seed,
            "--first-id", plan.first_id, "--frame-rate", FRAME_RATE,
        )  # fmt: skip
    cameras = json.loads((root / "truth.json").read_text(encoding="utf-8"))["cameras"]
    return Scene(
        plan.name,
        tuple(
            Recording(
                camera["name"], root / camera["video"], root / camera["annotations"], f"{camera['start']}Z"
            )
            for camera in cameras
        ),
    )


def pets09_scene(video: Path, annotations: Path) -> Scene:
    """Real pedestrians before one camera, who leave its picture and come back."""
    recording = Recording("pets09", video.resolve(), annotations.resolve(), _SOME_DAY)
    return Scene("pets09", (recording,), within=True, same_person=PETS09_SAME_PERSON)


def add_scene(scene: Scene, index: Path, labels: Path, model: Path) -> None:
    """Find the persons of all recordings that are not in the index yet, and label them."""
    for recording in scene.recordings:
        mindreid(
            "search", "add", index, "--video", recording.video, "--camera", recording.camera,
            "--start", recording.start, "--model", model, "--rate", FRAME_RATE,
        )  # fmt: skip
    truths = [
        part
        for recording in scene.recordings
        for part in ("--truth", f"{recording.camera}={recording.truth}")
    ]
    mindreid("search", "label", index, *truths, "--output", labels)


def merge_same_person(scene: Scene, tracks: Path, persons: Path) -> None:
    """Turn labels that name annotated tracks into such that name persons."""
    first = {track: ids.split(",")[0] for ids in scene.same_person for track in ids.split(",")}
    write_labels({name: first.get(track, track) for name, track in read_labels(tracks).items()}, persons)


def copy_scene(index: Path, copy: Path, model: Path, inputs: str) -> None:
    """Embed the same tracklets with another network, in an index of its own, unless that is done."""
    if copy.exists():
        return
    unfinished = copy.with_name(f"{copy.name}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(index, unfinished)
    mindreid("search", "reembed", unfinished, "--model", model, "--model-input", inputs)
    unfinished.rename(copy)


def found_passes(scene: Scene, index: Path, tracks: Path) -> dict[str, Any]:
    """Tell how many of the annotated tracks have a tracklet that is labelled as theirs."""
    true = {
        (recording.camera, str(track))
        for recording in scene.recordings
        for found in _ids(recording.truth).values()
        for track in found
    }
    labels = read_labels(tracks)
    opened = open_index(index)
    tracklets = list(opened.tracklets())
    opened.close()
    labelled = [tracklet for tracklet in tracklets if tracklet.id in labels]
    covered = {(tracklet.camera, labels[tracklet.id]) for tracklet in labelled}
    return {
        "true_passes": len(true),
        "passes_with_a_tracklet": len(true & covered),
        "tracklets": len(tracklets),
        "labelled_tracklets": len(labelled),
        "bytes_per_tracklet": {
            name: round(sum(path.stat().st_size for path in index.glob(files)) / len(tracklets))
            for name, files in _PARTS.items()
        },
    }


def _ids(truth: Path) -> dict[int, Sequence[int]]:
    ids = read_boxes(truth).ids
    assert ids is not None, f"{truth} has no identities"  # noqa: S101 - these files have
    return dict(ids)
