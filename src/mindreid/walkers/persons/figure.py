"""A dressed person in every frame of a walk, as pieces for the painter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mindreid.walkers.persons.body import Body
from mindreid.walkers.persons.clothing import Outfit
from mindreid.walkers.persons.skeleton import SIDES, Skeleton
from mindreid.walkers.persons.torso import Torso
from mindreid.walkers.scene.camera import View
from mindreid.walkers.scene.painter import Painter

# Layers from back to front. What hangs at a person's back or an arm's side of the torso moves
# between a far and a near layer with the direction the person faces.
BEHIND, FAR_ARM, LEGS, HIPS, NECK, TRUNK, HEAD, BACK, NEAR_ARM = range(9)


@dataclass(frozen=True)
class Figure:
    """What the modules that draw body parts and clothes share.

    Attributes
    ----------
    painter : Painter
        Takes the pieces.
    body, outfit, skeleton, torso : Body, Outfit, Skeleton, Torso
        Who walks, in what, and how they are posed.
    arm_layer, leg_layer : tuple of ndarray
        Layer ``[F]`` of the left and the right limb.
    arm_shade, leg_shade : tuple of ndarray
        Factor ``[F, 1]`` on the limb's colours: what is farther away is darker.
    back_layer : ndarray
        Layer ``[F]`` of what hangs at the person's back.
    """

    painter: Painter
    body: Body
    outfit: Outfit
    skeleton: Skeleton
    torso: Torso
    arm_layer: tuple[np.ndarray, ...]
    leg_layer: tuple[np.ndarray, ...]
    arm_shade: tuple[np.ndarray, ...]
    leg_shade: tuple[np.ndarray, ...]
    back_layer: np.ndarray

    @property
    def view(self) -> View:
        """The projection that the painter uses."""
        return self.painter.view


def stand(body: Body, outfit: Outfit, skeleton: Skeleton, view: View) -> Figure:
    """Work out which limb is in front of what in every frame."""
    torso_depth = view.depth(0.5 * (skeleton.pelvis + skeleton.neck))
    arm_depth = [
        view.depth((skeleton.shoulder[side] + skeleton.elbow[side] + skeleton.wrist[side]) / 3) - torso_depth
        for side in SIDES
    ]
    # Pitch makes low points farther away than the torso, so legs are compared with each other.
    leg_depth = [view.depth(0.5 * (skeleton.knee[side] + skeleton.ankle[side])) for side in SIDES]
    behind = [leg_depth[side] - np.minimum(*leg_depth) for side in SIDES]
    facing = view.facing(skeleton.chest_axes.forward) > 0
    return Figure(
        painter=Painter(view),
        body=body,
        outfit=outfit,
        skeleton=skeleton,
        torso=Torso(body, skeleton),
        arm_layer=tuple(np.where(depth > 0.10, FAR_ARM, NEAR_ARM) for depth in arm_depth),
        leg_layer=tuple(LEGS + np.where(depth > 0, 0.0, 0.5) for depth in behind),
        arm_shade=tuple(_shade(depth) for depth in arm_depth),
        leg_shade=tuple(_shade(0.8 * depth) for depth in behind),
        back_layer=np.where(facing, BEHIND, BACK),
    )


def tint(colour: tuple[float, float, float], factor: float) -> np.ndarray:
    """Return ``colour`` lighter (``factor`` > 1) or darker, RGB ``[3]``."""
    return np.clip(np.asarray(colour) * factor, 0, 255)


def _shade(depth: np.ndarray) -> np.ndarray:
    return (1 - 0.32 * np.clip(depth / 0.3, 0, 1))[:, None]
