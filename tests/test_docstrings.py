"""The examples in docstrings run and print what they say."""

import doctest
import importlib
import pkgutil

import pytest

import mindreid
import mindreid.models


def _modules():
    for package in (mindreid, mindreid.models):
        yield from (found.name for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."))


@pytest.mark.parametrize("name", sorted(set(_modules())))
def test_examples_of_docstrings(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
