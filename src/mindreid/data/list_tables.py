"""Tables that users write: one header, one line per entry, separated by commas, semicolons or tabs."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mindreid.errors import DataError
from mindreid.text_files import read_text_file
from mindreid.zoo import nearest

_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}


@dataclass(frozen=True)
class Columns:
    """Which columns a table may have.

    Attributes
    ----------
    required, optional : tuple of str
        Their names, as they stand in the header.
    synonyms : mapping
        From what others call a column to its name, for the hint in a message.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    synonyms: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """All names."""
        return self.required + self.optional

    def check(self, header: Sequence[str], where: str) -> None:
        """Raise a DataError unless a header has each required column, none twice and no unknown one."""
        for number, column in enumerate(header, 1):
            if column not in self.names:
                raise self._unknown(number, column, where)
            if column in header[: number - 1]:
                raise DataError(f"the column {column!r} is there twice", where=where, fix="keep one of them")
        for column in self.required:
            if column not in header:
                raise DataError(f"the column {column!r} is missing", where=where, fix=self._about())

    def _unknown(self, number: int, column: str, where: str) -> DataError:
        if not column:
            return DataError(
                f"column {number} has no name",
                where=where,
                fix="delete the separator at the end of the lines, or the index that pandas wrote "
                "(to_csv with index=False)",
            )
        word = column.lower()
        name = word if word in self.names else self.synonyms.get(word)
        hint = f" (did you mean {name!r}?)" if name else nearest(word, list(self.names))
        return DataError(f"unknown column {column!r}{hint}", where=where, fix=self._about())

    def _about(self) -> str:
        optional = f", and may be {', '.join(self.optional)}" if self.optional else ""
        separators = ", ".join(_SEPARATORS.values())
        return (
            f"the first line names the columns, which are {', '.join(self.required)}{optional}; "
            f"separators are {separators}"
        )


@dataclass(frozen=True)
class TableRow:
    """The cells of a line by their columns, and its place ``file:number``."""

    cells: dict[str, str]
    where: str


@dataclass(frozen=True)
class Table:
    """The columns that a table has, and its rows."""

    columns: frozenset[str]
    rows: tuple[TableRow, ...]


def read_table(file: Path, columns: Columns) -> Table:
    """Read a table with a header.

    The header tells the separator. Cells may be quoted; blank lines, and lines of empty cells as
    spreadsheets leave them, are passed over.

    Parameters
    ----------
    file : Path
        Text as :func:`mindreid.text_files.read_text_file` takes it.
    columns : Columns
        Which there may be.

    Returns
    -------
    Table
        No cell is empty.

    Raises
    ------
    DataError
        If the file cannot be read, a column is missing, unknown or there twice, quotes are not
        closed, or a line has not one value for each column; with file, line and column.
    """
    text = read_text_file(file)
    separator = _separator(text, columns.names)
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=True
    )
    header: list[str] = []
    rows, line = [], 1
    try:
        for cells in reader:
            where, line = f"{file}:{line}", reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = [cell.strip() for cell in cells]
                columns.check(header, where)
            else:
                rows.append(_row(header, cells, where, _SEPARATORS[separator]))
    except csv.Error as error:
        raise DataError(
            f"this is no table ({error})",
            where=f"{file}:{line}",
            fix="close the quotes that begin here, and double those inside a cell",
        ) from None
    columns.check(header, f"{file}:1")
    return Table(frozenset(header), tuple(rows))


def _separator(text: str, names: Collection[str]) -> str:
    """Return the separator under which the first line with a word has most of ``names``, then most cells."""
    header = next((line for line in text.split("\n") if line.strip()), "")

    def fit(separator: str) -> tuple[int, int]:
        cells = [cell.strip(' "') for cell in header.split(separator)]
        return sum(cell in names for cell in cells), len(cells)

    return max(_SEPARATORS, key=fit)


def _row(header: Sequence[str], cells: Sequence[str], where: str, separator: str) -> TableRow:
    if len(cells) != len(header):
        raise DataError(
            f"the line has {len(cells)} cells for {len(header)} columns ({', '.join(header)})",
            where=where,
            fix=f"write one value for each, and put quotes around one that contains a {separator}",
        )
    for column, cell in zip(header, cells):
        if not cell.strip():
            raise DataError(f"the cell of the column {column!r} is empty", where=where, fix="fill it in")
    return TableRow(dict(zip(header, cells)), where)
