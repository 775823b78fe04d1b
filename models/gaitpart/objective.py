"""What trains GaitPart: a triplet loss on every part."""

from __future__ import annotations

from mindreid.part_objectives import PartTripletObjective


class GaitPartObjective(PartTripletObjective):
    """The loss of GaitPart (section 3.4 of the paper)."""
