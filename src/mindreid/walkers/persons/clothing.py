"""Outfits: types that change the outline, colours and patterns, from one pool for everybody."""

from __future__ import annotations

import colorsys
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from mindreid.walkers.seeding import generator

Colour = tuple[float, float, float]

#: RGB of every fabric, leather and bag: no person has colours of their own.
COLOURS: tuple[Colour, ...] = (
    (28, 28, 32), (62, 64, 70), (118, 120, 124), (176, 176, 174), (232, 230, 224), (206, 190, 158),
    (150, 118, 84), (92, 62, 44), (36, 48, 92), (52, 88, 158), (112, 162, 210), (24, 104, 110),
    (38, 84, 52), (104, 140, 72), (140, 138, 70), (222, 190, 60), (220, 124, 40), (182, 44, 44),
    (112, 28, 44), (206, 108, 128), (226, 176, 184), (104, 62, 128), (160, 138, 190), (84, 132, 132),
)  # fmt: skip
TOPS = ("t-shirt", "shirt", "hoodie", "jacket", "coat")
BOTTOMS = ("trousers", "slim trousers", "wide trousers", "shorts", "skirt", "long skirt")
PATTERNS = ("plain", "stripes", "pinstripes", "checks", "print")
SHOES = ("low", "sneaker", "boots")
BAGS = ("none", "backpack", "shoulder bag", "handbag")


@dataclass(frozen=True)
class Garment:
    """One piece of clothing.

    Attributes
    ----------
    kind : str
        Its type, which decides the outline.
    colour, accent : tuple of float
        RGB of the fabric and of its pattern.
    pattern : str
        One of :data:`PATTERNS`.
    """

    kind: str
    colour: Colour
    accent: Colour
    pattern: str = "plain"


@dataclass(frozen=True)
class Outfit:
    """Everything a person wears and carries.

    Attributes
    ----------
    top, bottom, shoes : Garment
        Worn by everybody.
    bag : Garment
        Of kind "none" if there is none.
    bag_side : int
        0 if the bag hangs on the left, 1 on the right.
    """

    top: Garment
    bottom: Garment
    shoes: Garment
    bag: Garment
    bag_side: int


def draw_outfit(seed: int, pid: int, outfit: int, *, dyed: bool = False) -> Outfit:
    """Draw outfit number ``outfit`` (from 0) of person ``pid``, independently of the person's body.

    Every garment of a ``dyed`` outfit has colours of its own instead of two of :data:`COLOURS`, so that
    no two outfits are alike.
    """
    rng = generator(seed, "outfit", pid, outfit)
    colours = _dye if dyed else _choose_colours
    plain = (1.0, 0.0, 0.0, 0.0, 0.0)
    return Outfit(
        top=_draw_garment(rng, colours, TOPS, (0.22, 0.20, 0.20, 0.20, 0.18), (0.44, 0.20, 0.08, 0.12, 0.16)),
        bottom=_draw_garment(
            rng, colours, BOTTOMS, (0.30, 0.18, 0.14, 0.14, 0.14, 0.10), (0.82, 0.0, 0.06, 0.12, 0.0)
        ),
        shoes=_draw_garment(rng, colours, SHOES, (0.35, 0.45, 0.20), plain),
        bag=_draw_garment(rng, colours, BAGS, (0.5, 0.2, 0.16, 0.14), plain),
        bag_side=int(rng.integers(2)),
    )


def combine_outfits(seed: int, pid: int, upper: int, lower: int, *, bag: bool) -> Outfit:
    """Dress person ``pid`` in the top of outfit ``upper`` and the bottom of outfit ``lower``.

    The shoes are always those of outfit 0, so that they tell who somebody is as long as they are
    seen; so is the bag, if one is carried.
    """
    own = draw_outfit(seed, pid, 0)
    kind = BAGS[1 + generator(seed, "bag", pid).integers(len(BAGS) - 1)] if bag else "none"
    return Outfit(
        top=draw_outfit(seed, pid, upper).top,
        bottom=draw_outfit(seed, pid, lower).bottom,
        shoes=own.shoes,
        bag=replace(own.bag, kind=kind),
        bag_side=own.bag_side,
    )


def _draw_garment(
    rng: np.random.Generator,
    draw_colours: Callable[[np.random.Generator], tuple[Colour, Colour]],
    kinds: tuple[str, ...],
    kind_shares: tuple[float, ...],
    pattern_shares: tuple[float, ...],
) -> Garment:
    colour, accent = draw_colours(rng)
    return Garment(
        kind=kinds[rng.choice(len(kinds), p=kind_shares)],
        colour=colour,
        accent=accent,
        pattern=PATTERNS[rng.choice(len(PATTERNS), p=pattern_shares)],
    )


def _choose_colours(rng: np.random.Generator) -> tuple[Colour, Colour]:
    colour = rng.integers(len(COLOURS))
    # The accent is any colour but the fabric's, so that a pattern is always seen.
    accent = (colour + 1 + rng.integers(len(COLOURS) - 1)) % len(COLOURS)
    return COLOURS[colour], COLOURS[accent]


def _dye(rng: np.random.Generator) -> tuple[Colour, Colour]:
    brightness = rng.random()
    # The accent is lighter or darker by half of the range, so that a pattern is always seen.
    return _dyed(rng, brightness), _dyed(rng, (brightness + 0.5) % 1.0)


def _dyed(rng: np.random.Generator, brightness: float) -> Colour:
    """Mix a colour of any hue; strong ones are rarer than pale ones."""
    red, green, blue = colorsys.hsv_to_rgb(rng.random(), rng.random() ** 1.5, 0.12 + 0.83 * brightness)
    return 255 * red, 255 * green, 255 * blue
