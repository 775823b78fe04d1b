"""What changes a recipe's content: overrides, keys of earlier versions, and what goes along with a change."""

from __future__ import annotations

import copy
import logging
import os
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Optional, Union

from mindreid.errors import ConfigError
from mindreid.yaml_source import KeyPath, parse_value

logger = logging.getLogger(__name__)

#: One change of a recipe: ``"a.b=value"`` with the value in YAML, as after ``--set``, or the pair
#: ``("a.b", value)``, whose value is taken as it is.
Override = Union[str, tuple[str, Any]]

#: Keys of earlier versions, and what they are called now.
RENAMED_KEYS: Mapping[KeyPath, KeyPath] = {("train", "workers"): ("train", "reader_threads")}
#: What a dataset has beside its images: files and folders, which often lie in its own folder.
TABLES = ("views", "keypoints", "silhouettes")


def apply_overrides(
    content: dict[str, Any], lines: dict[KeyPath, str], overrides: Sequence[Override]
) -> None:
    """Change a recipe's content by overrides, applied in order, and by what follows from them.

    Where a component gets another name, options that the recipe had for the old one are dropped before,
    but not those that every component of its kind has. Tables inside the dataset's folder go along with it.

    Raises
    ------
    ConfigError
        If an override does not fit.
    """
    read = [_read_override(override) for override in overrides]
    _drop_options(content, lines, read)
    before = dict(_mapping(content.get("dataset")))
    for path, value, where in read:
        _apply(content, lines, path, value, where)
    own = {path[1] for path, *_ in read if path[0] == "dataset" and len(path) > 1}
    own.update(*(_mapping(value) for path, value, _ in read if path == ("dataset",)))
    move_tables(before, content.get("dataset"), own)


def apply_override(content: dict[str, Any], lines: dict[KeyPath, str], override: Override) -> None:
    """Change one key of a recipe's content, and nothing else, and note where its value comes from.

    Raises
    ------
    ConfigError
        If the override does not fit.
    """
    _apply(content, lines, *_read_override(override))


def move_tables(before: Any, after: Any, own: Collection[str]) -> None:
    """Let tables inside a dataset's folder go along with it, where that is another one now.

    Parameters
    ----------
    before, after : mapping
        The recipe's dataset before a change and after it; ``after`` is changed. Anything else is passed over.
    own : collection of str
        Keys that the change gives: what it says itself stands as it says it.
    """
    old, new = _mapping(before).get("root"), _mapping(after).get("root")
    if not isinstance(old, str) or not isinstance(new, str) or old == new:
        return
    for key in TABLES:
        table = after.get(key)
        inside = _inside(table, old) if isinstance(table, str) and key not in own else None
        if inside is not None:
            after[key] = os.path.join(new, inside)
            logger.info("dataset.%s goes along with dataset.root: %s", key, after[key])


def with_new_names(content: Mapping[str, Any]) -> dict[str, Any]:
    """Copy one file's keys, those of earlier versions under their new names."""
    renamed = {key: dict(value) if isinstance(value, Mapping) else value for key, value in content.items()}
    for (section, old), (_, new) in RENAMED_KEYS.items():
        keys = renamed.get(section)
        if isinstance(keys, dict) and old in keys and new not in keys:
            logger.info("the recipe's key %s.%s is called %s.%s now", section, old, section, new)
            keys[new] = keys.pop(old)
    return renamed


def _read_override(override: Override) -> tuple[KeyPath, Any, str]:
    """Return the key, the value, and what an error message calls the override."""
    if not isinstance(override, str):
        key, value = override
        # Later overrides may reach into the value, which belongs to the caller.
        value, where = copy.deepcopy(value), f"{key} = {value!r}"
    else:
        key, separator, text = override.partition("=")
        where = f"--set {override}"
        if not separator or not key:
            raise ConfigError("an override is written key.subkey=value", where=where)
        value = parse_value(text)
    path = tuple(key.split("."))
    return RENAMED_KEYS.get(path, path), value, where


def _apply(content: dict[str, Any], lines: dict[KeyPath, str], path: KeyPath, value: Any, where: str) -> None:
    *parents, leaf = path
    node: Any = content
    for part in parents:
        node = _child(node, part, where)
    if isinstance(node, list):
        node[_list_index(node, leaf, where)] = value
    else:
        node[leaf] = value if parents else with_new_names({leaf: value})[leaf]
    lines[path] = where


def _child(node: Any, part: str, where: str) -> Any:
    if isinstance(node, list):
        return node[_list_index(node, part, where)]
    child = node.setdefault(part, {})
    if not isinstance(child, (dict, list)):
        raise ConfigError(f"{part!r} is a value, it has no keys below it", where=where)
    return child


def _list_index(node: list[Any], part: str, where: str) -> int:
    if not part.isdecimal() or int(part) >= len(node):
        raise ConfigError(f"{part!r} is no index of a list of {len(node)}", where=where)
    return int(part)


def _drop_options(
    content: dict[str, Any], lines: dict[KeyPath, str], read: Sequence[tuple[KeyPath, Any, str]]
) -> None:
    """Drop the options of components whose names are changed, before anything gives them new ones."""
    # The last override of a name counts; one that stays the same changes nothing.
    names = {path[:-1]: (value, where) for path, value, where in read if path[1:] and path[-1] == "name"}
    for path, (name, where) in names.items():
        component = _at(content, path)
        if not isinstance(component, dict) or component.get("name", name) == name:
            continue
        common = _common_options(path)
        dropped = [key for key in component if key != "name" and key not in common]
        for key in dropped:
            del component[key]
            lines.pop((*path, key), None)
        if dropped:
            # Should one of them be missing now, this is why.
            lines[path] = where
            logger.info(
                "%s is %s instead of %s: what the recipe has for that one alone is left out (%s)",
                ".".join(path), name, component["name"], ", ".join(dropped),
            )  # fmt: skip


def _common_options(path: KeyPath) -> tuple[str, ...]:
    """Return what every component of one kind has, whatever its name."""
    if path == ("dataset",):
        return ("root",)
    if path[0] == "optimizers" and len(path) == len(("optimizers", "network")):
        return ("lr", "weight_decay", "schedule")
    return ()


def _at(content: Any, path: KeyPath) -> Any:
    """Return what stands at a place, ``None`` if nothing does."""
    node = content
    for part in path:
        if isinstance(node, list):
            node = node[int(part)] if part.isdecimal() and int(part) < len(node) else None
        else:
            node = _mapping(node).get(part)
    return node


def _inside(path: str, folder: str) -> Optional[str]:
    """Return a path relative to a folder, ``None`` if it does not lead inside."""
    path, folder = (os.path.abspath(os.path.expanduser(text)) for text in (path, folder))
    relative = os.path.relpath(path, folder)
    return None if relative == os.curdir or relative.split(os.sep)[0] == os.pardir else relative


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
