"""What is known of every rendered frame: keypoints, visibility, masks, facing angle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mindreid.data.keypoints import KEYPOINT_NAMES
from mindreid.walkers.persons.body import Body
from mindreid.walkers.persons.skeleton import SIDES, Axes, Skeleton, head_point
from mindreid.walkers.scene.camera import View
from mindreid.walkers.scene.painter import Part

OUTSIDE, OCCLUDED, VISIBLE = 0, 1, 2

#: Hair that hides the ears.
_OVER_EARS = ("afro", "bob", "long")


@dataclass(frozen=True)
class WalkerFrame:
    """One rendered frame with everything that is known about it.

    Attributes
    ----------
    image : ndarray
        uint8 ``[H, W, 3]``, RGB.
    silhouette, face, shoes : ndarray
        uint8 ``[H, W]``, 255 where the person, the face, a shoe is seen, else 0.
    keypoints : ndarray
        float32 ``[26, 3]`` in the order of :data:`KEYPOINT_NAMES`: x, y in pixels and
        visibility (0 outside the image, 1 hidden by the body or by an obstacle, 2 visible).
    azimuth : float
        Facing angle in degrees, in (-180, 180]: 0 towards the camera, +90 to the image's
        right, -90 to its left, 180 away.
    """

    image: np.ndarray
    silhouette: np.ndarray
    face: np.ndarray
    shoes: np.ndarray
    keypoints: np.ndarray
    azimuth: float


@dataclass(frozen=True)
class KeypointTrack:
    """Keypoints of a walk before it is known what hides them.

    Attributes
    ----------
    pixels : ndarray
        ``[F, 26, 2]``.
    exposed : ndarray
        bool ``[F, 26]``: False where the body's own far side or hair hides the point.
    near : ndarray
        bool ``[F, 26]``: not clearly behind the torso's middle, so that a skirt or coat at that
        pixel clothes the point rather than hides it.
    """

    pixels: np.ndarray
    exposed: np.ndarray
    near: np.ndarray


def track_keypoints(body: Body, skeleton: Skeleton, view: View) -> KeypointTrack:
    """Project the keypoints of all frames."""
    head = {name: head_point(body, skeleton, *offset) for name, offset in _HEAD_POINTS.items()}
    points = {**head, **_trunk_points(body, skeleton), **_limb_points(skeleton)}
    stacked = np.stack([points[name] for name in KEYPOINT_NAMES], axis=1)
    exposed = np.ones(stacked.shape[:2], dtype=bool)
    for name, outward in _outward_directions(skeleton.head_axes).items():
        exposed[:, KEYPOINT_NAMES.index(name)] = view.facing(outward) > 0.1
    if body.hair_style in _OVER_EARS:
        exposed[:, 3:5] = False
    middle = 0.5 * (skeleton.pelvis + skeleton.neck)
    # Compared on the level: pitch alone makes feet farther away than shoulders.
    behind = view.level_depth(stacked) - view.level_depth(middle[:, None])
    return KeypointTrack(pixels=view.project(stacked), exposed=exposed, near=behind < 0.035)


def judge_visibility(track: KeypointTrack, frame: int, parts: np.ndarray) -> np.ndarray:
    """Keypoints of ``frame`` with visibility, float32 ``[26, 3]``.

    Parameters
    ----------
    track : KeypointTrack
        The walk's keypoints.
    frame : int
        Which frame.
    parts : ndarray
        uint8 ``[H, W]``: the :class:`Part` seen at every pixel, 0 where the figure is not seen.
    """
    height, width = parts.shape
    pixels = track.pixels[frame]
    column, row = np.floor(pixels).astype(int).T
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    seen = parts[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)]
    index = np.arange(len(seen))
    uncovered = _OWN_PARTS[index, seen] | (_CLOTHING_PARTS[index, seen] & track.near[frame])
    visible = inside & track.exposed[frame] & uncovered
    state = np.where(visible, VISIBLE, np.where(inside, OCCLUDED, OUTSIDE))
    return np.column_stack([pixels, state]).astype(np.float32)


# Forward, left and up in units of the head's half depth, half width and half height.
_HEAD_POINTS = {
    "nose": (1.02, 0.0, -0.15),
    "left_eye": (0.84, 0.42, 0.06),
    "right_eye": (0.84, -0.42, 0.06),
    "left_ear": (-0.03, 1.0, 0.0),
    "right_ear": (-0.03, -1.0, 0.0),
    "head_top": (-0.05, 0.0, 0.97),
}


def _trunk_points(body: Body, skeleton: Skeleton) -> dict[str, np.ndarray]:
    # Annotators put the hip at the side of the pelvis, wider than the joint's centre.
    aside = 0.6 * body.hips[0] * skeleton.pelvis_axes.left
    return {
        "left_hip": skeleton.pelvis + aside,
        "right_hip": skeleton.pelvis - aside,
        "neck": skeleton.neck,
        "hip_centre": skeleton.pelvis,
    }


def _limb_points(skeleton: Skeleton) -> dict[str, np.ndarray]:
    points = {}
    for side in SIDES:
        name = ("left", "right")[side]
        for joint in ("shoulder", "elbow", "wrist", "knee", "ankle"):
            points[f"{name}_{joint}"] = getattr(skeleton, joint)[side]
        for joint in ("heel", "big_toe", "small_toe"):
            sole = getattr(skeleton, joint)[side]
            # On the shoe rather than on its lower edge.
            points[f"{name}_{joint}"] = sole + 0.25 * (skeleton.ankle[side] - sole) * np.array([0, 0, 1])
    return points


def _outward_directions(axes: Axes) -> dict[str, np.ndarray]:
    return {
        "nose": axes.forward,
        "left_eye": 0.8 * axes.forward + 0.6 * axes.left,
        "right_eye": 0.8 * axes.forward - 0.6 * axes.left,
        "left_ear": axes.left,
        "right_ear": -axes.left,
    }


def _part_table(groups: dict[str, tuple[str, ...]]) -> np.ndarray:
    """Table ``[26, 16]``: which parts show a keypoint; "*" stands for its side."""
    table = np.zeros((len(KEYPOINT_NAMES), len(Part) + 1), dtype=bool)
    for index, name in enumerate(KEYPOINT_NAMES):
        side, _, joint = name.partition("_") if name.startswith(("left", "right")) else ("", "", name)
        for part in groups.get(joint, ()):
            table[index, Part[part.replace("*", side.upper())]] = True
    return table


_OWN_PARTS = _part_table(
    {
        "nose": ("FACE",),
        "eye": ("FACE",),
        "ear": ("HEAD", "FACE"),
        "head_top": ("HEAD", "FACE"),
        "shoulder": ("*_UPPER_ARM",),
        "elbow": ("*_UPPER_ARM", "*_FOREARM"),
        "wrist": ("*_FOREARM",),
        "hip": ("*_THIGH",),
        "knee": ("*_THIGH", "*_SHANK", "*_SHOE"),
        "ankle": ("*_SHANK", "*_SHOE"),
        "neck": ("NECK", "TRUNK"),
        "hip_centre": ("TRUNK",),
        "big_toe": ("*_SHOE",),
        "small_toe": ("*_SHOE",),
        "heel": ("*_SHOE",),
    }
)
_CLOTHING_PARTS = _part_table(dict.fromkeys(("shoulder", "hip", "knee", "ankle"), ("TRUNK",)))
