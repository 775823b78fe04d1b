"""Several processes: who am I, and what only one of us does.

A process takes part in a group when ``msrun`` started it; alone, every function here is free of
communication. What another launcher started is refused, since it would be several runs that know
nothing of each other.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Optional

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, communication, nn, ops

from mindreid.errors import DeviceError, InvalidArgumentError, MindReidError

#: Where launchers other than msrun say how many processes they started.
_OTHER_LAUNCHERS = {
    "OMPI_COMM_WORLD_SIZE": "mpirun",
    "PMI_SIZE": "mpirun",
    "RANK_SIZE": "a launcher with a rank table",
    "WORLD_SIZE": "torchrun",
    "SLURM_STEP_NUM_TASKS": "srun",
}
#: Rows that a worker sends in one message; a device has to hold them ``size`` times.
_ROWS_AT_ONCE = 4096
#: Bytes of an error that other workers are told.
_TOLD = 1000


@dataclass(frozen=True)
class Workers:
    """The group of processes that train together.

    Attributes
    ----------
    rank : int
        This process, 0..size-1.
    size : int
        Number of processes.
    """

    rank: int = 0
    size: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process logs and saves for all."""
        return self.rank == 0


def join_workers() -> Workers:
    """Join the group that ``msrun`` made, or be alone.

    Raises
    ------
    DeviceError
        If the group's members do not find each other, or another launcher started several processes.
    """
    if "MS_WORKER_NUM" not in os.environ:
        refuse_other_launchers(os.environ)
        return Workers()
    try:
        communication.init()
    except (RuntimeError, TypeError, ValueError) as error:
        raise DeviceError(
            f"the workers could not join: {str(error).splitlines()[0]}",
            fix="check worker_num, master_addr and that the port is free",
        ) from None
    return Workers(communication.get_rank(), communication.get_group_size())


def refuse_other_launchers(environment: Mapping[str, str]) -> None:
    """Refuse to train alone where a launcher that isn't ``msrun`` started several processes.

    Parameters
    ----------
    environment : mapping of str to str
        The process's.

    Raises
    ------
    DeviceError
        If it tells of several processes, or of a rank table.
    """
    for variable, launcher in _OTHER_LAUNCHERS.items():
        count = environment.get(variable, "").strip()
        if count.isdigit() and int(count) > 1:
            raise _other_launcher(f"{launcher} started {count} processes", f"{variable}={count}")
    table = environment.get("RANK_TABLE_FILE", "")
    if table and environment.get("RANK_SIZE", "").strip() != "1":
        raise _other_launcher("a rank table describes the devices to train on", f"RANK_TABLE_FILE={table}")


def _other_launcher(what: str, where: str) -> DeviceError:
    return DeviceError(
        f"{what}, but workers join only when msrun starts them",
        where=where,
        fix="use scripts/run_distribute_train.sh (it takes --rank-table FILE) or msrun, or unset "
        f"{where.split('=')[0]} to use one device",
    )


def gradient_reducer(parameters: list, workers: Workers) -> nn.Cell:
    """Return a cell that averages a tuple of gradients over all workers."""
    if workers.size == 1:
        return _Identity()
    return nn.DistributedGradReducer(parameters, mean=True, degree=workers.size)


class GatherRows(nn.Cell):
    """Rows of all workers, in the order of their ranks, on every worker.

    Each worker shall compute the whole batch's loss of them, and gradients shall be averaged over
    workers: then they are those of one process with the whole batch. The derivative of all copies
    of the loss with respect to this worker's rows is the sum over workers; the average takes the
    factor back.

    Parameters
    ----------
    workers : Workers
        More than one.
    """

    def __init__(self, workers: Workers) -> None:
        super().__init__()
        self.gather, self.sum, self.rank = ops.AllGather(), ops.AllReduce(), workers.rank

    def construct(self, rows: Tensor) -> Tensor:
        """Return ``[size * B, ...]`` from every worker's ``[B, ...]``."""
        return self.gather(rows)

    def bprop(self, rows: Tensor, _out: Tensor, gradient: Tensor) -> tuple[Tensor]:
        """Return this worker's rows of the gradient summed over workers."""
        begin = self.rank * rows.shape[0]
        return (self.sum(gradient)[begin : begin + rows.shape[0]],)


def row_gatherer(workers: Workers) -> nn.Cell:
    """Return a cell that makes the whole batch's rows of every worker's."""
    return _Identity() if workers.size == 1 else GatherRows(workers)


class GatherTogether(nn.Cell):
    """Rows of all workers of several tensors, in a single message.

    Parameters
    ----------
    gather : nn.Cell
        What makes all workers' rows of ``[B, N]``.
    """

    def __init__(self, gather: nn.Cell) -> None:
        super().__init__()
        self.gather = gather

    def construct(self, tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return ``[size * B, ...]`` of every ``[B, ...]``; all have the same dtype."""
        flat: tuple[Tensor, ...] = ()
        for tensor in tensors:
            flat += (tensor.reshape(tensor.shape[0], -1),)
        whole = self.gather(ops.concat(flat, 1))
        gathered: tuple[Tensor, ...] = ()
        begin = 0
        for tensor, rows in zip(tensors, flat):
            end = begin + rows.shape[1]
            gathered += (whole[:, begin:end].reshape((whole.shape[0], *tensor.shape[1:])),)
            begin = end
        return gathered


def together_gatherer(workers: Workers) -> nn.Cell:
    """Return a cell that makes the whole batch's rows of every worker's, of a tuple of tensors at once."""
    return _Identity() if workers.size == 1 else GatherTogether(GatherRows(workers))


def any_of(flag: bool, workers: Workers) -> bool:
    """Tell all workers whether ``flag`` is true on any of them; waits for all."""
    if workers.size == 1:
        return flag
    # CPU reduces floats only.
    return float(ops.AllReduce()(Tensor([float(flag)], ms.float32)).asnumpy()[0]) > 0


def wait_for_all(workers: Workers) -> None:
    """Return when every worker has come this far."""
    any_of(False, workers)


@contextmanager
def failing_together(workers: Workers) -> Iterator[None]:
    """Have all workers leave the block with an error where one of them does; waits for all.

    Those without one would else wait for its part until ``msrun`` ends them, whatever they have to save.

    Raises
    ------
    MindReidError
        On a worker that did not fail itself, with the words of one that did.
    """
    own: Optional[Exception] = None
    try:
        yield
    except Exception as error:
        own = error
    if not any_of(own is not None, workers):
        return
    told = _texts_of_all("" if own is None else _in_a_line(own), workers)
    if own is not None:
        raise own
    rank, words = next((rank, text) for rank, text in enumerate(told) if text)
    raise MindReidError(f"worker {rank} failed", where=words)


def _in_a_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, MindReidError) else f"{type(error).__name__} {text}"


def _texts_of_all(text: str, workers: Workers) -> list[str]:
    """Return every worker's text, cut at ``_TOLD`` bytes, in the order of their ranks."""
    if workers.size == 1:
        return [text]
    sent = np.zeros((1, _TOLD), np.int32)
    encoded = np.frombuffer(text.encode()[:_TOLD], np.uint8)
    sent[0, : len(encoded)] = encoded
    rows = ops.AllGather()(Tensor(sent)).asnumpy().astype(np.uint8)
    return [row.tobytes().rstrip(b"\0").decode(errors="ignore") for row in rows]


def share_from_first(parameters: Iterable[Parameter], workers: Workers) -> None:
    """Give the parameters of all workers the values that the first one has."""
    if workers.size == 1:
        return
    broadcast = ops.Broadcast(0)
    for parameter in parameters:
        value = parameter.asnumpy()
        # CPU sends neither small integers nor truth values.
        small = value.dtype.kind in "ub"
        (sent,) = broadcast((Tensor(value.astype(np.int32) if small else value),))
        ops.assign(parameter, ops.cast(sent, parameter.dtype))


def share_content(content: Mapping[str, Any], workers: Workers) -> dict[str, Any]:
    """Return the JSON values that the first worker passed."""
    if workers.size == 1:
        return dict(content)
    encoded = np.frombuffer(json.dumps(content).encode(), np.uint8).astype(np.int32)
    broadcast = ops.Broadcast(0)
    (length,) = broadcast((Tensor([len(encoded)], ms.int32),))
    (received,) = broadcast((Tensor(np.resize(encoded, int(length.asnumpy()[0]))),))
    return json.loads(received.asnumpy().astype(np.uint8).tobytes())


def gather_rows(rows: np.ndarray, indices: np.ndarray, total: int, workers: Workers) -> np.ndarray:
    """Collect rows that the workers computed in strided shares, in their global order.

    Parameters
    ----------
    rows : np.ndarray
        float32 ``[n, D]``, this worker's rows; ``n`` may differ by worker and be 0.
    indices : np.ndarray
        int64 ``[n]``, the global position of each row; over all workers, 0..total-1 once each.
    total : int
        Number of rows over all workers.

    Returns
    -------
    np.ndarray
        float32 ``[total, D]``, the same on every worker.
    """
    if len(rows) != len(indices):
        raise InvalidArgumentError(f"{len(rows)} rows do not fit {len(indices)} indices")
    if workers.size == 1:
        ordered = np.empty((total, *rows.shape[1:]), np.float32)
        ordered[indices] = rows
        return ordered
    # Every worker sends equally many rows; a padding row carries the index `total` and is cut.
    share = -(-total // workers.size)
    sent = np.zeros((share, *rows.shape[1:]), np.float32)
    sent[: len(rows)] = rows
    places = np.full(share, total, np.int32)
    places[: len(rows)] = indices
    gather = ops.AllGather()
    ordered = np.empty((total + 1, *rows.shape[1:]), np.float32)
    for begin in range(0, share, _ROWS_AT_ONCE):
        block = slice(begin, begin + _ROWS_AT_ONCE)
        ordered[gather(Tensor(places[block])).asnumpy()] = gather(Tensor(sent[block])).asnumpy()
    return ordered[:total]


def add_up(rows: np.ndarray, workers: Workers) -> np.ndarray:
    """Return the sum of what all workers pass, of one shape and dtype; integers must be below 2^24."""
    if workers.size == 1:
        return rows
    # CPU reduces floats only.
    reduce, total = ops.AllReduce(), np.empty_like(rows)
    for begin in range(0, len(rows), _ROWS_AT_ONCE):
        block = slice(begin, begin + _ROWS_AT_ONCE)
        total[block] = reduce(Tensor(rows[block].astype(np.float32))).asnumpy().astype(rows.dtype)
    return total


class _Identity(nn.Cell):
    def construct(self, value: Any) -> Any:
        return value
