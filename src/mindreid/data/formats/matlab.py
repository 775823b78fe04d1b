"""Variables of a MATLAB file, whichever of the two formats it is in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from scipy.io import loadmat

from mindreid.errors import DataError


def read_variables(path: Path, strings: Sequence[str] = (), integers: Sequence[str] = ()) -> dict[str, list]:
    """Read vectors of a ``.mat`` file, as saved by MATLAB up to v7 or from v7.3 (HDF5).

    Parameters
    ----------
    path : Path
        The file.
    strings : sequence of str
        Names of cell vectors of strings.
    integers : sequence of str
        Names of numeric vectors that hold integers.

    Returns
    -------
    dict
        A list of ``str`` or ``int`` by name.

    Raises
    ------
    DataError
        If the file is damaged or a variable is missing or of another kind.
    """
    read = _read_hdf5 if h5py.is_hdf5(path) else _read_level5
    try:
        return read(path, strings, integers)
    except KeyError as error:
        raise DataError(f"the file has no variable {error.args[0]}", where=str(path)) from None
    except Exception as error:  # the readers raise almost anything on a damaged file
        raise DataError(
            f"cannot read the MATLAB file ({type(error).__name__}: {error})",
            where=str(path),
            fix="fetch it again",
        ) from error


def _read_level5(path: Path, strings: Sequence[str], integers: Sequence[str]) -> dict[str, list]:
    content = loadmat(path, variable_names=[*strings, *integers])
    return {
        **{name: [str(np.ravel(cell)[0]) for cell in content[name].ravel()] for name in strings},
        **{name: _integers(content[name]) for name in integers},
    }


def _read_hdf5(path: Path, strings: Sequence[str], integers: Sequence[str]) -> dict[str, list]:
    with h5py.File(path, "r") as file:
        return {
            **{name: [_text(file[cell][()]) for cell in file[name][()].ravel()] for name in strings},
            **{name: _integers(file[name][()]) for name in integers},
        }


def _text(codes: np.ndarray) -> str:
    return "".join(chr(code) for code in codes.ravel())


def _integers(values: Any) -> list[int]:
    vector = np.ravel(values)
    if not np.array_equal(vector, vector.astype(np.int64)):
        raise ValueError("a vector of integers holds fractions")
    return [int(value) for value in vector]
