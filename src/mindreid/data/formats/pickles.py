"""Arrays in pickle files, as gait datasets are distributed; see :mod:`mindreid.safe_pickles`."""

from __future__ import annotations

import pickle
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from mindreid.atomic import PathLike
from mindreid.errors import DataError
from mindreid.safe_pickles import NUMERIC_KINDS, ForbiddenNameError, load_numbers

_LISTED = 4


def read_array(path: PathLike) -> np.ndarray:
    """Read the one array that a pickle file holds.

    Parameters
    ----------
    path : path
        A pickle of any protocol, of a numeric array or of nested lists of numbers and arrays of
        the same shape.

    Returns
    -------
    np.ndarray
        Booleans, integers or floating-point numbers; read-only.

    Raises
    ------
    DataError
        If the file is missing or truncated, holds something else, or names anything that is not
        part of an array; nothing of it is executed.
    """
    try:
        with open(path, "rb") as file:
            return _as_array(load_numbers(file))
    except ForbiddenNameError as error:
        raise DataError(
            f"the pickle names {error}, which is no part of an array; nothing of it was executed",
            where=str(path),
            fix="do not open this file with other software, and fetch the data from its publisher",
        ) from None
    except _MixedFrames as error:
        raise DataError(str(error), where=str(path), fix="store frames of one size and type") from None
    except Exception as error:  # bytes of a stranger make an unpickler raise almost anything
        raise DataError(
            f"the file is no pickled array ({type(error).__name__}: {error})",
            where=str(path),
            fix="it may be truncated: fetch it again",
        ) from None


def write_array(path: Path, array: np.ndarray) -> None:
    """Pickle ``array`` to ``path``, making its folder; any version of Python and NumPy reads it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        pickle.dump(np.ascontiguousarray(array), file, protocol=4)


class _MixedFrames(Exception):  # noqa: N818 - a signal, never seen outside of this module
    pass


def _as_array(content: Any) -> np.ndarray:
    if isinstance(content, list):
        _require_alike([frame for frame in content if isinstance(frame, np.ndarray) and frame.ndim > 1])
    array = np.asarray(content)
    if array.dtype.kind not in NUMERIC_KINDS:
        raise ValueError(f"it holds {array.dtype}")
    array.flags.writeable = False
    return array


def _require_alike(frames: list[np.ndarray]) -> None:
    """Refuse frames of several sizes, and of several types, which would all become one type."""
    sizes = Counter("×".join(map(str, frame.shape)) for frame in frames)
    types = Counter(str(frame.dtype) for frame in frames)
    for what, counts in (("sizes", sizes), ("types", types)):
        if len(counts) > 1:
            listed = [f"{kind} ({count} frames)" for kind, count in counts.most_common(_LISTED)]
            more = ", …" if len(counts) > _LISTED else ""
            raise _MixedFrames(f"the pickle holds frames of several {what}: {', '.join(listed)}{more}")
