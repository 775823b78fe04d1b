"""What is refused of a single option, whoever takes it: choices, positive integers, two sides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

import numpy as np

from mindreid.errors import InvalidArgumentError


def check_choice(option: str, value: Any, choices: Sequence[Any]) -> None:
    """Raise an InvalidArgumentError unless ``value`` is one of ``choices``.

    Examples
    --------
    >>> check_choice("last_stride", 2, (1, 2))
    """
    if value not in choices:
        raise InvalidArgumentError(f"{option}={value!r} is not one of {', '.join(map(repr, choices))}")


def is_positive_integer(value: Any) -> bool:
    """Tell whether ``value`` is an integer, not a truth value, of at least 1."""
    return not isinstance(value, bool) and isinstance(value, (int, np.integer)) and bool(value >= 1)


def check_positive_integers(what: str, *values: Any, where: Optional[str] = None) -> None:
    """Raise InvalidArgumentError unless all ``values`` are positive integers.

    Parameters
    ----------
    what : str
        What they are, with an article: "a rank".
    values : int
        NumPy's integers are as good.
    where : str, optional
        The argument's name.

    Examples
    --------
    >>> check_positive_integers("a rank", 1, 5)
    """
    wrong = [value for value in values if not is_positive_integer(value)]
    if wrong:
        raise InvalidArgumentError(f"{what} is a positive integer, not {wrong[0]!r}", where)


def two_sides(option: str, size: Any) -> tuple[int, int]:
    """Return the height and width that ``size`` consists of.

    Raises
    ------
    InvalidArgumentError
        If it is anything but two positive integers.

    Examples
    --------
    >>> two_sides("image_size", [256, 128])
    (256, 128)
    """
    sides = tuple(size) if isinstance(size, (list, tuple)) else ()
    if len(sides) != 2 or not all(is_positive_integer(side) for side in sides):
        raise InvalidArgumentError(
            f"{option}={size!r} is no height and width",
            fix="pass two positive integers, as in [256, 128]",
        )
    return sides[0], sides[1]
