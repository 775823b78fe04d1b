"""Batch statistics over all workers, where the device has them."""

from __future__ import annotations

import logging

from mindspore import nn

from mindreid.engine.platform.distributed import Workers

logger = logging.getLogger(__name__)

#: Targets on which :class:`mindspore.nn.SyncBatchNorm` runs, as its documentation says.
TARGETS = ("Ascend",)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


def synchronize_batch_norm(network: nn.Cell, target: str, workers: Workers) -> int:
    """Have the batch norms of ``network`` take their statistics over all workers' images.

    Names and values of parameters stay, so that checkpoints fit with and without. What an
    objective computes of gathered outputs sees all of them anyway. On targets without
    synchronised batch norm, each worker's statistics are of its own images, which the log says.

    Parameters
    ----------
    network : Cell
        Not compiled yet.
    target : str
        "Ascend", "GPU" or "CPU".
    workers : Workers
        Who trains together; alone, nothing is done.

    Returns
    -------
    int
        Number of batch norms that were changed.
    """
    norms = [cell for _, cell in network.cells_and_names() if isinstance(cell, _NORMS)]
    if workers.size == 1 or not norms:
        return 0
    if target not in TARGETS:
        logger.warning(
            "%s has no synchronised batch norm: statistics are those of each worker's share of the batch",
            target,
        )
        return 0
    for norm in norms:
        # A norm keeps the complement of the momentum that it was given.
        synchronized = nn.SyncBatchNorm(norm.num_features, norm.eps, 1.0 - norm.momentum)
        norm.bn_train = synchronized.bn_train
    logger.info("%d batch norms take their statistics over %d workers", len(norms), workers.size)
    return len(norms)
