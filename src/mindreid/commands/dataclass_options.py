"""Options of a command that are the fields of a dataclass: name, type, default and help written once."""

from __future__ import annotations

import argparse
from dataclasses import Field, fields
from typing import Any, TypeVar

Rules = TypeVar("Rules")


def add_options(parser: argparse._ActionsContainer, rules: type) -> None:
    """Add an option for every field of a dataclass that has a help text.

    Parameters
    ----------
    parser : argparse container
        The parser, or a group of it.
    rules : type
        A dataclass whose fields have defaults. In a field's metadata, ``help`` makes it an option;
        ``default_text`` says the default in words; all else goes to ``add_argument``.
    """
    for field in fields(rules):
        if "help" in field.metadata:
            parser.add_argument(option_name(field), **_arguments(field))


def read_options(parsed: argparse.Namespace, rules: type[Rules]) -> Rules:
    """Make the dataclass of the options that were given; defaults fill in for the others."""
    given = {field.name for field in fields(rules)} & set(vars(parsed))  # type: ignore[arg-type]
    return rules(**{name: getattr(parsed, name) for name in given})


def given_options(parsed: argparse.Namespace, rules: type) -> list[str]:
    """Return the names of a dataclass's options that were given, such as ``--train-share``."""
    return [option_name(field) for field in fields(rules) if field.name in vars(parsed)]


def option_name(field: Field) -> str:
    """Return the option of a field: ``--train-share`` of ``train_share``."""
    return "--" + field.name.replace("_", "-")


def _arguments(field: Field) -> dict[str, Any]:
    # Suppressed, so that what was not given stays the dataclass's own default.
    arguments = {"type": type(field.default), "default": argparse.SUPPRESS, **field.metadata}
    default = arguments.pop("default_text", field.default)
    arguments["help"] = f"{field.metadata['help']} (default: {default})".replace("%", "%%")
    if arguments["type"] is type(None):
        arguments["type"] = str
    return arguments
