"""Which number a frame's file name carries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from mindreid.errors import DataError

_DIGITS = re.compile(r"([0-9]+)")
_FIX = "name the frames alike but for one number, as in 000001.jpg, or pass a folder that holds nothing else"


def number_pictures(paths: Sequence[Path]) -> dict[int, Path]:
    """Give pictures the number that differs between their names.

    Parameters
    ----------
    paths : sequence of Path
        Files of one folder, such as ``1.png … 40.png`` or ``cam1_frame7.jpg``.

    Returns
    -------
    dict
        Path by number, in rising order.

    Raises
    ------
    DataError
        If a name has no number, names differ by more than one number, or two have the same.

    Examples
    --------
    >>> number_pictures([Path("cam1_10.png"), Path("cam1_9.png")])[10].name
    'cam1_10.png'
    """
    names = [_DIGITS.split(path.stem) for path in paths]
    _refuse_other_patterns(paths, names)
    numbers = [[int(digits) for digits in name[1::2]] for name in names]
    differing = [index for index, values in enumerate(zip(*numbers)) if len(set(values)) > 1]
    if len(differing) > 1:
        other = next(path for path, found in zip(paths, numbers) if _differ_twice(found, numbers[0]))
        raise _refused(f"several numbers differ between {paths[0].name} and {other.name}", paths[0])
    # A single picture, or several with the same numbers, which are refused next.
    column = differing[0] if differing else -1
    numbered: dict[int, Path] = {}
    for path, found in zip(paths, numbers):
        before = numbered.setdefault(found[column], path)
        if before != path:
            raise _refused(f"{before.name} and {path.name} have the same number", path)
    return dict(sorted(numbered.items()))


def _refuse_other_patterns(paths: Sequence[Path], names: Sequence[list[str]]) -> None:
    for path, name in zip(paths, names):
        if len(name) == 1:
            raise _refused(f"there is no number in the name of {path.name}", path)
    patterns = [[text.casefold() for text in name[::2]] for name in names]
    for path, pattern in zip(paths, patterns):
        if pattern != patterns[0]:
            raise _refused(f"{paths[0].name} and {path.name} are not named alike", path)


def _differ_twice(one: list[int], other: list[int]) -> bool:
    return sum(a != b for a, b in zip(one, other)) > 1


def _refused(what: str, path: Path) -> DataError:
    return DataError(f"which frame is which can't be told: {what}", where=str(path.parent), fix=_FIX)
