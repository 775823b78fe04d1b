"""The house as designed: who may use whom, names that mean one thing, nothing that outgrew a screen."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from collections import Counter, defaultdict
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

#: Top to bottom. A module uses its own package and what is on a floor below.
FLOORS = (
    ("__main__",),
    ("cli",),
    ("commands",),
    ("search", "report"),
    ("engine", "preprocess", "convert"),
    ("models",),
    ("adversarial", "part_objectives"),
    ("data", "walkers", "metrics", "losses", "layers", "triplet_objective"),
    ("objective", "config"),
    ("recipe_files", "pages"),
    ("recipe_overrides",),
    (
        "zoo",
        "yaml_source",
        "package_contents",
        "folder_lock",
        "l2_normalization",
        "narrow_integers",
        "option_checks",
        "versions",
        "safe_pickles",
        "lazy_names",
    ),
    ("text_files", "text_table"),
    ("atomic",),
    ("errors",),
)
#: Neighbours on one floor: who may use whom.
SIDEWAYS = {("engine", "convert"), ("walkers", "data")}
#: Down, and nevertheless not allowed: models are known through their registry alone, and what
#: searches does not train.
FORBIDDEN = {
    *(
        (user, "models")
        for user in ("cli", "commands", "search", "report", "engine", "preprocess", "convert")
    ),
    ("search", "engine.training"),
}
#: Packages whose ``__init__`` imports a name when it is asked for.
ROOMS = (
    *(
        f"mindreid.engine.{room}"
        for room in ("training", "evaluation", "deployment", "checkpoints", "platform")
    ),
    "mindreid.data.formats",
    "mindreid.pages",
    *(f"mindreid.preprocess.{room}" for room in ("mot", "views", "gait")),
    *(f"mindreid.report.{room}" for room in ("tables", "pictures", "page")),
    *(f"mindreid.search.{room}" for room in ("index", "ingest", "album", "page", "paths")),
)
#: Files that every method has.
CONTRACT = {"network", "objective"}
MAX_LINES_OF_A_FILE = 400
MAX_LINES_OF_A_FUNCTION = 60


def find_modules():
    """Paths by the name under which a module is imported."""
    modules = {}
    for folder, package in ((ROOT / "src" / "mindreid", "mindreid"), (ROOT / "models", "mindreid.models")):
        for path in folder.rglob("*.py"):
            parts = [package, *path.relative_to(folder).with_suffix("").parts]
            modules[".".join(parts).removesuffix(".__init__")] = path
    return modules


MODULES = find_modules()


def imports_in(node):
    """All imports below a node, also those within functions, but not those for type checkers alone."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, (ast.Import, ast.ImportFrom)):
            yield child
        yield from imports_in(child)


def used_modules(name, source, known):
    """Modules of ours that a source text imports."""
    for node in imports_in(ast.parse(source)):
        if isinstance(node, ast.Import):
            wanted = [alias.name for alias in node.names]
        else:
            assert node.level == 0, f"{name} has a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            wanted = [full if full in known else node.module for full in names]
        yield from (module for module in wanted if module.split(".")[0] == "mindreid" and module != name)


@cache
def uses():
    """Modules of ours that each of them imports."""
    return {name: set(used_modules(name, path.read_text(), MODULES)) for name, path in MODULES.items()}


def place(module):
    """``engine.training`` of ``mindreid.engine.training.loop``; floors and models have one part or two."""
    parts = module.split(".")[1:]
    return ".".join(parts[:2] if parts[0] in ("engine", "models") else parts[:1])


def floor(package):
    return next(number for number, packages in enumerate(FLOORS) if package in packages)


def may_use(user, used):
    """Whether one place of the house may use another."""
    upper, lower = user.split(".")[0], used.split(".")[0]
    if user == used:
        return True
    if {(upper, lower), (upper, used)} & FORBIDDEN:
        return False
    if upper == lower:
        return upper != "models"
    return floor(upper) < floor(lower) or (upper, lower) in SIDEWAYS


def a_cycle(graph):
    """Return the members of a cycle; none if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


@pytest.mark.parametrize(
    ("user", "used", "expected"),
    [
        ("engine.training", "data", True),
        ("engine.training", "engine.platform", True),
        ("engine.checkpoints", "convert", True),
        ("convert", "engine.checkpoints", False),
        ("data", "engine.training", False),
        ("data", "metrics", False),
        ("data", "walkers", False),
        ("engine.training", "models.fire", False),
        ("models.fire", "models.mgn", False),
        ("models.fire", "models.fire", True),
        ("models.fire", "engine.training", False),
        ("search", "engine.deployment", True),
        ("search", "engine.training", False),
        ("config", "zoo", True),
        ("errors", "atomic", False),
    ],
)
def test_the_rules_know_up_from_down(user, used, expected):
    assert may_use(user, used) is expected


def test_every_import_points_down():
    packages = [module for module in uses() if module != "mindreid"]
    wrong = [(m, used) for m in packages for used in sorted(uses()[m]) if not may_use(place(m), place(used))]
    assert wrong == []


def test_hidden_imports_are_found_and_those_for_type_checkers_are_not():
    source = (
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from mindreid import zoo\n"
        "def late():\n    from mindreid import errors\n    import mindreid.metrics.ranking\n"
        "    from mindreid.zoo import MODELS\n"
    )
    found = set(used_modules("mindreid.x", source, MODULES))
    assert found == {"mindreid.errors", "mindreid.metrics.ranking", "mindreid.zoo"}


def test_no_modules_import_each_other_in_a_circle():
    assert len(uses()) > 150
    assert a_cycle(uses()) == []
    assert a_cycle({**uses(), "mindreid.errors": {"mindreid.cli"}}) != []


def test_the_rooms_of_the_engine_have_no_circle():
    rooms = defaultdict(set)
    for module, used in uses().items():
        if module.startswith("mindreid.engine."):
            rooms[place(module)] |= {place(other) for other in used} - {place(module)}
    assert {room.split(".")[1] for room in rooms} >= {"training", "evaluation", "checkpoints"}
    assert a_cycle(rooms) == []


def test_a_modules_name_means_one_thing():
    names = Counter(
        path.stem
        for module, path in MODULES.items()
        if not path.stem.startswith("__") and place(module) != "commands"
        if not (place(module).startswith("models.") and path.stem in CONTRACT)
    )
    assert [name for name, count in names.items() if count > 1] == []


def lines_of(function):
    """Lines of a function without its docstring."""
    lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function) is not None:
        lines -= function.body[0].end_lineno - function.body[0].lineno + 1
    return lines


def test_a_file_is_no_longer_than_allowed():
    lines = {module: len(path.read_text(encoding="utf-8").splitlines()) for module, path in MODULES.items()}
    assert {module: count for module, count in lines.items() if count > MAX_LINES_OF_A_FILE} == {}


def test_a_function_fits_a_screen():
    functions = {
        f"{module}:{node.lineno} {node.name}": lines_of(node)
        for module, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }
    assert len(functions) > 500
    assert {name: count for name, count in functions.items() if count > MAX_LINES_OF_A_FUNCTION} == {}


def test_a_trainer_has_at_most_seven_arguments():
    from mindreid.engine.training import Trainer

    assert len(inspect.signature(Trainer).parameters) <= 7


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_it_is_and_shows_its_names(room):
    package = importlib.import_module(room)
    assert len(package.__doc__.strip()) > 40
    assert package.__all__
    for name in package.__all__:
        assert getattr(package, name).__module__.startswith(f"{room}."), name
    assert not hasattr(package, "nothing")


def test_the_rooms_alone_import_no_framework():
    code = f"import sys, {', '.join(ROOMS)}; sys.exit('mindspore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
