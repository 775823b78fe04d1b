"""Which images of a batch share the statistics of a batch norm: all of them, or groups.

Authors' code trains on several devices, whose batch norms either see their own share of a batch
(``DataParallel``, ``DistributedDataParallel`` without synchronisation) or are synchronised. Either can
be had here on any number of workers: ``device.norm_groups`` and ``device.sync_bn`` of a recipe.
Parameters keep their names and values, so that checkpoints fit with and without.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

import mindspore as ms
from mindspore import Parameter, Tensor, nn, ops

from mindreid.config import DeviceConfig
from mindreid.engine.platform.distributed import Workers
from mindreid.errors import ConfigError
from mindreid.objective import Objective

logger = logging.getLogger(__name__)

#: Targets with a kernel of their own for statistics over workers, :class:`mindspore.nn.SyncBatchNorm`.
_OWN_KERNEL = ("Ascend",)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


class _NormKernel(nn.Cell):
    """What a batch norm calls in training, in place of MindSpore's kernel.

    Takes ``x`` ``[B, C, ...]`` and the norm's four parameters ``[C]``, and returns a tuple whose first
    item is the normalised ``x``. The running statistics are updated, with the unbiased variance.

    Parameters
    ----------
    eps : float
        Added to the variance.
    momentum : float
        Share of the new statistics in the running ones.
    """

    def __init__(self, eps: float, momentum: float) -> None:
        super().__init__()
        self.eps, self.momentum = eps, momentum

    def updated(
        self, moving_mean: Parameter, moving_variance: Parameter, mean: Tensor, variance: Tensor, count: int
    ) -> Tensor:
        """Update the running statistics by those of ``count`` values a channel; wait for what is returned."""
        unbiased = variance * (count / max(count - 1, 1))
        first = ops.assign(moving_mean, moving_mean + self.momentum * (mean - moving_mean))
        second = ops.assign(moving_variance, moving_variance + self.momentum * (unbiased - moving_variance))
        return ops.depend(first, second)


class GroupedStatistics(_NormKernel):
    """Every group of consecutive rows of a batch has statistics of its own.

    As one process computes them that trains several replicas: the running statistics are the first
    group's.

    Parameters
    ----------
    groups : int
        Number of groups, which divides the rows.
    eps, momentum : float
        See the base class.
    """

    def __init__(self, groups: int, eps: float, momentum: float) -> None:
        super().__init__(eps, momentum)
        self.groups = groups

    def construct(
        self, x: Tensor, gamma: Parameter, beta: Parameter, moving_mean: Parameter, moving_variance: Parameter
    ) -> tuple[Tensor]:
        """Normalise ``x`` group by group."""
        channels = x.shape[1]
        grouped = ops.cast(x, ms.float32).reshape(self.groups, x.shape[0] // self.groups, channels, -1)
        count = grouped.shape[1] * grouped.shape[3]
        mean = grouped.mean((1, 3), keep_dims=True)
        centred = grouped - mean
        variance = (centred * centred).mean((1, 3), keep_dims=True)
        shape = (1, 1, channels, 1)
        normalized = centred / ops.sqrt(variance + self.eps) * gamma.reshape(shape) + beta.reshape(shape)
        first_mean = ops.stop_gradient(mean)[0].reshape(channels)
        first_variance = ops.stop_gradient(variance)[0].reshape(channels)
        update = self.updated(moving_mean, moving_variance, first_mean, first_variance, count)
        return (ops.depend(ops.cast(normalized.reshape(x.shape), x.dtype), update),)


class SharedStatistics(_NormKernel):
    """The statistics are those of all workers' rows, by all-reduce; for targets without such a kernel.

    With gradients averaged over workers, of a loss that each of them computes of all rows, they are
    those of one process with the whole batch.

    Parameters
    ----------
    workers : Workers
        Who trains together; all have equally many rows.
    eps, momentum : float
        See the base class.
    """

    def __init__(self, workers: Workers, eps: float, momentum: float) -> None:
        super().__init__(eps, momentum)
        self.workers, self.sum = workers.size, ops.AllReduce()

    def construct(
        self, x: Tensor, gamma: Parameter, beta: Parameter, moving_mean: Parameter, moving_variance: Parameter
    ) -> tuple[Tensor]:
        """Normalise ``x`` by the statistics of all workers."""
        channels = x.shape[1]
        rows = ops.cast(x, ms.float32).reshape(x.shape[0], channels, -1)
        count = self.workers * rows.shape[0] * rows.shape[2]
        shape = (1, channels, 1)
        mean = self.sum(rows.sum((0, 2))) / count
        centred = rows - mean.reshape(shape)
        variance = self.sum((centred * centred).sum((0, 2))) / count
        normalized = centred * (gamma / ops.sqrt(variance + self.eps)).reshape(shape) + beta.reshape(shape)
        detached = ops.stop_gradient(mean), ops.stop_gradient(variance)
        update = self.updated(moving_mean, moving_variance, detached[0], detached[1], count)
        return (ops.depend(ops.cast(normalized.reshape(x.shape), x.dtype), update),)


def share_batch_statistics(
    objective: Objective, config: DeviceConfig, target: str, workers: Workers, batch_size: int
) -> int:
    """Have batch norms take their statistics as the recipe says.

    The network's norms see this worker's rows, those of the objective itself, which runs on gathered
    outputs, see all workers'. ``objective.batch_groups`` is set, too.

    Parameters
    ----------
    objective : Objective
        With its network; not compiled yet.
    config : DeviceConfig
        Its ``norm_groups`` and ``sync_bn``.
    target : str
        "Ascend", "GPU" or "CPU".
    workers : Workers
        Who trains together.
    batch_size : int
        Rows of all workers.

    Returns
    -------
    int
        Number of groups of the whole batch that have statistics of their own.

    Raises
    ------
    ConfigError
        If the groups can't be had: both keys contradict each other, or the batch or the workers don't
        divide into so many.
    """
    groups = _groups(config, workers, batch_size)
    inner = set(_norms(objective.network))
    for norm in inner:
        if groups == 1 and workers.size > 1:
            _synchronize(norm, target, workers)
        elif groups > workers.size:
            norm.bn_train = GroupedStatistics(groups // workers.size, norm.eps, norm.momentum)
    if groups > 1:
        for norm in set(_norms(objective)) - inner:
            norm.bn_train = GroupedStatistics(groups, norm.eps, norm.momentum)
    objective.batch_groups = groups
    _tell(groups, len(inner), config, workers)
    return groups


def _groups(config: DeviceConfig, workers: Workers, batch_size: int) -> int:
    wanted = config.norm_groups
    if wanted > 1 and config.sync_bn == "on":
        raise ConfigError(
            f"statistics of {wanted} groups and synchronised ones contradict each other",
            where="device.norm_groups, device.sync_bn",
            fix="set device.sync_bn to auto, or device.norm_groups to 1",
        )
    if wanted % workers.size and wanted > 1:
        raise ConfigError(
            f"{wanted} groups with statistics of their own can't be spread over {workers.size} workers",
            where="device.norm_groups",
            fix="train with as many workers as there are groups, or a divisor of that",
        )
    groups = wanted if wanted > 1 else (workers.size if config.sync_bn == "off" else 1)
    if batch_size % groups:
        raise ConfigError(
            f"a batch of {batch_size} can't be cut into {groups} equal groups", where="device.norm_groups"
        )
    return groups


def _norms(cell: nn.Cell) -> Iterable[nn.Cell]:
    return (child for _, child in cell.cells_and_names() if isinstance(child, _NORMS))


def _synchronize(norm: nn.Cell, target: str, workers: Workers) -> None:
    if target in _OWN_KERNEL:
        # A norm keeps the complement of the momentum that it was given.
        norm.bn_train = nn.SyncBatchNorm(norm.num_features, norm.eps, 1.0 - norm.momentum).bn_train
    else:
        norm.bn_train = SharedStatistics(workers, norm.eps, norm.momentum)


def _tell(groups: int, norms: int, config: DeviceConfig, workers: Workers) -> None:
    if not norms or (groups == 1 and workers.size == 1):
        return
    if groups == 1:
        logger.info("%d batch norms take their statistics over %d workers", norms, workers.size)
    elif config.norm_groups > 1:
        logger.info("%d batch norms take their statistics over each of %d groups of a batch", norms, groups)
    else:
        logger.warning(
            "batch norms are not synchronised: statistics are those of each worker's share of the batch"
        )
