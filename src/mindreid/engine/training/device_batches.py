"""Batches on their way to the device, one ahead of the step that needs them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from typing import Any, Optional

import numpy as np
from mindspore import Tensor

Batch = Mapping[str, Any]


def send_ahead(
    batches: Generator[Batch, None, None], send: Callable[[np.ndarray], Tensor]
) -> Generator[Batch, None, None]:
    """Send the images of each batch while the step before it is at work.

    Parameters
    ----------
    batches : generator
        Dictionaries of arrays; closed with this generator.
    send : callable
        Begins to bring an array to the device.

    Yields
    ------
    dict
        The same batches, "images" a tensor. What goes wrong with a batch is raised when its turn comes.
    """
    with closing(batches):
        ahead = _next(batches, send)
        while ahead is not None:
            if isinstance(ahead, Exception):
                raise ahead
            batch, ahead = ahead, _next(batches, send)
            yield batch


def _next(batches: Iterator[Batch], send: Callable[[np.ndarray], Tensor]) -> Optional[Any]:
    try:
        batch = next(batches)
        return {**batch, "images": send(batch["images"])}
    except StopIteration:
        return None
    except Exception as error:
        return error


def sender(target: str) -> Callable[[np.ndarray], Tensor]:
    """Return what brings images to a device of this target; it does not wait for them to be there.

    Of a GPU or Ascend, they are copied from memory that the device reads by itself.
    """
    if target == "CPU":
        return Tensor.from_numpy

    def send(images: np.ndarray) -> Tensor:
        # On NumPy's memory a copy would wait; pinned memory is freed when the copy is done.
        return Tensor.from_numpy(images).pin_memory().move_to(target, blocking=False)

    return send
