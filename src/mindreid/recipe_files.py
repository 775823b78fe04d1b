"""Recipe files: found by name or path, read with their bases, merged, and overridden."""

from __future__ import annotations

import copy
import logging
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Union

from mindreid.errors import ConfigError
from mindreid.yaml_source import KeyPath, parse_value, read_yaml
from mindreid.zoo import nearest

logger = logging.getLogger(__name__)

#: One change of a recipe: ``"a.b=value"`` with the value in YAML, as after ``--set``, or the pair
#: ``("a.b", value)``, whose value is taken as it is.
Override = Union[str, tuple[str, Any]]

#: Keys of earlier versions, and what they are called now.
RENAMED_KEYS: Mapping[KeyPath, KeyPath] = {("train", "workers"): ("train", "reader_threads")}


def read_recipe(
    name_or_path: str, overrides: Sequence[Override]
) -> tuple[dict[str, Any], dict[KeyPath, str]]:
    """Read a recipe with its bases and apply overrides: its content, and where each key stands.

    Raises
    ------
    ConfigError
        If there is no such recipe, a file is no YAML mapping, or an override does not fit.
    """
    content, lines = _read_with_bases(find_recipe(name_or_path), chain=())
    for override in overrides:
        apply_override(content, lines, override)
    return content, lines


def list_recipes() -> list[str]:
    """Names of all shipped recipes, bases left out."""
    root = _shipped()
    found = (path.relative_to(root).with_suffix("").as_posix() for path in root.rglob("*.yaml"))
    return sorted(name for name in found if not name.startswith("_"))


def find_recipe(name_or_path: str) -> Path:
    """Path of the recipe that a name or a path stands for."""
    path = Path(name_or_path)
    if _is_file(path):
        return path
    shipped = _shipped() / f"{name_or_path}.yaml"
    if _is_file(shipped):
        return shipped
    names = list_recipes()
    raise ConfigError(
        f"there is no recipe {name_or_path!r}{nearest(name_or_path, names)}",
        fix=f"pass the path of a YAML file or one of {', '.join(names)}",
    )


def _read_with_bases(path: Path, chain: tuple[Path, ...]) -> tuple[dict[str, Any], dict[KeyPath, str]]:
    if path.resolve() in chain:
        raise ConfigError("recipes inherit from each other in a circle", where=str(path))
    source = read_yaml(path)
    own = _with_new_names(source.content)
    content: dict[str, Any] = {}
    lines: dict[KeyPath, str] = {}
    for base in _bases(own.pop("base", []), source.lines.get(("base",), str(path))):
        beside = path.parent / base
        base_path = beside if _is_file(beside) else find_recipe(base.removesuffix(".yaml"))
        base_content, base_lines = _read_with_bases(base_path, (*chain, path.resolve()))
        content = _merge(content, base_content)
        lines.update(base_lines)
    lines.update(source.lines)
    return _merge(content, own), lines


def _bases(value: Any, where: str) -> list[str]:
    bases = [value] if isinstance(value, str) else value
    if not isinstance(bases, list) or not all(isinstance(base, str) and base for base in bases):
        raise ConfigError(
            f"base is the name or path of a recipe, or a list of them, not {value!r}", where=where
        )
    return bases


def _with_new_names(content: Mapping[str, Any]) -> dict[str, Any]:
    """Copy one file's keys, those of earlier versions under their new names."""
    renamed = {key: dict(value) if isinstance(value, Mapping) else value for key, value in content.items()}
    for (section, old), (_, new) in RENAMED_KEYS.items():
        keys = renamed.get(section)
        if isinstance(keys, dict) and old in keys and new not in keys:
            logger.info("the recipe's key %s.%s is called %s.%s now", section, old, section, new)
            keys[new] = keys.pop(old)
    return renamed


def _merge(base: Mapping[str, Any], child: Mapping[str, Any]) -> dict[str, Any]:
    """Merge mappings key by key; a mapping that names another component replaces the old one."""
    if "name" in base and "name" in child and base["name"] != child["name"]:
        return dict(child)
    merged = dict(base)
    for key, value in child.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def apply_override(content: dict[str, Any], lines: dict[KeyPath, str], override: Override) -> None:
    """Change one key of a recipe's content, and note where its value comes from."""
    key, value, where = _read_override(override)
    *parents, leaf = RENAMED_KEYS.get(tuple(key.split(".")), tuple(key.split(".")))
    node: Any = content
    for part in parents:
        node = _child(node, part, where)
    if isinstance(node, list):
        node[_list_index(node, leaf, where)] = value
    else:
        node[leaf] = value if parents else _with_new_names({leaf: value})[leaf]
    lines[(*parents, leaf)] = where


def _read_override(override: Override) -> tuple[str, Any, str]:
    """Return the key, the value, and what an error message calls the override."""
    if not isinstance(override, str):
        key, value = override
        # Later overrides may reach into the value, which belongs to the caller.
        return key, copy.deepcopy(value), f"{key} = {value!r}"
    key, separator, text = override.partition("=")
    where = f"--set {override}"
    if not separator or not key:
        raise ConfigError("an override is written key.subkey=value", where=where)
    return key, parse_value(text), where


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


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long for a path, or with a null character
        return False


def _shipped() -> Path:
    return Path(str(resources.files("mindreid.configs").joinpath("__init__.py"))).parent
