"""Labels of pixels: found in one person's maps at a time, given back whole, kept through a resume."""

from __future__ import annotations

import mindspore as ms
import numpy as np
import pytest
from mindspore import Parameter, Tensor, nn, ops

from mindreid.data.records import Record
from mindreid.engine.training.map_labels import MapLabeller
from mindreid.engine.training.run import train
from mindreid.zoo import MODELS, ModelEntry
from tests.engine.run_files import assert_equal_runs
from tests.engine.toy_methods import PlainObjective, toy_network

SIZE = (4, 2)


class MapObjective(PlainObjective):
    """Labels a pixel by whether it is brighter than the mean of its person's images."""

    labels = ("pid", "index", "origin")
    origin_stride = 8
    mined_from = "maps"
    restarts_after_mining = False

    def __init__(self, network, *, num_classes):
        super().__init__(network, num_classes=num_classes)
        self.pool = nn.AvgPool2d(8, 8)
        self.found = Parameter(Tensor(np.zeros((64, 128), np.uint8)), name="found", requires_grad=False)
        self.persons, self.origins = [], []

    def maps(self, images):
        return self.pool(images)

    def label_maps(self, maps):
        self.persons.append(len(maps))
        return (maps.mean(1) > maps.mean()).astype(np.uint8)

    def mines_labels(self, epoch):
        return epoch % 2 == 0

    def mine_labels(self, epoch, found):
        rows = np.zeros(self.found.shape, np.uint8)
        rows[: len(found), : found[0].size] = found.reshape(len(found), -1)
        ops.assign(self.found, Tensor(rows))
        return {"bright": float(found.mean())}

    def identity(self, outputs, labels):
        pids, indices, origins = labels
        own = ops.cast(ops.gather(self.found, indices, 0), ms.float32)
        seen = ops.cast(origins >= 0, ms.float32)
        return (ops.cross_entropy(self.classifier(outputs[0]), pids) + 0 * own.sum() + 1e-4 * seen.mean(),)


class PlainMaps:
    """What :class:`MapLabeller` needs of an objective; remembers each person's maps."""

    def __init__(self):
        self.network, self.seen = nn.Identity(), []

    def maps(self, images):
        return images[:, :, ::2, ::2]

    def label_maps(self, maps):
        self.seen.append(maps)
        return np.full((len(maps), *maps.shape[2:]), 1 + int(maps[0, 0, 0, 0]), np.uint8)


@pytest.mark.parametrize("batch_size", [1, 3, 16])
def test_every_person_is_seen_whole_and_alone(batch_size, tmp_path):
    from PIL import Image

    pids = [2, 0, 2, 1, 0, 2, 1, 1]
    records = []
    for number, pid in enumerate(pids):
        path = tmp_path / f"{number}.png"
        Image.new("RGB", (4, 8), (10 * pid, number, 0)).save(path)
        records.append(Record((str(path),), pid=pid, camid=0))

    def transform(image, _generator):
        return np.ascontiguousarray(image.transpose(2, 0, 1)).astype(np.float32)

    objective = PlainMaps()
    labeller = MapLabeller(objective, records, transform, batch_size=batch_size, reader_threads=2)
    labels = labeller()
    assert labels.shape == (8, 4, 2)
    assert labels.dtype == np.uint8
    assert labels[:, 0, 0].tolist() == [1 + 10 * pid for pid in pids]
    assert len(objective.seen) == 3
    for pid, maps in enumerate(objective.seen):
        assert maps[:, 1, 0, 0].tolist() == [number for number, own in enumerate(pids) if own == pid]


@pytest.fixture(autouse=True)
def objectives(_toys):
    """Know the method as "toy_maps"; the objectives of the runs that follow."""
    made = []

    class Remembered(MapObjective):
        def __init__(self, network, *, num_classes):
            super().__init__(network, num_classes=num_classes)
            made.append(self)

    MODELS.register("toy_maps", ModelEntry(network=toy_network, objective=Remembered))
    return made


@pytest.mark.slow
def test_a_resumed_run_goes_on_with_the_same_labels(recipe_of, tmp_path, objectives):
    options = ("model.name=toy_maps", "train.epochs=3")
    train(recipe_of(*options), tmp_path / "whole")
    whole = objectives[-1]
    # Eight persons with eight images each, before the first and the third epoch.
    assert whole.persons == [8] * 16
    assert whole.found.asnumpy().any()
    train(recipe_of("model.name=toy_maps", "train.epochs=2"), tmp_path / "parts")
    train(recipe_of(*options), tmp_path / "parts", resume=True)
    assert_equal_runs(tmp_path / "whole", tmp_path / "parts")
    np.testing.assert_array_equal(objectives[-1].found.asnumpy(), whole.found.asnumpy())


def test_optimisers_go_on_where_the_method_says_so(recipe_of, tmp_path, objectives, monkeypatch):
    from mindreid.engine.training import run_state

    restarts = []
    monkeypatch.setattr(run_state, "restart", restarts.append)
    train(recipe_of("model.name=toy_maps", "train.epochs=1"), tmp_path / "on")
    assert objectives[-1].persons
    assert restarts == []
