"""Arrays in pickle files, as gait datasets are distributed, read without running anything.

A pickle is a program: it may call whatever it can name. Here it can name nothing but the few
constructors that a pickled NumPy array consists of, and even these are stand-ins of our own, which
note what they are given. The array is then made of the noted shape, type and bytes, so that not
even NumPy's own unpickling code sees what a stranger wrote.
"""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mindreid.atomic import PathLike
from mindreid.errors import DataError

_NUMERIC_KINDS = "biuf"
_OBJECTS = "O"
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
            content = _ArrayUnpickler(file).load()
        return _as_array(content)
    except _ForbiddenName as error:
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


class _ForbiddenName(Exception):  # noqa: N818 - a signal, never seen outside of this module
    pass


class _MixedFrames(Exception):  # noqa: N818 - a signal, never seen outside of this module
    pass


class _DataType:
    """Stand-in for ``numpy.dtype``."""

    def __init__(self, code: str, *_flags: Any) -> None:
        self.value = np.dtype(code)
        if self.value.kind not in (*_NUMERIC_KINDS, _OBJECTS):
            raise ValueError(f"an array of {self.value} is not numeric")

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _version, byte_order, subarray, names, fields, *_rest = state
        if not (subarray is names is fields is None):
            raise ValueError("a structured array is not numeric")
        self.value = self.value.newbyteorder(byte_order)


class _Array:
    """Stand-in for ``numpy.ndarray`` on its way from an empty one to the stored one."""

    value: Any = None

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _version, shape, data_type, is_fortran, content = state
        if data_type.value.kind == _OBJECTS:
            # NumPy makes such an array of frames of several sizes, and stores the list of them.
            self.value = _unwrap(content)
            return
        self.value = _array_of(content, data_type, shape, "F" if is_fortran else "C").value


def _array_of(content: Any, data_type: _DataType, shape: tuple[int, ...], order: str) -> _Array:
    """Stand-in for ``numpy.core.numeric._frombuffer``."""
    if data_type.value.kind == _OBJECTS:
        raise ValueError("bytes are no objects")
    array = _Array()
    flat = np.frombuffer(content, data_type.value)
    array.value = flat.reshape(shape, order=order)  # type: ignore[call-overload]
    return array


def _empty_array(*_type_shape_code: Any) -> _Array:
    """Stand-in for ``numpy.core.multiarray._reconstruct``."""
    return _Array()


def _scalar(data_type: _DataType, content: bytes) -> _Array:
    """Stand-in for ``numpy.core.multiarray.scalar``."""
    return _array_of(content, data_type, (), "C")


def _bytes_of(text: str, encoding: str) -> bytes:
    """Stand-in for ``_codecs.encode``, by which old protocols store bytes."""
    if encoding != "latin1":
        raise ValueError(f"bytes are stored in latin1, not {encoding!r}")
    return text.encode("latin1")


_STAND_INS: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "dtype"): _DataType,
    ("numpy", "ndarray"): _Array,
    ("_codecs", "encode"): _bytes_of,
    **{
        (f"numpy.{core}.{module}", name): stand_in
        for core in ("core", "_core")
        for module, name, stand_in in (
            ("multiarray", "_reconstruct", _empty_array),
            ("multiarray", "scalar", _scalar),
            ("numeric", "_frombuffer", _array_of),
        )
    },
}


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _STAND_INS[module, name]
        except KeyError:
            raise _ForbiddenName(f"{module}.{name}") from None


def _as_array(content: Any) -> np.ndarray:
    unwrapped = _unwrap(content)
    if isinstance(unwrapped, list):
        _require_alike([frame for frame in unwrapped if isinstance(frame, np.ndarray) and frame.ndim > 1])
    array = np.asarray(unwrapped)
    if array.dtype.kind not in _NUMERIC_KINDS:
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


def _unwrap(content: Any) -> Any:
    if isinstance(content, _Array):
        if content.value is None:
            raise ValueError("an array without content")
        return content.value
    return [_unwrap(item) for item in content] if isinstance(content, (list, tuple)) else content
