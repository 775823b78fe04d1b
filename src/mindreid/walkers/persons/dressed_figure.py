"""A person in an outfit before a camera: every piece of the figure, and how tall it stands in the picture."""

from __future__ import annotations

import numpy as np

from mindreid.walkers.persons.bags import draw_bag
from mindreid.walkers.persons.body import Body
from mindreid.walkers.persons.clothing import Outfit
from mindreid.walkers.persons.figure import Figure, stand
from mindreid.walkers.persons.garments import draw_bottom, draw_top
from mindreid.walkers.persons.head import draw_head
from mindreid.walkers.persons.limbs import draw_arms, draw_legs
from mindreid.walkers.persons.skeleton import Skeleton
from mindreid.walkers.scene.camera import View


def dress(body: Body, outfit: Outfit, skeleton: Skeleton, view: View) -> Figure:
    """Draw the pieces of a figure whose view has been placed; its painter is ready to fill frames."""
    figure = stand(body, outfit, skeleton, view)
    for draw in (draw_legs, draw_bottom, draw_top, draw_arms, draw_head, draw_bag):
        draw(figure)
    figure.painter.prepare()
    return figure


def upright_extent(view: View, body: Body, skeleton: Skeleton) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Measure a figure in the image plane of a view.

    Returns
    -------
    crown, ground, middle : ndarray
        ``[F]`` each: where the head ends and where the lower foot stands (downwards), and where the
        torso's middle is (to the right).
    """
    crown = view.project(skeleton.head + (body.head[0] + 0.5 * body.hair_volume) * skeleton.head_axes.up)
    feet = np.stack([*skeleton.heel, *skeleton.big_toe], axis=1)
    middle = view.project(0.5 * (skeleton.pelvis + skeleton.neck))
    return crown[:, 1], view.project(feet)[..., 1].max(axis=1), middle[:, 0]
