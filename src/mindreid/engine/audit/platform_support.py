"""What the installed MindSpore says of a primitive: on which platforms it runs, in which types.

Most primitives' documentation has a line "Supported Platforms", or refers to a function that has it.
That of gradients has none: for those it is told whether the platform's library, which a MindSpore for
CPU brings along, names them, and what their forward operator's documentation says.
"""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Optional

PLATFORMS = ("Ascend", "GPU")
#: How sure it is, from surest to not at all; the last two are findings.
Verdict = Literal["documented", "library", "forward", "unsupported", "unknown"]

_HOMES = (
    "mindspore.ops.operations",
    "mindspore.ops.auto_generate.gen_ops_prim",
    "mindspore.ops.operations._grad_ops",
    "mindspore.ops.operations._inner_ops",
)
_FUNCTIONS = "mindspore.ops.auto_generate.gen_ops_def"
_LINE = re.compile(r"Supported Platforms:\s*\n\s*(``.*)")
_REFERENCE = re.compile(r"Refer to :func:`([\w.]+)`")
_GRADIENT = re.compile(r"Grad(V\d|Ext)?$|Backprop(Input|Filter)$|Grad(?=Grad)")
_TYPES = re.compile(r"\b(?:float(?:16|32|64)|bfloat16|u?int(?:8|16|32|64)|bool)\b")
#: In documentation, these stand for every type of numbers.
_ANY_TYPE = re.compile(r"[Nn]umber|any type|all (?:data )?types|number type", re.IGNORECASE)
_LIBRARIES = {
    "Ascend": ("plugin/libmindspore_ascend.so*", "plugin/libmindspore_ops_ascend.so"),
    "GPU": ("plugin/libmindspore_gpu.so*",),
}


@dataclass(frozen=True)
class Support:
    """What is known of a primitive on a platform.

    Attributes
    ----------
    verdict : str
        "documented": its documentation names the platform. "library": it has none, but the platform's
        library names the primitive. "forward": the documentation of the operator that it is the
        gradient of names the platform. "unsupported": its documentation names other platforms only.
        "unknown": nothing was found.
    types : frozenset of str
        Types that its documentation names, as "float32"; empty if it says nothing or "number".
    """

    verdict: Verdict
    types: frozenset[str] = frozenset()

    @property
    def is_found(self) -> bool:
        """Whether anything speaks for it."""
        return self.verdict in ("documented", "library", "forward")


class PlatformSupport:
    """Looks primitives up for one platform.

    Parameters
    ----------
    platform : {"Ascend", "GPU"}
        The platform.
    """

    def __init__(self, platform: str) -> None:
        self.platform = platform
        self._known: dict[str, Support] = {}

    def __getitem__(self, primitive: str) -> Support:
        """Return what is known of a primitive, by its name in a graph."""
        if primitive not in self._known:
            self._known[primitive] = self._look_up(primitive)
        return self._known[primitive]

    def _look_up(self, primitive: str) -> Support:
        platforms, types = _documented(primitive)
        if platforms:
            return Support("documented" if self.platform in platforms else "unsupported", types)
        if _is_named(primitive, self.platform):
            return Support("library", types)
        forward = _GRADIENT.sub("", primitive)
        if forward != primitive and self.platform in _documented(forward)[0]:
            return Support("forward", types)
        return Support("unknown", types)


@functools.cache
def _documented(primitive: str) -> tuple[frozenset[str], frozenset[str]]:
    """Platforms and types that a primitive's documentation names, or that of what it refers to."""
    texts = list(_documentation(primitive))
    for text in texts:
        if found := _LINE.search(text):
            types = frozenset() if _ANY_TYPE.search(text) else frozenset(_TYPES.findall(text))
            return frozenset(re.findall(r"``(\w+)``", found[1])), types
    return frozenset(), frozenset()


def _documentation(primitive: str) -> Iterator[str]:
    for home in _HOMES:
        text = _text(getattr(importlib.import_module(home), primitive, None))
        yield text
        for reference in _REFERENCE.findall(text):
            yield _text(_resolve(reference))


def _resolve(reference: str) -> Any:
    module, _, name = reference.rpartition(".")
    for home in (module, _FUNCTIONS):
        try:
            return getattr(importlib.import_module(home), name)
        except (ImportError, AttributeError):
            continue
    return None


def _text(documented: Any) -> str:
    return getattr(documented, "__doc__", None) or ""


def _is_named(primitive: str, platform: str) -> bool:
    names = _names_in_libraries(platform)
    return names is not None and primitive.encode() + b"\0" in names


@functools.cache
def _names_in_libraries(platform: str) -> Optional[bytes]:
    """Return the texts in a platform's libraries, ``None`` where they are not installed."""
    import mindspore

    folder = Path(mindspore.__file__).parent / "lib"
    files = [path for pattern in _LIBRARIES[platform] for path in sorted(folder.glob(pattern))]
    if not files:
        return None
    return b"\0".join(b"\0".join(_words(path.read_bytes())) for path in files) + b"\0"


def _words(content: bytes) -> Iterator[bytes]:
    """Names that end where a C text ends; linkers let a text begin within a longer one."""
    return (found.group(1) for found in re.finditer(rb"([A-Za-z]\w{2,80})(?=\0)", content))
