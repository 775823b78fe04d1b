"""Running out of memory, told in terms of the recipe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from mindreid.errors import DeviceError

# How MindSpore's devices, CUDA, CANN, C++ and NumPy say it.
_SAID = re.compile(
    r".*(out of memory|memory( is)?(n't| not) enough|not enough memory|alloc.* fail|bad_alloc"
    r"|insufficient memory|unable to allocate).*",
    re.IGNORECASE,
)


@contextmanager
def memory_errors_explained(doing: str, fix: str) -> Iterator[None]:
    """Turn a failed allocation within the block into one error.

    Parameters
    ----------
    doing : str
        What the memory did not suffice for.
    fix : str
        The keys of the recipe that decide how much is needed.

    Raises
    ------
    DeviceError
        If memory ran out; any other exception passes.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        said = [match.group() for match in _SAID.finditer(str(error))]
        if not isinstance(error, MemoryError) and not said:
            raise
        # The last line tells how much was asked for, the first is a heading.
        where = said[-1].strip(" .") if said else None
        raise DeviceError(f"the memory does not suffice for {doing}", where=where, fix=fix) from error
