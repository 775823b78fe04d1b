"""What one process, or each of several that msrun started, computes for the tests.

``python worker_job.py JOB.json OUTPUT``; the results of worker r are in ``OUTPUT/rank_r.npz``, the
runs in ``OUTPUT/<name>``.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import sys
from pathlib import Path

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, nn, ops

sys.path.insert(0, str(Path(__file__).parents[3]))

from mindreid.config import DeviceConfig, InputConfig, load_recipe
from mindreid.data.open_dataset import open_dataset
from mindreid.data.records import Record
from mindreid.data.transforms import evaluation_transform
from mindreid.engine.evaluation.features import FeatureExtractor
from mindreid.engine.platform.batch_norm import share_batch_statistics
from mindreid.engine.platform.device import select_device
from mindreid.engine.platform.distributed import gradient_reducer, join_workers, row_gatherer, wait_for_all
from mindreid.engine.training.map_labels import MapLabeller
from mindreid.engine.training.run import train
from mindreid.engine.training.step import TrainStep
from mindreid.errors import InterruptedRunError, MindReidError
from mindreid.losses import TripletLoss
from mindreid.models.fire import FIReObjective
from tests.engine import register_toys  # noqa: F401 - for recipes of toy methods
from tests.engine.toy_methods import PlainObjective, ToyNetwork


def keep_running_statistics():
    """Have every batch norm use its running statistics in training, too."""
    for norm in (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d):
        norm.__init__ = functools.partialmethod(norm.__init__, use_batch_statistics=False)


def embed_records(paths, counts, workers):
    """Embeddings of the first ``count`` images, for each count."""
    ms.set_seed(1)
    transform = evaluation_transform(InputConfig(height=32, width=16))
    network = ToyNetwork()
    # As after a training whose batch norms saw different images on each worker.
    ops.assign(network.bn.moving_mean, Tensor(np.full(8, workers.rank, np.float32)))
    extract = FeatureExtractor(network, transform, batch_size=4, flip=True, reader_threads=2, workers=workers)
    records = [Record((path,), 0, 0) for path in paths]
    return {f"embeddings of {count}": extract(records[:count]) for count in counts}


class Brightness(PlainObjective):
    """Labels every pixel with twice its person's number of images, and one more if it is bright."""

    def maps(self, images):
        return images[:, :, ::8, ::8]

    def label_maps(self, maps):
        return (2 * len(maps) + (maps.mean(1) > maps.mean())).astype(np.uint8)


def label_records(paths, counts, workers):
    """Labels of the first ``count`` images' pixels, for each count; the persons have one to three."""
    objective = Brightness(ToyNetwork(), num_classes=2)
    records = [Record((path,), int(np.sqrt(2 * place)), 0) for place, path in enumerate(paths)]
    transform, options = evaluation_transform(InputConfig(height=32, width=16)), {"reader_threads": 2}
    return {
        f"labels of {count}": MapLabeller(
            objective, records[:count], transform, batch_size=4, workers=workers, **options
        )()
        for count in counts
    }


def differentiate_triplet(workers):
    """Loss and gradient of a linear map of rows, this worker's share of them."""
    rows = np.random.default_rng(5).standard_normal((16, 6)).astype(np.float32)
    pids = np.arange(16, dtype=np.int32) // 2 % 4
    share = slice(16 // workers.size * workers.rank, 16 // workers.size * (workers.rank + 1))
    weight = Parameter(Tensor(np.random.default_rng(6).standard_normal((6, 4)).astype(np.float32)))
    gather, triplet = row_gatherer(workers), TripletLoss(1.0)

    def loss(x, y):
        return triplet(gather(ops.matmul(x, weight)), gather(y))

    differentiate = ms.jit(ms.value_and_grad(loss, None, [weight]))
    value, gradients = differentiate(Tensor(rows[share]), Tensor(pids[share]))
    return {
        "triplet": value.asnumpy(),
        "triplet gradient": gradient_reducer([weight], workers)(gradients)[0].asnumpy(),
    }


def synchronize_as_on_ascend(workers):
    """Build what a device would run; its kernels are not here, so it is not called."""
    from mindspore.nn.layer import normalization

    objective = PlainObjective(ToyNetwork(), num_classes=2)
    usual = normalization.context.get_context
    normalization.context.get_context = lambda key: "Ascend" if key == "device_target" else usual(key)
    groups = share_batch_statistics(objective, DeviceConfig(target="Ascend"), "Ascend", workers, 4)
    normalization.context.get_context = usual
    kernel = objective.network.bn.bn_train
    return {
        "synchronized": np.array([groups, getattr(kernel, "device_num", 1), kernel.epsilon, kernel.momentum]),
        "synchronized parameters": np.array(sorted(name for name, _ in objective.parameters_and_names())),
    }


def train_interrupted(recipe, folder, workers):
    """Have the last worker asked to stop during its third step; then go on."""
    call, calls = TrainStep.__call__, []

    def interrupted(self, *arguments):
        calls.append(1)
        if len(calls) == 3 and workers.rank == workers.size - 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return call(self, *arguments)

    TrainStep.__call__ = interrupted
    try:
        train(recipe, folder)
    except InterruptedRunError as error:
        message = str(error)
    TrainStep.__call__ = call
    train(recipe, folder, resume=True)
    return {"interruption": np.array(message)}


def train_with_a_fault(recipe, folder, workers):
    """Have the last worker meet a test image that it can't read; then mend it and go on."""
    image = Path(open_dataset(recipe).query[workers.size - 1].path)
    content = image.read_bytes()
    wait_for_all(workers)
    image.write_bytes(content[:200])
    try:
        train(recipe, folder)
    except MindReidError as error:
        message = str(error)
    wait_for_all(workers)
    image.write_bytes(content)
    wait_for_all(workers)
    train(recipe, folder, resume=True)
    return {"fault": np.array(message), "unreadable": np.array(str(image))}


def counted_minings():
    """Have a list grow by one whenever this process mines labels itself."""
    minings, mine = [], FIReObjective.mine_labels

    def counted(self, *arguments):
        minings.append(1)
        return mine(self, *arguments)

    FIReObjective.mine_labels = counted
    return minings


def main(job_file, output):
    """Do the job."""
    job = json.loads(Path(job_file).read_text(encoding="utf-8"))
    if job["keep_running_statistics"]:
        keep_running_statistics()
    minings = counted_minings()
    select_device(DeviceConfig(target="CPU"))
    workers = join_workers()
    results = {**embed_records(job["images"], job["counts"], workers), **differentiate_triplet(workers)}
    results |= label_records(job["images"], job["counts"], workers)
    results |= synchronize_as_on_ascend(workers)
    for name, (recipe, overrides) in job["trainings"].items():
        train(load_recipe(recipe, overrides), Path(output, name))
    for name, (recipe, overrides) in job["interrupted"].items():
        results |= train_interrupted(load_recipe(recipe, overrides), Path(output, name), workers)
    for name, (recipe, overrides) in job["faulty"].items():
        results |= train_with_a_fault(load_recipe(recipe, overrides), Path(output, name), workers)
    results["minings"] = np.array(len(minings))
    np.savez(Path(output, f"rank_{workers.rank}.npz"), **results)


if __name__ == "__main__":
    main(*sys.argv[1:])
