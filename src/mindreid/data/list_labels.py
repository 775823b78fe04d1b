"""Labels as users write them: numbers as any program prints them, or names."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterable
from typing import Union

from mindreid.errors import DataError

logger = logging.getLogger(__name__)

#: A whole number, or a name.
Label = Union[int, str]

#: The person who is nobody: junk.
NOBODY = -1

# Spreadsheets and pandas print whole numbers with a point, some with a comma, some with a real minus.
_WHOLE = re.compile(r"(?P<sign>[-+\u2212]?)0*(?P<digits>\d+)(?:[.,]0*)?")
#: A thousand times a number where thousands have a separator, the number itself with three decimals.
_AMBIGUOUS = re.compile(r"[-+\u2212]?(?P<number>[1-9]\d{0,2})[.,]000")
_FRACTION = re.compile(r"[-+\u2212]?(\d*[.,]\d+(e\d+)?|(\d+[.,]?\d*|[.,]\d+)e[-+]\d+)", re.IGNORECASE)
#: What programs print for a value that is not there.
_NOTHING = re.compile(r"[-+]?nan|NaN|NAN|null|NULL|Null|none|None|n/a|N/A|NA|#N/A|#NA|<NA>|[-+]?inf(inity)?")
#: Numbers of more digits are names: they would not fit into 32 bits.
_MAX_DIGITS = 9
_MAX_LENGTH = 200
_SAME, _DIFFERENT = "count as one", "count as different ones"


def parse_label(text: str, column: str, where: str) -> Label:
    """Read a cell as a number or a name.

    ``7``, ``007`` and ``7.0`` are the same number; ``7,000`` might be 7000. Names are told apart by upper
    and lower case, not by spaces around them nor by how an accent is encoded.

    Parameters
    ----------
    text : str
        The cell.
    column, where : str
        For messages.

    Returns
    -------
    int or str
        A number may be negative.

    Raises
    ------
    DataError
        If it is a fraction, might be two numbers, stands for a missing value, or is as long as a paragraph.

    Examples
    --------
    >>> [parse_label(text, "pid", "") for text in ("7", "007", "7.0", "-1.0", " anna ", "cam-7")]
    [7, 7, 7, -1, 'anna', 'cam-7']
    """
    name = _normalize(text)
    if len(name) > _MAX_LENGTH:
        raise DataError(
            f"{column} has {len(name)} characters, more than {_MAX_LENGTH}",
            where=where,
            fix="see whether quotes or line ends are missing",
        )
    ambiguous = _AMBIGUOUS.fullmatch(name)
    if ambiguous is not None:
        number = ambiguous["number"]
        raise DataError(
            f"{column} {name!r} may be {number}000 or {number}",
            where=where,
            fix=f"write {number}000 or {number}",
        )
    whole = _WHOLE.fullmatch(name)
    if whole is not None:
        number = ("" if whole["sign"] in ("", "+") else "-") + whole["digits"]
        return int(number) if len(whole["digits"]) <= _MAX_DIGITS else number
    if _NOTHING.fullmatch(name) or _FRACTION.fullmatch(name):
        raise DataError(
            f"{column} is a whole number or a name, not {name!r}", where=where, fix="write the label itself"
        )
    return name


def _normalize(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip())


def number_labels(labels: Iterable[Label]) -> dict[Label, int]:
    """Give each label a number: numbers keep theirs, names get those after the greatest, sorted.

    Examples
    --------
    >>> number_labels(["ben", 4, "anna", 0, "ben"])
    {0: 0, 4: 4, 'anna': 5, 'ben': 6}
    """
    distinct = set(labels)
    numbers = sorted(label for label in distinct if isinstance(label, int))
    names = sorted(label for label in distinct if isinstance(label, str))
    first = numbers[-1] + 1 if numbers else 0
    return {**{number: number for number in numbers}, **{name: first + n for n, name in enumerate(names)}}


def warn_of_spellings(column: str, cells: Iterable[str], where: str) -> None:
    """Log a warning where one label may be written in two ways, or two labels in nearly one.

    Numbers with and without leading zeros count as one label, names in upper and lower case as two: the
    writer should know.
    """
    groups: dict[tuple[str, str], set[str]] = {}
    for name in map(_normalize, cells):
        whole = _WHOLE.fullmatch(name)
        if whole is None:
            groups.setdefault((_DIFFERENT, name.casefold()), set()).add(name)
        else:
            groups.setdefault((_SAME, whole["digits"]), set()).add(
                re.split("[.,]", name)[0].lstrip("-+\u2212")
            )
    for verdict in (_SAME, _DIFFERENT):
        several = [sorted(names) for (kind, _), names in groups.items() if kind == verdict and len(names) > 1]
        if several:
            more = f", and {len(several) - 1} more such groups" if len(several) > 1 else ""
            logger.warning(
                "%s: in the column %s, %s %s%s", where, column, " and ".join(several[0]), verdict, more
            )
