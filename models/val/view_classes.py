"""View classes: the sides that each training person is seen from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

from mindreid.data.records import numbering
from mindreid.errors import DataError


class ViewClasses(nn.Cell):
    """Number of the class (person, view bin), for the pairs that the training split holds.

    Parameters
    ----------
    records : sequence of Record
        The training split: pids 0..N-1, view bins from 0 or ``None``.

    Attributes
    ----------
    owners : tuple of int
        The person of every class.

    Raises
    ------
    DataError
        If fewer than two classes are known.

    Examples
    --------
    >>> from mindreid.data.records import Record
    >>> sides = [(0, 2), (1, 0), (0, None), (0, 0)]
    >>> classes = ViewClasses([Record(("a.jpg",), pid, 0, view=view) for pid, view in sides])
    >>> classes.owners
    (0, 0, 1)
    >>> classes(Tensor([0, 1, 0], ms.int32), Tensor([2, 0, -1], ms.int32)).asnumpy().tolist()
    [1, 2, -1]
    """

    def __init__(self, records: Sequence[Any]) -> None:
        super().__init__()
        pairs = [(record.pid, record.view) for record in records if record.view is not None]
        numbers = numbering(pairs)
        if len(numbers) < 2:
            raise DataError(
                f"VAL learns from view labels, the training split has {len(numbers)} view classes",
                fix="make labels with `mindreid data views` and name their file in dataset.views",
            )
        self.owners = tuple(pid for pid, _ in numbers)
        self.columns = 2 + max(view for _, view in pairs)
        table = np.full((1 + max(record.pid for record in records), self.columns), -1, np.int32)
        # Column 0 stays -1: it is where the unknown view -1 looks.
        for (pid, view), number in numbers.items():
            table[pid, 1 + view] = number
        self.table = Tensor(table.ravel(), ms.int32)

    def construct(self, pids: Tensor, views: Tensor) -> Tensor:
        """Map persons and view bins, int32 ``[B]`` each, to classes ``[B]``; -1 where the bin is -1."""
        return ops.gather(self.table, pids * self.columns + views + 1, 0)
