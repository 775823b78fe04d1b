"""Every option of every command is passed by some test."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from mindreid.cli import build_parser


@pytest.fixture(scope="module")
def used():
    """Of each other file: words between quotes and names that are called, and what looks like an option."""
    own = Path(__file__)
    texts = [path.read_text(encoding="utf-8") for path in own.parent.rglob("*.py") if path != own]
    return [
        (
            {*re.findall(r'"([\w-]+)"', text), *re.findall(r"\b(\w+)\(", text)},
            set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", text)),
        )
        for text in texts
    ]


def options_of(parser, words=("mindreid",)):
    """The words that lead to each command, and the names of each of its options."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, nested in action.choices.items():
                yield from options_of(nested, (*words, name))
        elif action.option_strings and not isinstance(action, argparse._HelpAction):
            yield words, action.option_strings


def is_passed(words, names, used):
    """Whether a file has the last word of a command, or calls a function of that name, and has an option."""
    return any(words[-1] in known and options & set(names) for known, options in used)


def test_every_option_is_passed_by_a_test(used):
    options = list(options_of(build_parser()))
    assert len(options) > 200
    assert [(words, names) for words, names in options if not is_passed(words, names, used)] == []


def test_an_option_that_no_test_passes_is_seen(used):
    assert not is_passed(("mindreid", "train"), ["--never"], used)
    assert is_passed(("mindreid", "train"), ["--never", "--resume"], used)
