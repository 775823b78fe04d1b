"""A contact sheet of generated walkers: persons, outfits, cameras, and what is known of them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from mindreid.errors import InvalidArgumentError
from mindreid.report.pictures.tiles import blank, caption, resize, stack_rows, write_picture
from mindreid.walkers import KEYPOINT_NAMES, Walk, WalkerFrame, render_walk

CELL_HEIGHT, CELL_WIDTH = 144, 72
_GAP, _CAPTION = 8, 16
#: Cells are rendered larger and reduced, which smooths them and takes the camera's noise away.
_RENDERED = (2 * CELL_HEIGHT, 2 * CELL_WIDTH)
_VISIBLE = 2
_BONES = (
    ("left_shoulder", "right_shoulder"), ("left_hip", "right_hip"), ("neck", "hip_centre"), ("nose", "neck"),
    ("left_shoulder", "left_elbow"), ("left_elbow", "left_wrist"),
    ("right_shoulder", "right_elbow"), ("right_elbow", "right_wrist"),
    ("left_hip", "left_knee"), ("left_knee", "left_ankle"), ("left_ankle", "left_heel"),
    ("left_heel", "left_big_toe"),
    ("right_hip", "right_knee"), ("right_knee", "right_ankle"), ("right_ankle", "right_heel"),
    ("right_heel", "right_big_toe"),
)  # fmt: skip
_LEFT, _RIGHT, _MIDDLE, _HIDDEN = (70, 200, 250), (250, 150, 60), (250, 250, 250), (120, 120, 130)
_FACE, _SHOES, _BODY = (250, 200, 120), (90, 190, 250), (70, 74, 84)


def draw_contact_sheet(
    path: Path, *, seed: int = 1, persons: int = 4, outfits: int = 2, cameras: int = 6
) -> None:
    """Draw one person per row, in every outfit before every camera, and a row of annotations.

    Parameters
    ----------
    path : Path
        The PNG to write, with 256 colours.
    seed : int
        The world, as in :func:`mindreid.walkers.synthesize`.
    persons, outfits, cameras : int
        How many of each.

    Raises
    ------
    InvalidArgumentError
        If one of these numbers is not positive.
    """
    if min(persons, outfits, cameras) < 1:
        raise InvalidArgumentError("a contact sheet has at least one person, outfit and camera")
    rows = [_caption([f"outfit {outfit + 1}" for outfit in range(outfits)], cameras)]
    rows += [
        _row(
            [[_crop(seed, Walk(pid, outfit, camid)) for camid in range(cameras)] for outfit in range(outfits)]
        )
        for pid in range(1, persons + 1)
    ]
    rows += [_caption(["image, silhouette, keypoints, face and shoes"], cameras * outfits)]
    rows += [_row(_annotated(seed, cameras * outfits))]
    sheet = Image.fromarray(stack_rows(rows))
    write_picture(path, sheet.quantize(256, kmeans=1, dither=Image.Dither.NONE))


def _crop(seed: int, walk: Walk) -> np.ndarray:
    frame = render_walk(seed, walk, 1, size=_RENDERED, occlusion=0.0)[0]
    return _reduce(frame.image)


def _annotated(seed: int, columns: int) -> list[list[np.ndarray]]:
    """Return groups of image, silhouette, keypoints and masks of persons seen from different sides."""
    groups = []
    for index in range(max(columns // 4, 1)):
        walk = Walk(pid=index + 1, outfit=2, camid=index)
        frame = render_walk(
            seed, walk, 1, size=_RENDERED, occlusion=0.0, azimuth=(35.0, -90.0, 150.0)[index % 3]
        )[0]
        silhouette = np.repeat(frame.silhouette[..., None], 3, axis=2)
        groups.append([_reduce(frame.image), _reduce(silhouette), _keypoints(frame), _masks(frame)])
    return groups


def _keypoints(frame: WalkerFrame) -> np.ndarray:
    """Draw the skeleton over the darkened image: left and right in two colours, hidden points grey."""
    canvas = (0.45 * frame.image).astype(np.uint8)
    points = dict(zip(KEYPOINT_NAMES, frame.keypoints))
    for start, end in _BONES:
        corners = [tuple(int(value) for value in points[name][:2]) for name in (start, end)]
        cv2.line(canvas, corners[0], corners[1], _colour(end, points), 2, cv2.LINE_AA)
    for name, (x, y, _) in points.items():
        cv2.circle(canvas, (int(x), int(y)), 3, _colour(name, points), -1, cv2.LINE_AA)
    return _reduce(canvas)


def _colour(name: str, points: dict[str, np.ndarray]) -> tuple[int, int, int]:
    if points[name][2] < _VISIBLE:
        return _HIDDEN
    return _LEFT if name.startswith("left") else _RIGHT if name.startswith("right") else _MIDDLE


def _masks(frame: WalkerFrame) -> np.ndarray:
    canvas = np.zeros_like(frame.image)
    for mask, colour in ((frame.silhouette, _BODY), (frame.face, _FACE), (frame.shoes, _SHOES)):
        canvas[mask > 0] = colour
    return _reduce(canvas)


def _reduce(image: np.ndarray) -> np.ndarray:
    return resize(image, CELL_HEIGHT, CELL_WIDTH)


def _row(groups: list[list[np.ndarray]]) -> np.ndarray:
    cells = [cell for group in groups for cell in (*group, blank(CELL_HEIGHT, _GAP))]
    return np.hstack(cells[:-1])


def _caption(texts: list[str], columns: int) -> np.ndarray:
    """Write ``texts`` above groups of ``columns`` cells."""
    width = columns * CELL_WIDTH + _GAP
    return np.hstack([caption(text, _CAPTION, width) for text in texts])[:, :-_GAP]
