"""What a finished run leaves: its figures in a small file, apart from the run.

Runs, their data and weights, are large and stay on the machine that made them. Their figures are kept with
every setting that they depend on and name no folder. Those in ``results/runs`` are this project's: a command
with ``--figures results/runs`` measures only what is missing there, on whatever machine.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from mindreid.atomic import write_text
from mindreid.config import (
    PATH_KEYS,
    DeviceConfig,
    EvaluationConfig,
    InputConfig,
    Override,
    TrainConfig,
    load_recipe,
)

#: Settings that name what lies on one machine: files count by what is in them, folders are said otherwise.
_FILES = tuple(f"{section}.{name}" for section, names in PATH_KEYS.items() for name in names)
_SECTIONS: Mapping[str, type[BaseModel]] = {
    "input": InputConfig,
    "train": TrainConfig,
    "evaluation": EvaluationConfig,
    "device": DeviceConfig,
}
#: Figures are shares; more digits than ten thousandths of a point say nothing.
_DIGITS = 6


@dataclass(frozen=True)
class Place:
    """Where something runs, and where its figures are kept; ``place / name`` is a place below.

    Attributes
    ----------
    run, figures : Path
        Folders, or for one run its folder and its file's path without the suffix.
    """

    run: Path
    figures: Path

    def __truediv__(self, name: str) -> Place:
        return Place(self.run / name, self.figures / name)

    @property
    def file(self) -> Path:
        """Where a run's figures are."""
        return self.figures.with_name(f"{self.figures.name}.json")


def in_one_folder(work: Path) -> Place:
    """Keep runs and figures together."""
    return Place(work, work)


def add_figures_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--figures``."""
    told = "folder of the figures of finished runs, results/runs for this project's; default: that of --work"
    parser.add_argument("--figures", type=Path, metavar="DIR", help=told)


def place_of(arguments: argparse.Namespace, name: str = "") -> Place:
    """Return where ``--work`` and ``--figures`` say; a quick run's figures are nobody's.

    ``--figures`` is of all benchmarks, ``--work`` may be of the one of that name alone.
    """
    if arguments.quick or arguments.figures is None:
        return in_one_folder(arguments.work)
    return Place(arguments.work, arguments.figures / name)


def run_settings(recipe: str, overrides: Sequence[Override], **more: Any) -> dict[str, Any]:
    """Return every setting of a recipe by its dotted key, and ``more``; a file by its SHA-256."""
    flat = _flat(load_recipe(recipe, overrides).as_dict())
    for key in _FILES:
        file = flat.pop(key)
        if file and Path(file).is_file():
            flat[key] = file_digest(Path(file))
    return {"recipe": recipe, **flat, **more}


def file_digest(file: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def digest(files: Iterable[Path], root: Path) -> str:
    """Return the SHA-256 of files and of their names below ``root``, whatever their order."""
    found = hashlib.sha256()
    for name, file in sorted((file.relative_to(root).as_posix(), file) for file in files):
        found.update(f"{name}\0".encode())
        found.update(file_digest(file).encode())
    return found.hexdigest()


def stored(place: Place, settings: Mapping[str, Any], measure: Callable[[], Any]) -> Any:
    """Return the figures that are kept of a run, measured first if there are none.

    The measurement may keep its run in the folder ``place.run``.

    Raises
    ------
    SystemExit
        If what is there was begun, or finished, with other settings.
    """
    if place.file.exists():
        kept = json.loads(place.file.read_text(encoding="utf-8"))
        _refuse_others(place.file, kept["settings"], settings)
        return kept["figures"]
    note = place.run.with_name(f"{place.run.name}.settings.json")
    if note.exists():
        _refuse_others(note, json.loads(note.read_text(encoding="utf-8")), settings)
    _write(note, settings)
    try:
        _write(place.file, {"settings": settings, "figures": _rounded(measure())})
    except BaseException:
        # Without a run to go on with, other settings may follow: those were a mistyped folder's, say.
        if not place.run.exists():
            note.unlink()
        raise
    return json.loads(place.file.read_text(encoding="utf-8"))["figures"]


def _refuse_others(file: Path, known: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    """Refuse a record of other settings; one that is older than a setting had what is its default."""
    own = json.loads(json.dumps(settings))
    known = {**_defaults(own.keys() - known.keys()), **known}
    others = [key for key in (*known, *own) if key not in known or key not in own or own[key] != known[key]]
    if others:
        key = others[0]
        raise SystemExit(
            f"{file} is of a run with other settings ({key}: {known.get(key)}, not {own.get(key)}): "
            f"delete it and what is beside it, or pass other folders by --work and --figures"
        )


def _defaults(keys: Iterable[str]) -> dict[str, Any]:
    """Return the defaults of settings, of those that have one in every recipe."""
    found = {}
    for key in keys:
        section, _, name = key.partition(".")
        fields = _SECTIONS[section].model_fields if section in _SECTIONS else {}
        if name in fields and not fields[name].is_required():
            found[key] = json.loads(json.dumps(fields[name].default))
    return found


def _write(file: Path, value: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    write_text(file, f"{text}\n")


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _rounded(own) for key, own in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(own) for own in value]
    return round(value, _DIGITS) if isinstance(value, float) else value


def _flat(value: Any, key: str = "") -> dict[str, Any]:
    if not isinstance(value, Mapping) or not value:
        return {key: value}
    flat: dict[str, Any] = {}
    for name, own in value.items():
        flat |= _flat(own, f"{key}.{name}" if key else name)
    return flat
