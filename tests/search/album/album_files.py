"""What is in the folder of an album."""

import csv
import hashlib
from collections import defaultdict
from pathlib import Path


def rows_of(folder, name="album.csv"):
    with (folder / name).open(newline="") as file:
        return list(csv.DictReader(file))


def groups_of(folder):
    """The photos of every group, and under "" those of strangers."""
    groups = defaultdict(list)
    for row in rows_of(folder):
        groups[row["group"]].append(Path(row["photo"]).name)
    return {group: sorted(names) for group, names in groups.items()}


def state_of(folder):
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in (".sqlite", ".lock") and path.name != ".lock"
    }
