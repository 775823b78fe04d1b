"""Whether two lists of records are the same, told by a few bytes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict

from mindreid.atomic import PathLike
from mindreid.data.records import Record


def fingerprint(records: Sequence[Record], root: PathLike) -> dict[str, object]:
    """Sum up which files are listed in which order with which labels; the files are not opened.

    Parameters
    ----------
    records : sequence of Record
        A split.
    root : path
        The dataset's folder; where it lies does not count.

    Returns
    -------
    dict
        "records", their number, and "sha256".

    Examples
    --------
    >>> records = [Record(("/data/a/1.jpg",), pid=0, camid=0)]
    >>> moved = [Record(("/mnt/a/1.jpg",), pid=0, camid=0)]
    >>> fingerprint(records, "/data") == fingerprint(moved, "/mnt")
    True
    """
    digest = hashlib.sha256()
    for record in records:
        paths = [os.path.relpath(path, root) for path in record.paths]
        labels = {**asdict(record), "paths": paths}
        keypoints, silhouette = labels.pop("keypoints"), labels.pop("silhouette")
        digest.update(json.dumps(labels).encode() + b"\n")
        # Lists without keypoints keep the sums of versions that knew of none.
        if keypoints is not None:
            digest.update(keypoints.tobytes())
        if silhouette is not None:
            digest.update(b"with a silhouette\n")
    return {"records": len(records), "sha256": digest.hexdigest()}
