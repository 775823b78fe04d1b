"""KTH's walking to two trees of the same passes: silhouettes for gait, grey crops for re-identification.

Source: C. Schuldt, I. Laptev, B. Caputo, "Recognizing Human Actions: A Local SVM Approach", ICPR 2004.
25 persons walk to and fro outdoors (d1), outdoors with a change of scale (d2), outdoors in other
clothes (d3) and indoors (d4); grey, 160 × 120 pixels, 25 frames per second.

A scenario is a view and a camera: two passes of one are minutes of the same place and light.
"""

from __future__ import annotations

import csv
import io
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from mindreid.atomic import atomic_folder, write_json, write_text
from mindreid.data.formats.pickles import write_array
from mindreid.data.formats.silhouettes import align_silhouette
from mindreid.data.gait_tree import Partition
from mindreid.data.generated_marker import MARKER
from mindreid.data.person_draws import draw_training_persons
from mindreid.errors import DataError
from mindreid.preprocess.kth.clips import OTHER_CLOTHES, Clip, list_clips, missing_clips
from mindreid.preprocess.kth.moving_walker import Pass, find_passes
from mindreid.preprocess.kth.pass_rules import PassRules
from mindreid.preprocess.mot.boxes import Box
from mindreid.preprocess.mot.new_root import check_new_root
from mindreid.preprocess.mot.video import Video

logger = logging.getLogger(__name__)

_USUAL = PassRules()

GAIT, CROPS = "gait", "crops"
#: What is left out, in the root.
LEFT_OUT = "left_out.csv"
#: How much is cropped around the walker, as a share of the height.
_MARGIN = 0.05
_KIND = "KTH walking"
_NO_VIDEO, _NO_PASS = "no video", "no pass"


@dataclass(frozen=True)
class _CropRow:
    """A crop as the lists have it."""

    path: str
    person: int
    scenario: str
    is_query: bool

    @property
    def clothes(self) -> str:
        return "other" if self.scenario == OTHER_CLOTHES else "usual"


def split_name(stem: str, split: int, suffix: str) -> str:
    """Name a split's file: ``partition.json`` for 0, ``partition-2.json`` for 1."""
    return f"{stem}{suffix}" if split == 0 else f"{stem}-{split + 1}{suffix}"


def kth_to_trees(videos: Path, root: Path, rules: PassRules = _USUAL) -> dict[str, int]:
    """Write KTH's passes as ``gait/``, a dataset ``gait_pickles``, and ``crops/``, a ``csv_list``.

    Parameters
    ----------
    videos : Path
        The folder of ``person01_walking_d1_uncomp.avi`` and the others.
    root : Path
        What is written: whole, or not at all. ``left_out.csv`` in it counts what was left out, by
        video and reason.
    rules : PassRules
        Which passes are kept, and how persons are split.

    Returns
    -------
    dict
        "persons", "passes", "silhouettes" and "crops" written, "videos missing", and "frames left
        out".

    Raises
    ------
    DataError
        If there are no such videos, one can't be read, or too few persons have a pass.
    """
    check_new_root(root, videos)
    clips = list_clips(videos)
    left_out = {name: Counter({_NO_VIDEO: 1}) for name in missing_clips(clips)}
    counts = Counter({"passes": 0, "silhouettes": 0, "crops": 0})
    crops: list[_CropRow] = []
    with atomic_folder(root) as folder:
        for clip in tqdm(clips, "videos", unit="video", disable=None):
            frames = _grey_frames(clip)
            passes, reasons = find_passes(frames, rules.least_frames)
            left_out[clip.name] = reasons if passes else reasons + Counter({_NO_PASS: 1})
            for number, one in enumerate(passes, 1):
                counts["silhouettes"] += _write_silhouettes(folder / GAIT, clip, one, number)
                crops += _write_crops(folder / CROPS, clip, one, number, frames, rules.crop_every)
            counts["passes"] += len(passes)
        persons = {row.person for row in crops}
        if len(persons) < 2:
            raise DataError(f"{len(persons)} persons have a pass, which can't be split", where=str(videos))
        _write_splits(folder, crops, rules)
        _write_left_out(folder / LEFT_OUT, left_out)
        for tree in (GAIT, CROPS):
            write_json(
                folder / tree / MARKER, {"kind": _KIND, "rules": asdict(rules), "passes": counts["passes"]}
            )
    counts["crops"] = len(crops)
    _tell_missing(left_out)
    frames_out = sum(sum(reasons.values()) for reasons in left_out.values())
    missing = sum(_NO_VIDEO in reasons for reasons in left_out.values())
    without = sum(_NO_PASS in reasons for reasons in left_out.values())
    return {
        "persons": len(persons),
        **counts,
        "videos missing": missing,
        "frames left out": frames_out - missing - without,
    }


def _grey_frames(clip: Clip) -> np.ndarray:
    return np.stack([frame[..., 1] for frame in Video(clip.path, 0).read_all()])


def _pass_name(clip: Clip, one: Pass, number: int) -> str:
    return f"{clip.scenario}-{number:02d}-{one.direction}"


def _write_silhouettes(folder: Path, clip: Clip, one: Pass, number: int) -> int:
    aligned = [
        silhouette
        for sighting in one.sightings
        if (silhouette := align_silhouette(sighting.silhouette)) is not None
    ]
    view = clip.scenario
    place = folder / f"{clip.person:03d}" / _pass_name(clip, one, number) / view
    write_array(place / f"{view}.pkl", np.stack(aligned))
    return len(aligned)


def _write_crops(
    folder: Path, clip: Clip, one: Pass, number: int, frames: np.ndarray, every: int
) -> Iterator[_CropRow]:
    """Write the crops of a pass; the middle one is the query, should the person be tested."""
    chosen = one.sightings[::every]
    for index, sighting in enumerate(chosen):
        name = f"images/{clip.person:03d}/{_pass_name(clip, one, number)}-{sighting.frame:04d}.png"
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        crop = frames[sighting.frame][_area(sighting.box)]
        Image.fromarray(crop).convert("RGB").save(target)
        yield _CropRow(name, clip.person, clip.scenario, index == len(chosen) // 2)


def _area(box: Box) -> tuple[slice, slice]:
    """Rows and columns of a box within the picture, and a margin as far as there is one."""
    margin = _MARGIN * box.height
    top, left = (max(round(place - margin), 0) for place in (box.top, box.left))
    return slice(top, round(box.bottom + margin)), slice(left, round(box.left + box.width + margin))


def _write_splits(folder: Path, crops: Sequence[_CropRow], rules: PassRules) -> None:
    persons = frozenset(row.person for row in crops)
    for split in range(rules.splits):
        train = draw_training_persons(persons, rules.train_persons, split)
        names = [frozenset(f"{person:03d}" for person in part) for part in (train, persons - train)]
        Partition(*names).write(folder / GAIT / split_name("partition", split, ".json"))
        tested = [row for row in crops if row.person not in train]
        lists = {
            "train": [row for row in crops if row.person in train],
            "query": [row for row in tested if row.is_query],
            "gallery": [row for row in tested if not row.is_query],
        }
        for name, rows in lists.items():
            write_text(folder / CROPS / split_name(name, split, ".csv"), _table(rows))


def _table(rows: Sequence[_CropRow]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("path", "pid", "camid", "clothes_id"))
    writer.writerows((row.path, row.person, row.scenario, row.clothes) for row in rows)
    return text.getvalue()


def _write_left_out(path: Path, left_out: dict[str, Counter[str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("video", "reason", "count"))
    for video, reasons in sorted(left_out.items()):
        writer.writerows((video, reason, count) for reason, count in sorted(reasons.items()))
    write_text(path, text.getvalue())


def _tell_missing(left_out: dict[str, Counter[str]]) -> None:
    for reason in (_NO_VIDEO, _NO_PASS):
        names = sorted(name for name, reasons in left_out.items() if reason in reasons)
        if names:
            logger.warning("%s: %s", reason, ", ".join(names))
