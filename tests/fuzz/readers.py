"""What reads files of strangers: a reader and valid files for each format."""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import yaml
from PIL import Image

from mindreid.config import load_recipe
from mindreid.data.formats.pickles import read_array
from mindreid.engine.evaluation.dataset_check import check_dataset
from mindreid.errors import DataError
from mindreid.preprocess.mot.annotations import read_annotations
from mindreid.preprocess.views.pose_files import read_poses


@dataclass(frozen=True)
class Target:
    """A format.

    Attributes
    ----------
    name : str
        Of the file, suffix included.
    read : callable
        Reads the file; may raise errors of the project's own family, and nothing else.
    contents : list of bytes
        Files in the format.
    refused : mapping of int to str
        Which of them the reader does not take all the same, and what its error says.
    """

    name: str
    read: Callable[[Path], object]
    contents: list[bytes]
    refused: Mapping[int, str] = field(default_factory=dict)


def _mot() -> Target:
    rows = [
        f"{frame},{person},{10 * person},5,{20 + frame},40,1,1,0.9"
        for frame in (1, 2, 3)
        for person in (1, 2)
    ]
    detections = [f"{frame},-1,3.5,4,20,40,0.7,-1,-1,-1" for frame in (1, 2)]
    header = ["frame,id,left,top,width,height,confidence", "1,1,3,4,20,40,1"]
    spaced = [row.replace(",", " ") for row in rows]
    contents = ["\n".join(text).encode() for text in (rows, detections, header, spaced)]
    return Target("gt.txt", read_annotations, contents, {1: "these are detections"})


def _csv() -> Target:
    lists = [
        "path,pid,camid\na.png,1,0\nb.png,1,1\ne.png,2,0\nf.png,2,1\n",
        "path;pid;camid;clothes_id\na.png;anna;hall;1\nb.png;ben;0.0;2\n",
        'path\tpid\n"a.png"\tanna\nb.png\t-1\n',
    ]
    return Target("train.csv", _check_list, [text.encode() for text in lists])


def _check_list(path: Path) -> None:
    root = path.parent
    for letter in "abcdef":
        if not (root / f"{letter}.png").exists():
            Image.new("RGB", (4, 8)).save(root / f"{letter}.png")
    (root / "query.csv").write_text("path,pid,camid\nc.png,8,0\n", encoding="utf-8")
    (root / "gallery.csv").write_text("path,pid,camid\nd.png,8,1\n", encoding="utf-8")
    if not check_dataset("csv_list", str(root)).ok:
        raise DataError("the list can't be used", where=str(path))


def _poses() -> Target:
    points = [value for index in range(17) for value in (3.0 * index, 5.0 * index, 0.8)]
    alphapose = [{"image_id": "a.jpg", "category_id": 1, "keypoints": points, "score": 2.1}]
    openpose = {"version": 1.3, "people": [{"person_id": [-1], "pose_keypoints_2d": [1.0] * 75}]}
    coco = {
        "images": [{"id": 7, "file_name": "a.jpg"}],
        "annotations": [{"image_id": 7, "keypoints": [1, 2, 2] * 17, "num_keypoints": 17}],
    }
    return Target("poses.json", read_poses, [json.dumps(one).encode() for one in (alphapose, openpose, coco)])


def _pickles() -> Target:
    silhouettes = np.zeros((2, 8, 6), np.uint8)
    contents = [pickle.dumps(silhouettes, protocol=protocol) for protocol in (0, 2, 4, 5)]
    contents += [pickle.dumps([[1, 2], [3, 4]]), pickle.dumps(silhouettes.astype(">f4"))]
    return Target("sequence.pkl", read_array, contents)


def _recipes() -> Target:
    names = ("mgn/market1501", "fire/prcc", "aug_ogbase/casia_b", "cal/ccvid")
    whole = [yaml.safe_dump(load_recipe(name).as_dict()).encode() for name in names]
    return Target("recipe.yaml", _load, [*whole, b"base: mgn/market1501\ntrain: {epochs: 3}\n"])


def _load(path: Path) -> object:
    return load_recipe(str(path))


def _own_checkpoints() -> Target:
    from mindspore import nn

    from mindreid.engine.checkpoints.checkpoint_files import Description, read_description, save_weights

    path = Path("own.ckpt")
    save_weights(path, nn.Dense(2, 3), Description("mgn", {}, 3, {"input": {"height": 8}}))
    return Target("weights.ckpt", read_description, [path.read_bytes()])


def _mindspore_checkpoints() -> Target:
    import mindspore as ms

    from mindreid.engine.checkpoints.imagenet import stem_pool_of

    path = Path("foreign.ckpt")
    ms.save_checkpoint(ms.nn.Dense(2, 3), str(path))
    return Target("weights.ckpt", stem_pool_of, [path.read_bytes()])


def _torch_checkpoints() -> Target:
    import torch

    from mindreid.convert.torch_file import read_torch_state

    state = {"conv.weight": torch.zeros(2, 1, 3, 3), "conv.bias": torch.ones(2)}
    contents = []
    for content in (
        state,
        {"state_dict": {f"module.{name}": value for name, value in state.items()}, "epoch": 3},
    ):
        for zipped in (True, False):
            stream = io.BytesIO()
            torch.save(content, stream, _use_new_zipfile_serialization=zipped)
            contents.append(stream.getvalue())
    return Target("weights.pth", read_torch_state, contents)


TARGETS: dict[str, Callable[[], Target]] = {
    "mot": _mot,
    "csv": _csv,
    "poses": _poses,
    "pickles": _pickles,
    "recipes": _recipes,
    "own_checkpoints": _own_checkpoints,
    "mindspore_checkpoints": _mindspore_checkpoints,
    "torch_checkpoints": _torch_checkpoints,
}
