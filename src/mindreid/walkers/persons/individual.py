"""Individuals: persons who differ in what stays when clothes change as much as people do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mindreid.walkers.persons.body import HAIR_STYLES, Body, Colour, draw_body
from mindreid.walkers.seeding import generator

#: How much larger than people's the heads are: at 128 × 64 pixels they show what real ones do at twice that.
_HEAD_SCALE = 1.35
_FRAMES: tuple[Colour, ...] = ((20, 18, 18), (96, 58, 30), (150, 30, 40), (40, 70, 130))


def draw_individual(seed: int, pid: int) -> Body:
    """Draw the body of person ``pid``: its proportions, with a head of its own.

    Heads are larger than people's and differ more, in size and shape, in the tone of skin and hair, in
    beards and glasses.
    """
    body = draw_body(seed, pid)
    rng = generator(seed, "individual", pid)
    shape = _HEAD_SCALE * rng.uniform((0.92, 0.86, 0.92), (1.10, 1.16, 1.08))
    high, wide, deep = (float(length) for length in shape * body.head)
    beard = rng.random()
    may_grow = body.hair_style in HAIR_STYLES[:4]
    return replace(
        body,
        head=(high, wide, deep),
        skin=_toned(rng, body.skin),
        hair=_toned(rng, body.hair),
        hair_volume=body.hair_volume * float(rng.uniform(0.9, 1.9)),
        beard=may_grow and beard < 0.4,
        moustache=may_grow and 0.3 < beard < 0.6,
        glasses=_FRAMES[rng.integers(len(_FRAMES))] if rng.random() < 0.35 else None,
    )


def _toned(rng: np.random.Generator, colour: Colour) -> Colour:
    red, green, blue = np.clip(rng.uniform(0.93, 1.07, 3) * colour, 0, 255).tolist()
    return red, green, blue
