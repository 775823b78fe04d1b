"""Pickles of strangers, read without running anything.

A pickle is a program: it may call whatever it can name. Here it can name nothing but the few
constructors that pickled NumPy arrays and numbers consist of, and even these are stand-ins of our
own, which note what they are given. The array is then made of the noted shape, type and bytes, so
that not even NumPy's own unpickling code sees what a stranger wrote.
"""

from __future__ import annotations

import io
import pickle
import struct
import sys
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, ClassVar

import numpy as np

#: Kinds of ``numpy.dtype``: booleans, signed and unsigned integers, floating-point numbers.
NUMERIC_KINDS = "biuf"
_OBJECTS = "O"


class ForbiddenNameError(Exception):
    """A pickle names what it must not; the message is that name."""


def load_numbers(file: BinaryIO) -> Any:
    """Load a pickle of numbers, numeric arrays, and nested lists and tuples of them.

    Parameters
    ----------
    file : binary file
        A pickle of any protocol.

    Returns
    -------
    object
        Lists for lists and tuples, arrays (of no dimension for NumPy's numbers), and whatever a
        pickle may hold without naming anything: numbers, strings, dictionaries.

    Raises
    ------
    ForbiddenNameError
        If it names anything that is not part of an array; nothing of it is executed.
    Exception
        Almost any, if the file is damaged.
    """
    content = file.read()
    return _Unwrapping(len(content)).unwrap(_Unpickler(io.BytesIO(content)).load())


class _DataType:
    """Stand-in for ``numpy.dtype``."""

    def __init__(self, code: str, *_flags: Any) -> None:
        self.value = np.dtype(code)
        if self.value.kind not in (*NUMERIC_KINDS, _OBJECTS):
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
            if not isinstance(content, (list, tuple)):
                raise ValueError("bytes are no objects")
            self.value = list(content)
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


def plain_number(data_type: _DataType, content: bytes) -> Any:
    """Stand-in for ``numpy.core.multiarray.scalar`` where Python's own numbers are wanted."""
    return _scalar(data_type, content).value.item()  # type: ignore[union-attr]


def _bytes_of(text: str, encoding: str) -> bytes:
    """Stand-in for ``_codecs.encode``, by which old protocols store bytes."""
    if encoding != "latin1":
        raise ValueError(f"bytes are stored in latin1, not {encoding!r}")
    return text.encode("latin1")


#: By module and name.
STAND_INS: Mapping[tuple[str, str], Callable[..., Any]] = {
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


class _Unpickler(pickle._Unpickler):  # type: ignore[name-defined]
    """Python's own unpickler without its trust in the sizes that a file names.

    The one in C makes room for as many memories as a damaged file numbers, gigabytes of them.
    """

    dispatch: ClassVar[Any] = dict(pickle._Unpickler.dispatch)  # type: ignore[attr-defined]
    #: Made by the base class for the file at hand.
    append: Any
    read: Any

    def find_class(self, module: str, name: str) -> Any:
        try:
            return STAND_INS[module, name]
        except KeyError:
            raise ForbiddenNameError(f"{module}.{name}") from None

    def load_bytearray8(self) -> None:
        (length,) = struct.unpack("<Q", self.read(8))
        self.append(bytearray(self.read(min(length, sys.maxsize))))

    dispatch[pickle.BYTEARRAY8[0]] = load_bytearray8


class _Unwrapping:
    """Takes what was noted out of the stand-ins, in as many steps as the file has bytes.

    A short file may name a list of lists of lists that are all the same, and grow without bounds.
    """

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def unwrap(self, content: Any) -> Any:
        self.steps -= 1
        if self.steps < 0:
            raise ValueError("it repeats itself more often than its length allows")
        if isinstance(content, _Array):
            return self.unwrap_array(content)
        return [self.unwrap(item) for item in content] if isinstance(content, (list, tuple)) else content

    def unwrap_array(self, array: _Array) -> Any:
        if array.value is None:
            raise ValueError("an array without content")
        return self.unwrap(array.value) if isinstance(array.value, (list, tuple)) else array.value
