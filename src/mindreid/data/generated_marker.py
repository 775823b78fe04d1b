"""Trees in a released dataset's layout that do not hold that dataset: written, marked, recognised."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np
from PIL import Image

from mindreid.atomic import write_json
from mindreid.data.layouts import Layout, Shot
from mindreid.errors import DataError

#: File in a dataset's root that says what its images really are.
MARKER = "generated.json"
#: What a tree of persons who were drawn holds; one that holds crops of a video has another kind.
WALKERS = "generated walkers"
_JPEG_QUALITY = 95


def write_shot(root: Path, layout: Layout, shot: Shot, image: np.ndarray) -> None:
    """Write uint8 RGB ``[H, W, 3]`` to all places that ``layout`` gives ``shot`` below ``root``."""
    for path in (layout.relative_path(shot), *layout.extra_paths(shot)):
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(target, quality=_JPEG_QUALITY)


def finish_tree(
    root: Path, layout: Layout, shots: Sequence[Shot], kind: str, made_by: dict[str, Any]
) -> None:
    """Write the layout's lists and the marker.

    Parameters
    ----------
    root : Path
        Where the shots were written.
    layout : Layout
        Theirs.
    shots : sequence of Shot
        All of them.
    kind : str
        What the images are, printed with every result in place of the variant.
    made_by : dict
        JSON values that tell how to make the same again.
    """
    layout.write_lists(root, shots)
    write_json(root / MARKER, {"kind": kind, **made_by})


def generated_kind(root: Path) -> Optional[str]:
    """Return what a marked tree holds, ``None`` for a tree without the marker.

    Raises
    ------
    DataError
        If the marker is damaged.
    """
    marker = root / MARKER
    if not marker.is_file():
        return None
    try:
        return str(json.loads(marker.read_text(encoding="utf-8"))["kind"])
    except (ValueError, KeyError, TypeError):
        raise DataError(
            "the marker of generated data is damaged", where=str(marker), fix="make it again"
        ) from None
