"""Reading safetensors files: a header of JSON, then the tensors' bytes.

After the format's description: 8 bytes with the header's length, little-endian; the header, a
dictionary of ``dtype``, ``shape`` and ``data_offsets`` by name, with texts under ``__metadata__``.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mindreid.errors import CheckpointError

_TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?",
}  # fmt: skip
#: The upper halves of float32 numbers.
_BRAIN_FLOAT = "BF16"


def read_safetensors(path: Path) -> dict[str, np.ndarray]:
    """Read the tensors of a safetensors file by name.

    Raises
    ------
    CheckpointError
        If the file is damaged or holds numbers of a type that NumPy lacks.
    """
    content = path.read_bytes()
    try:
        (length,) = struct.unpack_from("<Q", content)
        header = json.loads(content[8 : 8 + length].decode("utf-8"))
        data = memoryview(content)[8 + length :]
        return {name: _tensor(entry, data) for name, entry in header.items() if name != "__metadata__"}
    except Exception as error:  # a stranger's header makes this raise almost anything
        raise CheckpointError(
            f"not a whole safetensors file ({type(error).__name__}: {error})",
            where=str(path),
            fix="download it again and compare its checksum",
        ) from None


def _tensor(entry: Mapping[str, Any], data: memoryview) -> np.ndarray:
    begin, end = entry["data_offsets"]
    if not 0 <= begin <= end <= len(data):
        raise ValueError("a tensor lies outside of the file")
    if entry["dtype"] == _BRAIN_FLOAT:
        halves = np.frombuffer(data[begin:end], "<u2").astype(np.uint32)
        return (halves << 16).view(np.float32).reshape(entry["shape"])
    return np.frombuffer(data[begin:end], _TYPES[entry["dtype"]]).reshape(entry["shape"])
