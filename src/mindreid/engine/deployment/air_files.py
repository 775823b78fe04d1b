"""AIR files: what can be told of one without an Ascend device.

An AIR file is a ``ge.proto.ModelDef`` of CANN, serialised by protobuf: name, version, graphs, attributes.
"""

from __future__ import annotations

from pathlib import Path

from mindreid.errors import ExportError

#: Fields of ModelDef by number, with the wire type that each is written in. Source: CANN's ge_ir.proto.
_FIELDS = {1: 2, 2: 0, 3: 2, 7: 2, 11: 2}
_GRAPH = 7
_VARINT, _BYTES = 0, 2


def check_air(path: Path) -> None:
    """Read an AIR file's outermost fields: all known, none cut off, a graph among them.

    Raises
    ------
    ExportError
        If it is no such file.
    """
    content = path.read_bytes()
    numbers, place = set(), 0
    while place < len(content):
        tag, place = _varint(content, place, path)
        number, kind = tag >> 3, tag & 7
        if _FIELDS.get(number) != kind:
            raise _damaged(path)
        value, place = _varint(content, place, path)
        if kind == _BYTES:
            place += value
        if place > len(content):
            raise _damaged(path)
        numbers.add(number)
    if _GRAPH not in numbers:
        raise _damaged(path)


def _varint(content: bytes, place: int, path: Path) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(content):
            break
        byte = content[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise _damaged(path)


def _damaged(path: Path) -> ExportError:
    return ExportError("this is no whole AIR file", where=path.name, fix="export it again")
