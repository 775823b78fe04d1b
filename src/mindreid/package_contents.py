"""What is in this project's packages, told without importing them: MindSpore takes seconds to start."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from typing import Union


def package_folder(package: str) -> Path:
    """Folder of a package of this project, e.g. ``"mindreid.models"``; it is not imported."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"there is no package {package}")
    return Path(next(iter(spec.submodule_search_locations)))


def package_summaries(package: str) -> dict[str, str]:
    """First paragraph of the docstring of every package in a package, by name, sorted."""
    found = sorted(package_folder(package).glob("*/__init__.py"))
    return {path.parent.name: _first_paragraph(_parse(path)) for path in found}


def class_summaries(package: str) -> dict[str, str]:
    """First paragraph of the docstring of every public class in a package's modules, by name, sorted."""
    found = {}
    for path in package_folder(package).glob("*.py"):
        for node in _parse(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name] = _first_paragraph(node)
    return dict(sorted(found.items()))


def first_paragraph(docstring: str) -> str:
    """First paragraph of a docstring as one line, without the full stop."""
    return " ".join(docstring.strip().split("\n\n")[0].split()).removesuffix(".")


def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _first_paragraph(node: Union[ast.Module, ast.ClassDef]) -> str:
    return first_paragraph(ast.get_docstring(node) or "")
