"""YAML files that remember where each of their keys stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import yaml

from mindreid.errors import ConfigError, DataError
from mindreid.text_files import read_text_file

KeyPath = tuple[str, ...]
_MOST_KEYS = 10_000
_MOST_NESTED = 100


class _Loader(yaml.SafeLoader):
    """SafeLoader that reads ``5e-4`` as a number, as YAML 1.2 does, and dates as text."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the base class's attribute
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":float"))]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


class _Dumper(yaml.SafeDumper):
    """SafeDumper that puts the text ``5e-4`` in quotes, which would be read as a number."""


for _side in (_Loader, _Dumper):
    _side.add_implicit_resolver(
        "tag:yaml.org,2002:float",
        re.compile(r"^[-+]?(\d+\.\d*([eE][-+]?\d+)?|\.\d+([eE][-+]?\d+)?|\d+[eE][-+]?\d+|\.inf|\.nan)$"),
        list("-+0123456789."),
    )


@dataclass(frozen=True)
class YamlSource:
    """The content of a YAML file, and ``file:line`` of each key in it."""

    content: dict[str, Any]
    lines: dict[KeyPath, str]


def read_yaml(path: Path) -> YamlSource:
    """Read a YAML mapping.

    Raises
    ------
    ConfigError
        If the file is missing, is not YAML, is not a mapping, or names a key twice.
    """
    try:
        text = read_text_file(path)
    except DataError as error:
        raise ConfigError(error.what, where=error.where, fix=error.fix) from None
    loader: Optional[_Loader] = None
    try:
        _refuse_deep_nesting(text)
        loader = _Loader(text)
        node = loader.get_single_node()
        lines: dict[KeyPath, str] = {}
        if node is not None:
            _collect_lines(node, (), path, lines)
        content = loader.construct_document(node) if node is not None else {}
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"this is not YAML ({error.problem})", where=f"{path}:{line}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # Characters that YAML has not, numbers that Python refuses, nesting without an end.
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ConfigError(f"this is not YAML ({reason})", where=str(path)) from None
    finally:
        if loader is not None:
            loader.dispose()
    if not isinstance(content, dict):
        raise ConfigError("the file must be a mapping of keys to values", where=f"{path}:1")
    return YamlSource(content, lines)


def format_yaml(content: Any) -> str:
    """Write plain values as YAML that :func:`read_yaml` and :func:`parse_value` read as the same values."""
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False)


def parse_value(text: str) -> Any:
    """Read the right-hand side of an override as YAML: ``5e-4``, ``[1, 2]``, ``null``, ``text``."""
    try:
        _refuse_deep_nesting(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError):
        return text


def _refuse_deep_nesting(text: str) -> None:
    """Raise ValueError where brackets open within brackets without end, on which PyYAML takes minutes."""
    depth = 0
    for bracket in re.findall(r"[\[\]{}]", text):
        depth = max(depth + (1 if bracket in "[{" else -1), 0)
        if depth > _MOST_NESTED:
            raise ValueError(f"more than {_MOST_NESTED} brackets are open at once")


def _collect_lines(node: yaml.Node, prefix: KeyPath, path: Path, lines: dict[KeyPath, str]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*prefix, str(key.value))
            where = f"{path}:{key.start_mark.line + 1}"
            if here in lines:
                raise ConfigError(f"the key {'.'.join(here)!r} stands twice", where=where)
            _note(here, where, lines)
            _collect_lines(value, here, path, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            here = (*prefix, str(index))
            _note(here, f"{path}:{item.start_mark.line + 1}", lines)
            _collect_lines(item, here, path, lines)


def _note(key: KeyPath, where: str, lines: dict[KeyPath, str]) -> None:
    # Aliases of aliases make a file of a few lines grow without bounds.
    if len(lines) >= _MOST_KEYS:
        raise ConfigError(f"the file has more than {_MOST_KEYS:,} keys, its aliases counted", where=where)
    lines[key] = where
