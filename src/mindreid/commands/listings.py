"""``mindreid list``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

from mindreid.commands.arguments import say
from mindreid.package_contents import class_summaries, first_paragraph, package_summaries


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("list", help="what can be named: models, recipes, datasets, losses")
    parser.add_argument("what", choices=tuple(_LISTS), help="what to list, one line each")
    parser.set_defaults(run=_list)


def _list(parsed: argparse.Namespace) -> None:
    lines = _LISTS[parsed.what]()
    width = max(map(len, lines))
    for name, text in lines.items():
        say(f"{name:{width}}  {text}")


def _models() -> Mapping[str, str]:
    return package_summaries("mindreid.models")


def _recipes() -> Mapping[str, str]:
    from mindreid.config import list_recipes
    from mindreid.report.tables.result_tables import recipe_summary

    return {recipe: recipe_summary(recipe) for recipe in list_recipes()}


def _datasets() -> Mapping[str, str]:
    from mindreid.zoo import DATASETS

    return {name: _dataset(name) for name in DATASETS.names()}


def _dataset(name: str) -> str:
    import functools
    import sys

    from mindreid.zoo import DATASETS

    entry = DATASETS[name]
    load = entry.load.func if isinstance(entry.load, functools.partial) else entry.load
    what = first_paragraph(sys.modules[load.__module__].__doc__ or "")
    return f"{what}; {'can' if entry.can_be_generated else 'cannot'} be generated"


def _losses() -> Mapping[str, str]:
    return class_summaries("mindreid.losses")


_LISTS: dict[str, Callable[[], Mapping[str, str]]] = {
    "models": _models,
    "recipes": _recipes,
    "datasets": _datasets,
    "losses": _losses,
}
