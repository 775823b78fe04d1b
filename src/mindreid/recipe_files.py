"""Recipe files: found by name or path, read with their bases, and merged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from mindreid.errors import ConfigError
from mindreid.recipe_overrides import Override, apply_overrides, move_tables, with_new_names
from mindreid.yaml_source import KeyPath, read_yaml
from mindreid.zoo import nearest


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
    apply_overrides(content, lines, overrides)
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
    own = with_new_names(source.content)
    content: dict[str, Any] = {}
    lines: dict[KeyPath, str] = {}
    for base in _bases(own.pop("base", []), source.lines.get(("base",), str(path))):
        beside = path.parent / base
        base_path = beside if _is_file(beside) else find_recipe(base.removesuffix(".yaml"))
        base_content, base_lines = _read_with_bases(base_path, (*chain, path.resolve()))
        content = _inherit(content, base_content)
        lines.update(base_lines)
    lines.update(source.lines)
    return _inherit(content, own), lines


def _bases(value: Any, where: str) -> list[str]:
    bases = [value] if isinstance(value, str) else value
    if not isinstance(bases, list) or not all(isinstance(base, str) and base for base in bases):
        raise ConfigError(
            f"base is the name or path of a recipe, or a list of them, not {value!r}", where=where
        )
    return bases


def _inherit(base: Mapping[str, Any], child: Mapping[str, Any]) -> dict[str, Any]:
    """Merge a recipe into its base; tables inside the base's dataset go along with it."""
    merged = _merge(base, child)
    move_tables(base.get("dataset"), merged.get("dataset"), child.get("dataset") or ())
    return merged


def _merge(base: Mapping[str, Any], child: Mapping[str, Any]) -> dict[str, Any]:
    """Merge mappings key by key; a mapping that names another component replaces the old one."""
    if "name" in base and "name" in child and base["name"] != child["name"]:
        return dict(child)
    merged = dict(base)
    for key, value in child.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long for a path, or with a null character
        return False


def _shipped() -> Path:
    return Path(str(resources.files("mindreid.configs").joinpath("__init__.py"))).parent
