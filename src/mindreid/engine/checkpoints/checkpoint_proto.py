"""What a MindSpore checkpoint file holds, read with every size checked.

``mindspore.load_checkpoint`` trusts the sizes in a file: of a damaged one it may overwrite memory that is
not its own, and end the process much later. Here the file is parsed by protobuf, and an entry is taken
only where its bytes are what its type and shape say.
"""

from __future__ import annotations

import binascii
import math
from itertools import groupby
from pathlib import Path
from typing import Any, Union

import numpy as np

from mindreid.errors import CheckpointError

_DTYPES = {
    **{kind: np.dtype(kind.lower()) for kind in ("Int8", "UInt8", "Int16", "UInt16", "Int32", "UInt32")},
    **{kind: np.dtype(kind.lower()) for kind in ("Int64", "UInt64", "Float16", "Float32", "Float64")},
    "Bool": np.dtype(bool),
}
_TEXT = "str"
#: What MindSpore writes behind the entries: this word, and the sum of all bytes before it.
_SUM_WORD = b"crc_num"
_SUM_BYTES = 10

Entry = Union[np.ndarray, str]


def read_entries(path: Path) -> dict[str, Entry]:
    """Read all entries of a ``.ckpt``.

    Parameters
    ----------
    path : Path
        The file; parameters that are stored in several slices are joined.

    Returns
    -------
    dict
        Arrays by the names of their parameters, and texts.

    Raises
    ------
    CheckpointError
        If the file is missing, cut short, changed, or of another kind.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"can't read the checkpoint ({error.strerror})", where=str(path)) from None
    try:
        return _entries(_without_sum(content))
    except _DamagedError as error:
        raise CheckpointError(
            f"this checkpoint is damaged or is no MindSpore checkpoint ({error})",
            where=str(path),
            fix="copy it again and compare its checksum; of a run, another checkpoint may be whole",
        ) from None


class _DamagedError(Exception):
    """Says what is wrong with the bytes."""


def _without_sum(content: bytes) -> bytes:
    begin = len(content) - len(_SUM_WORD) - _SUM_BYTES
    if begin < 0 or content[begin : begin + len(_SUM_WORD)] != _SUM_WORD:
        return content
    body, stored = content[:begin], int.from_bytes(content[-_SUM_BYTES:], "big")
    if binascii.crc32(body) != stored:
        raise _DamagedError("its checksum is another one")
    return body


def _entries(content: bytes) -> dict[str, Entry]:
    from google.protobuf.message import DecodeError
    from mindspore.train.checkpoint_pb2 import Checkpoint

    message: Any = Checkpoint()
    try:
        message.ParseFromString(content)
    except (DecodeError, ValueError):
        raise _DamagedError("it can't be parsed") from None
    if not message.value:
        raise _DamagedError("it holds nothing")
    entries: dict[str, Entry] = {}
    for name, slices in groupby(message.value, key=lambda value: value.tag):
        if name in entries:
            raise _DamagedError(f"{name!r} is there twice")
        parts = [value.tensor for value in slices]
        entries[name] = _entry(name, parts[-1], b"".join(part.tensor_content for part in parts))
    return entries


def _entry(name: str, tensor: Any, content: bytes) -> Entry:
    if tensor.tensor_type == _TEXT:
        return _text(name, content)
    if tensor.tensor_type not in _DTYPES:
        raise _DamagedError(f"{name!r} is of the unknown type {tensor.tensor_type[:40]!r}")
    dtype, shape = _DTYPES[tensor.tensor_type], tuple(tensor.dims)
    # A scalar's shape is written as a single 0.
    shape = () if shape == (0,) and len(content) == dtype.itemsize else shape
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(content):
        raise _DamagedError(f"{name!r} has {len(content)} bytes, its shape {list(shape)[:8]} needs others")
    return np.frombuffer(content, dtype).reshape(shape)


def _text(name: str, content: bytes) -> str:
    try:
        # As NumPy stores text: four bytes a character, filled up with zeros.
        return content.decode("utf-32-le").rstrip("\0")
    except UnicodeDecodeError:
        raise _DamagedError(f"{name!r} is no text") from None
