"""The draw list of a walk: convex pieces in depth order, filled with cv2."""

from __future__ import annotations

from enum import IntEnum
from typing import Optional, Union

import cv2
import numpy as np

from mindreid.walkers.scene.camera import View

#: One layer for all frames, or one per frame ``[F]``.
Layer = Union[float, np.ndarray]
#: RGB, 0..255: of all frames ``(3,)``, or per frame ``[F, 3]``.
Colour = Union[tuple[float, float, float], np.ndarray]

_TURN = np.linspace(0, 2 * np.pi, 12, endpoint=False)
#: Directions of the points that stand for a circle, ``[12, 2]``.
CIRCLE = np.column_stack([np.cos(_TURN), np.sin(_TURN)])
#: Pieces are filled at this multiple of the crop's size and averaged down, which smooths edges.
SUPERSAMPLING = 2


class Part(IntEnum):
    """What a pixel of the figure shows; 0 is not part of the figure."""

    HEAD = 1
    FACE = 2
    NECK = 3
    TRUNK = 4
    LEFT_UPPER_ARM = 5
    RIGHT_UPPER_ARM = 6
    LEFT_FOREARM = 7
    RIGHT_FOREARM = 8
    LEFT_THIGH = 9
    RIGHT_THIGH = 10
    LEFT_SHANK = 11
    RIGHT_SHANK = 12
    LEFT_SHOE = 13
    RIGHT_SHOE = 14
    BAG = 15


class Painter:
    """Collects the pieces of all frames of a walk, then fills them frame by frame.

    Parameters
    ----------
    view : View
        Projection into the crop.
    """

    def __init__(self, view: View) -> None:
        self.view = view
        self._pixels: list[np.ndarray] = []
        self._colours: list[Colour] = []
        self._parts: list[Part] = []
        self._layers: list[Layer] = []
        self._shown: list[Union[bool, np.ndarray]] = []

    def hull(
        self,
        pixels: np.ndarray,
        colour: Colour,
        part: Part,
        layer: Layer,
        shown: Optional[np.ndarray] = None,
    ) -> None:
        """Add the convex hull of ``pixels``.

        Parameters
        ----------
        pixels : ndarray
            ``[F, N, 2]`` in pixels of the crop.
        colour : tuple or ndarray
            RGB, 0..255: ``[3]``, or per frame ``[F, 3]``.
        part : Part
            What the piece shows.
        layer : float or ndarray
            Scalar or ``[F]``; higher layers cover lower ones, equal ones in the order of adding.
        shown : ndarray, optional
            ``[F]`` bool, frames in which the piece is drawn at all; everywhere by default.
        """
        self._pixels.append(pixels)
        self._colours.append(colour)
        self._parts.append(part)
        self._layers.append(layer)
        self._shown.append(True if shown is None else shown)

    def limb(
        self, points: list[np.ndarray], radii: list[float], colour: Colour, part: Part, layer: Layer
    ) -> None:
        """Add a chain of tapered capsules through ``points`` (each ``[F, 3]``, metres)."""
        centres, scale = self.view.project_with_scale(np.stack(points, axis=1))
        discs = centres[:, :, None] + (scale * np.asarray(radii))[..., None, None] * CIRCLE
        for start in range(len(points) - 1):
            ends = discs[:, start : start + 2]
            self.hull(ends.reshape(len(ends), -1, 2), colour, part, layer)

    def band(
        self, points: list[np.ndarray], radii: list[float], colour: Colour, part: Part, layer: Layer
    ) -> None:
        """Add a flat-ended band between two ``points`` of a limb, as a stripe on its cloth."""
        centres, scale = self.view.project_with_scale(np.stack(points, axis=1))
        along = centres[:, 1] - centres[:, 0]
        length = np.linalg.norm(along, axis=-1, keepdims=True)
        across = np.column_stack([-along[:, 1], along[:, 0]]) / np.maximum(length, 1e-6)
        reach = (scale * np.asarray(radii))[..., None] * across[:, None]
        # Seen end on, a limb has no direction and its bands no place.
        self.hull(
            np.concatenate([centres + reach, centres - reach], axis=1),
            colour,
            part,
            layer,
            length[:, 0] > 0.5,
        )

    def wrap(
        self, points: list[np.ndarray], radii: list[float], colour: Colour, part: Part, layer: Layer
    ) -> None:
        """Add the hull of balls at ``points`` (each ``[F, 3]``, metres)."""
        centres, scale = self.view.project_with_scale(np.stack(points, axis=1))
        discs = centres[:, :, None] + (scale * np.asarray(radii))[..., None, None] * CIRCLE
        self.hull(discs.reshape(len(discs), -1, 2), colour, part, layer)

    def blob(self, points: np.ndarray, colour: Colour, part: Part, layer: Layer) -> None:
        """Add the hull of ``points`` (``[F, ..., 3]``, metres)."""
        self.hull(self.view.project(points.reshape(len(points), -1, 3)), colour, part, layer)

    def loft(self, rings: np.ndarray, colours: list[np.ndarray], part: Part, layer: Layer) -> None:
        """Add a skin over ``rings`` (``[F, K, M, 3]``, metres, from below); ``colours`` take turns."""
        pixels = self.view.project(rings)
        for level in range(rings.shape[1] - 1):
            band = pixels[:, level : level + 2].reshape(len(rings), -1, 2)
            self.hull(band, colours[level % len(colours)], part, layer)

    def patches(
        self,
        points: np.ndarray,
        normals: np.ndarray,
        colour: Colour,
        part: Part,
        layer: Layer,
        grazing: float = 0.0,
    ) -> None:
        """Add pieces of a surface, each cut to what faces the camera.

        Parameters
        ----------
        points, normals : ndarray
            ``[F, Q, N, 3]``: N points that sample each of Q convex pieces, outward directions.
        colour, part, layer
            As in :meth:`hull`.
        grazing : float
            Least cosine between normal and line of sight at which a point is seen.
        """
        facing = self.view.facing(normals) > grazing
        pixels = self.view.project(points)
        # Hidden points move onto a seen one, where they do not change the hull.
        first_seen = np.take_along_axis(pixels, facing.argmax(axis=2)[..., None, None], axis=2)
        pixels = np.where(facing[..., None], pixels, first_seen)
        enough = facing.sum(axis=2) >= 3
        for piece in range(points.shape[1]):
            self.hull(pixels[:, piece], colour, part, layer, shown=enough[:, piece])

    def prepare(self) -> None:
        """Sort the pieces of every frame from back to front, after the last one was added."""
        frames, pieces = len(self._pixels[0]), len(self._pixels)
        ends = np.cumsum([0] + [pixels.shape[1] for pixels in self._pixels]).tolist()
        self._spans = [slice(start, end) for start, end in zip(ends[:-1], ends[1:])]
        self._corners = np.rint(SUPERSAMPLING * np.concatenate(self._pixels, axis=1)).astype(np.int32)
        fills, layers = np.empty((frames, pieces, 4)), np.empty((frames, pieces))
        shown = np.empty((frames, pieces), dtype=bool)
        for piece in range(pieces):
            fills[:, piece, :3] = self._colours[piece]
            layers[:, piece] = self._layers[piece]
            shown[:, piece] = self._shown[piece]
        fills[..., :3] = np.clip(fills[..., :3], 1, 255)
        fills[..., 3] = self._parts
        self._fills = fills.tolist()
        order = np.argsort(layers, axis=1, kind="stable")
        self._order = [row[shown[frame, row]].tolist() for frame, row in enumerate(order)]

    def fill(self, frame: int, height: int, width: int) -> np.ndarray:
        """Fill the pieces of ``frame``.

        Returns
        -------
        ndarray
            uint8 ``[SUPERSAMPLING * height, SUPERSAMPLING * width, 4]``: RGB and the
            :class:`Part`, all 0 where there is no figure.
        """
        canvas = np.zeros((SUPERSAMPLING * height, SUPERSAMPLING * width, 4), dtype=np.uint8)
        corners, fills = self._corners[frame], self._fills[frame]
        for piece in self._order[frame]:
            cv2.fillConvexPoly(canvas, cv2.convexHull(corners[self._spans[piece]]), fills[piece])
        return canvas
