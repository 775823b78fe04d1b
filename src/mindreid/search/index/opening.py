"""Opening an index by what users call it: a folder, or a collection of a Milvus database."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Union

from mindreid.errors import DataError
from mindreid.folder_lock import LOCK
from mindreid.search.index.index_protocol import Index
from mindreid.search.index.sqlite_index import DATABASE, SqliteIndex

_MILVUS = "milvus://"


def open_index(location: Union[str, os.PathLike[str]], *, create: bool = False) -> Index:
    """Open an index.

    Parameters
    ----------
    location : str or path
        A folder; or ``milvus://HOST:PORT/COLLECTION``, or ``milvus:///PATH/FILE.db/COLLECTION`` of Milvus
        Lite.
    create : bool
        Whether it is made where there is none.

    Raises
    ------
    DataError
        If there is none, or the folder holds something else.
    MissingExtraError
        If it is in a Milvus database and the extra ``milvus`` is not installed.
    """
    text = os.fspath(location)
    if text.startswith(_MILVUS):
        from mindreid.search.index.milvus_index import MilvusIndex

        return MilvusIndex(text, create=create)
    folder = Path(text).expanduser()
    if not (folder / DATABASE).is_file():
        _check_new(folder, create)
    return SqliteIndex(folder, create=create)


def _check_new(folder: Path, create: bool) -> None:
    if not create:
        what = "this is no index" if folder.exists() else "there is no such index"
        raise DataError(what, where=str(folder), fix="make one with `mindreid search add`")
    if folder.exists() and not folder.is_dir():
        raise DataError("this is a file, not the folder of an index", where=str(folder))
    if folder.exists() and any(entry.name != LOCK for entry in os.scandir(folder)):
        raise DataError("this is not an empty folder", where=str(folder), fix="name a new folder")
