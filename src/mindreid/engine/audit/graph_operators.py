"""The operators of a compiled graph, read from the text that MindSpore saves of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_OPERATOR = re.compile(r"^ +%\d+\([^)]*\) = (?P<name>[\w:.]+)\(")
_TYPES = re.compile(r"^ +: \((?P<inputs>.*)\) -> \((?P<outputs>.*)\)$")
_PLACE = re.compile(r"^ +# In file (?P<file>.+?):(?P<line>\d+)")
#: ``<Tensor[Float32], (2, 3)>``, ``<Ref[Tensor[Float32]], (2, 3), …>``, ``<Tuple[Tensor[Float32]*5], …>``.
_TENSOR_TYPE = re.compile(r"Tensor\[(\w+)\]")
_FREE_SIZE = re.compile(r"<(?:Ref\[)?Tensor\[\w+\]\]?, \([^)]*-[12][^)]*\)")
#: What a primitive of a generated class is called in a graph, before its own name.
_PREFIXES = ("PrimFunc_", "S_Prim_", "DoSignaturePrimitive_")


@dataclass(frozen=True)
class Operator:
    """An operator of a compiled graph.

    Attributes
    ----------
    name : str
        Of its primitive, "Conv2D".
    inputs, outputs : tuple of str
        Types of the tensors that it takes and gives, as "Float32".
    has_free_sizes : bool
        Whether a size of such a tensor is only known at run time.
    place : str
        The innermost line that it comes from, ``models/mgn/network.py:12``, of no installed package but
        ours if there is one. MindSpore does not know it of every operator: then "after" the line of the
        one before.
    """

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    has_free_sizes: bool
    place: str


def read_operators(path: Path) -> Iterator[Operator]:
    """Read the operators of a graph, those of its subgraphs with them.

    Parameters
    ----------
    path : Path
        A file ``*_validate_*.ir`` of MindSpore's ``save_graphs``.
    """
    name, types = "", ("", "")
    places: list[tuple[str, str]] = []
    before = ""
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        operator = _OPERATOR.match(line)
        if operator or line.startswith(("}", "  Return")):
            if name:
                yield _operator(name, types, _innermost(places) or f"after {before}")
                before = _innermost(places) or before
            name, types, places = operator["name"] if operator else "", ("", ""), []
        elif name and not any(types) and (found := _TYPES.match(line)):
            types = (found["inputs"], found["outputs"])
        elif name and (place := _PLACE.match(line)):
            places.append((place["file"], place["line"]))


def _operator(name: str, types: tuple[str, str], place: str) -> Operator:
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    inputs, outputs = (tuple(_TENSOR_TYPE.findall(text)) for text in types)
    free = any(_FREE_SIZE.search(text) for text in types)
    return Operator(name, inputs, outputs, free, place)


def _innermost(places: list[tuple[str, str]]) -> str:
    shortened = [(*_shortened(file), line) for file, line in places]
    own = [place for place in shortened if place[0]]
    return "{1}:{2}".format(*(own or shortened)[-1]) if shortened else ""


def _shortened(file: str) -> tuple[bool, str]:
    """Tell whether a file is ours, and leave of its path what says where to look."""
    root = Path(__file__).parents[2]
    for folder in (root, root.parents[1] / "models", root / "models"):
        if Path(file).is_relative_to(folder):
            return True, str(Path(folder.name, Path(file).relative_to(folder)))
    _, installed, rest = file.rpartition("site-packages/")
    return not installed, rest if installed else Path(file).name
