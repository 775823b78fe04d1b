"""Short runs of every method on generated walkers, shared by the tests of this folder."""

import itertools
import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from mindspore.common.api import ms_compile_cache

from mindreid.config import Recipe, load_recipe
from mindreid.data.view_table import ViewRow, write_views
from mindreid.engine.training.loop import Trainer
from mindreid.engine.training.run import train
from mindreid.preprocess.views.image_keypoints import make_keypoints
from mindreid.walkers import synthesize
from mindreid.walkers.gait_synthesis import synthesize_sequences
from mindreid.zoo import DATASETS

VIEWS, KEYPOINTS = "views.csv", "keypoints.csv"


def write_walkers(name, root):
    """Write a tiny tree in a dataset's layout; images have keypoints and a view, in tables."""
    if DATASETS[name].sequence_layout is not None:
        synthesize_sequences(name, root, 4, 1, cameras=2, frames=5, size=(64, 32))
        return
    outfits = DATASETS[name].layout.usual_outfits
    cameras = 2 if outfits == 1 else 3
    outfits = min(outfits, 2)
    size = (96, 32) if outfits == 1 else (48, 24)
    synthesize(name, root, 8, 1, outfits=outfits, cameras=cameras, frames=2, size=size, annotations=True)
    make_keypoints(root / KEYPOINTS, images=root, keypoints=root / "annotations" / "frames.jsonl")
    images = sorted(path.relative_to(root).as_posix() for path in root.rglob("*[0-9].*g"))
    write_views(root / VIEWS, [ViewRow(image, bin=i % 3, reason="") for i, image in enumerate(images)])


@pytest.fixture(scope="session")
def smoke_recipe(tmp_path_factory):
    """``smoke_recipe(method, *overrides)``: its recipe ``smoke`` on generated walkers."""
    place = tmp_path_factory.mktemp("smoke_data")

    @cache
    def root_of(dataset):
        write_walkers(dataset, place / dataset)
        return place / dataset

    def smoke_recipe(method, *overrides):
        dataset = load_recipe(f"{method}/smoke").dataset
        root = root_of(dataset.name)
        given = [f"dataset.root={root}"]
        if dataset.views is not None:
            given.append(f"dataset.views={root / VIEWS}")
        if dataset.keypoints is not None:
            given.append(f"dataset.keypoints={root / KEYPOINTS}")
        if dataset.silhouettes is not None:
            given.append(f"dataset.silhouettes={root / 'annotations' / 'silhouettes'}")
        return load_recipe(f"{method}/smoke", [*given, *overrides])

    return smoke_recipe


@dataclass(frozen=True)
class SmokeRun:
    """A finished run, with what was seen while it trained.

    Attributes
    ----------
    recipe, folder
        What was trained, and where.
    compiled : list of int
        Number of compiled graphs after every epoch.
    unmoved : set of str
        Trainable parameters that no epoch changed.
    left_behind : set of str
        What the current folder held afterwards and not before.
    """

    recipe: Recipe
    folder: Path
    compiled: list
    unmoved: set
    left_behind: set

    def terms(self):
        """Unweighted terms of all steps."""
        lines = (self.folder / "metrics.jsonl").read_text().splitlines()
        return [json.loads(line)["terms"] for line in lines]


@pytest.fixture(scope="session")
def smoke_run(smoke_recipe, tmp_path_factory):
    """``smoke_run(method, *overrides)``: trained once a session."""
    place, count = tmp_path_factory.mktemp("smoke_runs"), itertools.count()

    @cache
    def smoke_run(method, *overrides):
        recipe, folder = smoke_recipe(method, *overrides), place / f"{method}_{next(count)}"
        compiled, unmoved, train_epoch = [], [], Trainer._train_epoch

        def watched(self, epoch):
            trainable = self.state.objective.trainable_params()
            before = {parameter.name: parameter.asnumpy().copy() for parameter in trainable}
            train_epoch(self, epoch)
            compiled.append(len(ms_compile_cache))
            unmoved.append({p.name for p in trainable if np.array_equal(p.asnumpy(), before[p.name])})

        there = set(os.listdir())
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Trainer, "_train_epoch", watched)
            train(recipe, folder)
        left = set(os.listdir()) - there
        return SmokeRun(recipe, folder, compiled, set.intersection(*unmoved), left)

    return smoke_run
