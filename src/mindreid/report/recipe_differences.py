"""In what recipes differ: from the shipped one that is nearest, and from each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from mindreid.config import PATH_KEYS, Recipe, list_recipes, load_recipe

#: Stands for a key that a recipe does not have.
ABSENT = "–"
_LEFT_OUT = tuple(f"dataset.{key}" for key in PATH_KEYS["dataset"])


@dataclass(frozen=True)
class NearestRecipe:
    """The shipped recipe with the fewest keys that differ.

    Attributes
    ----------
    name : str
        Such as "mgn/walkers".
    differences : tuple of tuple
        Key, shipped value, own value.
    """

    name: str
    differences: tuple[tuple[str, Any, Any], ...]


def nearest_recipe(recipe: Recipe) -> Optional[NearestRecipe]:
    """Find the shipped recipe of the same method that a recipe is nearest to; ``None`` if there is none.

    A resolved recipe does not say of which file it was made. Where the data are counts for nothing.
    """
    own = flatten(recipe.as_dict())
    found = []
    for name in list_recipes():
        if name.split("/")[0] == recipe.model.name:
            shipped = flatten(load_recipe(name).as_dict())
            found.append(NearestRecipe(name, tuple(differing([shipped, own]))))
    return min(found, key=_distance, default=None)


def differing(recipes: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """List the keys of flattened recipes whose values are not all the same: key, then each one's value.

    Examples
    --------
    >>> differing([{"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}])
    [('b', 2, 3), ('c', '–', 4)]
    """
    keys = dict.fromkeys(key for recipe in recipes for key in recipe)
    rows = [(key, *(recipe.get(key, ABSENT) for recipe in recipes)) for key in keys]
    return [row for row in rows if any(value != row[1] for value in row[2:])]


def flatten(content: Mapping[str, Any]) -> dict[str, Any]:
    """Write nested mappings and lists with keys such as "optimizers.network.lr".

    Examples
    --------
    >>> flatten({"a": {"b": 1, "c": [2, {"d": 3}]}})
    {'a.b': 1, 'a.c.0': 2, 'a.c.1.d': 3}
    """
    return dict(_leaves(content, ()))


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    children: Sequence[tuple[Any, Any]] = ()
    if isinstance(value, Mapping):
        children = list(value.items())
    elif isinstance(value, (list, tuple)):
        children = list(enumerate(value))
    if not children:
        yield ".".join(path), value
    for key, child in children:
        yield from _leaves(child, (*path, str(key)))


def _distance(candidate: NearestRecipe) -> tuple[int, str]:
    counted = [key for key, *_ in candidate.differences if key not in _LEFT_OUT]
    return len(counted), candidate.name
